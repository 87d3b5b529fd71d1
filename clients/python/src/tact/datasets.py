"""Dialogues from DialogSum's jsonl files, for evaluations."""
from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from tact.files import Path
from tact.v1.common_pb2 import DialogueExample


def read_dialogues(path: Path, limit: Optional[int] = None,
                   reference_field: str = "summary") -> List[DialogueExample]:
    """The first `limit` lines [all]: {"fname" or "id", "dialogue", "summary" or "summary1".., "topic"}.

    reference_field: the column with the reference summary, for files that have several kinds.
    Raises ValueError that names line and column.
    """
    examples: List[DialogueExample] = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if limit is not None and len(examples) == limit:
                break
            if line.strip():
                examples.append(_example(_parse(line, path, number), reference_field, path, number))
    return examples


def _parse(line: str, path: Path, number: int) -> Dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError("%s:%d: not JSON: %s" % (path, number, error.msg)) from None
    if not isinstance(row, dict):
        raise ValueError("%s:%d: expected an object, found %s" % (path, number, type(row).__name__))
    return row


def _example(row: Dict[str, Any], reference_field: str, path: Path, number: int) -> DialogueExample:
    if not row.get("dialogue"):
        raise ValueError('%s:%d: no "dialogue"; it has %s' % (path, number, ", ".join(row)))
    fields = [reference_field] + ["%s%d" % (reference_field, i) for i in (1, 2, 3)]
    references = [row[field] for field in fields if field in row]
    if not references:
        raise ValueError('%s:%d: no "%s"; it has %s' % (path, number, reference_field, ", ".join(row)))
    return DialogueExample(id=str(row.get("fname", row.get("id", number - 1))), dialogue=row["dialogue"],
                           references=references, topic=row.get("topic", ""))
