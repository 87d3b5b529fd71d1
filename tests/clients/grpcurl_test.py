#!/usr/bin/env python3
"""grpcurl calls every RPC of real services over mutual TLS, knowing them by reflection alone.

Each RPC gets a right request, by the least role that may call it, and a wrong one, whose error must name the
field. With --record FILE the calls are written down for scripts/make-api-docs. Exits with 77, which ctest shows as
skipped, without grpcurl.
"""
import argparse
import json
import pathlib
import sys
import tempfile

import api_page
import rpc_cases
from grpcurl import Grpcurl, find_tool
from services import SKIPPED, Cluster, make_certificates

SERVICES = {"policy": rpc_cases.POLICY, "reward": rpc_cases.REWARD, "trainer": rpc_cases.TRAINER,
            "evaluation": rpc_cases.EVALUATION}
HEALTH = ("-import-path", str(pathlib.Path(__file__).parent), "-proto", "health.proto")


class Report:
    """Failures are gathered, so that one run shows them all."""

    def __init__(self):
        self.failures, self.checks, self.record = [], 0, {}

    def check(self, holds, *words):
        self.checks += 1
        if not holds:
            self.failures.append(" ".join(map(str, words)))


def brief(value):
    """A request for people: long texts, such as weights, are cut."""
    if isinstance(value, dict):
        return {key: brief(part) for key, part in value.items()}
    if isinstance(value, list):
        return [brief(part) for part in value]
    return value[:300] + "..." if isinstance(value, str) and len(value) > 300 else value


class Callers:
    """grpcurl with the certificate of each role."""

    def __init__(self, program, certificates):
        self._program, self._certificates = program, certificates

    def role(self, name):
        files = self._certificates / name
        return Grpcurl(self._program, ["-cacert", self._certificates / "ca.pem", "-cert", "%s.pem" % files,
                                       "-key", "%s.key" % files])

    def stranger(self):
        # It goes on trying to connect for so many seconds.
        return Grpcurl(self._program, ["-cacert", self._certificates / "ca.pem", "-connect-timeout", "2"])


def check_reflection(report, cluster, client, cases):
    for name, service in SERVICES.items():
        address = cluster.address(name)
        listed = client.run(address, "list").split()
        report.check(service in listed, address, "lists", listed)
        methods = set(client.run(address, "list", service).split())
        called = {case.method.replace("/", ".") for case in cases if case.service == service}
        report.check(methods == called, service, "has", methods ^ called, "in reflection or in rpc_cases.py alone")
        for method in sorted(methods):
            described = client.run(address, "describe", method)
            report.check(" is a method:" in described and "returns" in described, method, described)
    request = client.run(cluster.address("policy"), "describe", "tact.v1.SamplingParams")
    report.check("optional uint32 max_new_tokens = 1;" in request, request)


def check_health(report, cluster, client):
    for name, service in SERVICES.items():
        for asked in ("", service):
            answer = client.call(cluster.address(name), "grpc.health.v1.Health/Check", {"service": asked},
                                 flags=HEALTH)
            report.check(answer.messages == [{"status": "SERVING"}], name, asked, answer)
    answer = client.call(cluster.address("policy"), "grpc.health.v1.Health/Check", {"service": "none"},
                         flags=HEALTH)
    report.check(answer.code == "NotFound", "health of an unknown service:", answer)


def check_case(report, address, case, callers, state):
    right = case.right(state)
    answer = callers.role(case.role).call(address, case.method, *right, stdin=case.stdin)
    report.check(answer.code == "OK" and answer.messages, case.method, answer.code, answer.message)
    if answer.code != "OK":
        return
    if case.keep:
        case.keep(state, answer.messages)
    noted = report.record.setdefault(case.method, {
        "request": brief(right), "response": answer.texts, "errors": []})
    if case.wrong:
        wrong = case.wrong(state)
        refused = callers.role(case.role).call(address, case.method, *wrong, stdin=case.stdin)
        report.check(refused.code == case.code, case.method, "wrongly asked:", refused)
        detail = refused.detail
        report.check(all(detail.get(part) for part in ("reason", "field", "fix")), case.method,
                     "wrongly asked: no detail", refused)
        named = (detail.get("field", ""), refused.message)
        report.check(any(text.startswith(case.field) for text in named), case.method,
                     "wrongly asked: the error does not name", case.field, refused)
        noted["errors"].append({"request": brief(wrong), "code": refused.code, "message": refused.message,
                                "detail": detail})
    if case.role != "client":
        refused = callers.role("client").call(address, case.method, *right, stdin=case.stdin)
        report.check(refused.code == "PermissionDenied" and case.role in refused.message, case.method,
                     "called by a client:", refused)


def check_streams(report, record):
    """That they came in pieces, and what these make together."""
    generate, stream = (json.loads(text) for text in (
        record[rpc_cases.POLICY + "/Generate"]["response"][0],
        "[%s]" % ",".join(record[rpc_cases.POLICY + "/StreamGenerate"]["response"])))
    pieces = "".join(message.get("text", "") for message in stream)
    report.check(len(stream) > 1 and pieces == generate["completions"][0]["text"], "StreamGenerate:", stream)
    watched = [json.loads(text) for text in record[rpc_cases.TRAINER + "/WatchJob"]["response"]]
    report.check([int(event["sequence"]) for event in watched] == list(range(1, len(watched) + 1)), watched)
    report.check(watched[-1]["job"]["state"] == "JOB_STATE_SUCCEEDED", watched[-1])


def check_strangers(report, cluster, callers):
    for name, service in SERVICES.items():
        refused = callers.stranger().fails(cluster.address(name), "list")
        report.check(refused, name, "answers a caller without a certificate")


def check_all(report, program, folder):
    certificates = make_certificates(folder / "certs")
    results = folder / "trainer/results"
    results.mkdir(parents=True)
    cluster = Cluster(folder, certificates, {"policy": ("--adapter-dir", results, "--threads", "1")})
    try:
        callers, cases, state = Callers(program, certificates), rpc_cases.cases(), {}
        check_reflection(report, cluster, callers.role("client"), cases)
        check_health(report, cluster, callers.role("client"))
        check_strangers(report, cluster, callers)
        for case in cases:
            name = next(name for name, service in SERVICES.items() if service == case.service)
            check_case(report, cluster.address(name), case, callers, state)
        if not report.failures:
            check_streams(report, report.record)
    finally:
        cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=pathlib.Path, help="write the calls to this file, as JSON")
    arguments = parser.parse_args()
    program = find_tool("grpcurl")
    if program is None:
        print("skipped: no grpcurl in TACT_TOOLS or on the PATH; scripts/client-tools builds it")
        return SKIPPED
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tact-grpcurl-") as folder:
        check_all(report, program, pathlib.Path(folder))
    for failure in report.failures:
        print("FAILED:", failure[:2000])
    if arguments.record and not report.failures:
        for call in report.record.values():
            call["response"] = api_page.shown(call["response"])
        text = json.dumps(report.record, indent=1, ensure_ascii=False).replace(folder, "/var/lib/tact")
        arguments.record.write_text(text + "\n", encoding="utf-8")
    print("%d RPCs, %d checks, %d failed" % (len(report.record), report.checks, len(report.failures)))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
