"""Shared by the commands: parser, exit codes, the data directory, output as text and JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.vocabulary.errors import EngineUnreachableError, SettingsError

if TYPE_CHECKING:
    from gateway.cli.local import Local
    from gateway.control import Client
    from gateway.core.settings.model import Settings
    from gateway.store.directory import DataDirectory

DEFAULT_DATA = "/var/lib/gatehouse"
DATA_VARIABLE = "GATEHOUSE_DATA"
DEBUG_VARIABLE = "GATEHOUSE_DEBUG"
EXIT_WRONG, EXIT_USAGE, EXIT_IN_USE, EXIT_UNREACHABLE, EXIT_INTERRUPTED = 1, 2, 3, 4, 130

SITE_MAX_BYTES = 8_000_000

Arguments = argparse.Namespace
Handler = Callable[[Arguments], int]


# ---- the parser ----------------------------------------------------------------------------------------------------


def common_options() -> argparse.ArgumentParser:
    """Options before or after every subcommand; SUPPRESS keeps an inner default from overwriting an outer value."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--data", metavar="DIR", type=_directory, help=f"data directory (default: ${DATA_VARIABLE} or {DEFAULT_DATA})"
    )
    common.add_argument("--json", action="store_true", help="print data as JSON, for programs")
    return common


def _directory(text: str) -> Path:
    if not text:  # an unset variable in a script must not mean the current directory
        raise argparse.ArgumentTypeError("is empty; give a directory")
    return Path(text)


class Commands:
    """Adds subcommands with equal help."""

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

    def group(self, name: str, summary: str) -> Commands:
        """A command that has subcommands of its own."""
        return Commands(self.add(name, summary), self._common, f"{name}_command")


def number(text: str, kind: Callable[[str], Any], low: float, high: float) -> Any:
    """An argument as a number within bounds; ArgumentTypeError names them."""
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:,} to {high:,}")
    return value


def count(text: str) -> int:
    """A count, at least 1."""
    return int(number(text, int, 1, 10_000_000))


def days(text: str) -> int:
    """Days ahead, 0 to 36500."""
    return int(number(text, int, 0, 36_500))


def minutes(text: str) -> int:
    """Minutes, 0 to 60."""
    return int(number(text, int, 0, 60))


# ---- the data directory --------------------------------------------------------------------------------------------


def data_path(arguments: Arguments) -> Path:
    """The data directory, absolute, so that child processes find it."""
    given = getattr(arguments, "data", None) or os.environ.get(DATA_VARIABLE) or DEFAULT_DATA
    return Path(given).absolute()


def opened(data: Path) -> tuple[DataDirectory, Settings]:
    """A complete data directory and its settings."""
    from gateway.store.directory import DataDirectory

    directory = DataDirectory(data)
    return directory, directory.open()


@contextlib.contextmanager
def locked(data: Path) -> Iterator[DataDirectory]:
    """The data directory, locked against an engine."""
    directory, _ = opened(data)
    directory.lock()
    try:
        yield directory
    finally:
        directory.unlock()


@contextlib.contextmanager
def gateway_of(data: Path) -> Iterator[Client | Local]:
    """The running engine, or without one the locked data directory."""
    directory, settings = opened(data)
    client = client_of(data)
    try:
        client.call("ping")
    except EngineUnreachableError:
        from gateway.cli.local import Local

        with locked(data):
            yield Local(directory, settings)
        return
    yield client


def change(arguments: Arguments, op: str, **params: Any) -> Any:
    """Let the running engine, or with none the data directory, change something in the name of this user."""
    json.dumps(params, ensure_ascii=False).encode()  # bytes that are no text end the command before anything is changed
    with gateway_of(data_path(arguments)) as gateway:
        return gateway.call(op, by=whoami(), via="cli", **params)


def read_site(path: Path) -> Any:
    """The JSON of a site file, of bounded size; SettingsError names line and column of an error."""
    try:
        with path.open("rb") as file:
            content = file.read(SITE_MAX_BYTES + 1)
        if len(content) > SITE_MAX_BYTES:
            raise SettingsError(
                [
                    (
                        str(path),
                        f"is larger than {SITE_MAX_BYTES // 1_000_000} MB; give the site file, which is far smaller",
                    )
                ]
            )
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise SettingsError([(str(path), f"cannot be read ({error.strerror})")]) from None
    except UnicodeDecodeError:
        raise SettingsError([(str(path), "is not UTF-8 text; save it as UTF-8")]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SettingsError([(str(path), f"is not JSON at {where}: {error.msg}")]) from None
    except ValueError:  # more digits than Python converts
        raise SettingsError([(str(path), "holds a number with thousands of digits; correct it")]) from None
    except RecursionError:
        raise SettingsError([(str(path), "is nested too deeply")]) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate keys; json would silently take the last one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise SettingsError([(twice, "stands twice in one object; keep one of them")])
    return found


def client_of(data: Path) -> Client:
    """A client of the engine on this data directory; None without one."""
    from gateway.control import Client

    return Client(data / "run" / "engine.sock")


def whoami() -> str:
    """The user of this terminal, for the journal."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


# ---- printing ------------------------------------------------------------------------------------------------------


def wants_json(arguments: Arguments) -> bool:
    """Whether the output is JSON for a program."""
    return bool(getattr(arguments, "json", False))


def show(arguments: Arguments, data: Any, text: str) -> None:
    """Data as JSON for programs or text for people."""
    print(json.dumps(data, ensure_ascii=False) if wants_json(arguments) else text)


def say(text: str) -> None:
    """A line for people, in addition to the data."""
    print(f"gatehouse: {text}", file=sys.stderr, flush=True)


def remark(arguments: Arguments, text: str) -> None:
    """A line for people that a program does not need."""
    if not wants_json(arguments):
        say(text)


def failed(arguments: Arguments, error: Exception, words: str, status: int) -> int:
    """Print an error on stderr, and for programs also as JSON on stdout."""
    if os.environ.get(DEBUG_VARIABLE) == "1":
        import traceback

        traceback.print_exception(error)
    with contextlib.suppress(OSError):  # a full disk may be the error
        for line in words.splitlines():
            say(line)
    if wants_json(arguments):
        try:
            print(json.dumps({"error": _as_data(error, words)}, ensure_ascii=False), flush=True)
        except OSError:
            let_go_of_stdout()
    return status


def let_go_of_stdout() -> None:
    """The output cannot be written: the interpreter must not fail on the rest at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_data(error: Exception, words: str) -> dict[str, Any]:
    found: dict[str, Any] = {"code": getattr(error, "code", "system"), "message": words}
    if isinstance(error, SettingsError):
        import msgspec

        from gateway.core.settings.remedies import faults

        found["problems"] = msgspec.to_builtins(faults(error.problems, error.document))
    elif rows := getattr(error, "rows", ()):
        found["rows"] = [{"line": row.line, "column": row.column, "reason": row.reason} for row in rows]
    return found
