#!/usr/bin/env python3
"""A real Prometheus watches a real cluster under a little load.

Checks that names of metrics follow Prometheus' rules (promtool), that docs/metrics.md lists what is exported
and nothing else, that every alert fires on its fault (promtool test rules), and that every query of every
rule and dashboard returns series. Exits with 77, which ctest shows as skipped, without promtool.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cluster
import exposition
from cluster import MONITORING, SERVICES, SOURCE

SKIPPED = 77
DOCS = SOURCE / "docs/metrics.md"
SECTIONS = {"policy": "tact-policy", "reward": "tact-reward", "trainer": "tact-trainer",
            "evaluation": "tact-evaluation"}
# A vector compared with a number, and perhaps another one: see rules/alerts.yml.
COMPARISON = re.compile(r"\s(?:==|!=|>=|<=|>|<)\s-?[\d.e]+")
AND = re.compile(r"\sand\s+on\s*\([^)]*\)")
# Values of labels that a client could choose would grow without bound.
MAX_VALUES = 40


class Report:
    """Failures are gathered, so that one run shows them all."""

    def __init__(self):
        self.failures, self.checks = [], 0

    def check(self, holds, *words):
        self.checks += 1
        if not holds:
            self.failures.append(" ".join(map(str, words)))


def promtool(report, *arguments, text=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    report.check(done.returncode == 0, "promtool", *arguments, done.stdout)
    return done.stdout


def check_files(report):
    promtool(report, "check", "config", MONITORING / "prometheus.yml")
    promtool(report, "test", "rules", SOURCE / "tests/monitoring/rules_test.yml")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, MONITORING / "grafana/make_dashboards.py", folder], check=True)
        for made in pathlib.Path(folder).iterdir():
            kept = MONITORING / "grafana/dashboards" / made.name
            report.check(kept.exists() and kept.read_text() == made.read_text(), kept,
                         "is not what make_dashboards.py writes")


def check_names(report, text, service):
    output = promtool(report, "check", "metrics", text=text)
    report.check(not output.strip(), service, "promtool check metrics:", output)
    for name, family in exposition.parse(text).items():
        report.check(family.kind and family.help, service, name, "has no type or help")
        report.check(re.match("tact_|grpc_server_|process_", name), service, name, "has an unknown prefix")
        for label, values in family.values.items():
            report.check(len(values) <= MAX_VALUES, service, name, label, "has", len(values), "values")


def check_docs(report, families):
    page = DOCS.read_text(encoding="utf-8")
    alerts = (MONITORING / "rules/alerts.yml").read_text(encoding="utf-8")
    for name in re.findall(r"- alert: (\w+)", alerts):
        report.check("| %s |" % name in page, DOCS.name, "lacks the alert", name)
    sections = exposition.documented(page)
    common = sections["Every service"]
    for service, exported in families.items():
        documented = {**common, **sections[SECTIONS[service]]}
        for name in sorted(exported.keys() | documented.keys()):
            report.check(name in documented, DOCS.name, "lacks", name, "of", service)
            report.check(name in exported, DOCS.name, "lists", name, "which", service, "does not export")
            if name in documented and name in exported:
                found = (exported[name].kind, exported[name].labels)
                report.check(documented[name] == found, DOCS.name, name, documented[name], "but it is", found)


def operands(expression):
    """The vectors of a rule without what compares them, which returns nothing while all is well."""
    for part in AND.split(expression):
        vector, count = COMPARISON.subn("", part)
        assert count <= 1, "not of the form that rules/alerts.yml describes: " + expression
        yield vector.strip()


def dashboard_queries():
    for path in sorted((MONITORING / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"].replace("$__rate_interval", "1m")
                yield "%s: %s" % (path.stem, panel["title"]), expression


def rule_queries(prometheus):
    for group in prometheus.api("rules")["groups"]:
        for rule in group["rules"]:
            for vector in operands(rule["query"]):
                yield rule["name"], vector


def check_rules(report, prometheus):
    groups = prometheus.api("rules")["groups"]
    report.check(len(groups) >= 5, "rules are not loaded:", [group["name"] for group in groups])
    for group in groups:
        for rule in group["rules"]:
            report.check(rule["health"] == "ok", rule["name"], rule["health"], rule.get("lastError"))
            report.check(rule.get("state") != "firing", rule["name"], "fires on a healthy cluster")


def series_soon(prometheus, expression, seconds=20):
    """What a query returns once there is something: a rate needs two scrapes of what a service just began."""
    until = time.monotonic() + seconds
    while not (series := prometheus.series(expression)) and time.monotonic() < until:
        time.sleep(0.5)
    return series


def check_queries(report, prometheus):
    rules, panels = list(rule_queries(prometheus)), list(dashboard_queries())
    assert len(rules) > 30 and len(panels) > 70, (len(rules), len(panels))
    empty = []
    for where, expression in rules + panels:
        try:
            series = series_soon(prometheus, expression)
        except OSError as error:
            report.check(False, where, expression, error.read().decode() if hasattr(error, "read") else error)
            continue
        report.check(series, where, "returns no series:", expression)
        if series and all(one["value"][1] == "NaN" for one in series):
            empty.append(expression)
    print("%d queries of rules, %d of dashboards; %d have series without a number (no event in the window)"
          % (len(rules), len(panels), len(empty)))


def watch(report, folder, arguments):
    services = cluster.Cluster(folder)
    prometheus = load = None
    try:
        prometheus = cluster.Prometheus(shutil.which("prometheus"), folder, services)
        prometheus.wait_until_all_up()
        load = cluster.Load(services, folder)
        load.start()
        load.wait()
        # Rates need two scrapes after the first increase, recorded rules an evaluation of those.
        cluster.wait_for("recorded ratios", lambda: prometheus.series(
            "job:tact_policy_inter_token_seconds:p99_5m > 0"))
        report.check(len(prometheus.up()) == len(SERVICES), "targets that are up:", prometheus.up())
        texts = {service: services.metrics(service) for service in SERVICES}
        for service, text in texts.items():
            check_names(report, text, service)
        families = {service: exposition.parse(text) for service, text in texts.items()}
        if arguments.table:
            print_table(families)
        check_docs(report, families)
        check_rules(report, prometheus)
        check_queries(report, prometheus)
    finally:
        if load:
            load.finish()
        if prometheus:
            prometheus.close()
        services.close()


def print_table(families):
    common = set.intersection(*(set(exported) for exported in families.values()))
    one = next(iter(families.values()))
    print("## Every service", *exposition.table({name: one[name] for name in common}), sep="\n")
    for service, exported in families.items():
        own = {name: family for name, family in exported.items() if name not in common}
        print("## " + SECTIONS[service], *exposition.table(own), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the tables of docs/metrics.md, as exported")
    arguments = parser.parse_args()
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        print("skipped: no promtool on the PATH; on Debian: apt-get install prometheus")
        return SKIPPED
    report = Report()
    check_files(report)
    with tempfile.TemporaryDirectory(prefix="tact-monitoring-") as folder:
        watch(report, pathlib.Path(folder), arguments)
    for failure in report.failures:
        print("FAILED:", failure)
    print("%d checks, %d failed" % (report.checks, len(report.failures)))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
