"""Reports as a subsystem: a refusal goes to the shift leader and the control room, a watched car to the latter alone.

Each is a row and an alarm of its own kind: an alarm is on their screens and at central at once, ahead of a backlog, and
stays until a person has acknowledged it. Which screens show a kind is declared with it (`gateway.core.alarms.kinds`).
Nothing here decides on a car or shows at a lane: a watched one is let through or not as any other.
"""

from __future__ import annotations

from typing import Any

from gateway.core.access.barriers import AccessBarriers
from gateway.core.alarms.desk import AlarmDesk
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Lane, Settings
from gateway.core.subsystem import Followers, Handlers, Subsystem
from gateway.core.vocabulary import events
from gateway.core.vocabulary.clock import SureClock
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import (
    AccessDenied,
    AccessGranted,
    AccessReferred,
    CaseRefused,
    CaseReported,
    Credential,
    WatchSeen,
)
from gateway.core.vocabulary.turn import NS_PER_S, Turn

WATCH = "watch"
"""The list of vehicles of which the control room is notified."""
SAME_CAR_S = 120
"""A watched car that is read again at a lane within this time of its last read there was reported already."""
SEEN_MAX = 1_000
"""Watched cars that were seen a moment ago, by lane."""
Decided = AccessGranted | AccessReferred | AccessDenied
TOLD = (Reason.BLOCKED.value, Reason.HAZARDOUS_LOAD.value)
"""Denials of the gateway itself that are reported."""


class Reports(Subsystem):
    """Refusals and watched cars."""

    def __init__(self, settings: Settings, barriers: AccessBarriers, desk: AlarmDesk, clock: SureClock) -> None:
        self._barriers = barriers
        self._desk = desk
        self._clock = clock
        self._seen: dict[tuple[str, str], int] = {}
        self._afar: dict[Credential, list[str]] = {}
        self._set(settings)

    def _set(self, settings: Settings) -> None:
        self._lanes = settings.lanes

    def handlers(self) -> Handlers:
        """Reads, after access has decided on them."""
        return {events.CredentialRead: self.read, SettingsChanged: self.settings_changed}

    def followers(self) -> Followers:
        """Cars that a person turned away, and those that the gateway has decided on."""
        return {CaseRefused: self.refused, **dict.fromkeys((AccessGranted, AccessReferred, AccessDenied), self.decided)}

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """These lanes hold from now on."""
        self._set(event.settings)

    # ---- refused

    def refused(self, turn: Turn, row: CaseRefused) -> None:
        """A person turned a car away; the row names the leader, and the control room is notified too."""
        turn.append(
            CaseReported(
                lane=row.lane, case=row.case, pass_=row.pass_, credential=row.credential, reason=row.reason,
                to="control_room", by=row.by, via=row.via, station=row.station,
            )
        )  # fmt: skip
        self._raise(turn, "refused", row.lane, row.credential, why=row.reason, by=row.by)

    def decided(self, turn: Turn, row: Decided) -> None:
        """The gateway has decided on what a car has shown, perhaps from afar a moment ago."""
        if isinstance(row, AccessDenied):
            self.denied(turn, row)
        if row.credential is None or row.credential not in self._afar:
            return
        entries = self._afar.pop(row.credential)
        for lane in [one for one in self._lanes if one.id == row.lane]:
            for entry in entries:
                self._watched(turn, lane, entry, row.credential)

    def denied(self, turn: Turn, row: AccessDenied) -> None:
        """The gateway refused a car that is blocked, or whose load may not come in."""
        if row.reason not in TOLD:
            return
        turn.append(
            CaseReported(
                lane=row.lane, case=row.case, pass_=row.pass_, credential=row.credential, reason=row.reason,
                to="leader", by="gateway", via=None, station=None,
            )
        )  # fmt: skip
        self._raise(turn, "refused", row.lane, row.credential, why=row.reason, by="gateway")

    # ---- watched

    def read(self, turn: Turn, event: events.CredentialRead) -> None:
        """Tell of a watched car, once while it is read at a lane; of one that is seen from afar once it is there."""
        if not event.listed and not self._afar:
            return
        shown, wall_ns = Credential(event.kind, event.value), self._clock.wall_ns(turn.now)
        self._afar.pop(shown, None)
        watched = [one.entry for one in event.listed if one.kind == WATCH and wall_ns < one.until_ns]
        lanes = self._lanes_of(event) if watched else []
        for lane in lanes:
            for entry in watched:
                self._watched(turn, lane, entry, shown)
        if watched and not lanes:
            self._afar[shown] = watched
            while len(self._afar) > SEEN_MAX:
                self._afar.pop(next(iter(self._afar)))

    def _lanes_of(self, event: events.CredentialRead) -> list[Lane]:
        """The lanes whose car has shown this; a tag that is seen from afar is of no lane until then."""
        lanes = [lane for lane in self._lanes if event.device in (*lane.readers, *lane.cameras)]
        shown = [lane for lane in lanes if self._barriers.barrier_of(lane.id).has_shown(lane, event)]
        return shown or ([] if event.long_range or event.again else lanes[:1])

    def _watched(self, turn: Turn, lane: Lane, entry: str, shown: Credential) -> None:
        if not self._told(lane, entry, turn.now.mono_ns):
            self._tell(turn, lane, entry, shown)

    def _told(self, lane: Lane, entry: str, now_ns: int) -> bool:
        """Whether this car was reported; from now on it is."""
        last_ns = self._seen.pop((lane.id, entry), None)
        self._seen[(lane.id, entry)] = now_ns
        while len(self._seen) > SEEN_MAX:
            self._seen.pop(next(iter(self._seen)))
        return last_ns is not None and now_ns - last_ns <= SAME_CAR_S * NS_PER_S

    def _tell(self, turn: Turn, lane: Lane, entry: str, credential: Credential) -> None:
        turn.append(WatchSeen(lane=lane.id, direction=lane.direction.value, entry=entry, credential=credential))
        self._raise(turn, "watched", lane.id, credential, entry=entry)

    def _raise(self, turn: Turn, kind: str, lane: str, credential: Credential | None, **detail: Any) -> None:
        """Raise the alarm; its cause is over at once, so acknowledging it closes it."""
        key = f"lane:{lane}:{kind}"
        shown = None if credential is None else {"kind": credential.kind, "value": credential.value}
        self._desk.raise_(turn, kind, key, lane=lane, detail={"credential": shown, **detail})
        self._desk.return_(turn, key)
