"""The reference part of docs/api.md as text."""
import importlib.util
import json
import re

import proto_reader

BEGIN, END = "<!-- scripts/make-api-docs writes from here -->", "<!-- to here -->"
FILES = ("policy", "reward", "trainer", "evaluation", "common")
RULE = re.compile(r'Rule\("/tact\.v1\.(\w+)/(\w+)", (\w+)')
ROLES = {"kAll": "client, trainer, evaluator", "kClient": "client", "kTrainer": "trainer", "kNoRole": ""}
PORTS = {"PolicyService": 7001, "RewardService": 7002, "TrainerService": 7003, "EvaluationService": 7004}
MAX_LINES, MAX_CHARS = 14, 110


def replace_reference(page, reference):
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + reference + END + rest.split(END)[1]


def reference(root, calls):
    protos = proto_reader.read(root / "proto/tact/v1", FILES)
    roles = {"%s/%s" % found[:2]: ROLES[found[2]] for found in
             RULE.findall((root / "common/rpc/method_rules.cc").read_text(encoding="utf-8"))}
    retried = service_config(root).RETRIED
    lines = []
    for service, (comment, rpcs) in protos.services.items():
        lines += ["## %s" % service, comment, ""]
        for rpc in rpcs:
            path = "%s/%s" % (service, rpc.name)
            if path not in roles:
                raise SystemExit("common/rpc/method_rules.cc: no rule for %s" % path)
            if "tact.v1." + path not in calls:
                raise SystemExit("tests/clients/calls.json: no call of %s; add one to tests/clients/rpc_cases.py and "
                                 "run scripts/make-api-docs --record" % path)
            lines += describe(rpc, roles[path], retried["tact.v1." + service].get(rpc.name, ()), protos)
            lines += [*examples(rpc, calls["tact.v1." + path]), ""]
    lines += ["## Messages", "Requests and responses stand with their RPCs; these are what they are made of.", ""]
    ends = {name for _, rpcs in protos.services.values() for rpc in rpcs for name in (rpc.request, rpc.response)}
    for message in sorted(protos.messages.values(), key=lambda message: message.name):
        if message.name not in ends:
            lines += ["### %s" % message.name, message.comment, "", *table(message, protos), ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def service_config(root):
    """The Python client's module, whose table of retries its own tests hold against the protos."""
    path = root / "clients/python/src/tact/service_config.py"
    spec = importlib.util.spec_from_file_location("service_config", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe(rpc, roles, retried, protos):
    kind = {(False, False): "one request, one response", (True, False): "a stream of requests, one response",
            (False, True): "one request, a stream of responses"}[rpc.takes_stream, rpc.gives_stream]
    yield from ("### %s.%s" % (rpc.service, rpc.name), rpc.comment, "")
    yield "- %s; role: %s" % (kind.capitalize(), ", ".join(filter(None, (roles, "admin"))))
    yield "- " + ("safe to ask again after %s" % " or ".join(retried) if retried
                  else "not to be asked again without a look at what it did")
    yield ""
    for name in (rpc.request, rpc.response):
        message = protos.messages[name]
        yield "`%s`%s" % (name, "" if message.fields else ": empty")
        if message.comment:
            yield message.comment
        yield ""
        yield from table(message, protos)


def table(message, protos):
    if message.values:
        yield from ("| value | meaning |", "|---|---|")
        for name, comment in message.values:
            yield "| `%s` | %s |" % (name, cell(comment))
        yield ""
    if message.fields:
        yield from ("| field | type | meaning |", "|---|---|---|")
        for field in message.fields:
            kind = link(field.kind, protos)
            yield "| `%s` | %s | %s |" % (field.name, " ".join(filter(None, (field.label, kind))),
                                          cell(field.comment))
        yield ""


def link(kind, protos):
    if kind not in protos.messages:
        return kind
    for service, (_, rpcs) in protos.services.items():
        for rpc in rpcs:
            if kind in (rpc.request, rpc.response):
                return "[%s](#%s%s)" % (kind, service.lower(), rpc.name.lower())
    return "[%s](#%s)" % (kind, kind.lower())


def cell(text):
    return text.replace("|", "\\|")


def examples(rpc, call):
    """The first call that was right, and the first that was wrong."""
    yield "```"
    yield command(rpc, call["request"])
    yield from call["response"]
    for error in call["errors"][:1]:
        yield command(rpc, error["request"])
        yield from ("ERROR:", "  Code: " + error["code"], "  Message: " + error["message"])
        detail = error["detail"]
        yield "detail: " + ", ".join("%s %s" % (part, detail[part]) for part in ("reason", "field", "value", "fix")
                                     if part in detail)
    yield "```"


def shown(texts):
    """What a page shows of the messages of one answer."""
    lines = "\n".join(texts).splitlines()
    more = ["... %d lines more" % (len(lines) - MAX_LINES)] if len(lines) > MAX_LINES else []
    return [shorten(line) for line in lines[:MAX_LINES]] + more


def command(rpc, messages):
    """As a person would type it, to services on their usual ports; what is long is cut."""
    target = "127.0.0.1:%d tact.v1.%s/%s" % (PORTS[rpc.service], rpc.service, rpc.name)
    texts = [shorten(json.dumps(message, ensure_ascii=False), 600).replace("'", "'\\''") for message in messages]
    if len(texts) == 1:
        return "$ grpcurl -plaintext -d '%s' %s" % (texts[0], target)
    rest = ["... %d more" % (len(texts) - 2)] if len(texts) > 2 else []
    texts = [shorten(text, MAX_CHARS) if '"chunk"' in text else text for text in texts[:2]]
    return "\n".join(["$ grpcurl -plaintext -d @ %s <<'END'" % target, *texts, *rest, "END"])


def shorten(text, limit=MAX_CHARS):
    return text if len(text) <= limit else text[:limit] + "..."
