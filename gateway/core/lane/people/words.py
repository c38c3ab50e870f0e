"""What a person does with a car that was not let pass: a row of its case, shown with the decision on it."""

from __future__ import annotations

from gateway.core.access.pending import NOT_STATED, PendingCase, Word
from gateway.core.lane.parts import LaneParts
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.rows import CaseRow
from gateway.core.vocabulary.turn import Turn


class PersonsWords:
    """Records a person's word on a case."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def record(
        self,
        turn: Turn,
        at: Lane,
        kind: type[CaseRow],
        case: PendingCase | None,
        author: Author,
        stated: str,
        to: str | None = None,
    ) -> None:
        """The car was released, refused or reported; `to`: the role that it is handed on to."""
        word = Word(kind.type.removeprefix("case."), author, stated or NOT_STATED, turn.at)
        row = kind(
            lane=at.id,
            case=case.id if case else None,
            pass_=case.pass_id if case else None,
            credential=case.credential if case else None,
            reason=word.reason,
            to=to,
            **author.document(),
        )
        turn.append(row)
        if case is not None:
            case.person_decided(word)
            self._lane.decisions.handled(at, case, word)
        turn.show()
