"""Writes passes to a file, which appears as a whole or not at all.

A cell that a spreadsheet would run as a formula gets an apostrophe, which is taken away when the file is read.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.checks import FIELDS
from gateway.store.passes.files.cells import DATES
from gateway.store.passes.files.lines import suffix_of
from gateway.store.passes.files.values import needs_guard

PROGRESS_ROWS = 2000


def write_passes(path: Path, passes: Iterable[Pass], progress: Callable[[int], None] | None = None) -> int:
    """Write passes to a file as its suffix says; returns how many. The file appears as a whole or not at all."""
    write = {".csv": _write_csv, ".xlsx": _write_xlsx}.get(suffix_of(path), _write_json)
    fresh = path.with_name(f".{path.name}.new")
    try:
        count = write(fresh, _watched(passes, progress))
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        fresh.unlink(missing_ok=True)
    return count


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> int:
    """Write a CSV file with its mark, so that Excel takes it for UTF-8; returns how many rows."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _write_csv(path: Path, passes: Iterable[Pass]) -> int:
    return write_rows(path, chain([FIELDS], map(_row, passes))) - 1


def _write_xlsx(path: Path, passes: Iterable[Pass]) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("passes")
    sheet.append(FIELDS)
    count = 0
    for pass_ in passes:
        sheet.append(_row(pass_))
        count += 1
    book.save(path)
    return count


def _write_json(path: Path, passes: Iterable[Pass]) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    with path.open("wb") as file:
        for pass_ in passes:
            file.write(encode(pass_) + b"\n")
            count += 1
    return count


def _row(pass_: Pass) -> list[str]:
    return [_neutral(field, _text(getattr(pass_, field))) for field in FIELDS]


def _text(value: Any) -> str:
    return ";".join(value) if isinstance(value, tuple) else str(value)


def _neutral(field: str, text: str) -> str:
    """The same text, which no spreadsheet takes for a formula and no import for anything but a text."""
    return f"'{text}" if needs_guard(text) and field not in DATES else text


def _watched(passes: Iterable[Pass], progress: Callable[[int], None] | None) -> Iterator[Pass]:
    rows, count = iter(passes), 0
    while chunk := list(islice(rows, PROGRESS_ROWS)):
        yield from chunk
        count += len(chunk)
        if progress is not None:
            progress(count)
