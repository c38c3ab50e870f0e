"""What people keep for the gate beside passes, in the journal: lists of watched and hazardous vehicles."""

from gateway.core.vocabulary.rows.lists.listed import ListedAdded, ListedRemoved, ListedRow, WatchSeen

__all__ = ["ListedAdded", "ListedRemoved", "ListedRow", "WatchSeen"]
