"""Makes a pass of one row: of the texts of a table, or of a line of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any
from unicodedata import normalize

import msgspec

from gateway.core.plates.plates import is_usual, is_whole, normalise
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import FIELDS, ID, PassFieldError, are_plain, check_pass, checked
from gateway.store.passes.files import values
from gateway.store.passes.files.headings import LISTED, kind_of
from gateway.store.passes.files.lines import Day, Odd, RowError

DATES = ("valid_from", "valid_until")
NO_DATES = ("id", "holder", "phone", "unit", "plates", "cards", "bay", "group", "lanes")
"""Fields that a spreadsheet may turn into dates, and that never are."""
NUMBERS = ("id", "phone", "unit", "bay", "cards")

UNREAD = "#"
"""In place of a field: a column that is not read."""

_KINDS = {kind.value: kind for kind in PassKind}
# Only a text that begins so needs a closer look: blanks, guards, errors, rounded numbers, dates.
_SUSPECT = re.compile(
    r"[\s'=#]|\d(?:[\d.,]*[eE][+-]|\d?月|\d?-[A-Za-z]{3}|\d{3}[-/]\d)|[A-Za-z]{3}-\d|[Ee][Rr][Rr]:"
).match


class Cells:
    """Makes a pass of a row of texts, by the fields that the heading names; `plates` and `cards` may be named again."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._width = len(names)
        # A missing column reads the empty cell that is added to each row.
        self._pick = itemgetter(*(names.index(f) if f in names else -1 for f in FIELDS))
        self._again = [(at, name) for at, name in enumerate(names) if name in LISTED and names.index(name) != at]
        self._nameless = [at for at, name in enumerate(names) if not name]

    def __call__(self, row: list[str] | RowError) -> Pass:
        if isinstance(row, RowError):
            raise row
        if len(row) != self._width:
            self._fit(row)
        row.append("")
        if type(row) is not list or self._nameless or self._again:
            self._look_at(row)
        (
            id_, kind, holder, phone, unit, plates, cards, bay, valid_from, valid_until,
            schedule, lanes, group, note, revision,
        ) = self._pick(row)  # fmt: skip
        texts = (id_, holder, phone, unit, bay, schedule, lanes, group, note)
        if any(map(_SUSPECT, filter(None, texts))):
            id_, holder, phone, unit, bay, schedule, lanes, group, note = map(_meant, _TEXTS, texts)
        return checked(
            Pass(
                _id(id_),
                _kind(kind),
                holder,
                phone,
                unit,
                values.plates(plates) if plates else (),
                values.cards(cards) if cards else (),
                bay,
                values.day("valid_from", valid_from) if valid_from else "",
                values.day("valid_until", valid_until) if valid_until else "",
                schedule,
                _items(lanes) if lanes else (),
                group,
                note.replace("\r\n", "\n") if note else "",
                _number(revision) if revision else 0,
            )
        )

    def usual(self, rows: Sequence[Any]) -> list[Pass] | None:
        """The passes of rows that have nothing to look at closely; None if one of them may have.

        They are the same as of one row after the other; whole columns are looked at, so that a long list is read soon.
        """
        if self._nameless or self._again or set(map(type, rows)) != {list} or set(map(len, rows)) != {self._width}:
            return None
        columns = (*zip(*rows, strict=True), ("",) * len(rows))
        of = dict(zip(FIELDS, self._pick(columns), strict=True))
        often = list(zip(*map(of.__getitem__, _OFTEN), strict=True))
        different = set(often)
        if len(different) > len(rows) // _SHARE or not _are_usual(of):
            return None
        try:
            known = {cells: self._with(_OFTEN, cells) for cells in different}
            plates, cards = (self._listed(name, of[name]) for name in LISTED)
        except (PassFieldError, _LookCloserError):
            return None
        return [
            Pass(
                id_, like.kind, holder, phone, unit, some, others, bay, like.valid_from, like.valid_until,
                like.schedule, like.lanes, group, note, like.revision,
            )
            for id_, holder, phone, unit, some, others, bay, group, note, like in zip(
                of["id"], of["holder"], of["phone"], of["unit"], plates, cards, of["bay"],
                of["group"], of["note"], map(known.__getitem__, often), strict=True,
            )
        ]  # fmt: skip

    def _with(self, names: Sequence[str], cells: Sequence[str]) -> Pass:
        """A pass with an id and these cells."""
        row = [""] * self._width
        for name, cell in (("id", "x"), *zip(names, cells, strict=True)):
            if name in self._names:
                row[self._names.index(name)] = cell
        return self(row)

    def _listed(self, name: str, column: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        """What is in each cell with plates or cards."""
        usual = _CARD if name == "cards" else is_usual
        if all(map(usual, filter(None, column))):
            return zip(column, strict=True) if all(column) else [(cell,) if cell else () for cell in column]
        return [() if not cell else (cell,) if usual(cell) else self._parted(name, cell) for cell in column]

    def _parted(self, name: str, cell: str) -> tuple[str, ...]:
        one = self._with(("kind", name), (PassKind.STAFF.value, cell))
        if any(notes_on(one)):
            raise _LookCloserError
        return one.cards if name == "cards" else one.plates

    def _fit(self, row: list[str]) -> None:
        """Cells that are missing at the end are empty; empty ones too many are dropped."""
        if any(map(str.strip, row[self._width :])):
            raise RowError(
                f"it has {len(row)} cells and the heading has {self._width};"
                f" name column {letters(self._width)} in the heading, or empty it"
            )
        row[self._width :] = []
        row += [""] * (self._width - len(row))

    def _look_at(self, row: list[str]) -> None:
        """Refuse cells that are not what they show or have no heading; join the cells of one list."""
        for name, cell in zip(self._names, row, strict=False):
            if isinstance(cell, Odd):
                raise RowError(cell.reason, name.strip(UNREAD))
            if isinstance(cell, Day) and name in NO_DATES:
                values.no_date(name, cell)
        for at in self._nameless:
            if row[at].strip():
                raise RowError(f"it has {row[at]!r} under no heading; name the column, or empty it", letters(at))
        for at, name in self._again:
            first = self._names.index(name)
            row[first] = ";".join(filter(None, (row[first].strip(), row[at].strip())))


_OFTEN = ("kind", "valid_from", "valid_until", "schedule", "lanes", "revision")
"""Fields whose cells are alike in many rows, so that each text is looked at once."""
_SHARE = 4
"""Of the rows; with more different ones it is no gain."""
_PLAIN = ("holder", "phone", "unit", "bay", "group", "note")
_CARD = re.compile(r"(?!0+\Z)[0-9]{1,20}").fullmatch


def _are_usual(of: dict[str, tuple[str, ...]]) -> bool:
    """Whether these columns hold nothing but plain texts."""
    texts = [column for name in _PLAIN if any(column := of[name])]
    return (
        all(map(ID.fullmatch, of["id"]))
        and not any(map(_SUSPECT, filter(None, chain(of["id"], *texts))))
        and all(map(are_plain, texts))
    )


class _LookCloserError(Exception):
    """A cell is to be looked at in its row."""


def notes_on(pass_: Pass) -> Iterator[tuple[str, str]]:
    """What is worth a note in a pass: whether it is a card or a plate, and the note."""
    for card in pass_.cards:
        if not card.isdigit() and (number := values.in_decimal(card)):
            yield "card", f"{card} is taken as an EPC; write {number} if it is a card in hex"
    for plate in pass_.plates:
        if not is_usual(plate) and not is_whole(normalise(plate)):
            yield "plate", f"{plate} is no whole plate, so that a camera will not read it"


_TEXTS = ("id", "holder", "phone", "unit", "bay", "schedule", "lanes", "group", "note")


def letters(column: int) -> str:
    """The name of a column in a spreadsheet: A for 0, AA for 26."""
    return (letters(column // 26 - 1) if column > 25 else "") + chr(ord("A") + column % 26)


def _meant(name: str, cell: str) -> str:
    """The text of this field as it is meant."""
    if cell.startswith("'") and values.needs_guard(cell):
        return cell[1:]
    text = values.unguarded(cell)
    if not text.strip():
        return ""
    if values.is_error(text):
        raise PassFieldError(name, text, values.AN_ERROR)
    if name in NO_DATES:
        values.no_date(name, text)
    if name in NUMBERS:
        values.not_rounded(name, text)
    return text


def _id(text: str) -> str:
    return (text if text.isascii() else normalize("NFKC", text)).strip()


def _kind(text: str) -> PassKind:
    found = _KINDS.get(text) or kind_of(values.unguarded(text))
    if found is None:
        raise PassFieldError("kind", text, f"give one of {', '.join(_KINDS)}")
    return found


def _items(text: str) -> tuple[str, ...]:
    return tuple([item for part in re.split("[;；]", text) if (item := part.strip())])


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise PassFieldError("revision", text, "give a whole number, or leave it empty")
    return int(text)


def from_json(line: Any) -> Pass:
    """The pass of a line; RowError, PassFieldError."""
    if isinstance(line, RowError):
        raise line
    try:
        found = msgspec.json.decode(line)
    except RecursionError:
        raise RowError("it is nested too deeply; write one pass a line") from None
    except msgspec.DecodeError as error:
        raise RowError(f"it is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise RowError("it is not a JSON object; write one pass a line")
    return check_pass(found)
