"""The brokers of central, tried in turn. One that works is kept until it fails."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.settings.model import Broker


class Brokers:
    """At least one."""

    def __init__(self, brokers: Sequence[Broker]) -> None:
        self._brokers = tuple(brokers)
        self._at = 0
        self._failed = 0

    @property
    def current(self) -> Broker:
        """The broker to connect to."""
        return self._brokers[self._at]

    def worked(self) -> None:
        """The connection lasted: connect there again first."""
        self._failed = 0

    def failed(self) -> bool:
        """Go on to the next; True once all have failed in a row."""
        self._at = (self._at + 1) % len(self._brokers)
        self._failed = (self._failed + 1) % len(self._brokers)
        return self._failed == 0
