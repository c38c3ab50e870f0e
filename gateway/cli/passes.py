"""Commands for passes: import, export, look-up, QR codes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import (
    Arguments,
    Commands,
    change,
    count,
    data_path,
    days,
    gateway_of,
    opened,
    remark,
    say,
    show,
    whoami,
)
from gateway.core.vocabulary.errors import GatehouseError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from gateway.core.vocabulary.passes import Pass

IMPORT_S = 1800.0
"""How long an import of a very long list may take on a small machine."""


def add(commands: Commands) -> None:
    """Add `passes` and its subcommands."""
    passes = commands.group("passes", "import, export and look up passes")
    imports = passes.add(
        "import",
        "take passes from a file, all or none (.csv .txt .xlsx .ods .jsonl)",
        _passes_import,
        """
        gatehouse passes import residents.xlsx --dry-run     only look, change nothing
        gatehouse passes import residents.xlsx
        gatehouse passes import old.csv --encoding big5 --dry-run
        """,
    )
    imports.add_argument("file", type=Path, metavar="FILE", help="its ending says in which form it is")
    imports.add_argument("--dry-run", action="store_true", help="check every row and change nothing")
    imports.add_argument("--replace", action="store_true", help="also remove the passes that the file does not name")
    imports.add_argument("--yes", action="store_true", help="do not ask when that removes more than a tenth")
    imports.add_argument(
        "--encoding", default="", metavar="NAME", help="encoding of a text file, where it is not clear"
    )
    imports.add_argument(
        "--sheet", default="", metavar="NAME", help="sheet of a workbook (default: the first with rows)"
    )
    template = passes.add(
        "template",
        "write a list to begin with: headings, examples, explanations (.xlsx .csv)",
        _passes_template,
        """
        gatehouse passes template residents.xlsx            Chinese headings, explained in both languages
        gatehouse passes template residents.csv --english
        """,
    )
    template.add_argument("file", type=Path, metavar="FILE", help="where to; its ending says in which form")
    template.add_argument("--english", action="store_true", help="headings in English")
    export = passes.add(
        "export",
        "write all passes to a file (.csv .xlsx .jsonl .ndjson)",
        _passes_export,
        "gatehouse passes export all.xlsx",
    )
    export.add_argument("file", type=Path, metavar="FILE", help="where to; its ending says in which form")
    listing = passes.add(
        "list",
        "list passes",
        _passes_list,
        """
        gatehouse passes list --kind monthly --limit 20
        gatehouse passes list A123                        part of a plate, card, unit, name or id
        gatehouse passes list zxm                         pinyin initials of 张小明
        gatehouse passes list 12栋 --ends-within 10
        """,
    )
    listing.add_argument(
        "query", nargs="?", metavar="TEXT", help="part of a holder or the initials, of a plate, card, unit or id"
    )
    listing.add_argument(
        "--ends-within", type=days, metavar="DAYS", help="only those whose last day is at most so many days ahead"
    )
    listing.add_argument("--kind", choices=("monthly", "temporary", "staff", "blocked"), help="only this kind")
    listing.add_argument("--limit", type=count, default=100, help="at most so many (default: 100)")
    listing.add_argument("--after", default="", metavar="ID", help="go on after this pass")
    code = passes.add(
        "qr",
        "make a QR code that lets a temporary pass in once",
        _passes_qr,
        """
        gatehouse passes qr visitor-7                                    good until the pass ends
        gatehouse passes qr visitor-7 --until 2026-11-30 --svg code.svg  and as a picture
        """,
    )
    code.add_argument("id", metavar="ID", help="id of the pass")
    code.add_argument(
        "--until", default="", metavar="WHEN", help="last day in site time, or an instant (default: when the pass ends)"
    )
    code.add_argument("--svg", type=Path, metavar="FILE", help="also draw it into this file")
    one = passes.add(
        "show",
        "show one pass, with all its fields",
        _passes_show,
        "gatehouse passes show R0001\ngatehouse passes show R0001 --json",
    )
    one.add_argument("id", metavar="ID", help="id of the pass")


def _passes_import(arguments: Arguments) -> int:
    from gateway.cli.lists import asked_to_remove, outcome

    path = arguments.file.resolve()
    if not path.is_file():
        raise NotFoundError(f"there is no file {arguments.file}")
    try:
        result = _import(arguments, path, remove_many=arguments.yes)
    except GatehouseError as error:
        if not asked_to_remove(error):
            raise
        result = _import(arguments, path, remove_many=True)
    show(arguments, {**result, "dry_run": arguments.dry_run}, outcome(result, arguments.dry_run, arguments.replace))
    return 1 if result.get("refused") else 0


def _import(arguments: Arguments, path: Path, *, remove_many: bool) -> dict[str, Any]:
    from gateway.cli.show import Progress

    progress = Progress(f"{arguments.file.name}: rows")
    data = data_path(arguments)
    try:
        with gateway_of(data) as gateway, lent(path, data) as copy:
            result: dict[str, Any] = gateway.call(
                "passes.import",
                timeout_s=IMPORT_S,
                on_progress=lambda told: progress(int(told["rows"])),
                file=str(copy),
                replace=arguments.replace,
                dry_run=arguments.dry_run,
                remove_many=remove_many,
                encoding=arguments.encoding,
                sheet=arguments.sheet,
                by=whoami(),
                via="cli",
            )
    finally:
        progress.end()
    return result


@contextlib.contextmanager
def lent(path: Path, data: Path) -> Iterator[Path]:
    """A copy of a file with its name, where the engine can read it: its systemd unit hides /home and /tmp."""
    import shutil
    import tempfile

    owner = data.stat()
    with tempfile.TemporaryDirectory(prefix="import-", dir=data / "run") as folder:
        copy = Path(shutil.copy(path, folder))
        if os.geteuid() == 0:
            for made in (Path(folder), copy):
                os.chown(made, owner.st_uid, owner.st_gid)
        copy.chmod(0o600)
        yield copy


def _passes_export(arguments: Arguments) -> int:
    from gateway.cli.show import Progress
    from gateway.store.passes.files.writing import write_passes
    from gateway.store.passes.registry import PassRegistry

    directory, _ = opened(data_path(arguments))
    progress = Progress(f"{arguments.file.name}: rows")
    try:
        count = write_passes(arguments.file, PassRegistry(directory.registry).all(), progress)
    finally:
        progress.end()
    show(arguments, {"file": str(arguments.file), "count": count}, f"{count} passes written to {arguments.file}")
    return 0


def _passes_template(arguments: Arguments) -> int:
    from gateway.store.passes.files.template import write_template

    if arguments.file.exists():
        raise RefusedError(f"{arguments.file} is there already; give another name")
    write_template(arguments.file, chinese=not arguments.english)
    show(
        arguments,
        {"file": str(arguments.file)},
        f"{arguments.file} written: fill it in below the heading, delete the examples",
    )
    return 0


def _passes_list(arguments: Arguments) -> int:
    import msgspec

    from gateway.cli.show import table
    from gateway.store.passes.ending import EndsWithin
    from gateway.store.passes.registry import PassRegistry

    directory, settings = opened(data_path(arguments))
    registry = PassRegistry(directory.registry)
    ends = None
    if arguments.ends_within is not None:
        ends = EndsWithin(arguments.ends_within, time.time_ns(), settings.zone)
    found: list[Pass] = []
    after = arguments.after
    while len(found) < arguments.limit:
        page = registry.list(after, min(1000, arguments.limit - len(found)), arguments.kind, arguments.query, ends)
        if not page:
            break
        found += page
        after = page[-1].id
    rows = [(p.id, p.kind, p.holder, p.unit, ";".join(p.plates), ";".join(p.cards), p.valid_until) for p in found]
    text = table(("id", "kind", "holder", "unit", "plates", "cards", "valid until"), rows)
    show(arguments, {"items": msgspec.to_builtins(found), "count": registry.count()}, text)
    if len(found) == arguments.limit:
        say(f"there may be more: --limit N, or --after {found[-1].id}")
    return 0


def _passes_show(arguments: Arguments) -> int:
    import msgspec

    from gateway.cli.show import clean
    from gateway.store.passes.registry import PassRegistry

    directory, _ = opened(data_path(arguments))
    found = msgspec.to_builtins(PassRegistry(directory.registry).get(arguments.id))
    values = {key: ";".join(value) if isinstance(value, list | tuple) else value for key, value in found.items()}
    show(arguments, found, "\n".join(f"{key:12} {clean(value)}" for key, value in values.items()))
    return 0


def _passes_qr(arguments: Arguments) -> int:
    made = change(arguments, "passes.code", pass_id=arguments.id, until=arguments.until)
    if arguments.svg:
        import segno

        segno.make_qr(made["code"], error="m").save(str(arguments.svg), kind="svg", scale=8, border=4)
    show(arguments, made, made["code"])
    remark(arguments, f"it lets {made['pass']} in once, until {made['ends_at']}; it is shown only now")
    return 0
