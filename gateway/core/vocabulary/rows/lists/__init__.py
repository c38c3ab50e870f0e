"""What people keep for the gate beside passes, in the journal: lists of vehicles, and release slips."""

from gateway.core.vocabulary.rows.lists.listed import ListedAdded, ListedRemoved, ListedRow, WatchSeen
from gateway.core.vocabulary.rows.lists.slips import SlipCancelled, SlipConfirmed, SlipRegistered, SlipRow, SlipUsed

__all__ = [
    "ListedAdded", "ListedRemoved", "ListedRow", "SlipCancelled", "SlipConfirmed", "SlipRegistered", "SlipRow",
    "SlipUsed", "WatchSeen",
]  # fmt: skip
