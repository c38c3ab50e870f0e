"""The command line, and the only place that wires everything.

Each command is one function; what it needs is imported inside it, so that `gatehouse --help` is there at once and
`gatehouse uplink` never loads a driver. What changes a gateway goes to the running engine through its control socket;
with no engine there, `Local` takes the engine's lock and does it in the data directory. A mistake is one line on
stderr and an exit code (`EXITS`); with GATEHOUSE_DEBUG=1 the traceback comes along.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.errors import (
    CursorError,
    DataDirectoryError,
    EngineUnreachableError,
    GatehouseError,
    InUseError,
    JournalBrokenError,
    NotFoundError,
    RequestError,
    SettingsError,
)

if TYPE_CHECKING:
    import threading
    from zoneinfo import ZoneInfo

    from gateway import check
    from gateway.control import Client
    from gateway.core.passes import Pass
    from gateway.core.settings import Settings
    from gateway.local import Local
    from gateway.store.directory import DataDirectory
    from gateway.store.journal import StoredRow

DEFAULT_DATA = "/var/lib/gatehouse"
DATA_VARIABLE = "GATEHOUSE_DATA"
DEBUG_VARIABLE = "GATEHOUSE_DEBUG"
EXIT_WRONG, EXIT_USAGE, EXIT_IN_USE, EXIT_UNREACHABLE, EXIT_INTERRUPTED = 1, 2, 3, 4, 130
EXITS = """\
exit codes:
  0    done
  1    something is wrong: a check or the journal found it, a row of a file, a name that is not there, a lane refuses
  2    the command line or the settings are wrong
  3    the data directory is in use: by another engine, or it holds a site already
  4    the engine is needed and does not answer
  130  ended by Ctrl-C
"""
_LATER = {
    "site apply": "applying a changed site file to a gateway that runs",
    "backup": "backing up a data directory",
    "restore": "restoring a backup",
}

Arguments = argparse.Namespace
Handler = Callable[[Arguments], int]


# ---- the parser ----------------------------------------------------------------------------------------------------


def _common() -> argparse.ArgumentParser:
    """Options that stand before or after every subcommand; SUPPRESS keeps an inner default from undoing an outer."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--data", metavar="DIR", type=Path, help=f"data directory (default: ${DATA_VARIABLE} or {DEFAULT_DATA})"
    )
    common.add_argument("--json", action="store_true", help="print data as JSON, for programs")
    return common


class _Commands:
    """Adds subcommands that all look alike."""

    def __init__(self, parser: argparse.ArgumentParser, common: argparse.ArgumentParser, level: str) -> None:
        self._actions = parser.add_subparsers(dest=level, metavar="COMMAND", required=True, title="commands")
        self._common = common

    def add(self, name: str, summary: str, run: Handler | None = None, examples: str = "") -> argparse.ArgumentParser:
        """A subcommand with its one-line summary and examples, one a line."""
        lines = textwrap.indent(textwrap.dedent(examples).strip(), "  ")
        parser = self._actions.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"examples:\n{lines}\n" if lines else None,
            parents=[self._common],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if run is not None:
            parser.set_defaults(run=run)
        return parser


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = _common()
    parser = argparse.ArgumentParser(
        prog="gatehouse",
        description="Gatehouse, the edge gateway for the guard's booth.",
        epilog="start with:\n  gatehouse demo              a whole site on simulated hardware\n\n" + EXITS,
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gatehouse {__version__}")
    commands = _Commands(parser, common, "command")
    _add_demo(commands)
    _add_running(commands)
    _add_site(commands, common)
    _add_passes(commands, common)
    _add_journal(commands)
    _add_lane(commands)
    _add_device(commands, common)
    _add_token(commands, common)
    _add_simulate(commands)
    for name in ("backup", "restore"):
        later = commands.add(name, f"{_LATER[name]} (comes in a later version)", _later)
        later.set_defaults(later=name)
        later.add_argument("file", metavar="FILE")
    return parser


def _add_demo(commands: _Commands) -> None:
    demo = commands.add(
        "demo",
        "run a whole site on simulated hardware until Ctrl-C",
        _demo,
        """
        gatehouse demo
        gatehouse demo --port 8090 --hours 2
        gatehouse demo uplink off        cut the line to central of the demo that runs, and see it wait
        gatehouse demo uplink on         mend it, and see it catch up
        """,
    )
    demo.add_argument("--port", type=_port, default=8080, help="where the guard's screen listens (default: 8080)")
    demo.add_argument("--hours", type=_hours, default=None, metavar="N", help="end by itself after so many hours")
    actions = demo.add_subparsers(dest="action", metavar="uplink {on,off,show}")
    uplink = actions.add_parser("uplink", help="cut or mend the running demo's line to central", parents=[_common()])
    uplink.add_argument("line", choices=("on", "off", "show"))


def _add_simulate(commands: _Commands) -> None:
    simulate = commands.add(
        "simulate",
        "play made-up days at simulated sites against the real core and stores, and check every rule",
        _simulate,
        """
        gatehouse simulate --hours 500           a new seed, which is printed
        gatehouse simulate --seed 7 --hours 24   the same days again
        """,
    )
    simulate.add_argument("--seed", type=int, default=None, help="which days to play (default: new ones each time)")
    simulate.add_argument("--hours", type=_site_hours, default=24, help="hours of site time (default: 24)")


def _add_running(commands: _Commands) -> None:
    commands.add(
        "run",
        "run engine, uplink and web under one supervisor until Ctrl-C",
        _run,
        "gatehouse run --data /var/lib/gatehouse",
    )
    commands.add("engine", "run the engine alone, as systemd does", _engine)
    commands.add("uplink", "run the uplink alone, as systemd does", _uplink)
    commands.add("web", "run the web server alone, as systemd does", _web)


def _add_site(commands: _Commands, common: argparse.ArgumentParser) -> None:
    init = commands.add(
        "init",
        "make a data directory with a new journal",
        _init,
        """
        gatehouse init --site site.json
        gatehouse init --data ./trial --site site.json --json
        """,
    )
    init.add_argument("--site", type=Path, metavar="FILE", help="site file (JSON) to start with")
    check = commands.add(
        "check",
        "validate settings, try each device, and say what each lane does without",
        _check,
        """
        gatehouse check
        gatehouse check --site new-site.json    before it is installed
        """,
    )
    check.add_argument("--site", type=Path, metavar="FILE", help="check this site file, not the one installed")
    site = _Commands(commands.add("site", "settings out as one file, and in again"), common, "site_command")
    site.add("export", "print the settings as one site file, without PINs and secrets", _site_export)
    apply = site.add("apply", f"{_LATER['site apply']} (comes in a later version)", _later)
    apply.add_argument("file", metavar="FILE")
    apply.set_defaults(later="site apply")


def _add_passes(commands: _Commands, common: argparse.ArgumentParser) -> None:
    passes = _Commands(commands.add("passes", "import, export and look up passes"), common, "passes_command")
    imports = passes.add(
        "import",
        "take passes from a file, all or none (.csv .xlsx .jsonl .ndjson)",
        _passes_import,
        """
        gatehouse passes import residents.xlsx --dry-run     only look, change nothing
        gatehouse passes import residents.xlsx
        """,
    )
    imports.add_argument("file", type=Path, metavar="FILE")
    imports.add_argument("--dry-run", action="store_true", help="check every row and change nothing")
    imports.add_argument("--replace", action="store_true", help="also remove the passes that the file does not name")
    export = passes.add("export", "write all passes to a file (.csv .xlsx .jsonl .ndjson)", _passes_export)
    export.add_argument("file", type=Path, metavar="FILE")
    listing = passes.add(
        "list",
        "list passes",
        _passes_list,
        "gatehouse passes list --kind monthly --limit 20\ngatehouse passes list 京A",
    )
    listing.add_argument(
        "query", nargs="?", metavar="TEXT", help="only passes with this in holder, plate, card or unit"
    )
    listing.add_argument("--kind", choices=("monthly", "temporary", "staff", "blocked"))
    listing.add_argument("--limit", type=_count, default=100, help="at most so many (default: 100)")
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
    code.add_argument("id", metavar="ID")
    code.add_argument("--until", default="", metavar="WHEN", help="a day or an instant (default: when the pass ends)")
    code.add_argument("--svg", type=Path, metavar="FILE", help="also draw it into this file")
    show = passes.add("show", "show one pass", _passes_show)
    show.add_argument("id", metavar="ID")


def _add_journal(commands: _Commands) -> None:
    events = commands.add(
        "events",
        "read the journal",
        _events,
        """
        gatehouse events --follow
        gatehouse events --type access.denied --type alarm.raised
        gatehouse events --format json --after k3x9q2m4p7ab.1200     one event a line, as stored
        """,
    )
    events.add_argument("--after", default="", metavar="ID", help="only what came after this event")
    events.add_argument("--follow", action="store_true", help="wait for more until Ctrl-C")
    events.add_argument("--type", action="append", default=[], metavar="T", help="only this type; may be repeated")
    events.add_argument("--format", choices=("table", "json", "csv"), help="default: table")
    commands.add("verify", "check the journal's chain and file", _verify)


def _add_lane(commands: _Commands) -> None:
    lane = commands.add(
        "lane",
        "give a lane of the running gateway a command; you must see it, as at the guard's screen",
        _lane,
        """
        gatehouse lane in open --reason "parcel for 4-201"
        gatehouse lane out hold --minutes 30 --reason "house move"
        gatehouse lane in passed --by Lin --reason "waved through, the arm is off"
        """,
    )
    lane.add_argument("lane", metavar="LANE", help="id of the lane")
    lane.add_argument(
        "order",
        type=_order,
        metavar="ORDER",
        help="open, close, stop, hold, release, lock, unlock, reset, passed, emergency or look",
    )
    lane.add_argument("--reason", required=True, metavar="TEXT", help="why, for the journal")
    lane.add_argument("--by", metavar="NAME", help="who gives it (default: the user of this terminal)")
    lane.add_argument("--minutes", type=_hold_minutes, metavar="N", help="hold: end after so many minutes")
    lane.add_argument("--count", type=_hold_count, metavar="N", help="hold: end after so many vehicles")


def _add_device(commands: _Commands, common: argparse.ArgumentParser) -> None:
    device = _Commands(commands.add("device", "look after devices"), common, "device_command")
    install = device.add(
        "install-mode",
        "for a few minutes let an OSDP reader that does not know its key be given it",
        _install_mode,
        """
        gatehouse device install-mode reader-in                 ten minutes
        gatehouse device install-mode reader-in --minutes 0     end it
        """,
    )
    install.add_argument("id", metavar="ID")
    install.add_argument("--minutes", type=_minutes, default=10, metavar="N", help="0 ends it (default: 10)")


def _add_token(commands: _Commands, common: argparse.ArgumentParser) -> None:
    token = _Commands(commands.add("token", "make, list and revoke API tokens"), common, "token_command")
    create = token.add(
        "create",
        "make an API token; it is shown once",
        _token_create,
        "gatehouse token create --name central --scope events:read state:read --scope passes:write",
    )
    create.add_argument("--name", required=True, help="who it is for")
    create.add_argument("--scope", action="extend", nargs="+", required=True, metavar="S", help="what it may do")
    token.add("list", "list tokens (never their secrets)", _token_list)
    revoke = token.add("revoke", "take a token back, at once", _token_revoke)
    revoke.add_argument("token", metavar="ID", help="id or name")


def _number(text: str, kind: Callable[[str], Any], low: float, high: float) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}")
    return value


def _port(text: str) -> int:
    return int(_number(text, int, 0, 65535))


def _hours(text: str) -> float:
    return float(_number(text, float, 0, 24 * 365))


def _site_hours(text: str) -> int:
    return int(_number(text, int, 1, 1_000_000))


def _minutes(text: str) -> int:
    return int(_number(text, int, 0, 60))


def _count(text: str) -> int:
    return int(_number(text, int, 1, 10_000_000))


def _order(text: str) -> str:
    from gateway.core.refusals import COMMANDS

    if text not in COMMANDS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(COMMANDS)}")
    return text


def _hold_minutes(text: str) -> int:
    from gateway.core.holds import MINUTES_MAX

    return int(_number(text, int, 1, MINUTES_MAX))


def _hold_count(text: str) -> int:
    from gateway.core.holds import COUNT_MAX

    return int(_number(text, int, 1, COUNT_MAX))


# ---- demo and running ----------------------------------------------------------------------------------------------


def _demo(arguments: Arguments) -> int:
    from gateway import demo

    if arguments.action == "uplink":
        print(demo.switch_uplink(getattr(arguments, "data", None), arguments.line))
        return 0
    return demo.run(getattr(arguments, "data", None), port=arguments.port, hours=arguments.hours)


def _simulate(arguments: Arguments) -> int:
    from gateway.simulation.run import simulate

    seed = secrets.randbelow(10**9) if arguments.seed is None else arguments.seed
    return simulate(seed, arguments.hours)


def _run(arguments: Arguments) -> int:
    from gateway.supervisor import Part, Supervisor, SupervisorError, die_with_parent

    die_with_parent()
    data = _data(arguments)
    settings = _open(data)[1]
    names = ["engine", "web", *(["uplink"] if settings.needs_uplink else [])]
    parts = [Part(name, (sys.executable, "-m", "gateway", name, "--data", str(data))) for name in names]
    _say(f"{settings.site.name or settings.site.id}: starting {', '.join(names)}; Ctrl-C ends them")
    _say(f"the guard's screen: http://{settings.gateway.http.host}:{settings.gateway.http.port}/")
    try:
        Supervisor(parts, _say).run()
    except SupervisorError as error:
        _say(str(error))
        return error.status
    return 0


def _engine(arguments: Arguments) -> int:
    stop = _part("engine")
    from gateway.engine.main import run_engine

    return run_engine(_data(arguments), stop=stop)


def _uplink(arguments: Arguments) -> int:
    stop = _part("uplink")
    from gateway.uplink.main import run

    return run(_data(arguments), stop)


def _web(arguments: Arguments) -> int:
    stop = _part("web")
    from web.server import serve

    data = _data(arguments)
    http = _open(data)[1].gateway.http
    return EXIT_WRONG if serve(data, http.host, http.port, stop) else 0


def _part(name: str) -> threading.Event:
    """Make this process a part of the gateway: logging, an end with its parent, and an event set by SIGTERM."""
    import logging
    import threading

    from gateway.supervisor import die_with_parent, on_stop_signal

    stop = threading.Event()
    on_stop_signal(stop)
    die_with_parent()
    if "JOURNAL_STREAM" in os.environ:
        # The journal stamps the lines itself and takes their level from sd-daemon(3)'s prefixes.
        for level, prefix in ((10, "<7>"), (20, "<6>"), (30, "<4>"), (40, "<3>"), (50, "<2>")):
            logging.addLevelName(level, prefix)
        form = "%(levelname)s%(message)s"
    else:
        form = f"%(asctime)s {name} %(levelname)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, datefmt="%H:%M:%S")
    return stop


# ---- data directory and site ---------------------------------------------------------------------------------------

_EMPTY_SITE: dict[str, Any] = {"site": {"id": "site", "name": "Gatehouse"}, "gateway": {"id": "gw1"}}


def _init(arguments: Arguments) -> int:
    from drivers.registry import configure
    from gateway.core.settings import parse_settings
    from gateway.store.directory import DataDirectory
    from gateway.store.journal import JournalReader

    document = _read_site(arguments.site) if arguments.site else _EMPTY_SITE
    configure(parse_settings(document))
    directory = DataDirectory(_data(arguments))
    if directory.exists:
        raise InUseError(f"{directory.path} holds a site already; choose another with --data")
    code = directory.create(document)
    journal = JournalReader(directory.journal).journal_id
    made = {"data": str(directory.path), "journal": journal, "setup_code": code}
    _print(arguments, made, f"{directory.path} is ready; its journal is {journal}\nsetup code: {code}")
    if not arguments.site:
        _say("the site is still empty; use --site FILE for a gate with devices and lanes")
    return 0


def _read_site(path: Path) -> Any:
    """The JSON of a site file; SettingsError says where it is broken."""
    try:
        return json.loads(path.read_text("utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise SettingsError([(str(path), f"cannot be read ({error.strerror})")]) from None
    except UnicodeDecodeError:
        raise SettingsError([(str(path), "is not UTF-8 text; save it as UTF-8")]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SettingsError([(str(path), f"is not JSON at {where}: {error.msg}")]) from None
    except RecursionError:
        raise SettingsError([(str(path), "is nested too deeply")]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys each stand once; JSON itself would silently take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise SettingsError([(twice, "stands twice in one object; keep one of them")])
    return found


def _check(arguments: Arguments) -> int:
    import msgspec

    report = _report(arguments)
    _print(arguments, {"ok": report.fine, **msgspec.to_builtins(report)}, _check_text(report))
    return 0 if report.fine else EXIT_WRONG


def _report(arguments: Arguments) -> check.Report:
    from gateway import check
    from gateway.store.directory import DataDirectory

    data = _data(arguments)
    snapshot = _snapshot(data)
    try:
        installed = _open(data)[1] if snapshot or not arguments.site else None
        directory = DataDirectory(data)
        document = directory.with_secrets(_read_site(arguments.site) if arguments.site else directory.documents.load())
    except SettingsError as error:
        return check.Report(problems=tuple(error.problems))
    running = {device["id"]: device for device in (snapshot or {}).get("devices", [])}
    with contextlib.nullcontext() if snapshot or arguments.site else _locked(data):
        return check.check(document, running, installed)


def _snapshot(data: Path) -> dict[str, Any] | None:
    """The running engine's state; None when none runs on this directory."""
    try:
        found: dict[str, Any] = _client(data).call("state")
    except EngineUnreachableError:
        return None
    return found


def _check_text(report: check.Report) -> str:
    from gateway.show import table

    lines = [f"settings: {path}: {message}" if path else f"settings: {message}" for path, message in report.problems]
    if not report.problems:
        lines.append("settings: fine")
    if report.devices:
        rows = [(d.id, d.driver, "answers" if d.fine else d.state, d.asked, d.error) for d in report.devices]
        lines += ["", table(("device", "driver", "state", "asked", "what is wrong"), rows)]
    for lane in report.lanes:
        lines += ["", f"lane {lane.id} ({lane.name}) does without:" if lane.without else f"lane {lane.id}: complete"]
        lines += [f"  - {text}" for text in lane.without]
    return "\n".join(lines)


def _site_export(arguments: Arguments) -> int:
    directory, _ = _open(_data(arguments))
    document = directory.documents.load()
    for operator in document.get("operators", []):
        operator.pop("pin_hash", None)
    print(json.dumps(document, ensure_ascii=False, indent=2))
    return 0


# ---- passes --------------------------------------------------------------------------------------------------------


def _passes_import(arguments: Arguments) -> int:
    from gateway.show import Progress

    progress = Progress(f"{arguments.file.name}: rows")
    path = arguments.file.resolve()
    if not path.is_file():
        raise NotFoundError(f"there is no file {arguments.file}")
    try:
        with _gateway(_data(arguments)) as gateway:
            result = gateway.call(
                "passes.import",
                timeout_s=600.0,
                on_progress=lambda told: progress(int(told["rows"])),
                file=str(path),
                replace=arguments.replace,
                dry_run=arguments.dry_run,
                by=_by(),
            )
    finally:
        progress.end()
    words = "would be taken" if arguments.dry_run else "taken"
    text = f"{result['count']} passes {words}: {result['created']} new, {result['changed']} changed"
    if arguments.replace:
        text += f", {result['removed']} removed"
    _print(arguments, {**result, "dry_run": arguments.dry_run}, text)
    return 0


def _passes_export(arguments: Arguments) -> int:
    from gateway.show import Progress
    from gateway.store.passfile import write_passes
    from gateway.store.registry import PassRegistry

    directory, _ = _open(_data(arguments))
    progress = Progress(f"{arguments.file.name}: rows")
    try:
        count = write_passes(arguments.file, PassRegistry(directory.registry).all(), progress)
    finally:
        progress.end()
    _print(arguments, {"file": str(arguments.file), "count": count}, f"{count} passes written to {arguments.file}")
    return 0


def _passes_list(arguments: Arguments) -> int:
    import msgspec

    from gateway.show import table
    from gateway.store.registry import PassRegistry

    directory, _ = _open(_data(arguments))
    registry = PassRegistry(directory.registry)
    found: list[Pass] = []
    after = arguments.after
    while len(found) < arguments.limit:
        page = registry.list(after, min(1000, arguments.limit - len(found)), arguments.kind, arguments.query)
        if not page:
            break
        found += page
        after = page[-1].id
    rows = [(p.id, p.kind, p.holder, p.unit, ";".join(p.plates), ";".join(p.cards), p.valid_until) for p in found]
    text = table(("id", "kind", "holder", "unit", "plates", "cards", "valid until"), rows)
    _print(arguments, {"items": msgspec.to_builtins(found), "count": registry.count()}, text)
    if len(found) == arguments.limit:
        _say(f"there may be more: --limit N, or --after {found[-1].id}")
    return 0


def _passes_show(arguments: Arguments) -> int:
    import msgspec

    from gateway.show import clean
    from gateway.store.registry import PassRegistry

    directory, _ = _open(_data(arguments))
    found = msgspec.to_builtins(PassRegistry(directory.registry).get(arguments.id))
    values = {key: ";".join(value) if isinstance(value, list | tuple) else value for key, value in found.items()}
    _print(arguments, found, "\n".join(f"{key:12} {clean(value)}" for key, value in values.items()))
    return 0


def _passes_qr(arguments: Arguments) -> int:
    with _gateway(_data(arguments)) as gateway:
        made = gateway.call("passes.code", pass_id=arguments.id, until=arguments.until, by=_by())
    if arguments.svg:
        import segno

        segno.make_qr(made["code"], error="m").save(str(arguments.svg), kind="svg", scale=8, border=4)
    _print(arguments, made, made["code"])
    if not _json(arguments):
        _say(f"it lets {made['pass']} in once, until {made['ends_at']}; it is shown only now")
    return 0


# ---- journal -------------------------------------------------------------------------------------------------------


def _events(arguments: Arguments) -> int:
    from gateway.store.journal import JournalReader, parse_cursor

    directory, settings = _open(_data(arguments))
    reader = JournalReader(directory.journal)
    cursor = parse_cursor(arguments.after, reader.journal_id)
    if gap := reader.gap_after(cursor):
        _say(f"what came after {arguments.after} is not all here any more: {gap}")
    write = _event_writer("json" if _json(arguments) else arguments.format or "table", settings.zone)
    types = [name.removeprefix("gatehouse.") for name in arguments.type]
    sequence = cursor.sequence
    while True:
        page = reader.page(sequence, 500, types)
        for row in page:
            write(row)
        sys.stdout.flush()
        if page:
            sequence = page[-1].sequence
        elif not arguments.follow:
            return 0
        else:
            time.sleep(0.2)


def _event_writer(form: str, zone: ZoneInfo) -> Callable[[StoredRow], None]:
    """Prints one row at a time: json as it is stored, csv and table with local time."""
    if form == "json":
        return lambda row: print(row.text)
    import csv
    from datetime import datetime

    from gateway.show import clean, padded

    def when(row: StoredRow) -> str:
        return datetime.fromtimestamp(row.wall_ns / 1e9, zone).isoformat(" ", "milliseconds")

    if form == "csv":
        out = csv.writer(sys.stdout)
        out.writerow(("id", "time", "type", "subject", "data"))

        def write_csv(row: StoredRow) -> None:
            event = row.event()
            data = json.dumps(row.data(), ensure_ascii=False)
            out.writerow((event["id"], event["time"], event["type"], row.subject, data))

        return write_csv

    def write_line(row: StoredRow) -> None:
        told = " ".join(f"{key}={_short(value)}" for key, value in row.data().items() if value not in (None, ""))
        cells = (str(row.sequence), when(row)[:23], row.type, row.subject, clean(told))
        print(padded(cells, (7, 23, 19, 18, 0)))

    return write_line


def _short(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def _verify(arguments: Arguments) -> int:
    from gateway.show import Progress
    from gateway.store.journal import JournalReader

    directory, _ = _open(_data(arguments))
    progress = Progress("journal rows")
    try:
        found = JournalReader(directory.journal).verify(progress)
    except JournalBrokenError as error:
        progress.end()
        broken = {"ok": False, "sequence": error.sequence, "message": str(error)}
        _print(arguments, broken, f"the journal is broken, first at row {error.sequence}: {error}")
        return EXIT_WRONG
    progress.end()
    fine = {"ok": True, "rows": found.rows, "first": found.first, "last": found.last}
    _print(arguments, fine, f"the journal is whole: {found.rows} rows, {found.first} to {found.last}")
    return 0


# ---- lanes ---------------------------------------------------------------------------------------------------------


def _lane(arguments: Arguments) -> int:
    from gateway.core.holds import HoldEnd

    end = HoldEnd(arguments.minutes, arguments.count)
    if end != HoldEnd() and arguments.order != "hold":
        wrong = RequestError(f"--minutes and --count are for hold, not for {arguments.order}")
        return _failed(arguments, wrong, str(wrong), EXIT_USAGE)
    answer = _client(_data(arguments)).call(
        "lane.command",
        request=f"cli:{secrets.token_hex(8)}",
        lane=arguments.lane,
        command=arguments.order,
        by=arguments.by or _by(),
        via="cli",
        reason=arguments.reason,
        detail=end.document(),
    )
    done = answer["status"] == "done"
    _print(arguments, answer, f"{arguments.lane}: {arguments.order} {answer['status']} {answer['reason']}".rstrip())
    return 0 if done else EXIT_WRONG


# ---- devices -------------------------------------------------------------------------------------------------------


def _install_mode(arguments: Arguments) -> int:
    with _gateway(_data(arguments)) as gateway:
        done = gateway.call("device.install_mode", device=arguments.id, minutes=arguments.minutes, by=_by())
    text = f"{arguments.id}: install mode for {arguments.minutes} min; `gatehouse events --follow` tells how it ends"
    _print(arguments, done, text if arguments.minutes else f"{arguments.id}: install mode is ended")
    return 0


# ---- tokens --------------------------------------------------------------------------------------------------------


def _token_create(arguments: Arguments) -> int:
    scopes = [scope for text in arguments.scope for scope in text.split(",") if scope]
    with _gateway(_data(arguments)) as gateway:
        made = gateway.call("token.create", name=arguments.name, scopes=scopes, by=_by())
    _print(arguments, {**made, "name": arguments.name, "scopes": scopes}, made["token"])
    if not _json(arguments):
        _say("keep it: it is shown only now")
    return 0


def _token_list(arguments: Arguments) -> int:
    from gateway.show import table

    with _gateway(_data(arguments)) as gateway:
        found = gateway.call("token.list")
    rows = [
        (t["id"], t["name"], " ".join(t["scopes"]), t.get("created_at", ""), t.get("expires_at", "")) for t in found
    ]
    _print(arguments, {"items": found}, table(("id", "name", "scopes", "created", "expires"), rows))
    return 0


def _token_revoke(arguments: Arguments) -> int:
    with _gateway(_data(arguments)) as gateway:
        gone = gateway.call("token.revoke", name=arguments.token, by=_by())
    _print(arguments, gone, f"token {arguments.token} is revoked")
    return 0


# ---- what commands share -------------------------------------------------------------------------------------------


def _data(arguments: Arguments) -> Path:
    """The data directory that is meant, absolute, so that children find it too."""
    given = getattr(arguments, "data", None) or os.environ.get(DATA_VARIABLE) or DEFAULT_DATA
    return Path(given).absolute()


def _json(arguments: Arguments) -> bool:
    return bool(getattr(arguments, "json", False))


def _open(data: Path) -> tuple[DataDirectory, Settings]:
    """A whole data directory and its settings."""
    from gateway.store.directory import DataDirectory

    directory = DataDirectory(data)
    return directory, directory.open()


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[DataDirectory]:
    """The data directory, with no engine on it meanwhile."""
    directory, _ = _open(data)
    directory.lock()
    try:
        yield directory
    finally:
        directory.unlock()


@contextlib.contextmanager
def _gateway(data: Path) -> Iterator[Client | Local]:
    """The running engine, or with none the data directory itself, locked."""
    directory, settings = _open(data)
    client = _client(data)
    try:
        client.call("ping")
    except EngineUnreachableError:
        from gateway.local import Local

        with _locked(data):
            yield Local(directory, settings)
        return
    yield client


def _client(data: Path) -> Client:
    from gateway.control import Client

    return Client(data / "run" / "engine.sock")


def _by() -> str:
    """Who sits at this terminal, for the journal."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _print(arguments: Arguments, data: Any, text: str) -> None:
    """Data as JSON for programs or text for people."""
    print(json.dumps(data, ensure_ascii=False) if _json(arguments) else text)


def _say(text: str) -> None:
    """A line for people, beside the data."""
    print(f"gatehouse: {text}", file=sys.stderr, flush=True)


def _later(arguments: Arguments) -> int:
    _say(f"{arguments.later}: {_LATER[arguments.later]} comes in a later version")
    return EXIT_USAGE


# ---- the way in and out --------------------------------------------------------------------------------------------

_EXIT_OF: tuple[tuple[type[GatehouseError], int], ...] = (
    (SettingsError, EXIT_USAGE),
    (DataDirectoryError, EXIT_USAGE),
    (CursorError, EXIT_USAGE),
    (InUseError, EXIT_IN_USE),
    (EngineUnreachableError, EXIT_UNREACHABLE),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises for a mistake of the caller."""
    arguments = build_parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read has had enough (`| head`); the interpreter must not stumble over it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except GatehouseError as error:
        status = next((code for kind, code in _EXIT_OF if isinstance(error, kind)), EXIT_WRONG)
        return _failed(arguments, error, str(error), status)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(arguments, error, f"{where}{error.strerror or error}", EXIT_WRONG)


def _failed(arguments: Arguments, error: Exception, words: str, status: int) -> int:
    """Say what went wrong on stderr, and for programs also as JSON on stdout."""
    if os.environ.get(DEBUG_VARIABLE) == "1":
        import traceback

        traceback.print_exception(error)
    for line in words.splitlines():
        _say(line)
    if _json(arguments):
        print(json.dumps({"error": _as_data(error, words)}, ensure_ascii=False))
    return status


def _as_data(error: Exception, words: str) -> dict[str, Any]:
    found: dict[str, Any] = {"code": getattr(error, "code", "system"), "message": words}
    if isinstance(error, SettingsError):
        found["problems"] = [{"path": path, "message": message} for path, message in error.problems]
    elif rows := getattr(error, "rows", ()):
        found["rows"] = [{"line": row.line, "column": row.column, "reason": row.reason} for row in rows]
    return found
