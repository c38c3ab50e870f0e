"""Operators, their wrong PINs and the first set-up: the clerk's ops for people.

A stranger at a screen may give a wrong PIN many times a second. The first one of a name is journaled at once, those of
the next minute in one row more, so that no flood fills the journal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.times import NS_PER_S, rfc3339
from gateway.engine.clock import Clock
from gateway.engine.socket import requests as r
from gateway.store.settings.people import Journal, People

log = logging.getLogger(__name__)

TOGETHER_S = 60
"""Wrong PINs of one name within this time are one row."""
OPEN_MAX = 2_000
"""Names that are counted at a time."""
BEGINS_ANEW = "setup.finish"
"""The op after which the engine begins anew: site and gateway have other names."""


class FailedTries:
    """Counts wrong PINs by name; belongs to the clerk's thread."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._open: dict[tuple[bool, str | None], _Bucket] = {}

    def count(self, asked: r.OperatorFailed) -> None:
        """Journal a wrong PIN now, or with the others of its minute."""
        self.look()
        self._count(asked, locks=False)
        if asked.wait_s:
            self._count(asked, locks=True)

    def look(self) -> None:
        """Journal what was counted in minutes that are over."""
        now_ns = self._clock.now().mono_ns
        for key, bucket in list(self._open.items()):
            if now_ns - bucket.mono_ns >= TOGETHER_S * NS_PER_S:
                del self._open[key]
                self._write(bucket, key[0])

    def flush(self) -> None:
        """Journal what was counted, at a stop."""
        while self._open:
            (locks, _), bucket = self._open.popitem()
            self._write(bucket, locks)

    def _count(self, asked: r.OperatorFailed, *, locks: bool) -> None:
        now = self._clock.now()
        known = self._open.get((locks, asked.operator))
        if known is not None:
            known.last, known.count = asked, known.count + 1
            return
        if len(self._open) >= OPEN_MAX:
            self.flush()
        self._open[locks, asked.operator] = _Bucket(asked, rfc3339(now.wall_ns), now.mono_ns)
        self._write(_Bucket(asked, rfc3339(now.wall_ns), now.mono_ns, 1), locks)

    def _write(self, bucket: _Bucket, locks: bool) -> None:
        if not bucket.count:
            return
        last = bucket.last
        log.warning("wrong PIN for %s, %d times, from %s", last.operator or "no operator", bucket.count, last.address)
        told: dict[str, Any] = {
            "operator": last.operator,
            "by": last.by,
            "station": last.station,
            "address": last.address,
            "count": bucket.count,
            "since": bucket.since,
        }
        if locks:
            self._journal(rows.OperatorLockedOut(**told, wait_s=last.wait_s))
        else:
            self._journal(rows.OperatorSignInFailed(**told))


class _Bucket(msgspec.Struct):
    """A minute of one name: what was journaled at its start is not in `count`."""

    last: r.OperatorFailed
    since: str
    mono_ns: int
    count: int = 0


class PeopleOps:
    """The ops; each returns its result or raises a GatehouseError."""

    def __init__(self, people: Callable[[Journal], People], journal: Journal, clock: Clock) -> None:
        self._people = people(journal)
        self.tries = FailedTries(journal, clock)
        self.ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "operator.list": self._list,
            "operator.add": self._add,
            "operator.set_pin": self._set_pin,
            "operator.set_role": self._set_role,
            "operator.remove": self._remove,
            "operator.unlock": self._unlock,
            "operator.failed": self._failed,
            "setup.code": self._new_code,
            BEGINS_ANEW: self._set_up,
        }

    def _list(self, params: dict[str, Any]) -> dict[str, Any]:
        r.read(r.OperatorList, params)
        return self._people.list()

    def _add(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.OperatorAdd, params)
        return self._people.add(asked.name, asked.role, asked.pin_hash, asked.who)

    def _set_pin(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.OperatorPin, params)
        return self._people.set_pin(asked.name, asked.pin_hash, asked.who)

    def _set_role(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.OperatorRole, params)
        return self._people.set_role(asked.name, asked.role, asked.who)

    def _remove(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.OperatorRemove, params)
        return self._people.remove(asked.name, asked.who, asked.also_last)

    def _unlock(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.OperatorUnlock, params)
        return self._people.unlock(asked.name, asked.who, asked.station)

    def _failed(self, params: dict[str, Any]) -> dict[str, Any]:
        self.tries.count(r.read(r.OperatorFailed, params))
        return {}

    def _new_code(self, params: dict[str, Any]) -> dict[str, str]:
        return self._people.new_code(r.read(r.SetupCode, params).who)

    def _set_up(self, params: dict[str, Any]) -> dict[str, str]:
        asked = r.read(r.SetupFinish, params)
        return self._people.set_up(asked.code, msgspec.to_builtins(asked.form), asked.pin_hash, asked.via)
