#!/usr/bin/env python3
"""ghz puts Generate and Score under load over mutual TLS: below capacity no call fails; above it each is answered
or refused with RESOURCE_EXHAUSTED, and some are refused. Prints what ghz reports. Exits with 77, which ctest shows
as skipped, without ghz."""
import json
import pathlib
import subprocess
import sys
import tempfile

from grpcurl import find_tool
from rpc_cases import POLICY, PROMPT, REWARD
from services import MODELS, SKIPPED, Service, make_certificates

GENERATE = {"prompts": [PROMPT], "sampling": {"max_new_tokens": 12}}
SCORE = {"items": [{"text": "You are such a silly clown."}]}
# Prompts that are answered at once and that may wait; texts likewise.
SMALL = {"policy": ("--max-running", "2", "--max-waiting", "4"), "reward": ("--max-queue", "32")}
HEAVY = {"policy": {**GENERATE, "prompts": [PROMPT] * 4, "sampling": {"max_new_tokens": 64, "min_new_tokens": 64}},
         "reward": {"items": SCORE["items"] * 24}}
CALLS = {"policy": POLICY + ".Generate", "reward": REWARD + ".Score"}


class Load:
    def __init__(self, program, certificates):
        self._tls = ["--cacert", certificates / "ca.pem", "--cert", certificates / "client.pem",
                     "--key", certificates / "client.key"]
        self._program = program

    def run(self, service, request, callers, calls):
        """ghz's report of so many calls by so many callers at once, over several connections."""
        command = [self._program, *self._tls, "--call", CALLS[service.name], "-d", json.dumps(request),
                   "-c", callers, "-n", calls, "--connections", min(callers, 4), "--timeout", "60s", "-O", "json",
                   service.address]
        done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=240)
        assert done.returncode == 0, "ghz: %s%s" % (done.stdout, done.stderr)
        return json.loads(done.stdout)


def start(name, certificates, flags=()):
    own = certificates / name
    return Service(name, "--model", MODELS / name, "--threads", "1", "--tls-cert", "%s.pem" % own,
                   "--tls-key", "%s.key" % own, "--tls-client-ca", certificates / "ca.pem", *flags)


def line(title, name, callers, report):
    statuses = ", ".join("%s %d" % item for item in sorted(report["statusCodeDistribution"].items()))
    percentiles = {p["percentage"]: p["latency"] / 1e6 for p in report["latencyDistribution"] or []}
    return "%-15s %-8s %3d callers %5d calls %8.1f/s   p50 %7.1f ms  p99 %7.1f ms   %s" % (
        title, CALLS[name].rsplit(".", 1)[1], callers, report["count"], report["rps"],
        percentiles.get(50, 0), percentiles.get(99, 0), statuses)


def measure(load, certificates, title, flags, requests, callers, calls, expected):
    failures = []
    for name in CALLS:
        service = start(name, certificates, flags.get(name, ()))
        try:
            report = load.run(service, requests[name], callers, calls)
        finally:
            service.close()
        print(line(title, name, callers, report), flush=True)
        found = set(report["statusCodeDistribution"])
        if found != expected or report["count"] != calls:
            failures.append("%s, %s: expected %s, found %s; %s" % (
                title, name, sorted(expected), report["statusCodeDistribution"], report["errorDistribution"]))
    return failures


def main():
    program = find_tool("ghz")
    if program is None:
        print("skipped: no ghz in TACT_TOOLS or on the PATH; scripts/client-tools builds it")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="tact-ghz-") as folder:
        certificates = make_certificates(pathlib.Path(folder) / "certs")
        load = Load(program, certificates)
        failures = measure(load, certificates, "below capacity", {}, {"policy": GENERATE, "reward": SCORE}, 8, 400,
                           {"OK"})
        failures += measure(load, certificates, "above capacity", SMALL, HEAVY, 32, 400,
                            {"OK", "ResourceExhausted"})
    for failure in failures:
        print("FAILED:", failure[:2000])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
