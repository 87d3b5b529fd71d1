#!/usr/bin/env python3
"""Adds to manifests on stdin a Pod of each pod template: pod security refuses pods, and only warns of
templates. With --accounts prints the ServiceAccounts alone, which must exist before a pod may."""
import sys

import yaml


def pods(objects):
    for item in objects:
        template = item.get("spec", {}).get("template")
        if not template or "spec" not in template:
            continue
        metadata = dict(template["metadata"], name=item["metadata"]["name"] + "-pod",
                        namespace=item["metadata"]["namespace"])
        spec = dict(template["spec"])
        claims = item["spec"].get("volumeClaimTemplates", [])
        spec["volumes"] = spec.get("volumes", []) + [
            {"name": c["metadata"]["name"], "persistentVolumeClaim": {"claimName": c["metadata"]["name"]}}
            for c in claims]
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


objects = [item for item in yaml.safe_load_all(sys.stdin) if item]
if "--accounts" in sys.argv:
    objects = [item for item in objects if item["kind"] == "ServiceAccount"]
else:
    objects += list(pods(objects))
yaml.safe_dump_all(objects, sys.stdout, sort_keys=False)
