"""Kubernetes objects of one rendering, and what they refer to."""
import re

WORKLOADS = ("Deployment", "StatefulSet", "Job")


class Rendering:
    def __init__(self, objects):
        self.objects = objects

    def of(self, *kinds):
        return [item for item in self.objects if item["kind"] in kinds]

    def names(self, *kinds):
        return {item["metadata"]["name"] for item in self.of(*kinds)}

    def pods(self):
        """(name of the workload, labels of its pods, their spec, the workload)"""
        for item in self.of(*WORKLOADS):
            template = item["spec"]["template"]
            yield item["metadata"]["name"], template["metadata"]["labels"], template["spec"], item

    def containers(self):
        for name, _, spec, _ in self.pods():
            for container in spec.get("initContainers", []) + spec["containers"]:
                yield name, container


def flags(arguments):
    """[(flag, value)] of --flag=value and --flag."""
    split = (a.partition("=") for a in arguments if a.startswith("--"))
    return [(flag, value) for flag, _, value in split]


def value_of(arguments, flag):
    return next((value for name, value in flags(arguments) if name == flag), None)


def port_of(address):
    return int(address.rpartition(":")[2])


def program_of(container):
    command = container["command"]
    return "tact-trainer" if command[-1].endswith("rank.sh") else command[0]


def matches(selector, labels):
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    return all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


def selectors(item):
    """The selectors of an object that must find pods of tact."""
    spec = item["spec"]
    if item["kind"] == "Service":
        return [{"matchLabels": spec["selector"]}]
    if item["kind"] in ("PodDisruptionBudget", "PodMonitor"):
        return [spec["selector"]]
    if item["kind"] in WORKLOADS:
        constraints = spec["template"]["spec"].get("topologySpreadConstraints", [])
        own = [spec["selector"]] if "selector" in spec else []
        return own + [c["labelSelector"] for c in constraints]
    return []


def secrets(rendering):
    return {c["spec"]["secretName"] for c in rendering.of("Certificate")} | rendering.names("Secret")


def claims(rendering):
    found = rendering.names("PersistentVolumeClaim")
    for item in rendering.of("StatefulSet"):
        for claim in item["spec"].get("volumeClaimTemplates", []):
            found |= {f"{claim['metadata']['name']}-{item['metadata']['name']}-{i}"
                      for i in range(item["spec"].get("replicas", 1))}
    return found


def references(spec):
    """(kind, name) of all that a pod's spec refers to."""
    yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec.get("volumes", []):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    for container in spec.get("initContainers", []) + spec["containers"]:
        for source in container.get("envFrom", []):
            yield "ConfigMap", source["configMapRef"]["name"]


def most_replicas(rendering, item):
    for scaler in rendering.of("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] == item["metadata"]["name"]:
            return scaler["spec"]["maxReplicas"]
    return item["spec"].get("replicas", 1)


def called_names(rendering):
    """host -> (port, Service) of everything that may be called: services, and pods of StatefulSets."""
    found = {}
    for service in rendering.of("Service"):
        name = service["metadata"]["name"]
        port = next(p["port"] for p in service["spec"]["ports"] if p["name"] == "grpc")
        found[name] = (port, name)
        for item in rendering.of("StatefulSet"):
            if item["spec"]["serviceName"] == name:
                for i in range(most_replicas(rendering, item)):
                    found[f"{item['metadata']['name']}-{i}.{name}"] = (port, name)
    return found


def help_flags(text):
    """Flags of a program's --help, and the ports of those that have an address as default."""
    names = set(re.findall(r"(--[a-z][a-z0-9-]*)", text))
    ports = {f: int(p) for f, p in re.findall(r"^\s+(--[a-z-]+)[^\n]*?=\S*?:(\d+)", text, re.M)}
    return names, ports
