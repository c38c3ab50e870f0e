"""One repair order, as the core keeps it and as people see it."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.repairs.lifecycle import REFUSED, TABLE, RepairState, RepairVerb
from gateway.core.vocabulary.errors import RefusedError
from gateway.core.vocabulary.rows import LimitChange
from gateway.core.vocabulary.views import RepairView, overdue


class RepairOrder(msgspec.Struct):
    """An open order; the fields are those of its rows."""

    repair: str
    kind: str
    urgency: str
    state: RepairState
    cause: str
    opened_at: str
    as_of: str
    on_site_by: str
    mend_by: str
    lane: str | None = None
    device: str | None = None
    alarm: str | None = None
    count: int = 1
    assigned_to: str | None = None
    arrived_at: str | None = None
    reported_by: str | None = None
    limits: tuple[LimitChange, ...] = ()

    @property
    def limit_open(self) -> bool:
        """Whether a changed limit waits for the control room."""
        return any(change.acknowledged_by is None for change in self.limits)

    def next(self, verb: RepairVerb) -> RepairState:
        """The state after a verb; RefusedError if it does not fit."""
        following = TABLE[self.state].get(verb)
        if following is None:
            code, words = REFUSED[self.state][verb]
            raise RefusedError(words, code=code)
        return following

    def change(self, verb: RepairVerb) -> None:
        """Take the state that the table says; nothing else changes it."""
        self.state = self.next(verb)

    def document(self) -> dict[str, Any]:
        """The fields of a row about it."""
        return {**msgspec.structs.asdict(self), "state": self.state.value}

    def view(self, now: str) -> RepairView:
        """The order for screens and central."""
        known = {**self.document(), "overdue": overdue(self.state, self.on_site_by, self.mend_by, now)}
        return RepairView(**{name: known[name] for name in RepairView.__struct_fields__})
