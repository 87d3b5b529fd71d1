"""Prometheus' text format, as far as tests need it: families with their labels, and the table of them in
docs/metrics.md."""
import dataclasses
import re

SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ROW = re.compile(r"^\| `([\w:]+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$")


@dataclasses.dataclass
class Family:
    kind: str = ""
    help: str = ""
    labels: set = dataclasses.field(default_factory=set)
    values: dict = dataclasses.field(default_factory=dict)  # of label names: those seen


def parse(text):
    """Families by name."""
    families = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, about = line.split(" ", 3)
            families.setdefault(name, Family()).help = about
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            families.setdefault(name, Family()).kind = kind
        elif line:
            add_series(families, line)
    return families


def add_series(families, line):
    name, labels, _ = SERIES.match(line).groups()
    family = families.get(name)
    if family is None:
        family = families[re.sub("_(bucket|sum|count)$", "", name)]
    for label, value in LABEL.findall(labels or ""):
        if label == "le" and family.kind == "histogram":
            continue
        family.labels.add(label)
        family.values.setdefault(label, set()).add(value)


def documented(text):
    """(type, labels) by name of each section of the page, from its tables: | `name` | type | labels | unit |
    meaning |."""
    sections, current = {}, None
    for line in text.splitlines():
        if line.startswith("#"):
            current = sections.setdefault(line.lstrip("# "), {})
        row = ROW.match(line)
        if row:
            name, kind, labels, _, _ = row.groups()
            current[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    return sections


def table(families):
    """Rows for the page, units taken from names."""
    units = {"seconds": "seconds", "bytes": "bytes", "tokens": "tokens"}
    for name, family in sorted(families.items()):
        base = re.sub("_(total|limit)$", "", name)
        unit = units.get(base.rsplit("_", 1)[-1], "")
        labels = ", ".join("`%s`" % label for label in sorted(family.labels))
        yield "| `%s` | %s | %s | %s | %s |" % (name, family.kind, labels, unit, family.help.rstrip("."))
