"""The router: each event reaches the subsystems that name it, and a new subject is one more of them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from gateway.core import site
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Followers, Handlers, Memory, Subsystem, Timers
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.clock import SureClock
from gateway.core.vocabulary.rows.base import LaneRow, Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView
from tests.core.playbook import Playbook

BELL_MS = 60_000


class TollMemory(msgspec.Struct, frozen=True):
    """How many vehicles paid before this run."""

    paid: int = 0


class TollPaid(LaneRow, frozen=True, kw_only=True, gc=False):
    """A vehicle that came in has paid."""

    type: ClassVar[str] = "toll.paid"

    paid: int


class TollRung(LaneRow, frozen=True, kw_only=True, gc=False):
    """The bell rang."""

    type: ClassVar[str] = "toll.rung"


class TollView(CoreView, frozen=True, kw_only=True, gc=False):
    """What people see, with what was paid."""

    paid: int


class Toll(Subsystem):
    """A made-up subject: counts vehicles that came in, and rings a minute after each when a person asked for it."""

    def __init__(self, memory: TollMemory) -> None:
        self.paid = memory.paid
        self.asked = ""

    def handlers(self) -> Handlers:
        return {events.LaneChosen: self.lane_chosen}

    def followers(self) -> Followers:
        return {rows.PassageEntered: self.entered}

    def timers(self) -> Timers:
        return {"toll": self.bell}

    def view(self, shown: CoreView) -> CoreView:
        return TollView(lanes=shown.lanes, alarms=shown.alarms, paid=self.paid)

    def lane_chosen(self, _turn: Turn, event: events.LaneChosen) -> None:
        self.asked = event.lane

    def entered(self, turn: Turn, row: rows.PassageEntered) -> None:
        self.paid += 1
        turn.append(TollPaid(lane=row.lane, paid=self.paid))
        if self.asked:
            turn.start(Timer("toll", self.asked, "bell"), BELL_MS)

    def bell(self, turn: Turn, timer: Timer) -> None:
        turn.append(TollRung(lane=timer.owner))


@pytest.fixture
def with_toll(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one line in the router."""
    others = site.subsystems

    def subsystems(settings: Settings, memory: Memory, clock: SureClock) -> tuple[Subsystem, ...]:
        return (*others(settings, memory, clock), Toll(memory.part(TollMemory)))

    monkeypatch.setattr(site, "subsystems", subsystems)


@pytest.mark.usefixtures("with_toll")
def test_a_new_subject_handles_events_follows_rows_has_timers_and_is_seen() -> None:
    play = Playbook()
    play.happens(events.LaneChosen("booth", "in"))
    play.let_in()
    shown = play.site.snapshot()
    assert isinstance(shown, TollView)
    assert shown.paid == 1
    assert [lane.id for lane in shown.lanes] == ["in"]
    assert play.types("toll.") == ["toll.paid"]
    play.advance(BELL_MS)
    assert play.types("toll.") == ["toll.paid", "toll.rung"]


@pytest.mark.usefixtures("with_toll")
def test_a_new_subject_goes_on_after_a_restart_with_what_it_must_know() -> None:
    before = Playbook()
    before.let_in()
    memory = before.memory().replaced(paid=before.data("toll.paid")["paid"])
    play = Playbook(memory=memory, run=2)
    play.let_in()
    assert play.data("toll.paid") == {"lane": "in", "paid": 2}
    assert play.site.part(Toll).paid == 2


def test_without_its_line_a_subject_is_not_there() -> None:
    play = Playbook()
    play.let_in()
    assert play.types("toll.") == []
    with pytest.raises(StopIteration):
        play.site.part(Toll)


def test_every_event_has_its_subsystem() -> None:
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)}
    handled = Playbook().site._handlers
    assert (kinds | {SettingsChanged}) - {events.Event, events.Occupancy} == set(handled)
    assert all(handled.values())


def test_every_timer_belongs_to_one_subsystem() -> None:
    kinds = [kind for subsystem in Playbook().site._subsystems for kind in subsystem.timers()]
    assert sorted(kinds) == ["alarm", "lane", "lanes", "picture"]


def test_each_key_of_the_view_belongs_to_one_subsystem() -> None:
    play = Playbook()
    play.person("lock")
    play.happens(events.TamperChanged("reader-in", True))
    blank = CoreView()
    seen = [subsystem.view(blank) for subsystem in play.site._subsystems]
    keys = [key for key in CoreView.__struct_fields__ for one in seen if getattr(one, key) != getattr(blank, key)]
    assert sorted(keys) == ["alarms", "lanes"]


def test_a_row_that_a_follower_writes_is_followed_as_well() -> None:
    play = Playbook()
    seen: list[str] = []

    def answer(turn: Turn, row: Row) -> None:
        seen.append(row.type)
        if isinstance(row, rows.UplinkLost):
            turn.append(TollPaid(lane="in", paid=1))

    play.site._followers = {rows.UplinkLost: [answer], TollPaid: [answer]}
    play.happens(events.UplinkChanged(False))
    assert seen == ["uplink.lost", "toll.paid"]


def test_the_router_only_routes() -> None:
    source = Path(site.__file__).read_text("utf-8")
    assert len(source.splitlines()) < 150
    assert ".append(" in source and "turn.append(" not in source
    assert "turn.emit(" not in source
