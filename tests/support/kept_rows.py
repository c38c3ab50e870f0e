"""The kept journal of `tests/golden/rows.ndjson`: a row of each type and variant, as the journal held them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from gateway.core.vocabulary.rows import TYPES, Row

PATH = Path(__file__).parents[1] / "golden" / "rows.ndjson"
Kind = TypeVar("Kind", bound=Row)


class _Event(msgspec.Struct):
    type: str
    subject: str
    data: msgspec.Raw


class KeptRow(NamedTuple):
    """A stored row: its whole text, and what of it the row's struct is to give again."""

    text: str
    type: str
    subject: str
    data: bytes


@cache
def kept_rows() -> tuple[KeptRow, ...]:
    """All of them, in the order of the journal."""
    found = []
    for text in PATH.read_text("utf-8").splitlines():
        event = msgspec.json.decode(text, type=_Event)
        found.append(KeptRow(text, event.type.removeprefix("gatehouse."), event.subject, bytes(event.data)))
    return tuple(found)


def example(kind: type[Kind], **given: object) -> Kind:
    """A row of that kind as the kept journal has it, with other values for some fields."""
    for row in kept_rows():
        if row.type == kind.type and kind in TYPES[row.type]:
            try:
                return msgspec.structs.replace(msgspec.json.decode(row.data, type=kind), **given)
            except msgspec.ValidationError:
                continue
    raise LookupError(f"the kept journal has no {kind.__name__}")
