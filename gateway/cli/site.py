"""The command that checks a site and its devices."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.common import (
    EXIT_WRONG,
    Arguments,
    Commands,
    client_of,
    data_path,
    locked,
    opened,
    read_site,
    say,
    show,
)
from gateway.core.vocabulary.errors import EngineUnreachableError, SettingsError

if TYPE_CHECKING:
    from gateway.check.report import Report
    from gateway.core.vocabulary.views import Snapshot


def add(commands: Commands) -> None:
    """Add `check`."""
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


def _check(arguments: Arguments) -> int:
    import msgspec

    report = report_of(arguments)
    show(arguments, {"ok": report.fine, **msgspec.to_builtins(report)}, _check_text(report))
    return 0 if report.fine else EXIT_WRONG


def report_of(arguments: Arguments) -> Report:
    """What `gatehouse check` finds, in the installed settings or a site file."""
    from gateway.check import devices
    from gateway.check.report import Report, check
    from gateway.store.directory import DataDirectory
    from gateway.store.settings.planning import filled

    data = data_path(arguments)
    snapshot = _snapshot(data)
    try:
        installed = opened(data)[1] if snapshot or not arguments.site else None
        directory = DataDirectory(data)
        versions = directory.versions
        document = filled(versions, read_site(arguments.site)) if arguments.site else versions.opened()
    except SettingsError as error:
        return Report(problems=tuple(error.problems))
    running = {device.id: device for device in (snapshot.devices if snapshot else ())}
    if sys.stderr.isatty():
        say(f"trying the devices, for at most {devices.TRY_S:g} s ...")
    with contextlib.nullcontext() if snapshot or arguments.site else locked(data):
        return check(document, running, installed, directory.journal)


def _snapshot(data: Path) -> Snapshot | None:
    """The state of the running engine; None without one on this directory."""
    from gateway.core.vocabulary.views import Snapshot

    try:
        return client_of(data).state(Snapshot)
    except EngineUnreachableError:
        return None


def _warned(warning: tuple[str, str]) -> str:
    return f"settings: warning: {warning[0]} {warning[1]}"


def _check_text(report: Report) -> str:
    from gateway.check.journal import journal_words
    from gateway.cli.show import table

    lines = [f"settings: {path}: {message}" if path else f"settings: {message}" for path, message in report.problems]
    if not report.problems:
        lines.append("settings: fine")
    lines += [_warned(warning) for warning in report.warnings]
    if report.devices:
        rows = [(d.id, d.driver, "answers" if d.fine else d.state, d.asked, d.error) for d in report.devices]
        lines += ["", table(("device", "driver", "state", "asked", "what is wrong"), rows)]
    for lane in report.lanes:
        lines += ["", f"lane {lane.id} ({lane.name}) does without:" if lane.without else f"lane {lane.id}: complete"]
        lines += [f"  - {text}" for text in lane.without]
        lines += [f"  ! {text}" for text in lane.against]
    if report.shared:
        lines += ["", "shared by several lanes:", *(f"  - {text}" for text in report.shared)]
    if report.places:
        lines += ["", "places are counted, but:", *(f"  - {text}" for text in report.places)]
    if report.journal and report.retention:
        lines += ["", *journal_words(report.journal, report.retention)]
    return "\n".join(lines)
