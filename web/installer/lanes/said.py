"""What is said of a lane: its points and terminals by name, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.core.wiring.boards import Boards
from gateway.core.wiring.contradictions import Contradiction, contradictions
from gateway.core.wiring.terminals import terminal_of
from gateway.core.wiring.wires import Document, place_of
from web.words.texts import Words


def point_words(point: str, say: Words) -> str:
    """A point as it is printed at the board, whose terminals are counted from one, and as the site file counts it."""
    place = place_of(point)
    if place is None:
        return point
    return say(f"installer.lanes.point.{place.side}", device=place.device, n=place.index, print=place.index + 1)


def terminal_label(name: str, say: Words) -> str:
    """The name of a terminal for people; of another lane with that lane before it."""
    lane, colon, own = name.rpartition(": ")
    try:
        label = say(f"installer.lanes.terminal.{terminal_of(own).key}")
    except KeyError:
        label = say.first(f"installer.lanes.{own}", own)
    return f"{lane}: {label}" if colon else label


class Finding(msgspec.Struct, frozen=True):
    """One finding, with the terminals where it is shown."""

    code: str
    level: str
    words: str
    terminals: tuple[str, ...] = ()


def findings(site: Document, lane: str, boards: Boards, say: Words) -> tuple[Finding, ...]:
    """All findings of a lane, what is wrong first."""
    return tuple(_finding(one, say) for one in contradictions(site, lane, boards))


def by_terminal(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each terminal."""
    sorted_: dict[str, list[Finding]] = {}
    for one in found:
        for terminal in one.terminals:
            sorted_.setdefault(terminal, []).append(one)
    return sorted_


def _finding(one: Contradiction, say: Words) -> Finding:
    detail = {key: _said(key, value, say) for key, value in one.detail.items()}
    labels = say.listed([terminal_label(name, say) for name in one.terminals])
    words = say(f"installer.lanes.finding.{one.code}", terminal=labels, **detail)
    return Finding(one.code, one.level, words, one.terminals)


def _said(key: str, value: str, say: Words) -> str:
    if key == "others":
        return terminal_label(value, say)
    if key in ("normally", "side"):
        return say(f"installer.lanes.{key}.{value}")
    return point_words(value, say) if key == "point" else value
