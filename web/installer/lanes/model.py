"""What the page of a lane shows, made from the draft, the settings that run, and the live points."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.wiring.boards import Board, devices_of
from gateway.core.wiring.terminals import TERMINALS
from gateway.core.wiring.wires import Document, barrier_of, lane_of, paths_of, sharing
from gateway.core.wiring.without import Lack, lacks
from web.installer.lanes.boards import Points, known, offered
from web.installer.lanes.rows import Row, Sheet
from web.installer.lanes.said import Finding, by_terminal, findings
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


class LaneModel(msgspec.Struct, frozen=True):
    """One lane on its page. `findings`: those of no row; `runs`, `same`: whether it runs, and just as drawn here."""

    id: str
    lane: Document
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    findings: tuple[Finding, ...]
    lacks: tuple[Lack, ...] | None
    boards: dict[str, Board]
    paths: dict[str, str]
    shares: tuple[str, ...]
    runs: bool
    same: bool
    answered: bool

    @property
    def name(self) -> str:
        """Its name, else its id."""
        return str(self.lane.get("name") or self.id)

    @property
    def direction(self) -> str:
        """Entry or exit, or what is written in their place."""
        return str(self.lane.get("direction", ""))

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows."""
        return tuple(row for _, rows in self.groups for row in rows)

    @property
    def wired(self) -> tuple[Row, ...]:
        """The rows with a wire."""
        return tuple(row for row in self.rows if row.wire is not None)

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the lane, then those of its terminals, each once."""
        found = [*self.findings, *(one for row in self.rows for one in row.findings)]
        return tuple({one.words: one for one in found}.values())

    @property
    def wrong(self) -> int:
        """How many findings make the lane unfit."""
        return sum(one.level == "wrong" for one in self.all_findings)


def lane_model(site: Document, running: Document, lane_id: str, told: Points, say: Words) -> LaneModel | None:
    """The lane of the draft; None when there is none of that id."""
    lane = lane_of(site, lane_id)
    if lane is None:
        return None
    sure = known(site, told.boards)
    boards = offered(site, sure)
    found = findings(site, lane_id, sure, say)
    sheet = Sheet(site, lane_id, boards, told, by_terminal(found))
    groups = tuple(
        (name, tuple(row for key in keys for row in sheet.rows(TERMINALS[key], say))) for name, keys in GROUPS
    )
    shown = {row.name for _, rows in groups for row in rows}
    return LaneModel(
        id=lane_id,
        lane=lane,
        groups=groups,
        findings=tuple(one for one in found if not set(one.terminals) & shown),
        lacks=_lacks(site, lane),
        boards=boards,
        paths=paths_of(site, lane_id),
        shares=tuple(sharing(site, lane)),
        runs=lane_of(running, lane_id) is not None,
        same=is_same(site, running, lane_id),
        answered=told.answered,
    )


def is_same(site: Document, running: Document, lane_id: str) -> bool:
    """Whether the draft has the lane and its barrier just as they run."""
    here, there = lane_of(site, lane_id), lane_of(running, lane_id)
    if here is None or there is None:
        return False
    return here == there and barrier_of(site, here) == barrier_of(running, there)


def _lacks(site: Document, lane: Document) -> tuple[Lack, ...] | None:
    """What the lane does without; None while the draft is not whole enough to say."""
    alone: dict[str, Any] = {
        "site": {"id": "site"},
        "gateway": {"id": "gateway"},
        "devices": [{"id": one["id"], "driver": "noop"} for one in devices_of(site)],
        "barriers": site.get("barriers", []),
        "lanes": [lane],
    }
    try:
        settings = parse_settings(alone)
        return lacks(settings.lanes[0], settings.barrier(settings.lanes[0].barrier))
    except (GatehouseError, KeyError):
        return None
