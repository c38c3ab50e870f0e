"""Corrections of who is inside, as a subsystem: people's commands become rows.

The projections count the open visits, and add what a person's count differed from them (`offset`). A correction comes
with what they know, and with the name of the last row that they had applied; `recent` adds what happened since. So of
two people who correct the same visit the second is refused, and the next decision counts the correction.

A count that was set stays as it is when a car that it left out is ended by hand later, or one that it had in it is
declared later: `counted` of the row is false then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.core.access.recent import Recent
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary import events
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.events import VisitCommandReceived
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows import Row, VisitCameUnseen, VisitLeftUnseen, VisitsCounted
from gateway.core.vocabulary.times import NS_PER_S
from gateway.core.vocabulary.turn import Ids, Turn, rfc3339

COUNT_MAX = 1_000_000
CAME_MAX_NS = 400 * 86_400 * NS_PER_S
"""A car that is declared came in so long ago at most."""


class _Waiting(NamedTuple):
    """A correction whose row is on its way to the disk."""

    request: str
    about: str


class Visits(Subsystem):
    """Corrections of a site's visits, and of the number of cars inside."""

    def __init__(self, recent: Recent) -> None:
        self._recent = recent
        self._ids = Ids()
        self._waiting: dict[int, _Waiting] = {}
        self._verbs: dict[str, Callable[[Turn, VisitCommandReceived], tuple[str, Row]]] = {
            "left": self._left,
            "came": self._came,
            "count": self._count,
        }

    def handlers(self) -> Handlers:
        """A person's correction, the journal's answers, the start of a run."""
        return {
            VisitCommandReceived: self.command,
            events.JournalCommitted: self.journal_answered,
            events.JournalDelayed: self.journal_answered,
            events.Started: self.started,
        }

    def started(self, _turn: Turn, event: events.Started) -> None:
        """Ids of this run are its own."""
        self._ids.begin(event.run)

    def command(self, turn: Turn, event: VisitCommandReceived) -> None:
        """A person corrects; the answer comes once the row is on the disk."""
        try:
            about, row = self._row_of(turn, event)
        except (NotFoundError, RefusedError) as error:
            turn.emit(Reply(event.request, "refused", str(error.code), str(error)))
            return
        token = turn.token()
        self._waiting[token] = _Waiting(event.request, about)
        turn.append(row, token)

    def journal_answered(self, turn: Turn, event: events.JournalCommitted | events.JournalDelayed) -> None:
        """The row of a correction is written, or waits in memory."""
        waiting = self._waiting.pop(event.token, None)
        if waiting is not None:
            late = "the disk is slow; this is kept in memory until it is written"
            detail = late if isinstance(event, events.JournalDelayed) else ""
            turn.emit(Reply(waiting.request, "done", detail=detail, visit=waiting.about))

    def _row_of(self, turn: Turn, event: VisitCommandReceived) -> tuple[str, Row]:
        verb = self._verbs.get(event.verb)
        if verb is None:
            raise RefusedError(f"use one of {', '.join(self._verbs)}", code=Refusal.UNKNOWN_VERB)
        if not event.by.strip():
            raise RefusedError("say who corrects it", code=Refusal.NAME_MISSING)
        if not event.reason.strip():
            raise RefusedError("say why it is corrected", code=Refusal.REASON_MISSING)
        return verb(turn, event)

    # ---- one visit

    def _left(self, _turn: Turn, event: VisitCommandReceived) -> tuple[str, Row]:
        facts, recent = event.facts, self._recent
        stay = recent.stay(event.visit, facts.stay, facts.after)
        if stay is None:
            raise self._over(event)
        earlier = recent.since_before_count(event.visit, facts.earlier, facts.after)
        absorbed = earlier and recent.offset(facts.offset, facts.after) < 0
        row = VisitLeftUnseen(
            visit=event.visit,
            pass_=stay.pass_id,
            plate=stay.plate,
            entered_at=rfc3339(stay.entered_wall_ns),
            counted=not absorbed,
            reason=event.reason,
            **_who(event),
        )
        return event.visit, row

    def _over(self, event: VisitCommandReceived) -> NotFoundError | RefusedError:
        """Why a visit cannot be ended."""
        facts = event.facts
        if not facts.known and not self._recent.over(event.visit, facts.after):
            return NotFoundError(f"there is no visit {event.visit!r}")
        by = self._recent.ended_by(event.visit, facts.after) or facts.ended_by
        ended = f"{by} has ended it already" if by else "its car has left"
        return RefusedError(f"visit {event.visit} is not inside: {ended}", code=Refusal.VISIT_OVER)

    # ---- a car that came unseen

    def _came(self, turn: Turn, event: VisitCommandReceived) -> tuple[str, Row]:
        facts, recent, now_ns = event.facts, self._recent, turn.now.wall_ns
        entered_ns = event.entered_wall_ns or now_ns
        if not now_ns - CAME_MAX_NS <= entered_ns <= now_ns:
            words = "give when it came in: an instant of the last 400 days, not one that lies ahead"
            raise RefusedError(words, code=Refusal.ENTERED_INVALID)
        self._must_be_outside(event)
        of = facts.passes[0] if len(facts.passes) == 1 else None
        set_ns = recent.counted_ns(facts.set_wall_ns, facts.after)
        absorbed = entered_ns < set_ns and recent.offset(facts.offset, facts.after) > 0
        visit = event.visit or self._ids.next("u")
        row = VisitCameUnseen(
            visit=visit,
            pass_=of.id if of else None,
            kind=of.kind.value if of else None,
            plate=event.plate or (facts.expected.plate if facts.expected else None),
            entered_at=rfc3339(entered_ns),
            counted=not absorbed,
            reason=event.reason,
            **_who(event),
        )
        return visit, row

    def _must_be_outside(self, event: VisitCommandReceived) -> None:
        """RefusedError when the car is inside, or its visitor is no longer expected."""
        facts, recent = event.facts, self._recent
        if event.visit:
            visitor = facts.expected
            if visitor is None or recent.over(event.visit, facts.after):
                words = f"visit {event.visit} is not expected; say the plate of the car"
                raise RefusedError(words, code=Refusal.VISIT_OVER)
            entered = recent.entered(event.visit, facts.after)
            if visitor.entered if entered is None else entered:
                raise RefusedError(f"visit {event.visit} is inside already", code=Refusal.ALREADY_INSIDE)
        passes = frozenset(one.id for one in facts.passes)
        stays = recent.visits(facts.stays, facts.after, passes, event.plate, event.visit) if event.plate else ()
        one_car = len(facts.passes) == 1 and len(facts.passes[0].plates) <= 1
        same = [stay for stay in stays if stay.plate == event.plate or (stay.plate is None and one_car)]
        if same:
            words = f"this car is inside already, as visit {same[0].visit}"
            raise RefusedError(words, code=Refusal.ALREADY_INSIDE)

    # ---- the number of cars

    def _count(self, _turn: Turn, event: VisitCommandReceived) -> tuple[str, Row]:
        facts, recent = event.facts, self._recent
        if not 0 <= event.count <= COUNT_MAX:
            raise RefusedError(f"give a number between 0 and {COUNT_MAX}", code=Refusal.COUNT_INVALID)
        set_id, set_by = recent.last_count(facts.after) or (facts.set_id, facts.set_by)
        if event.seen is not None and event.seen != set_id:
            words = f"{set_by or 'another person'} has set the number meanwhile; look at it, then set it again"
            raise RefusedError(words, code=Refusal.COUNT_CHANGED)
        correction = self._ids.next("n")
        row = VisitsCounted(
            correction=correction,
            count=event.count,
            before=recent.cars(facts.cars, facts.after),
            reason=event.reason,
            **_who(event),
        )
        return correction, row


def _who(event: VisitCommandReceived) -> dict[str, str | None]:
    return author_of(event).document()
