#!/usr/bin/env python3
"""Holds deploy/kubernetes against the programs: flags, ports, probes, names, secrets, times to drain.
usage: manifests_test.py BIN_FOLDER. Ends with 77 (skipped) where there is neither kubectl nor kustomize."""
import copy
import pathlib
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import yaml

import checks
from manifests import Rendering, help_flags

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
PROGRAMS = ("tact-policy", "tact-reward", "tact-trainer", "tact-evaluation", "tactctl")
SETS = {  # beside the overlays: all that can be combined, by either transport
    "all with TLS": "ranks mtls models gpu autoscaling network-policy monitoring",
    "all without TLS": "ranks insecure models gpu autoscaling network-policy monitoring",
    "base": "",
}


def renderer():
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    return ["kustomize", "build"] if shutil.which("kustomize") else None


def render(folder):
    out = subprocess.run([*renderer(), str(folder)], check=True, capture_output=True, text=True)
    return [item for item in yaml.safe_load_all(out.stdout) if item]


def render_set(components):
    with tempfile.TemporaryDirectory(dir=KUBERNETES) as folder:
        text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\n"
        text += "components: [%s]\n" % ", ".join(f"../components/{c}" for c in components.split())
        pathlib.Path(folder, "kustomization.yaml").write_text(text)
        return render(folder)


def read_programs(folder):
    found = {}
    for name in PROGRAMS:
        subcommand = ["models", "pull"] if name == "tactctl" else []
        text = subprocess.run([folder / name, *subcommand, "--help"], check=True, capture_output=True,
                              text=True).stdout
        names, defaults = help_flags(text)
        found[name] = SimpleNamespace(flags=names, defaults=defaults)
    return found


def sources():
    files = [p for folder in ("common", "services") for p in (ROOT / folder).rglob("*.cc")]
    return "\n".join(p.read_text() for p in files)


class Facts:
    def __init__(self, programs_folder):
        self.programs = read_programs(pathlib.Path(programs_folder))
        self.sources = sources()
        self.routes = {r for r in ("/healthz", "/readyz") if f'Get("{r}"' in self.sources}

    def problems(self, objects):
        rendering = Rendering(objects)
        yield from checks.check_flags(rendering, self.programs)
        yield from checks.check_ports(rendering, self.programs)
        yield from checks.check_probes(rendering, self.routes)
        yield from checks.check_metrics(rendering, self.sources)
        for check in (checks.check_selectors, checks.check_service_ports, checks.check_references,
                      checks.check_paths, checks.check_grace, checks.check_calls, checks.check_hardening):
            yield from check(rendering)


def find(objects, kind, name):
    return next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)


def container(objects, kind, name):
    return find(objects, kind, name)["spec"]["template"]["spec"]["containers"][0]


# What each check must notice: a change of production and a piece of the problem.
BREAKS = [
    (lambda o: container(o, "StatefulSet", "tact-policy")["args"].append("--modle=x"), "no flag --modle"),
    (lambda o: container(o, "Deployment", "tact-reward")["ports"][0].update(containerPort=7001), "--address"),
    (lambda o: container(o, "Deployment", "tact-reward")["livenessProbe"]["httpGet"].update(path="/health"),
     "/health"),
    (lambda o: find(o, "Service", "tact-trainer")["spec"]["selector"].update(x="y"), "matches no pod"),
    (lambda o: find(o, "Service", "tact-trainer")["spec"]["ports"][0].update(port=7001), "not a port"),
    (lambda o: o.remove(find(o, "Certificate", "tact-policy")), "no Secret tact-policy-tls"),
    (lambda o: o.remove(find(o, "PersistentVolumeClaim", "tact-models")), "no PersistentVolumeClaim"),
    (lambda o: container(o, "StatefulSet", "tact-evaluation")["volumeMounts"].clear(), "in no volume"),
    (lambda o: find(o, "StatefulSet", "tact-trainer")["spec"]["template"]["spec"].update(
        terminationGracePeriodSeconds=60), "s of grace"),
    (lambda o: find(o, "HorizontalPodAutoscaler", "tact-policy")["spec"].update(maxReplicas=8), "pushes go to"),
    (lambda o: find(o, "Certificate", "tact-policy")["spec"]["dnsNames"].remove("tact-policy"),
     "not in the certificate"),
    (lambda o: find(o, "HorizontalPodAutoscaler", "tact-reward")["spec"]["metrics"][0]["pods"]["metric"]
     .update(name="tact_reward_queue"), "nobody exports"),
    (lambda o: container(o, "StatefulSet", "tact-policy")["securityContext"].pop("readOnlyRootFilesystem"),
     "can be written"),
]


def unnoticed(facts, objects):
    for change, piece in BREAKS:
        broken = copy.deepcopy(objects)
        change(broken)
        if not any(piece in problem for problem in facts.problems(broken)):
            yield f"a manifest broken on purpose was not noticed: {piece}"


def main():
    if renderer() is None:
        print("neither kubectl nor kustomize is installed")
        return 77
    facts = Facts(sys.argv[1])
    renderings = {f"overlay {p.name}": render(p) for p in sorted((KUBERNETES / "overlays").iterdir())}
    renderings.update({name: render_set(components) for name, components in SETS.items()})
    problems = [f"{name}: {p}" for name, objects in renderings.items() for p in facts.problems(objects)]
    problems += unnoticed(facts, renderings["overlay production"])
    print(*problems, f"{len(renderings)} renderings, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
