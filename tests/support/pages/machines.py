"""Writes docs/machines.md from the literal tables of the core: `python -m tests.support.pages.machines [--check]`.

The tables are what runs; the page is only how they are read: each machine as a diagram (Mermaid) and as its table. A
test fails when the page is old.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gateway.core.access import pending
from gateway.core.access import rules as access
from gateway.core.alarms import lifecycle as alarms
from gateway.core.identities import check as identity_check
from gateway.core.lane.arm import answer, causes, closing, movement, search, terminals
from gateway.core.lane.arm import table as barrier
from gateway.core.lane.contacts import boards
from gateway.core.lane.grants import grant
from gateway.core.lane.modes import interruption, modes, notices, pause, question, siren
from gateway.core.lane.traffic import crossing, opening
from gateway.core.repairs import lifecycle as repairs

PAGE = Path(__file__).resolve().parents[3] / "docs" / "machines.md"
_HEAD = """\
# The state machines and the decision

Written by `python -m tests.support.pages.machines` from the tables in `gateway/core/`; do not edit. The tables are
total over what the world does: what is not listed here is noted and changes nothing. Only commands are refused.
"""
Arrow = tuple[str, str, str]
Table = Mapping[Any, Mapping[Any, Any]]


class Machine(NamedTuple):
    """One table of one successor for each state and event, with what its section says."""

    heading: str
    words: str
    start: str
    table: Table


PARTS = (
    Machine("Crossing", "What stands in front of and under the arm.", "unsure", crossing.TABLE),
    Machine("Grant", "What becomes of a grant; at its end it is *used* or *unused*.", "waiting", grant.TABLE),
    Machine("Case", "How far the case of a car is; what is missing follows from it.", "proving", pending.TABLE),
    Machine("Check of a driver", "How far the check of a driver without a card is.", "asked", identity_check.TABLE),
    Machine("Place of a case", "Where the car of a case is.", "elsewhere", pending.PLACES),
    Machine(
        "Order",
        "How far an order is on its way to the arm; *in gap*: the pulse the other way must have ended for a while.",
        "asked",
        terminals.TABLE,
    ),
    Machine(
        "Movement",
        "What the arm is known to do about the last order; *void*: the order does not count any more, and an arm that "
        "moves is watched until it rests.",
        "settled",
        movement.TABLE,
    ),
    Machine("Answer", "Whether the arm followed the last OPEN.", "follows", answer.TABLE),
    Machine("Closing", "Whether there is a reason to close.", "no_reason", closing.TABLE),
    Machine("Search", "The search for the cause of a movement that was not ordered.", "idle", search.TABLE),
    Machine("Opening", "Of a lane without loops: whether the last opening was used.", "used", opening.TABLE),
    Machine(
        "Interruption",
        "Nothing moves by itself until a person decides. The last run may have left it *interrupted*.",
        "free",
        interruption.TABLE,
    ),
    Machine("Pause", "A stop of an arm that rested: nothing moves by itself for ten seconds.", "off", pause.TABLE),
    Machine("Question", "*Is the arm whole?* The last run may have left it *asked*.", "none", question.TABLE),
    Machine(
        "Notice", "What the lane asks of the people beside it; a new one replaces the last.", "none", notices.TABLE
    ),
    Machine("Siren", "Three minutes after a crash.", "silent", siren.TABLE),
    Machine("Board", "Whether a board answers.", "unheard", boards.TABLE),
)


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_arm(), *_parts(), *_modes(), *_alarm(), *_repair(), *_causes(), *_decision()]
    return "\n".join(parts) + "\n"


def tables() -> list[Any]:
    """Every table that the page shows."""
    return [barrier.TABLE, modes.TABLE, alarms.TABLE, repairs.TABLE, *(machine.table for machine in PARTS)]


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
        (str(state), _words(event), _words(row.guard), _words(row.action), str(row.next))
        for state, cells in barrier.TABLE.items()
        for event, found in cells.items()
        for row in found
        if row.action != "note" or row.next != state
    ]
    yield "The diagram leaves out what every state has: *lost* and *contradiction* lead to *unknown*, *measured* leads"
    yield "to where the arm is measured, and a closed switch that a crossing has proved wrong to *unknown*."
    event = barrier.ArmEvent
    everywhere = {_words(one) for one in (event.LOST, event.CONTRADICTION, event.MEASURED, event.CROSSED)}
    drawn = [(row[0], row[1], row[4]) for row in rows if row[1] not in everywhere and row[0] != row[4]]
    yield from diagram("unknown", drawn)
    yield from _table("state", "event", "if", "does", "next")
    yield from (_row(*row) for row in rows)


def _machine(start: str, table: Table, heading: str) -> Iterator[str]:
    """Diagram and rows of a table of one successor for each state and event."""
    arrows = [
        (_state(state), _words(event), _state(following))
        for state, cells in table.items()
        for event, following in cells.items()
        if following != state
    ]
    yield from diagram(_state(start), arrows)
    yield from _table("state", heading, "next")
    yield from (_row(*arrow) for arrow in arrows)


def _state(state: object) -> str:
    """A state as the page writes it."""
    return "none" if state is None else _words(str(state))


def _parts() -> Iterator[str]:
    for machine in PARTS:
        yield f"\n## {machine.heading}\n\n{machine.words}"
        yield from _machine(machine.start, machine.table, "event")


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


def _repair() -> Iterator[str]:
    yield "\n## Repair order\n\nA confirmed order is over; the next fault of its cause opens another one."
    yield from _machine("open", repairs.TABLE, "what")


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
