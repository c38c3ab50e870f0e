"""When the cameras of a lane are asked for a picture: at a passage, at what was not let through, at an incident, and
for a visitor whose vehicle has no plates, when a person says so.

An incident is followed by more pictures, so that what came of it is seen too. The picture of the decision before it is
what shows the moment before. A picture goes to the evidence by its time and camera; no row names it.
"""

from __future__ import annotations

from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Followers, Handlers, Subsystem, Timers
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply, TakePicture
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows.base import LaneRow
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

TIMER = "picture"
ONCE: tuple[type[LaneRow], ...] = (
    rows.PassageEntered,
    rows.PassageExited,
    rows.PassageTailgated,
    rows.AccessDenied,
    rows.AccessReferred,
    rows.ButtonReferred,
    rows.CaseRefused,
)
"""Rows at which one picture is taken."""
INCIDENTS: tuple[type[LaneRow], ...] = (
    rows.BarrierCrashed,
    rows.BarrierStruckVehicle,
    rows.BarrierForced,
    rows.BarrierObstructed,
)
"""Rows at which more follow."""
AGAIN_MS = {"second": 2_000, "third": 5_000}
"""After an incident: further pictures, so long after it."""


class Pictures(Subsystem):
    """Asks the cameras of a lane."""

    def __init__(self, settings: Settings) -> None:
        self._cameras = _cameras(settings)
        self._waiting: dict[int, str] = {}

    def handlers(self) -> Handlers:
        """A person who asks for a picture, the journal's answers, other settings."""
        return {
            events.PictureAsked: self.asked,
            events.JournalCommitted: self.journal_answered,
            events.JournalDelayed: self.journal_answered,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """Passages, refusals, incidents."""
        return {**dict.fromkeys(ONCE, self.happened), **dict.fromkeys(INCIDENTS, self.incident)}

    def timers(self) -> Timers:
        """Further pictures of an incident."""
        return {TIMER: self.again}

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """The cameras of the lanes from now on."""
        self._cameras = _cameras(event.settings)

    def happened(self, turn: Turn, row: LaneRow) -> None:
        """One picture."""
        self._take(turn, row.lane)

    def incident(self, turn: Turn, row: LaneRow) -> None:
        """A picture, and others soon."""
        self._take(turn, row.lane)
        if self._cameras.get(row.lane):
            for name, after_ms in AGAIN_MS.items():
                turn.start(Timer(TIMER, row.lane, name), after_ms)

    def again(self, turn: Turn, timer: Timer) -> None:
        """A further picture of an incident."""
        self._take(turn, timer.owner)

    def asked(self, turn: Turn, event: events.PictureAsked) -> None:
        """A picture for a visit; answered once it is on record who asked."""
        refused = None if self._cameras.get(event.lane) else Refusal.NO_CAMERA
        if not event.by.strip():
            refused = Refusal.NAME_MISSING
        if refused is not None:
            turn.emit(Reply(event.request, "refused", refused.value, refused.meaning))
            return
        token = turn.token()
        self._waiting[token] = event.request
        row = rows.VisitPictured(visit=event.visit, lane=event.lane, **author_of(event).document())
        turn.append(row, token)
        self._take(turn, event.lane)

    def journal_answered(self, turn: Turn, event: events.JournalCommitted | events.JournalDelayed) -> None:
        """The row is written, or waits in memory; the picture is asked for either way."""
        request = self._waiting.pop(event.token, None)
        if request is not None:
            turn.emit(Reply(request, "done"))

    def _take(self, turn: Turn, lane: str) -> None:
        for camera in self._cameras.get(lane, ()):
            turn.emit(TakePicture(camera))


def _cameras(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The cameras of each lane."""
    return {lane.id: lane.cameras for lane in settings.lanes}
