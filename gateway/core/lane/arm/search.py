"""The search for the cause of an uncommanded movement: signs are collected until a verdict fits."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.core.lane.arm.causes import FLICKER_WINDOW_MS, IMPACT_MS, Cause, Seen, verdict
from gateway.core.vocabulary.turn import NS_PER_MS

POWER_WINDOW_MS = 60_000
FLICKERS_KEPT = 20


class SearchState(StrEnum):
    """Whether a cause is looked for."""

    IDLE = "idle"
    SEARCHING = "searching"


class SearchEvent(StrEnum):
    """What begins and ends a search."""

    LEFT_UNCOMMANDED = "left_uncommanded"
    CONCLUDED = "concluded"
    GIVEN_UP = "given_up"


_I, _S = SearchState.IDLE, SearchState.SEARCHING

TABLE: dict[SearchState, dict[SearchEvent, SearchState]] = {
    _I: {SearchEvent.LEFT_UNCOMMANDED: _S, SearchEvent.CONCLUDED: _I, SearchEvent.GIVEN_UP: _I},
    _S: {SearchEvent.LEFT_UNCOMMANDED: _S, SearchEvent.CONCLUDED: _I, SearchEvent.GIVEN_UP: _I},
}


class Contacts(msgspec.Struct, frozen=True):
    """What the contacts say while a cause is looked for."""

    vehicle: bool
    by_hand: bool
    mains_off: bool


class CauseSearch:
    """The search of one arm."""

    def __init__(self) -> None:
        self._state = _I
        self._since_ns = 0
        self._alarm = ""
        self._flickers: list[int] = []
        self._flicker_alarm = ""
        self._power_ns: int | None = None

    @property
    def active(self) -> bool:
        """Whether a cause is looked for."""
        return self._state is _S

    @property
    def alarm(self) -> str:
        """The alarm that waits for the verdict; empty: none was raised."""
        return self._alarm if self.active else ""

    @property
    def flicker_alarm(self) -> str:
        """The alarm that tells of the last flickers."""
        return self._flicker_alarm

    def begin(self, now_ns: int) -> None:
        """*Closed* was lost without an order."""
        self._happens(SearchEvent.LEFT_UNCOMMANDED)
        self._since_ns, self._alarm = now_ns, ""

    def alarmed(self, alarm: str) -> None:
        """An alarm was raised before the verdict."""
        self._alarm = alarm

    def give_up(self) -> str:
        """An order, a stop or a crash ends the search; the alarm that waited for its verdict."""
        alarm = self.alarm
        self._happens(SearchEvent.GIVEN_UP)
        return alarm

    def power_changed(self, now_ns: int) -> None:
        """Mains came or went: the controller may home its arm."""
        self._power_ns = now_ns

    def flickered(self, now_ns: int) -> None:
        """*Closed* was lost and came back."""
        window_ns = now_ns - FLICKER_WINDOW_MS * NS_PER_MS
        self._flickers = [at for at in self._flickers if at > window_ns][-FLICKERS_KEPT:]
        self._flicker_alarm = self._flicker_alarm if self._flickers else ""
        self._flickers.append(now_ns)

    def told_by(self, alarm: str) -> None:
        """This alarm tells of the flickers."""
        self._flicker_alarm = alarm

    def age_ms(self, now_ns: int) -> int:
        """Milliseconds since *closed* was lost; 0 when no cause is looked for."""
        return (now_ns - self._since_ns) // NS_PER_MS if self.active else 0

    def struck(self, safety_rose_ns: int | None) -> bool:
        """A vehicle came into the safety loop within a second of *closed* being lost, either way."""
        if not self.active or safety_rose_ns is None:
            return False
        return abs(safety_rose_ns - self._since_ns) <= IMPACT_MS * NS_PER_MS

    def seen(
        self, now_ns: int, contacts: Contacts, travel_ms: int, safety_rose_ns: int | None, *, opened: bool, back: bool
    ) -> Seen:
        """What speaks for one cause or another; `opened`: the arm is up, `back`: *closed* is back."""
        age_ms = self.age_ms(now_ns)
        return Seen(
            impact=self.struck(safety_rose_ns) and not opened,
            power_window=self._power_ns is not None and now_ns - self._power_ns < POWER_WINDOW_MS * NS_PER_MS,
            opened_after_ms=age_ms if opened else None,
            back_after_ms=age_ms if back else None,
            flickers=len(self._flickers),
            vehicle=contacts.vehicle,
            by_hand=contacts.by_hand,
            mains_off=contacts.mains_off,
            travel_ms=travel_ms,
        )

    def conclude(self, seen: Seen, known: Cause | None) -> tuple[Cause, str]:
        """The cause, and the alarm that waited for it."""
        alarm = self.alarm
        self._happens(SearchEvent.CONCLUDED)
        return known or verdict(seen).cause, alarm

    def _happens(self, event: SearchEvent) -> None:
        self._state = TABLE[self._state][event]
