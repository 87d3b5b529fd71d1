#!/usr/bin/env python3
"""docs/api.md is what make-api-docs makes of the sources, and each RPC of the protos stands on it, with its errors;
the service config on docs/clients.md is the one that the Python client uses."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from api_page import service_config

ROOT = pathlib.Path(__file__).resolve().parents[2]
RPC = re.compile(r"^service (\w+)|^  rpc (\w+)\(", re.M)
FOLDERS = ("proto", "docs", "scripts", "tests/clients", "common/rpc", "clients/python/src/tact")


def rpcs():
    for path in sorted((ROOT / "proto/tact/v1").glob("*.proto")):
        service = ""
        for name, rpc in RPC.findall(path.read_text(encoding="utf-8")):
            service = name or service
            # Between the trainer's own processes; the page says so.
            if rpc and service != "RankStoreService":
                yield service, rpc


def missing(page):
    rows = set(re.findall(r"^\| (\w+) \|", page, re.M))
    for service, rpc in rpcs():
        if "### %s.%s\n" % (service, rpc) not in page:
            yield "docs/api.md has no section %s.%s" % (service, rpc)
        if rpc not in rows:
            yield "docs/api.md: the table of errors has no row for %s" % rpc


def check(root):
    return subprocess.run([root / "scripts/make-api-docs", "--check"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def notices(change, file):
    """True if --check fails on a copy of the sources in which `file` is changed."""
    with tempfile.TemporaryDirectory() as folder:
        for part in FOLDERS:
            shutil.copytree(ROOT / part, pathlib.Path(folder) / part)
        path = pathlib.Path(folder) / file
        before = path.read_text(encoding="utf-8")
        after = before.replace(*change)
        assert after != before, change
        path.write_text(after, encoding="utf-8")
        return check(pathlib.Path(folder)).returncode != 0


def problems():
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    yield from missing(page)
    shown = re.search(r"^```json\n(.*?)^```", (ROOT / "docs/clients.md").read_text(encoding="utf-8"), re.S | re.M)
    if json.loads(shown.group(1)) != json.loads(service_config(ROOT).service_config("tact.v1.PolicyService")):
        yield "docs/clients.md shows another service config than clients/python uses"
    if len(list(missing(page.replace("### RewardService.Score\n", "")))) != 1:
        yield "a section that is missing goes unnoticed"
    done = check(ROOT)
    if done.returncode != 0:
        yield done.stdout
    for change, file in ((("// What is served.", "// What serves."), "proto/tact/v1/reward.proto"),
                         (("RewardService/Score\", kAll", "RewardService/Score\", kTrainer"),
                          "common/rpc/method_rules.cc"),
                         (("role: client,", "role: nobody,"), "docs/api.md")):
        if not notices(change, file):
            yield "--check does not notice a change of %s" % file


def main():
    found = list(problems())
    for problem in found:
        print("FAILED:", problem)
    print("%d RPCs on docs/api.md, %d problems" % (len(list(rpcs())), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
