"""The alarm desk keeps every open alarm, after ISA-18.2.

One cause, one alarm, one id. An alarm is found by its `key` while its cause lasts. The alarm of a movement may be
refined while that movement lasts; a later incident is another alarm, and the earlier one stays open. A device or the
uplink that is lost again raises the same alarm, with its count. Kinds whose end is measured close by themselves once
acknowledged; a crash is closed by a person with a finding. A tag on the lane makes its alarms *out of service*, by the
person who set the tag and until it comes off; meanwhile they cannot be shelved or closed.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec

from gateway.core.alarms.kinds import KINDS
from gateway.core.alarms.lifecycle import ROWS, TABLE, AlarmState, Verb, past
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Ids, Turn, rfc3339
from gateway.core.vocabulary.views import AlarmView

_U, _R = AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED
_A, _S = AlarmState.ACKNOWLEDGED, AlarmState.SHELVED
_O, _C = AlarmState.OUT_OF_SERVICE, AlarmState.CLOSED
_SHOWN_AGAIN = (Verb.UNSHELVE, Verb.PUT_BACK)
SHELF_MAX_MS = 12 * 3600 * 1000
SAME_WIND_MS = 60_000
"""Wind at several lanes within this time is one alarm."""
_JOINED = (_U, _A, _R)
ALIKE_MAX = 10
"""Open incidents of one kind and key; further ones are counted with the newest."""


class Said(TypedDict, total=False):
    """What the row of a change says besides the alarm."""

    via: str | None
    station: str | None
    reason: str
    until: str
    joined: str
    verdict: str


class Alarm(msgspec.Struct):
    """One open alarm. `detail` is replaced and never changed in place: rows and views share it."""

    alarm: str
    key: str
    kind: str
    state: AlarmState
    raised_at: str
    as_of: str
    lane: str | None = None
    device: str | None = None
    active: bool = True
    acknowledged_by: str | None = None
    finding: str = ""
    benign: bool = False
    count: int = 1
    detail: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def priority(self) -> int:
        """1 (act now) to 4."""
        return KINDS[self.kind].priority

    @property
    def by_person(self) -> bool:
        """Whether only a person may close it; no longer after a benign verdict."""
        return KINDS[self.kind].by_person and not self.benign

    def view(self) -> AlarmView:
        """The alarm for screens and central."""
        return AlarmView(
            alarm=self.alarm,
            kind=self.kind,
            priority=self.priority,
            state=self.state.value,
            lane=self.lane,
            device=self.device,
            raised_at=self.raised_at,
            as_of=self.as_of,
            acknowledged_by=self.acknowledged_by,
            detail=self.detail,
            active=self.active,
        )

    def next(self, verb: Verb) -> AlarmState:
        """The state after a verb; RefusedError if it does not fit."""
        if verb not in TABLE[self.state]:
            raise RefusedError(
                f"an alarm that is {self.state.value} cannot be {past(verb)}",
                code=Refusal(f"alarm_{self.state.name.lower()}"),
            )
        following = TABLE[self.state][verb]
        if following is _C and verb in (Verb.RETURN, Verb.ACKNOWLEDGE) and (self.active or self.by_person):
            return _A
        if verb in _SHOWN_AGAIN and not self.active:
            return _R
        return following

    def change(self, verb: Verb) -> None:
        """Take the state that the table says; nothing else changes it."""
        self.state = self.next(verb)


class AlarmDesk:
    """Every open alarm of the site."""

    def __init__(self, alarms: list[Alarm]) -> None:
        self._open: dict[str, Alarm] = {alarm.alarm: alarm for alarm in alarms}
        self._ids = Ids()
        self._wind: tuple[str, int] | None = None

    def begin(self, run: str) -> None:
        """A run begins: its alarms have ids of its own."""
        self._ids.begin(run)

    def __iter__(self) -> Any:
        return iter(self._open.values())

    def get(self, alarm_id: str) -> Alarm | None:
        """The open alarm of that id; None otherwise."""
        return self._open.get(alarm_id)

    def lasts(self, key: str) -> bool:
        """Whether the cause of an alarm on this key lasts."""
        return any(alarm.active for alarm in self._open.values() if alarm.key == key)

    def views(self) -> tuple[AlarmView, ...]:
        """All alarms that are not closed: most urgent first, then oldest first."""
        ordered = sorted(self._open.values(), key=lambda a: (a.priority, a.raised_at, a.alarm))
        return tuple([alarm.view() for alarm in ordered])

    def raise_(
        self,
        turn: Turn,
        kind: str,
        key: str,
        *,
        lane: str | None = None,
        device: str | None = None,
        detail: dict[str, Any] | None = None,
        of: str | None = None,
        tagged: str | None = None,
    ) -> Alarm:
        """Raise an alarm, or find the alarm of this cause.

        `of`: the id of the alarm to refine, of the movement in progress; empty: raise a new alarm; None: look for one
        whose cause lasts or comes back. `tagged`: the reason of the lane's tag, which puts a new alarm out of service.
        """
        found = self._known(kind, key) if of is None else self._open.get(of)
        if found is None:
            found = self._counted_with(kind, key)
        if found is None:
            alarm_id, state = self._ids.next("a"), _U if tagged is None else _O
            found = Alarm(alarm_id, key, kind, state, turn.at, turn.at, lane, device, detail=detail or {})
            self._open[alarm_id] = found
            self._append(turn, found, Verb.RAISE, "gateway", {} if tagged is None else {"reason": tagged})
        elif kind != found.kind:
            self.refine(turn, found, kind=kind, verdict=kind, detail=detail)
        elif not found.active:
            found.active = True
            found.count += 1
            found.detail = detail or found.detail
            self._happens(turn, found, Verb.RAISE, "gateway")
        return found

    def _known(self, kind: str, key: str) -> Alarm | None:
        """The alarm whose cause lasts, or comes back if it is not an incident."""
        alike = (alarm for alarm in reversed(self._open.values()) if (alarm.kind, alarm.key) == (kind, key))
        return next((alarm for alarm in alike if alarm.active or not KINDS[kind].incident), None)

    def _counted_with(self, kind: str, key: str) -> Alarm | None:
        """The newest of too many open incidents."""
        alike = [alarm for alarm in self._open.values() if (alarm.kind, alarm.key) == (kind, key) and not alarm.active]
        return alike[-1] if len(alike) >= ALIKE_MAX else None

    def refine(
        self,
        turn: Turn,
        alarm: Alarm,
        *,
        verdict: str,
        kind: str | None = None,
        benign: bool = False,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Refine the verdict; after a `benign` one the alarm ends by itself."""
        if kind is not None and kind != alarm.kind:
            alarm.kind = kind
            alarm.active = True
            if alarm.state is not _O:
                turn.cancel(_shelf_timer(alarm.alarm))
            alarm.change(Verb.REFINE)
        alarm.benign = benign
        alarm.detail = {**alarm.detail, **(detail or {}), "verdict": verdict}
        alarm.as_of = turn.at
        self._append(turn, alarm, Verb.REFINE, "gateway", {"verdict": verdict})
        if benign and alarm.active:
            self._return(turn, alarm)

    def alike(self, alarm: Alarm, verdict: str) -> Alarm | None:
        """An earlier unacknowledged alarm of the same key with this verdict."""
        unseen = {_U: _R, _O: _O}.get(alarm.state)
        return next(
            (
                one
                for one in reversed(self._open.values())
                if (one.key, one.kind, one.state) == (alarm.key, alarm.kind, unseen)
                and one is not alarm
                and not one.active
                and one.detail.get("verdict") == verdict
            ),
            None,
        )

    def fold(self, turn: Turn, alarm: Alarm, into: Alarm, *, verdict: str, benign: bool) -> None:
        """The same harmless movement again: join both into one alarm with a count."""
        into.count += 1
        self.refine(turn, into, verdict=verdict, benign=benign)
        alarm.detail = {**alarm.detail, "verdict": verdict}
        self._happens(turn, alarm, Verb.JOIN, "gateway", {"joined": into.alarm})

    def same_wind(self, turn: Turn, alarm: Alarm) -> None:
        """Join the wind alarm of this lane to that of another lane a moment ago."""
        known, now_ns = self._wind, turn.now.mono_ns
        first = self._open.get(known[0]) if known and now_ns - known[1] <= SAME_WIND_MS * NS_PER_MS else None
        if first is None or first.detail.get("verdict") != "wind" or first.state not in _JOINED:
            first = alarm
        self._wind = first.alarm, now_ns
        if first is alarm or alarm.state not in _JOINED or alarm.alarm not in self._open:
            return
        lanes = first.detail.get("lanes") or [first.lane]
        if alarm.lane not in lanes:
            self.refine(turn, first, verdict="wind", benign=True, detail={"lanes": [*lanes, alarm.lane]})
        self._happens(turn, alarm, Verb.JOIN, "gateway", {"joined": first.alarm})

    def return_(self, turn: Turn, key: str, detail: dict[str, Any] | None = None) -> None:
        """The cause is over; `detail` is added."""
        for alarm in [one for one in self._open.values() if one.key == key and one.active]:
            alarm.detail = {**alarm.detail, **(detail or {})}
            self._return(turn, alarm)

    def _return(self, turn: Turn, alarm: Alarm) -> None:
        alarm.active = False
        self._happens(turn, alarm, Verb.RETURN, "gateway")

    def command(
        self,
        turn: Turn,
        alarm_id: str,
        verb: Verb,
        author: Author,
        *,
        reason: str = "",
        finding: str = "",
        until_wall_ns: int = 0,
    ) -> Alarm:
        """A person acts on an alarm; NotFoundError or RefusedError changes nothing."""
        alarm = self._open.get(alarm_id)
        if alarm is None:
            raise NotFoundError(f"there is no open alarm {alarm_id}")
        alarm.next(verb)  # RefusedError before anything changes
        _check_words(alarm, verb, reason, finding, until_wall_ns - turn.now.wall_ns)
        if verb is Verb.ACKNOWLEDGE:
            alarm.acknowledged_by = author.by
        if finding:
            alarm.finding = finding
        if verb is Verb.SHELVE:
            turn.start(_shelf_timer(alarm_id), (until_wall_ns - turn.now.wall_ns) // NS_PER_MS)
        if verb is Verb.UNSHELVE:
            turn.cancel(_shelf_timer(alarm_id))
        said: Said = {"via": author.via or None, "station": author.station}
        if reason:
            said["reason"] = reason
        if verb is Verb.SHELVE:
            said["until"] = rfc3339(until_wall_ns)
        self._happens(turn, alarm, verb, author.by or None, said)
        return alarm

    def shelf_over(self, turn: Turn, alarm_id: str) -> None:
        """A shelf has ended: the alarm is shown again."""
        alarm = self._open.get(alarm_id)
        if alarm is not None and alarm.state is _S:
            self._happens(turn, alarm, Verb.UNSHELVE, "gateway")

    def take_out(self, turn: Turn, lane: str, by: str, reason: str) -> None:
        """A lane was tagged: put its alarms out of service, except calls for help."""
        for alarm in list(self._open.values()):
            if alarm.lane == lane and alarm.priority > 1 and Verb.TAKE_OUT in TABLE[alarm.state]:
                self._happens(turn, alarm, Verb.TAKE_OUT, by, {"reason": reason})

    def put_back(self, turn: Turn, lane: str, by: str) -> None:
        """The tag has come off: alarms out of service count again and must be acknowledged again."""
        for alarm in list(self._open.values()):
            if alarm.lane == lane and alarm.state is _O:
                self._happens(turn, alarm, Verb.PUT_BACK, by)

    def _happens(self, turn: Turn, alarm: Alarm, verb: Verb, by: str | None, said: Said | None = None) -> None:
        """Change the state, write the row of the verb, and forget an alarm that is closed."""
        alarm.change(verb)
        alarm.as_of = turn.at
        self._append(turn, alarm, verb, by, said or {})
        if alarm.state is _C:
            if ROWS[verb] is not ROWS[Verb.CLOSE]:
                self._append(turn, alarm, Verb.CLOSE, by, {})
            del self._open[alarm.alarm]

    def _append(self, turn: Turn, alarm: Alarm, verb: Verb, by: str | None, said: Said) -> None:
        row = ROWS[verb](
            alarm=alarm.alarm,
            kind=alarm.kind,
            priority=alarm.priority,
            state=alarm.state.value,
            lane=alarm.lane,
            device=alarm.device,
            raised_at=alarm.raised_at,
            as_of=alarm.as_of,
            acknowledged_by=alarm.acknowledged_by,
            detail=alarm.detail,
            key=alarm.key,
            active=alarm.active,
            benign=alarm.benign,
            finding=alarm.finding,
            count=alarm.count,
            by=by,
            **said,
        )
        turn.append(row)
        turn.show()


def _shelf_timer(alarm_id: str) -> Timer:
    return Timer("alarm", alarm_id, "shelf")


def _check_words(alarm: Alarm, verb: Verb, reason: str, finding: str, shelf_ns: int) -> None:
    if finding not in ("", "real", "false"):
        raise RefusedError("the finding is real or false", code=Refusal.FINDING_INVALID)
    if verb is Verb.VERIFY and not finding:
        raise RefusedError("say what was found: real or false", code=Refusal.FINDING_MISSING)
    if verb is Verb.CLOSE and alarm.active:
        words = "the cause lasts still; end it first (after a crash: reset the lane)"
        raise RefusedError(words, code=Refusal.ALARM_ACTIVE)
    if verb is Verb.CLOSE and alarm.by_person and not (finding or alarm.finding):
        raise RefusedError("say what was found, real or false, before closing", code=Refusal.FINDING_MISSING)
    if verb is Verb.SHELVE and not reason:
        raise RefusedError("shelving needs a reason", code=Refusal.REASON_MISSING)
    if verb is Verb.SHELVE and not 0 < shelf_ns <= SHELF_MAX_MS * NS_PER_MS:
        raise RefusedError("shelving needs an end within the shift (12 h)", code=Refusal.UNTIL_INVALID)
