"""Writes docs/machines.md from the literal tables of the core: `python -m tests.support.machines [--check]`.

The tables are what runs; the page is only how they are read: each machine as a diagram (Mermaid) and as its table. A
test fails when the page is old.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.core.access import rules as access
from gateway.core.alarms import lifecycle as alarms
from gateway.core.lane.arm import causes
from gateway.core.lane.arm import table as barrier
from gateway.core.lane.modes import modes
from gateway.core.lane.traffic import crossing

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "machines.md"
_HEAD = """\
# The state machines and the decision

Written by `python -m tests.support.machines` from the tables in `gateway/core/`; do not edit. The tables are total over
what the world does: what is not listed here is noted and changes nothing. Only commands are refused.
"""
MEASURED = "as the limit switches say"
Arrow = tuple[str, str, str]


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_arm(), *_crossing(), *_modes(), *_alarm(), *_causes(), *_decision()]
    return "\n".join(parts) + "\n"


def diagram(first: str, arrows: Iterable[Arrow]) -> Iterator[str]:
    """A state diagram; arrows between the same two states share one, with all that leads along it."""
    labels: dict[tuple[str, str], list[str]] = {}
    for state, label, following in arrows:
        found = labels.setdefault((state, following), [])
        if label not in found:
            found.append(label)
    states = list(dict.fromkeys([first, *(state for pair in labels for state in pair)]))
    yield "\n```mermaid\nstateDiagram-v2"
    yield from (f'    state "{state}" as {_name(state)}' for state in states if state != _name(state))
    yield f"    [*] --> {_name(first)}"
    for (state, following), found in labels.items():
        yield f"    {_name(state)} --> {_name(following)} : {', '.join(found)}"
    yield "```"


def _name(state: str) -> str:
    """A state's name as the diagram's language takes it."""
    return re.sub(r"\W", "_", state)


def _table(*heads: str) -> list[str]:
    return ["", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _arm() -> Iterator[str]:
    yield "## Arm\n\nRows of a cell are tried from the top; the first whose condition holds is taken."
    rows = [
        (str(state), _words(event), _words(row.guard), _words(row.action), str(row.next or MEASURED))
        for state, cells in barrier.TABLE.items()
        for event, found in cells.items()
        for row in found
        if row.action != "note" or row.next != state
    ]
    yield "The diagram leaves out that *lost* and *contradiction* lead to *unknown* from every state."
    lost = {_words(barrier.ArmEvent.LOST), _words(barrier.ArmEvent.CONTRADICTION)}
    yield from diagram("unknown", [(row[0], row[1], row[4]) for row in rows if row[1] not in lost and row[0] != row[4]])
    yield from _table("state", "event", "if", "does", "next")
    yield from (_row(*row) for row in rows)


def _machine(start: str, table: Mapping[Any, Mapping[Any, Any]], heading: str) -> Iterator[str]:
    """Diagram and rows of a table of one successor for each state and event."""
    arrows = [
        (str(state), _words(event), str(following))
        for state, cells in table.items()
        for event, following in cells.items()
        if following != state
    ]
    yield from diagram(start, arrows)
    yield from _table("state", heading, "next")
    yield from (_row(*arrow) for arrow in arrows)


def _crossing() -> Iterator[str]:
    yield "\n## Crossing"
    yield from _machine("unsure", crossing.TABLE, "event")


def _modes() -> Iterator[str]:
    auto = modes.Mode.AUTO
    strength = " > ".join(modes.Mode)
    yield f"\n## Modes\n\nSeveral may be set; the strongest counts: {strength}. With none set it is *{auto}*."
    yield "The diagram shows each event with nothing else set."
    arrows: list[Arrow] = []
    for event, (added, gone) in modes.TABLE.items():
        into = [(auto, _words(event), added)] if added is not None else []
        arrows += into or [(mode, _words(event), auto) for mode in sorted(gone)]
    yield from diagram(auto, arrows)
    yield from _table("event", "sets", "takes away")
    for event, (added, gone) in modes.TABLE.items():
        yield _row(_words(event), added or "", ", ".join(sorted(gone)))


def _alarm() -> Iterator[str]:
    yield "\n## Alarm\n\nA kind that does not end by itself stays *acknowledged* until a person closes it."
    yield from _machine("unacknowledged", alarms.TABLE, "what")


def _causes() -> Iterator[str]:
    yield "\n## Why the arm moved though nobody commanded it\n\nFrom the top; the first that fits is the cause."
    yield from _table("", "what was seen", "cause")
    for number, row in enumerate(causes.VERDICTS, 1):
        yield _row(number, row.label, row.cause)


def _decision() -> Iterator[str]:
    yield "\n## Decision on a read\n\nFrom the top; the first that fits decides."
    yield from _table("", "case", "verdict", "reason")
    for number, rule in enumerate(access.RULES, 1):
        yield _row(number, rule.label, rule.verdict, f"`{rule.reason}`")


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    if "--check" in sys.argv:
        return int(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
