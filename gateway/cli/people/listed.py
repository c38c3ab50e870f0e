"""Commands for the lists of watched and hazardous vehicles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.cli.common import Arguments, Commands, change, data_path, remark, show

# Written out, since importing them would slow every `--help`; a test compares both.
LISTS = ("watch", "hazardous")
COLUMNS = ("list", "plate", "card", "reason", "until")
ADDED_MAX = 1_000


def add(commands: Commands) -> None:
    """Add `listed` and its subcommands."""
    listed = commands.group("listed", "the lists of watched and hazardous vehicles")
    put = listed.add(
        "add",
        "put a vehicle on a list, until an end",
        _add,
        'gatehouse listed add --list watch --plate 粤B12345 --reason "asked for by the office"',
    )
    put.add_argument("--list", required=True, choices=LISTS, help="watch: told silently; hazardous: refused at entries")
    known_by = put.add_mutually_exclusive_group(required=True)
    known_by.add_argument("--plate", help="the vehicle by its plate")
    known_by.add_argument("--card", help="the vehicle by its card")
    put.add_argument("--reason", required=True, help="why, in words")
    put.add_argument("--until", help="ends by itself at this instant; without it in 30 days")
    read = listed.add(
        "import",
        "put the vehicles of a file on lists: every line is checked before the first is taken",
        _import,
        "gatehouse listed import watch.csv",
    )
    read.add_argument("file", metavar="FILE", help=f".csv or .xlsx with the columns {', '.join(COLUMNS)}")
    shown = listed.add("list", "list the vehicles", _list, "gatehouse listed list --list watch --json")
    shown.add_argument("--list", choices=LISTS, default="", help="only this list")
    gone = listed.add("remove", "take a vehicle off its list", _remove, "gatehouse listed remove l0123-4567")
    gone.add_argument("entry", metavar="ID", help="id of the entry, as `listed list` shows it")


def _add(arguments: Arguments) -> int:
    keys = ("list", "plate", "card", "reason", "until")
    entry = {key: value for key in keys if (value := getattr(arguments, key))}
    made = change(arguments, "listed.add", entries=[entry])
    show(arguments, made, f"{made['entries'][0]} is on the list {arguments.list}")
    return 0


def _import(arguments: Arguments) -> int:
    from gateway.core.vocabulary.errors import ListedError

    entries = _entries(Path(arguments.file))
    if not entries:
        raise ListedError(f"{arguments.file} has no vehicle in it; the first line names the columns, one of them list")
    if len(entries) > ADDED_MAX:
        raise ListedError(f"{arguments.file} has {len(entries)} vehicles; import at most {ADDED_MAX} at once")
    made = change(arguments, "listed.add", entries=entries)
    show(arguments, made, f"{len(made['entries'])} vehicles are on lists")
    return 0


def _entries(path: Path) -> list[dict[str, Any]]:
    """The entries of a file, each checked; an empty cell is no value."""
    import time

    from gateway.core.vocabulary.errors import ListedError
    from gateway.store.listed.check import check_entry, said_of
    from gateway.store.passes.files.lines import RowError, csv_rows, suffix_of
    from gateway.store.passes.files.workbooks import workbook_rows

    rows = csv_rows(path) if suffix_of(path, (".csv", ".xlsx")) == ".csv" else workbook_rows(path)
    names: list[str] = []
    found = []
    for line, cells in rows:
        if isinstance(cells, RowError):
            raise ListedError(f"line {line}: {cells}")
        texts = [str(cell).strip() for cell in cells]
        if not names:
            names = [text.lower() for text in texts]
            if unknown := [name for name in names if name and name not in COLUMNS]:
                raise ListedError(f"line {line}: there is no column {unknown[0]!r}; use {', '.join(COLUMNS)}")
        elif any(texts):
            found.append({name: text for name, text in zip(names, texts, strict=False) if name and text})
            try:
                check_entry(said_of(found[-1]), time.time_ns())
            except ListedError as error:
                raise ListedError(f"line {line}: {error}") from None
    return found


def _list(arguments: Arguments) -> int:
    import time

    import msgspec

    from gateway.cli.show import table
    from gateway.store.directory import DataDirectory
    from gateway.store.projections.state import State

    state = State(DataDirectory(data_path(arguments)).state)
    try:
        found = [msgspec.to_builtins(one) for one in state.listed(arguments.list, time.time_ns())]
    finally:
        state.close()
    keys = ("entry", "list", "value", "until", "by", "reason")
    show(arguments, {"items": found}, table(keys, [tuple(str(one[key] or "") for key in keys) for one in found]))
    return 0


def _remove(arguments: Arguments) -> int:
    gone = change(arguments, "listed.remove", entry=arguments.entry)
    show(arguments, gone, f"{arguments.entry} is off its list")
    remark(arguments, "what was seen of it stays in the journal")
    return 0
