"""Retention: what the journal may forget, and forgetting it in steps so small that nothing ever waits for them.

A row is kept for `days`, and `grace_days` more while a registered consumer has not confirmed it; past that, and past
`megabytes` at any age, it goes all the same, and a `journal.gap` row says what was lost to whom. Plates and card
numbers go with it: from the journal's text, and from what was made of it (visits and alarms that are over). Nothing
goes that the projections have not seen.

Only rows whose clock was sure tell how old they are, and only while the clock is sure now. Order is age: what stands
before an old row is older. The first row that is surely young ends the walk, so a row with a clock that was wrong can
neither take younger ones with it nor hold older ones back. A stretch without a clock is walked once, over several looks
if it is long.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from gateway.core.settings.model import Retention
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.events import ClockState, Now
from gateway.engine.journal_thread.entries import Entry
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Row

log = logging.getLogger(__name__)

STEP_ROWS = 200
"""Rows that go in one transaction: a few milliseconds on an SD card."""
PAUSE_S = 0.05
"""Between two steps, so that commits of the recorder come first."""
LOOK_S = 600.0
FIRST_LOOK_S = 30.0
_SCAN_PAGES = 50
_PAGE_ROWS = 1000
_DAY_NS = 86_400 * 1_000_000_000
_MEGABYTE = 1_000_000


class Dropping(Protocol):
    """What is needed of `store.journal.Journal`."""

    def drop_some(self, before: int, *, wall_ns: int, most: int) -> int:
        """Drop up to `most` of the oldest rows before that sequence; returns how many went."""

    def tidy(self) -> bool:
        """Copy the WAL into the database if it is worth it."""


class Projected(Protocol):
    """What is needed of `store.state.State`."""

    @property
    def sequence(self) -> int:
        """The last journal row that was applied."""

    def forget(self, before: int) -> None:
        """Forget what ended before that row."""


class _Stamp(msgspec.Struct, frozen=True, gc=False):
    clockstate: str = ""


class _Lost(msgspec.Struct):
    """Rows that went although somebody has not confirmed them."""

    first: int
    last: int
    lasthash: str
    reason: str
    behind: tuple[str, ...]


_decode = msgspec.json.Decoder(_Stamp).decode


class Keeper:
    """`run` in a thread of its own until `stop`."""

    def __init__(
        self,
        journal: Dropping,
        reader: JournalReader,
        state: Projected,
        rules: Retention,
        *,
        confirmed: Callable[[str, int | None], Mapping[str, int]],
        now: Callable[[], Now],
        submit: Callable[[list[Entry]], Any],
    ) -> None:
        """`confirmed` gives each consumer's last row in the journal of that id, by the wall time while that is sure.

        `submit` takes the row about a loss.
        """
        self._journal = journal
        self._reader = reader
        self._state = state
        self._rules = rules
        self._confirmed = confirmed
        self._now = now
        self._submit = submit
        self._stop = threading.Event()
        self._dated = 0  # before this row all that are left had no clock
        self._since_ns = 0  # when the work in hand began: its steps share one gap record
        self._lost: _Lost | None = None
        self._failing = False
        self.turns = 0

    def stop(self) -> None:
        """End `run` after the step in hand."""
        self._stop.set()

    def run(self) -> None:
        """Look every ten minutes; while there is something to forget, a step at a time."""
        wait_s = FIRST_LOOK_S
        while not self._stop.wait(wait_s):
            wait_s = PAUSE_S if self.turn() else LOOK_S

    def turn(self) -> bool:
        """One step; True when there may be more to do at once. What fails is tried again at the next look."""
        self.turns += 1
        try:
            more = self._step()
            self._failing = False
        except GatehouseError as error:
            if not self._failing:
                log.error("retention cannot go on: %s", error)
            self._failing = True
            more = False
        except Exception:
            if not self._failing:
                log.exception("retention cannot go on")
            self._failing = True
            more = False
        if not more:
            self._since_ns = 0
            self._tell()
        return more

    def _step(self) -> bool:
        first = self._reader.first_sequence()
        now = self._now()
        consumers = self._confirmed(self._reader.journal_id, None if now.clock is ClockState.UNSET else now.wall_ns)
        delivered = min(consumers.values(), default=self._state.sequence)
        stop, reason = self._bound(first, delivered)
        stop = min(stop, first + STEP_ROWS, self._state.sequence + 1)
        if stop <= first:
            return False
        lasthash = self._reader.hash_of(stop - 1)
        self._since_ns = self._since_ns or self._now().wall_ns
        if not self._journal.drop_some(stop, wall_ns=self._since_ns, most=STEP_ROWS):
            return False
        if stop - 1 > delivered:
            behind = tuple(sorted(name for name, sequence in consumers.items() if sequence < stop - 1))
            self._lose(max(first, delivered + 1), stop - 1, lasthash, reason, behind)
        self._state.forget(stop)
        self._journal.tidy()
        return True

    def _bound(self, first: int, delivered: int) -> tuple[int, str]:
        """The row before which all may go, and why."""
        if self._reader.used_bytes() > self._rules.megabytes * _MEGABYTE:
            return first + STEP_ROWS, "size"
        now = self._now()
        if now.clock is ClockState.UNSET:
            return 0, ""
        days_ns = self._rules.days * _DAY_NS
        stop = min(self._old_until(first, now.wall_ns - days_ns, now.wall_ns), delivered + 1)
        if stop > first:
            return stop, "age"
        return self._old_until(first, now.wall_ns - days_ns - self._rules.grace_days * _DAY_NS, now.wall_ns), "age"

    def _old_until(self, first: int, limit_ns: int, now_ns: int) -> int:
        """The row before which all rows are surely older than `limit_ns`, as far as one step needs to know."""
        stop = 0
        dated = max(first, self._dated)
        for row in self._from(dated):
            unset = _decode(row.text).clockstate == ClockState.UNSET
            if unset and row.sequence == dated:
                dated = self._dated = row.sequence + 1
            if unset or row.wall_ns > now_ns:
                continue  # its clock was wrong: it says nothing about its age
            if row.wall_ns >= limit_ns:
                break
            stop = row.sequence + 1
            if stop - first >= STEP_ROWS:
                break
        return stop

    def _from(self, first: int) -> Iterator[StoredRow]:
        after = first - 1
        for _ in range(_SCAN_PAGES):
            rows = self._reader.page(after, _PAGE_ROWS)
            yield from rows
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1].sequence

    # ---- what was lost ---------------------------------------------------------------------------------------------

    def _lose(self, first: int, last: int, lasthash: str, reason: str, behind: tuple[str, ...]) -> None:
        begun = self._lost.first if self._lost else first
        self._lost = _Lost(begun, last, lasthash, reason, behind)

    def _tell(self) -> None:
        """One row for all that a look has cost somebody."""
        lost, self._lost = self._lost, None
        if lost is None:
            return
        log.warning("rows %d to %d went (%s) without %s", lost.first, lost.last, lost.reason, ", ".join(lost.behind))
        now = self._now()
        data = {**msgspec.structs.asdict(lost), "by": "gateway"}
        self._submit([Entry(Row("journal.gap", "journal", data, now.wall_ns, now.mono_ns, now.clock))])
