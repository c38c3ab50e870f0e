"""What the command line says of an import of passes, and what it asks first."""

from __future__ import annotations

import sys
from typing import Any

from gateway.cli.common import say
from gateway.cli.show import clean, table
from gateway.core.vocabulary.errors import GatehouseError

LINES_MAX = 50
"""Refused rows and notes that are shown; `--json` has a thousand."""
WORD = "remove"


def asked_to_remove(error: GatehouseError) -> bool:
    """Whether this is the question before many passes are removed, and a person answers it with the word."""
    if error.code != "removes_many":
        return False
    say(str(error))
    if sys.stdin is None or not sys.stdin.isatty():
        say("look with --dry-run; with --yes they are removed")
        return False
    print(f"type {WORD} to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == WORD


def outcome(result: dict[str, Any], dry_run: bool, replace: bool) -> str:
    """What an import did, or what a dry run says that it would do."""
    lines = [_table(result) if dry_run else _sentence(result, replace)]
    if dry_run and result.get("names"):
        lines.append(f"holders: {', '.join(map(clean, result['names']))}")
    lines += _shortened([f"note: {clean(note)}" for note in result.get("notes", ())])
    rows = result.get("rows", ())
    lines += _shortened([f"line {row['line']}, {row['column'] or 'row'}: {clean(row['reason'])}" for row in rows])
    return "\n".join(lines)


def _sentence(result: dict[str, Any], replace: bool) -> str:
    count = int(result["count"])
    text = f"{count} {'pass' if count == 1 else 'passes'} taken: {result['created']} new, {result['changed']} changed"
    return f"{text}, {result['removed']} removed" if replace else text


def _table(result: dict[str, Any]) -> str:
    same = result["count"] - result["created"] - result["changed"]
    rows = [
        ("added", result["created"]), ("changed", result["changed"]), ("as they are", same),
        ("removed", result["removed"]), ("refused", result.get("refused", 0)),
    ]  # fmt: skip
    before = result.get("before", 0)
    return table(("would be", "passes"), rows) + f"\n{before} passes are there now"


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], f"and {more} more; --json names them"] if more > 0 else lines
