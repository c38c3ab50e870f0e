"""Commands for the settings: `site export`, `apply`, `confirm`, `history` and `rollback`.

Applied settings hold for good once their author has confirmed them; else the gateway goes back by itself, so that a
wrong one shuts out its author for a short time only.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import (
    EXIT_WRONG,
    Arguments,
    Commands,
    change,
    data_path,
    failed,
    gateway_of,
    number,
    opened,
    read_site,
    remark,
    say,
    show,
    wants_json,
    whoami,
)
from gateway.core.vocabulary.errors import SettingsError

if TYPE_CHECKING:
    from gateway.cli.local import Local
    from gateway.control import Client

CONFIRM_MAX_S = 3_600
ANSWER_MAX = 100
PLAN_TIMEOUT_S = 60.0
"""A file with many new PINs takes a while, since each is hashed on purpose slowly."""
WAIT_TIMEOUT_S = 60.0
"""For one line of the engine, which tells every second how far it is."""


def add(commands: Commands) -> None:
    """Add `site` and its subcommands."""
    site = commands.group("site", "settings out as one file, and in again with a way back")
    site.add(
        "export",
        "print the settings as one site file (JSON), without PINs and secrets",
        _export,
        "gatehouse site export > site.json",
    )
    apply = site.add(
        "apply",
        "check a site file, show what it changes, and apply it without moving anything",
        _apply,
        """
        gatehouse site apply site.json
        gatehouse site apply site.json --yes --confirm-s 300   five minutes to confirm it
        gatehouse site apply site.json --yes --confirm-s 0     holds at once, without a way back by itself
        """,
    )
    apply.add_argument("file", type=Path, metavar="FILE", help="site file (JSON)")
    apply.add_argument(
        "--confirm-s",
        type=partial(number, kind=int, low=0, high=CONFIRM_MAX_S),
        default=None,
        metavar="N",
        help="go back by itself unless confirmed within so many seconds; 0: at once for good"
        " (default: 90, and 600 where wiring changed)",
    )
    confirm = site.add("confirm", "let the applied settings hold for good", _confirm, "gatehouse site confirm")
    site.add("history", "list the versions of the settings, the newest first", _history, "gatehouse site history")
    back = site.add(
        "rollback",
        "go back to an earlier version, at once for good",
        _rollback,
        """
        gatehouse site rollback      to the confirmed version before this one
        gatehouse site rollback 3    to version 3
        """,
    )
    back.add_argument(
        "version",
        nargs="?",
        type=partial(number, kind=int, low=1, high=10**9),
        default=0,
        metavar="N",
        help="number of the version, as `history` lists it",
    )
    apply.add_argument("--yes", action="store_true", help="do not ask; without it the answer is read from the input")
    for parser in (confirm, back):
        parser.add_argument("--yes", action="store_true", help="do not ask at a terminal")


def _export(arguments: Arguments) -> int:
    import json

    from gateway.store.settings.planning import exported

    directory, _ = opened(data_path(arguments))
    print(json.dumps(exported(directory.documents.load()), ensure_ascii=False, indent=2))
    return 0


def _apply(arguments: Arguments) -> int:
    from gateway.store.settings.planning import hashed

    document = None
    try:
        document = read_site(arguments.file)
        directory, _ = opened(data_path(arguments))
        with gateway_of(directory.path) as gateway:
            return _applied(arguments, gateway, hashed(directory.versions, document))
    except SettingsError as error:
        error.document = document
        return failed(arguments, error, f"{error}\nnothing was changed", EXIT_WRONG)


def _applied(arguments: Arguments, gateway: Client | Local, document: Any) -> int:
    plan = gateway.call("site.plan", timeout_s=PLAN_TIMEOUT_S, document=document)
    if not plan["changes"]:
        return _unchanged(arguments, gateway)
    if not _agreed(arguments, plan, "apply this?", always=True):
        return EXIT_WRONG
    done = gateway.call(
        "site.apply",
        timeout_s=WAIT_TIMEOUT_S,
        on_progress=partial(_waiting, arguments),
        document=document,
        base=plan["base"],
        confirm_s=arguments.confirm_s,
        by=whoami(),
        via="cli",
    )
    show(arguments, {**done, "changes": plan["changes"]}, _outcome(done))
    return 0


def _unchanged(arguments: Arguments, gateway: Client | Local) -> int:
    """These settings hold already: say so, and until when, or confirm them for good (`--confirm-s 0`)."""
    holds = next(one for one in gateway.call("site.history") if one["state"] != "rolled_back")
    words = "nothing to change: these settings hold already"
    if holds["state"] == "pending" and arguments.confirm_s == 0:
        if not _asks(arguments, "confirm them?"):
            return EXIT_WRONG
        holds = gateway.call("site.confirm", by=whoami(), via="cli")
        words += f"\nversion {holds['version']} is confirmed and holds"
    elif holds["state"] == "pending" and (holds["by"], holds["via"]) == (whoami(), "cli"):
        words += f"\n{_outcome(holds)}"
    elif holds["state"] == "pending":
        words += (
            f"\nversion {holds['version']} holds until {holds['until']}; it was applied by {holds['by']}"
            f" ({holds['via']}), who alone can confirm it"
        )
    show(arguments, {**holds, "changes": []}, words)
    return 0


def _confirm(arguments: Arguments) -> int:
    if not _asks(arguments, "confirm the settings that were applied?"):
        return EXIT_WRONG
    done = change(arguments, "site.confirm")
    show(arguments, done, _outcome(done))
    return 0


def _rollback(arguments: Arguments) -> int:
    with gateway_of(data_path(arguments)) as gateway:
        plan = gateway.call("site.plan", timeout_s=PLAN_TIMEOUT_S, version=arguments.version)
        if not _agreed(arguments, plan, "go back to this?"):
            return EXIT_WRONG
        done = gateway.call(
            "site.rollback",
            timeout_s=WAIT_TIMEOUT_S,
            on_progress=partial(_waiting, arguments),
            version=arguments.version,
            by=whoami(),
            via="cli",
        )
    show(arguments, done, _outcome(done))
    return 0


def _history(arguments: Arguments) -> int:
    from gateway.cli.show import table

    with gateway_of(data_path(arguments)) as gateway:
        found = gateway.call("site.history")
    rows = [
        (one["version"], one["at"], one["state"], one["by"] or "-", one["via"] or "-", _brief(one["changes"]))
        for one in found
    ]
    show(arguments, {"items": found}, table(("version", "at", "state", "by", "via", "changes"), rows))
    return 0


# ---- words ---------------------------------------------------------------------------------------------------------


def _agreed(arguments: Arguments, plan: dict[str, Any], question: str, *, always: bool = False) -> bool:
    """Show what differs, and ask; see `_asks`."""
    if plan["changes"] and not wants_json(arguments):
        print("\n".join(one["words"] for one in plan["changes"]), flush=True)
    for path, words in plan["warnings"]:
        remark(arguments, f"warning: {path} {words}")
    if plan["lanes"]:
        remark(arguments, f"lanes that are made anew once they are at rest and empty: {', '.join(plan['lanes'])}")
    if plan["web"]:
        remark(arguments, "the web begins anew at its new address within seconds")
    return _asks(arguments, question, always=always)


def _asks(arguments: Arguments, question: str, *, always: bool = False) -> bool:
    """Ask without `--yes`, at a terminal or (`always`) whatever the input is; True where nothing is asked."""
    if arguments.yes or not (always or (sys.stdin is not None and sys.stdin.isatty())):
        return True
    print(f"gatehouse: {question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = _answer()
    if answer.strip().lower() in ("y", "yes"):
        return True
    if not answer:
        print(file=sys.stderr)
        say("no answer was given; nothing was changed. Answer y, or give --yes")
    else:
        say("nothing was changed")
    return False


def _answer() -> str:
    """One line of the input; "" at its end, and where there is none."""
    try:
        return sys.stdin.readline(ANSWER_MAX) if sys.stdin is not None else ""
    except (OSError, ValueError):  # closed, or bytes that are no text
        return ""


def _waiting(arguments: Arguments, figures: dict[str, Any]) -> None:
    if words := figures.get("words"):
        remark(arguments, str(words))


def _outcome(done: dict[str, Any]) -> str:
    if done["state"] == "pending":
        return f"version {done['version']} holds until {done['until']}; keep it with: gatehouse site confirm"
    return f"version {done['version']} holds"


def _brief(paths: list[str]) -> str:
    shown = ", ".join(paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
