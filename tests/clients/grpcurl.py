"""grpcurl as a caller: one call, its messages, and its error with the detail that the service sent."""
import base64
import dataclasses
import json
import os
import re
import shutil
import subprocess

from services import SOURCE

DETAIL = re.compile(r"^tact-error-detail-bin: (\S+)$", re.M)
ERROR = re.compile(r"^ERROR:\n  Code: (\w+)\n  Message: (.*)\n", re.M)
FIELDS = {1: "reason", 2: "field", 3: "value", 4: "fix"}


def find_tool(name):
    """Of scripts/client-tools, or from the PATH; None where there is none."""
    folder = os.environ.get("TACT_TOOLS", str(SOURCE / "build/tools"))
    return shutil.which(name, path=os.pathsep.join([folder, os.environ.get("PATH", "")]))


@dataclasses.dataclass
class Answer:
    messages: list = dataclasses.field(default_factory=list)
    texts: list = dataclasses.field(default_factory=list)  # the messages as they were printed
    code: str = "OK"
    message: str = ""
    detail: dict = dataclasses.field(default_factory=dict)  # of tact.v1.ErrorDetail


class Grpcurl:
    def __init__(self, program, flags):
        self._command = [program, *flags]

    def run(self, *arguments, stdin=None):
        """What it prints; raises where it fails."""
        done = self._run(arguments, stdin)
        assert done.returncode == 0, "grpcurl %s: %s%s" % (" ".join(arguments), done.stdout, done.stderr)
        return done.stdout

    def fails(self, *arguments):
        """True where it fails and prints nothing but its error."""
        done = self._run(arguments, None)
        return done.returncode != 0 and not done.stdout

    def call(self, address, method, *messages, flags=(), stdin=False):
        """With several messages, or with one that does not fit into a command line, they go through stdin."""
        body = "\n".join(json.dumps(message) for message in messages)
        stdin = stdin or len(messages) != 1 or len(body) > 100_000
        done = self._run(["-v", "-d", "@" if stdin else body, *flags, address, method], body if stdin else None)
        answer = Answer()
        for part in done.stdout.split("\nResponse contents:\n")[1:]:
            message, end = json.JSONDecoder().raw_decode(part)
            answer.messages.append(message)
            answer.texts.append(part[:end])
        if done.returncode != 0:
            error = ERROR.search(done.stderr)
            assert error, "grpcurl: %s%s" % (done.stdout[-2000:], done.stderr)
            answer.code, answer.message = error.groups()
            found = DETAIL.search(done.stdout)
            answer.detail = decode_detail(base64.b64decode(found.group(1))) if found else {}
        return answer

    def _run(self, arguments, stdin):
        return subprocess.run([*self._command, *arguments], input=stdin, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)


def decode_detail(data):
    """tact.v1.ErrorDetail has four texts, each shorter than 16 KiB: tag, length in one or two bytes, bytes."""
    detail, at = {}, 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 128:
            length, at = length - 128 + 128 * data[at], at + 1
        assert tag & 7 == 2, "not a text"
        detail[FIELDS[tag >> 3]] = data[at:at + length].decode()
        at += length
    return detail
