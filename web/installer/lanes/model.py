"""What the pages of lanes show: each terminal with its wire, its points to choose from, its live state and findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.core.settings.contacts import QUICK_MS, contact_of
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.wiring.boards import Board, devices_of
from gateway.core.wiring.contradictions import Contradiction, contradictions
from gateway.core.wiring.learning import ASKS
from gateway.core.wiring.terminals import SEVERAL_MAX, TERMINALS, Side, Terminal, terminal_of
from gateway.core.wiring.wires import Wire, barrier_of, lane_of, lanes_of, paths_of, place_of, sharing, wires_of
from gateway.core.wiring.without import Lack, lacks
from web.installer.lanes.boards import Points, known, offered
from web.words.texts import Words

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("moves", ("barrier.open", "barrier.stop", "barrier.close")),
    ("loops", ("barrier.approach_loop", "barrier.safety_loop", "barrier.clear_loop")),
    (
        "tells",
        (
            "barrier.at_open", "barrier.at_closed", "barrier.arm_detached", "barrier.fault", "barrier.hand",
            "barrier.mains",
        ),
    ),
    ("buttons", ("exit_button", "panic", "fire")),
    ("signs", ("siren", "lights.red", "lights.green", "signals.granted", "signals.denied")),
)  # fmt: skip
"""The terminals in groups, as an electrician goes through them; each is in one group."""


class Finding(msgspec.Struct, frozen=True):
    """What stands against a terminal, in words."""

    code: str
    level: str
    words: str


class Choice(msgspec.Struct, frozen=True):
    """A point to choose, with its words; `taken`: a wire of some lane goes there already."""

    point: str
    words: str
    taken: bool


class Group(msgspec.Struct, frozen=True):
    """The points of one device."""

    words: str
    choices: tuple[Choice, ...]


class Row(msgspec.Struct, frozen=True):
    """One terminal of the form. `path`, `named`: where faults of the checks point. `on`: electrical, None: not known.

    `number`: which of several wires of the terminal; `spare`: the empty place behind them.
    """

    terminal: Terminal
    name: str
    number: int
    wire: Wire | None
    path: str
    named: str
    groups: tuple[Group, ...]
    on: bool | None
    findings: tuple[Finding, ...]
    debounce_max: int
    spare: bool = False

    @property
    def active(self) -> bool | None:
        """The meaning of its state now."""
        return None if self.wire is None or self.on is None else self.wire.means(self.on)

    @property
    def shown(self) -> bool:
        """Whether it is shown at once; the others are folded away."""
        return self.wire is not None or bool(self.findings) or self.terminal.moves

    @property
    def asks(self) -> str:
        """What the lesson asks for; empty for outputs, which are not learned."""
        return ASKS[self.terminal.key] if self.terminal.side == "input" else ""


class LaneModel(msgspec.Struct, frozen=True):
    """One lane on its page."""

    id: str
    name: str
    direction: str
    shares: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    findings: tuple[Finding, ...]
    lacks: tuple[Lack, ...] | None
    boards: dict[str, Board]
    lane: dict[str, Any]
    barrier: dict[str, Any]
    paths: dict[str, str]
    runs: bool
    same: bool
    answered: bool

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows."""
        return tuple(row for _, rows in self.groups for row in rows)

    @property
    def wired(self) -> tuple[Row, ...]:
        """The rows with a wire."""
        return tuple(row for row in self.rows if row.wire is not None)

    @property
    def wrong(self) -> int:
        """How many findings make the lane unfit."""
        return sum(one.level == "wrong" for one in self.all_findings)

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the lane, then those of its terminals, each once."""
        found = [*self.findings, *(one for row in self.rows for one in row.findings)]
        return tuple({one.words: one for one in found}.values())


def lane_model(
    site: dict[str, Any], running: dict[str, Any], lane_id: str, told: Points, say: Words
) -> LaneModel | None:
    """The lane of the draft; None when there is none of that id."""
    lane = lane_of(site, lane_id)
    if lane is None:
        return None
    sure = known(site, told.boards)
    boards = offered(site, sure)
    found = [(one, _finding(one, say)) for one in contradictions(site, lane_id, sure)]
    taken = _taken(site)
    paths = paths_of(site, lane_id)
    wires: dict[str, list[Wire]] = {}
    for wire in wires_of(site, lane_id):
        wires.setdefault(terminal_of(wire.terminal).name, []).append(wire)
    groups = tuple(
        (
            name,
            tuple(
                row
                for key in keys
                for row in _rows(TERMINALS[key], wires, found, boards, taken, paths, lane_id, told, say)
            ),
        )
        for name, keys in GROUPS
    )
    shown = {row.name for _, rows in groups for row in rows if row.wire is not None or not row.spare}
    return LaneModel(
        id=lane_id,
        name=str(lane.get("name") or lane_id),
        direction=str(lane.get("direction", "")),
        shares=tuple(sharing(site, lane)),
        groups=groups,
        findings=tuple(words for one, words in found if not set(one.terminals) & shown),
        lacks=_lacks(site, lane_id),
        boards=boards,
        lane=lane,
        barrier=barrier_of(site, lane) or {},
        paths=paths,
        runs=lane_of(running, lane_id) is not None,
        same=_same(site, running, lane_id),
        answered=told.answered,
    )


def _rows(
    terminal: Terminal,
    wires: dict[str, list[Wire]],
    found: list[tuple[Contradiction, Finding]],
    boards: dict[str, Board],
    taken: dict[str, list[str]],
    paths: dict[str, str],
    lane_id: str,
    told: Points,
    say: Words,
) -> Iterator[Row]:
    """The wires of a terminal; of one that takes several with an empty place behind them."""
    here: list[Wire | None] = list(wires.get(terminal.name, []))
    spare = terminal.several and 0 < len(here) < SEVERAL_MAX
    if not here or spare:
        here.append(None)
    base = paths.get(terminal.of, "")
    named = f"lanes.{lane_id}.barrier" if terminal.of == "barrier" else f"lanes.{lane_id}"
    for number, wire in enumerate(here):
        name = terminal.name if number == 0 else f"{terminal.name}.{number}"
        yield Row(
            terminal=terminal,
            name=name,
            number=number,
            wire=wire,
            path=f"{base}.{terminal.key}" if number == 0 else f"{base}.{terminal.key}.{number}",
            named=f"{named}.{terminal.key}" if number == 0 else f"{named}.{terminal.key}.{number}",
            groups=tuple(choices(boards, terminal.side, wire, taken, say)),
            on=told.levels.get(wire.point) if wire is not None else None,
            findings=tuple(words for one, words in found if name in one.terminals),
            debounce_max=_debounce_max(terminal),
            spare=wire is None and number > 0,
        )


def _debounce_max(terminal: Terminal) -> int:
    if terminal.side == "output":
        return 0
    return QUICK_MS if contact_of(terminal.key).quick else 390


def choices(
    boards: dict[str, Board], side: Side, wire: Wire | None, taken: dict[str, list[str]], say: Words
) -> Iterator[Group]:
    """The points of one side by device; a point that the wire has and no board has is kept, so that nothing is lost."""
    known: set[str] = set()
    for board in boards.values():
        points = board.points(side)
        known |= set(points)
        if points:
            state = say.first(f"installer.lanes.board.{board.state or 'not_running'}", "installer.lanes.board.lost")
            yield Group(f"{board.id} · {state}", tuple(_choice(point, taken, say) for point in points))
    if wire is not None and wire.point and wire.point not in known:
        yield Group(say("installer.lanes.board.gone"), (Choice(wire.point, wire.point, False),))


def _choice(point: str, taken: dict[str, list[str]], say: Words) -> Choice:
    owners = taken.get(point, [])
    words = point_words(point, say)
    return Choice(point, f"{words} · {say.listed(owners)}" if owners else words, bool(owners))


def point_words(point: str, say: Words) -> str:
    """A point as it is printed at the board, whose terminals are counted from one, and as the site file counts it."""
    place = place_of(point)
    if place is None:
        return point
    return say(f"installer.lanes.point.{place.side}", device=place.device, n=place.index, print=place.index + 1)


def _taken(site: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for lane in lanes_of(site):
        for wire in wires_of(site, str(lane.get("id"))):
            owner = f"{lane.get('id')}"
            if wire.point and owner not in found.setdefault(wire.point, []):
                found[wire.point].append(owner)
    return found


def terminal_label(name: str, say: Words) -> str:
    """The name of a terminal for people; of another lane with that lane before it."""
    lane, colon, own = name.rpartition(": ")
    try:
        label = say(f"installer.lanes.terminal.{terminal_of(own).key}")
    except KeyError:
        label = say.first(f"installer.lanes.{own}", own)
    return f"{lane}: {label}" if colon else label


def _finding(one: Contradiction, say: Words) -> Finding:
    detail = {key: _said(key, value, say) for key, value in one.detail.items()}
    labels = say.listed([terminal_label(name, say) for name in one.terminals])
    return Finding(one.code, one.level, say(f"installer.lanes.finding.{one.code}", terminal=labels, **detail))


def _said(key: str, value: str, say: Words) -> str:
    if key == "others":
        return terminal_label(value, say)
    if key in ("normally", "side"):
        return say(f"installer.lanes.{key}.{value}")
    return point_words(value, say) if key == "point" else value


def _lacks(site: dict[str, Any], lane_id: str) -> tuple[Lack, ...] | None:
    """What the lane does without; None while the draft is not whole enough to say."""
    devices = [{"id": one["id"], "driver": "noop"} for one in devices_of(site)]
    lane = lane_of(site, lane_id)
    whole = {
        "site": {"id": "site"},
        "gateway": {"id": "gateway"},
        "devices": devices,
        "barriers": site.get("barriers", []),
        "lanes": [lane],
    }
    try:
        settings = parse_settings(whole)
        return lacks(settings.lanes[0], settings.barrier(settings.lanes[0].barrier))
    except (GatehouseError, KeyError):
        return None


def _same(site: dict[str, Any], running: dict[str, Any], lane_id: str) -> bool:
    """Whether the draft has the lane and its barrier just as they run."""
    here, there = lane_of(site, lane_id), lane_of(running, lane_id)
    return (
        here == there
        and here is not None
        and there is not None
        and barrier_of(site, here) == barrier_of(running, there)
    )
