"""What must hold among Kubernetes objects, and between them and the programs: each check yields problems."""
from manifests import (WORKLOADS, called_names, claims, flags, matches, port_of, program_of, references,
                       secrets, selectors, value_of)

SPARE_SECONDS = 5  # between the end of draining and the kubelet's SIGKILL


def check_flags(rendering, programs):
    for name, container in rendering.containers():
        program = programs.get(program_of(container))
        if program is None:
            yield f"{name}: {container['command']} is not a program of tact"
            continue
        for flag, _ in flags(container.get("args", [])):
            if flag not in program.flags:
                yield f"{name}: {program_of(container)} has no flag {flag}"


def check_ports(rendering, programs):
    for name, container in rendering.containers():
        ports = {p["name"]: p["containerPort"] for p in container.get("ports", [])}
        for flag, port in (("--address", "grpc"), ("--http-address", "http")):
            address = value_of(container.get("args", []), flag)
            if address is None:
                continue
            default = programs[program_of(container)].defaults.get(flag)
            if not port_of(address) == ports.get(port) == default:
                yield f"{name}: {flag} is {address}, port {port} {ports.get(port)}, the default {default}"


def check_probes(rendering, routes):
    for name, container in rendering.containers():
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            get = container.get(probe, {}).get("httpGet")
            if get is None:
                if "ports" in container:
                    yield f"{name}: no {probe}"
            elif get["path"] not in routes:
                yield f"{name}: {probe} asks {get['path']}, which is none of {sorted(routes)}"
            elif get["port"] not in {p["name"] for p in container["ports"]}:
                yield f"{name}: {probe} asks port {get['port']}"


def check_selectors(rendering):
    pods = list(rendering.pods())
    for item in rendering.of("Service", "PodDisruptionBudget", "PodMonitor", *WORKLOADS):
        for selector in selectors(item):
            found = [labels for _, labels, _, owner in pods
                     if matches(selector, labels) and (item["kind"] not in WORKLOADS or owner is item)]
            if not found:
                yield f"{item['kind']} {item['metadata']['name']}: {selector} matches no pod"


def check_service_ports(rendering):
    for service in rendering.of("Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        for name, labels, spec, _ in rendering.pods():
            if not matches(selector, labels):
                continue
            ports = {p["name"]: p["containerPort"] for c in spec["containers"] for p in c.get("ports", [])}
            for port in service["spec"]["ports"]:
                if ports.get(port["targetPort"]) != port["port"]:
                    yield f"Service {service['metadata']['name']}: {port} is not a port of {name}"


def check_references(rendering):
    there = {
        "ServiceAccount": rendering.names("ServiceAccount"),
        "Secret": secrets(rendering),
        "ConfigMap": rendering.names("ConfigMap"),
        "PersistentVolumeClaim": claims(rendering),
    }
    for name, _, spec, item in rendering.pods():
        for kind, wanted in references(spec):
            if wanted not in there[kind]:
                yield f"{name}: there is no {kind} {wanted}"
        mounted = {v["name"] for v in spec.get("volumes", [])}
        mounted |= {c["metadata"]["name"] for c in item["spec"].get("volumeClaimTemplates", [])}
        for container in spec.get("initContainers", []) + spec["containers"]:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in mounted:
                    yield f"{name}: no volume {mount['name']}"
    for scaler in rendering.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in rendering.names(target["kind"]):
            yield f"HorizontalPodAutoscaler {scaler['metadata']['name']}: no {target['kind']} {target['name']}"


def check_paths(rendering):
    """Files that flags name lie in a mounted volume or in the image; folders that are written in a volume."""
    for name, container in rendering.containers():
        mounts = {m["mountPath"]: m.get("readOnly", False) for m in container.get("volumeMounts", [])}
        for flag, value in flags(container.get("args", [])):
            if not value.startswith("/") or value.startswith("/opt/tact/"):
                continue
            mount = next((m for m in mounts if value.startswith(m + "/") or value == m), None)
            if mount is None:
                yield f"{name}: {flag}={value} is in no volume"
            elif flag == "--data-dir" and mounts[mount] and "rank" not in name:
                yield f"{name}: {flag}={value} cannot be written"


def check_grace(rendering):
    for name, _, spec, _ in rendering.pods():
        for container in spec["containers"]:
            drain = value_of(container.get("args", []), "--drain-seconds")
            if drain is None:
                continue
            needed = float(drain) + container["lifecycle"]["preStop"]["sleep"]["seconds"] + SPARE_SECONDS
            if spec["terminationGracePeriodSeconds"] < needed:
                yield f"{name}: {spec['terminationGracePeriodSeconds']} s of grace, draining needs {needed}"


def calls(container):
    """(what names it, host:port) of everything that a container calls."""
    yield from (c for c in flags(container.get("args", [])) if c[0] in ("--policy", "--reward"))
    variables = {v["name"]: v.get("value") for v in container.get("env", [])}
    if "MASTER_ADDR" in variables:  # its port is not the Service's: ranks ask the pod itself
        yield "MASTER_ADDR", variables["MASTER_ADDR"] + ":7003"


def check_calls(rendering):
    names = called_names(rendering)
    certified = {c["metadata"]["name"]: c["spec"].get("dnsNames", []) for c in rendering.of("Certificate")}
    for name, container in rendering.containers():
        for flag, address in calls(container):
            host, _, port = address.rpartition(":")
            if names.get(host, (0,))[0] != int(port):
                yield f"{name}: {flag}={address} is nobody's address"
            elif certified and host not in certified.get(names[host][1], []):
                yield f"{name}: {host} is not in the certificate of {names[host][1]}"
        asked = {a.rpartition(":")[0] for f, a in flags(container.get("args", [])) if f == "--policy"}
        replicas = {h for h, (_, service) in names.items() if h != service and service == "tact-policy"}
        if program_of(container) == "tact-trainer" and asked and asked != replicas:
            yield f"{name}: pushes go to {sorted(asked)}, policy replicas are {sorted(replicas)}"


def check_hardening(rendering):
    for name, _, spec, _ in rendering.pods():
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name}: mounts a token"
        for container in spec.get("initContainers", []) + spec["containers"]:
            if not container["securityContext"].get("readOnlyRootFilesystem"):
                yield f"{name}: the root of {container['name']} can be written"
            resources = container["resources"]
            if "memory" not in resources.get("limits", {}) or "cpu" not in resources.get("requests", {}):
                yield f"{name}: {container['name']} has no memory limit or no CPU request"


def check_metrics(rendering, sources):
    for scaler in rendering.of("HorizontalPodAutoscaler"):
        for metric in scaler["spec"]["metrics"]:
            wanted = metric["pods"]["metric"]["name"]
            if f'"{wanted}"' not in sources:
                yield f"HorizontalPodAutoscaler {scaler['metadata']['name']}: nobody exports {wanted}"
