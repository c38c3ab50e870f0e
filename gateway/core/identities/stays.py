"""No card at the exit: a person says which stay the car in front is of, and releases or refuses it.

The stay is looked up by its id, and corrected by the passages since: one that is over is not ended twice. The case of
the car then has that stay, so that its passage ends it; a charge that is due for it is asked for like that of a card.
"""

from __future__ import annotations

from gateway.core.access.recent import Recent
from gateway.core.access.rules import Decision
from gateway.core.lane.people.commands import PersonsCommands
from gateway.core.lanes.lanes import Lanes
from gateway.core.payments.bills import Bills
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Direction, Lane, Settings
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.events import Account, OpenVisit, StayCommandReceived
from gateway.core.vocabulary.reasons import Reason, Refusal, Verdict
from gateway.core.vocabulary.turn import Turn

RELEASE, REFUSE = "release", "refuse"


class NamedStays(Subsystem):
    """Carries out or refuses what a person says of a car without a card, and answers."""

    def __init__(self, settings: Settings, lanes: Lanes, recent: Recent, bills: Bills) -> None:
        self._settings = settings
        self._lanes = lanes
        self._recent = recent
        self._bills = bills

    def handlers(self) -> Handlers:
        """A person's word, and other settings."""
        return {StayCommandReceived: self.command, SettingsChanged: self.settings_changed}

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """These lanes are there now."""
        self._settings = event.settings

    def command(self, turn: Turn, event: StayCommandReceived) -> None:
        """Release or refuse the car, and answer."""
        refused = self._given(turn, event)
        if refused is None:
            turn.emit(Reply(event.request, "done"))
            return
        turn.emit(Reply(event.request, "refused", str(refused)))
        turn.log("info", f"{event.verb} without a card on {event.lane} by {event.by} refused: {refused}")

    def _given(self, turn: Turn, event: StayCommandReceived) -> str | None:
        """Carry it out; the code of the refusal where it cannot be."""
        lane = self._settings.lane(event.lane)
        if lane is None or lane.direction is not Direction.EXIT:
            return Refusal.UNKNOWN_LANE
        commands = self._lanes.commands_of(lane.id)
        refused = _refusal(turn, lane, commands, event)
        if refused is not None:
            return refused
        stay = self._stay(event)
        if event.visit and stay is None:
            return Refusal.VISIT_OVER
        author = author_of(event)
        decision = self._decision(turn, event, stay)
        if not commands.name_stay(turn, lane, author, decision, stay):
            return Refusal.MAY_PASS_ALREADY
        if event.verb == RELEASE and decision.bill is not None and decision.bill.due:
            return Refusal.UNPAID
        if event.verb == RELEASE:
            commands.release_stay(turn, lane, author, event.reason, stay.visit if stay else "", event.person)
        else:
            commands.refuse_stay(turn, lane, author, event.reason)
        return None

    def _stay(self, event: StayCommandReceived) -> OpenVisit | None:
        """The stay as it is now; None when it is over, or none was found."""
        stay = event.stays[0] if event.stays else None
        if stay is None:
            return None
        passes, value = _of(stay)
        found = self._recent.visits(event.stays, event.after, passes, value, stay.visit)
        return next((one for one in found if one.visit == stay.visit), None)

    def _decision(self, turn: Turn, event: StayCommandReceived, stay: OpenVisit | None) -> Decision:
        """The car waits for the person's word, with the pass of its stay and what that costs."""
        found = next((one for one in event.passes if stay is not None and one.id == stay.pass_id), None)
        bill = None if stay is None else self._bills.of(_account(event, stay), found, turn.now.wall_ns)
        return Decision(Verdict.REFERRED, Reason.NO_CREDENTIAL, "no card, a person names the stay", found, bill=bill)


def _refusal(turn: Turn, lane: Lane, commands: PersonsCommands, event: StayCommandReceived) -> str | None:
    if not event.by:
        return Refusal.NAME_MISSING
    if event.verb not in (RELEASE, REFUSE):
        return Refusal.UNKNOWN_COMMAND
    if not event.reason.strip():
        return Refusal.REASON_MISSING
    if event.expires_mono_ns and turn.now.mono_ns >= event.expires_mono_ns:
        return Refusal.COMMAND_EXPIRED
    commands.forget_gone(turn, lane)
    refused = commands.refusal("open", not event.present, lane) if event.verb == RELEASE else None
    return None if refused == Refusal.UNPAID else refused  # the sum is worked out anew for the stay that is named


def _account(event: StayCommandReceived, stay: OpenVisit) -> Account:
    """The account of the stay; a new one while the projections have none."""
    return event.accounts[0] if event.accounts else Account(stay.visit, stay.pass_id, stay.entered_wall_ns)


def _of(stay: OpenVisit) -> tuple[frozenset[str], str]:
    """The passes and the credential by which later passages of the same car are known."""
    passes = frozenset({stay.pass_id}) if stay.pass_id is not None else frozenset()
    return passes, stay.credential or stay.plate or ""
