"""Makes a pass of one row: of the texts of a table, or of a line of JSON."""

from __future__ import annotations

import re
from operator import itemgetter

import msgspec

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import FIELDS, PassFieldError, check_pass, checked
from gateway.store.passes.files.lines import RowError

_KINDS = {kind.value: kind for kind in PassKind}
_DEFANGED = re.compile(r"'+[=+\-@\t\r]")


class Cells:
    """Makes a pass of a row of texts, by the columns that the heading names."""

    def __init__(self, names: list[str]) -> None:
        self._width = len(names)
        # A missing column reads the empty cell that is added to each row.
        self._pick = itemgetter(*(names.index(f) if f in names else -1 for f in FIELDS))

    def __call__(self, row: list[str] | RowError) -> Pass:
        if isinstance(row, RowError):
            raise row
        if len(row) != self._width:
            self._fit(row)
        row.append("")
        whole = "".join(row)
        if "'" in whole or "\r" in whole:
            row = [_as_meant(text) for text in row]
        (
            id_, kind, holder, phone, unit, plates, cards, bay, valid_from, valid_until,
            schedule, lanes, group, note, revision,
        ) = self._pick(row)  # fmt: skip
        return checked(
            Pass(
                id_.strip(),
                _kind(kind),
                holder,
                phone,
                unit,
                _items(plates) if plates else (),
                _items(cards) if cards else (),
                bay,
                valid_from.strip() if valid_from else "",
                valid_until.strip() if valid_until else "",
                schedule,
                _items(lanes) if lanes else (),
                group,
                note,
                _number(revision) if revision else 0,
            )
        )

    def _fit(self, row: list[str]) -> None:
        """Cells that are missing at the end are empty; empty ones too many are dropped."""
        if any(row[self._width :]):
            raise RowError(f"it has {len(row)} cells and the heading has {self._width}")
        row[:] = (row + [""] * self._width)[: self._width]


def _as_meant(text: str) -> str:
    """A cell without the apostrophe that guards a formula, and with plain line breaks."""
    plain = text.replace("\r\n", "\n")
    return plain[1:] if plain.startswith("'") and _DEFANGED.match(plain) else plain


def _kind(text: str) -> PassKind:
    found = _KINDS.get(text) or _KINDS.get(text.strip().lower())
    if found is None:
        raise PassFieldError("kind", text, f"give one of {', '.join(_KINDS)}")
    return found


def _items(text: str) -> tuple[str, ...]:
    return tuple([item for part in text.split(";") if (item := part.strip())])


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise PassFieldError("revision", text, "give a whole number, or leave it empty")
    return int(text)


def from_json(line: bytes) -> Pass:
    """The pass of a line; RowError, PassFieldError."""
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise RowError(f"it is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise RowError("it is not a JSON object; write one pass a line")
    return check_pass(found)
