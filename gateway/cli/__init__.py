"""The command line, and the only place that wires everything.

One module for each job, one function for each command. A command imports what it needs inside its function, so that
`gatehouse --help` is fast and `gatehouse uplink` loads no driver. Changes go to the running engine through the control
socket; without an engine `Local` takes the engine's lock and works in the data directory. A mistake is one line on
stderr and an exit code (`EXITS`), with GATEHOUSE_DEBUG=1 also the traceback.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from gateway import __version__
from gateway.cli.common import (
    EXIT_IN_USE,
    EXIT_INTERRUPTED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    EXIT_WRONG,
    Commands,
    common_options,
    data_path,
    failed,
    let_go_of_stdout,
    whoami,
)
from gateway.core.vocabulary.errors import (
    CursorError,
    DataDirectoryError,
    EngineUnreachableError,
    GatehouseError,
    InUseError,
    SettingsError,
)

EXITS = """\
exit codes:
  0    done
  1    something is wrong: a check or the journal found it, a row of a file, a name that is not there, a lane refuses
  2    the command line or the settings are wrong
  3    the data directory is in use: by another engine, or it holds a site already
  4    the engine is needed and does not answer
  130  ended by Ctrl-C
"""

_JOBS = (
    "running", "begin", "discover", "site", "settings.commands", "passes", "journal", "care.verify", "lanes",
    "people.operators", "people.stations", "people.tokens", "people.listed", "money.tariffs", "care.backups",
    "care.support",
)  # fmt: skip
"""In the order of the help."""
_PROCESSES = ("engine", "uplink", "web")
"""Commands that run for months: they load nothing of the others: that is 3 MB in each."""

_EXIT_OF: tuple[tuple[type[GatehouseError], int], ...] = (
    (SettingsError, EXIT_USAGE),
    (DataDirectoryError, EXIT_USAGE),
    (CursorError, EXIT_USAGE),
    (InUseError, EXIT_IN_USE),
    (EngineUnreachableError, EXIT_UNREACHABLE),
)


class _Parser(argparse.ArgumentParser):
    """A parser whose help fails if it cannot be written."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is not sys.stdout:
            super()._print_message(message, file)
        elif message:
            print(message, end="", flush=True)


def build_parser(jobs: Sequence[str] = _JOBS) -> argparse.ArgumentParser:
    """The parser of the command line, whole unless fewer jobs are named."""
    common = common_options()
    parser = _Parser(
        prog="gatehouse",
        description="Gatehouse, the edge gateway for the guard's booth.",
        epilog="start with:\n  gatehouse demo              a whole site on simulated hardware\n\n" + EXITS,
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gatehouse {__version__}")
    commands = Commands(parser, common, "command")
    for job in jobs:
        import_module(f"gateway.cli.{job}").add(commands)
    return parser


def _jobs_for(words: Sequence[str]) -> Sequence[str]:
    """The jobs that a command line needs: one for a process, else all."""
    values = [at + 1 for at, word in enumerate(words) if word == "--data"]
    command = next((word for at, word in enumerate(words) if at not in values and not word.startswith("-")), "")
    return ("running",) if command in _PROCESSES else _JOBS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a mistake of the caller never raises."""
    _fill_closed_streams()
    arguments = argparse.Namespace()
    try:
        build_parser(_jobs_for(sys.argv[1:] if argv is None else argv)).parse_args(argv, arguments)
        # Journal, passes and exports hold names and plates: no file of a command is readable for all users.
        os.umask(os.umask(0o077) | 0o027)
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, _interrupt)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`); the interpreter must not fail on it again at its end.
        let_go_of_stdout()
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except (GatehouseError, UnicodeEncodeError, OSError) as error:
        return _mistake(arguments, error)


def _mistake(arguments: argparse.Namespace, error: GatehouseError | UnicodeEncodeError | OSError) -> int:
    """Print the error; returns the exit code."""
    if isinstance(error, GatehouseError):
        status = next((code for kind, code in _EXIT_OF if isinstance(error, kind)), EXIT_WRONG)
        return failed(arguments, error, str(error), status)
    if isinstance(error, UnicodeEncodeError):
        return failed(arguments, error, "the command line holds bytes that are not UTF-8 text", EXIT_USAGE)
    try:
        sys.stdout.flush()
    except OSError:
        let_go_of_stdout()
    where = f"{error.filename}: " if error.filename else ""
    owner = _owner_of(data_path(arguments)) if isinstance(error, PermissionError) else ""
    return failed(arguments, error, f"{where}{error.strerror or error}{owner}", EXIT_WRONG)


def _owner_of(data: Path) -> str:
    """The owner of the data directory, if it is another user."""
    try:
        owner = data.owner()
    except (OSError, KeyError):
        return ""
    return "" if owner == whoami() else f"; {data} belongs to {owner}, try: sudo -u {owner} gatehouse ..."


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C. A command imports modules while it runs, and msgspec (0.22) may crash on an exception while it
    makes a class: then the process ends at once, as before `main`."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        frame = frame.f_back
    raise KeyboardInterrupt


def _fill_closed_streams() -> None:
    """Open /dev/null in place of streams that the caller has closed (`>&-`): otherwise the next opened file gets their
    number, and output would be written into a store."""
    while (lowest := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(lowest, True)
    os.close(lowest)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
