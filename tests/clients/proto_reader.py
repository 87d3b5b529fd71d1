"""Reads proto/tact/v1 as far as a reference needs it: services, messages, enums, each with its comment.

Takes the layout that buf checks for granted: one declaration a line, its comment above it.
"""
import dataclasses
import re

SERVICE = re.compile(r"^service (\w+) \{")
RPC = re.compile(r"^  rpc (\w+)\((stream )?(\w+)\) returns \((stream )?(\w+)\);")
MESSAGE = re.compile(r"^message (\w+) \{(\})?$")
ENUM = re.compile(r"^enum (\w+) \{")
FIELD = re.compile(r"^\s+(?:(optional|repeated) )?([\w.]+) (\w+) = (\d+);")
VALUE = re.compile(r"^  (\w+) = (\d+);")
ONEOF = re.compile(r"^  oneof (\w+) \{")


@dataclasses.dataclass
class Rpc:
    service: str
    name: str
    request: str
    response: str
    takes_stream: bool
    gives_stream: bool
    comment: str


@dataclasses.dataclass
class Field:
    name: str
    kind: str
    label: str  # "", "optional", "repeated" or "one of NAME"
    comment: str


@dataclasses.dataclass
class Message:
    name: str
    comment: str
    fields: list = dataclasses.field(default_factory=list)
    values: list = dataclasses.field(default_factory=list)  # of an enum: (name, comment)


@dataclasses.dataclass
class Protos:
    services: dict = dataclasses.field(default_factory=dict)  # name: (comment, [Rpc])
    messages: dict = dataclasses.field(default_factory=dict)  # enums too, in the files' order


class Reader:
    def __init__(self, protos):
        self._protos = protos
        self._comment, self._shared = [], ""
        self._service = self._message = None
        self._oneof = ""

    def line(self, line):
        text = line.strip()
        if text.startswith("//"):
            self._comment.append(text[2:].strip())
            return
        if text:
            self._declaration(line)
        self._comment = []

    def _declaration(self, line):
        comment = " ".join(self._comment)
        if found := SERVICE.match(line):
            self._service = found.group(1)
            self._protos.services[self._service] = (comment, [])
        elif found := RPC.match(line):
            name, takes, request, gives, response = found.groups()
            self._protos.services[self._service][1].append(
                Rpc(self._service, name, request, response, bool(takes), bool(gives), comment))
        elif found := MESSAGE.match(line) or ENUM.match(line):
            self._message = self._protos.messages.setdefault(found.group(1), Message(found.group(1), comment))
        elif found := ONEOF.match(line):
            self._oneof, self._shared = found.group(1), comment
        elif line.startswith("  }"):
            self._oneof = ""
        elif found := FIELD.match(line):
            label, kind, name, _ = found.groups()
            label = "one of %s" % self._oneof if self._oneof else label or ""
            self._message.fields.append(Field(name, kind, label, comment))
        elif (found := VALUE.match(line)) and not found.group(1).endswith("_UNSPECIFIED"):
            self._message.values.append((found.group(1), comment))


def read(folder, names):
    protos = Protos()
    for name in names:
        reader = Reader(protos)
        for line in (folder / (name + ".proto")).read_text(encoding="utf-8").splitlines():
            reader.line(line)
    return protos
