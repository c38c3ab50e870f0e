"""Retention: drops old rows of the journal in steps so small that nothing waits for them.

A row is kept for `days`, and `grace_days` more until every registered consumer has confirmed it. Later, and past
`megabytes` at any age, it is dropped all the same, and a `journal.gap` row names the loss and the consumers. Plates and
card numbers go with the row, and with the visits and alarms that ended before it. A row that the projections have not
applied stays.

Age is known only for rows with a sure clock, and only while the clock is sure now. Rows are ordered by age: a row
before an old one is older. The first row that is surely young ends the walk, so a row with a wrong clock can neither
take younger ones with it nor keep older ones. A stretch without a clock is walked once, over several rounds if it is
long.
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
from gateway.core.vocabulary.rows import JournalGap
from gateway.engine.journal_thread.entries import Entry
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Row

log = logging.getLogger(__name__)

STEP_ROWS = 200
"""Rows dropped in one transaction: a few milliseconds on an SD card."""
PAUSE_S = 0.05
"""Pause between two steps, so that commits of the recorder come first."""
LOOK_S = 600.0
FIRST_LOOK_S = 30.0
_SCAN_PAGES = 50
_PAGE_ROWS = 1000
_DAY_NS = 86_400 * 1_000_000_000
_MEGABYTE = 1_000_000


class Dropping(Protocol):
    """The needed part of `Journal`."""

    def drop_some(self, before: int, *, wall_ns: int, most: int) -> int:
        """Drop up to `most` of the oldest rows before that sequence; returns how many."""

    def tidy(self) -> bool:
        """Copy the WAL into the database if it is worth it."""


class Projected(Protocol):
    """The needed part of `State`."""

    @property
    def sequence(self) -> int:
        """The last journal row that was applied."""

    def forget(self, before: int) -> None:
        """Delete visits and alarms that ended before that row."""


class _Stamp(msgspec.Struct, frozen=True, gc=False):
    clockstate: str = ""


_decode = msgspec.json.Decoder(_Stamp).decode


class Keeper:
    """Call `run` in its own thread; `stop` ends it."""

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
        """`confirmed` returns each consumer's last row in the journal of that id; it gets the wall time while sure.

        `submit` takes the row of a gap.
        """
        self._journal = journal
        self._reader = reader
        self._state = state
        self._rules = rules
        self._confirmed = confirmed
        self._now = now
        self._submit = submit
        self._stop = threading.Event()
        self._dated = 0  # all remaining rows before this one had no clock
        self._since_ns = 0  # when this round began: its steps share one gap row
        self._lost: JournalGap | None = None
        self._failing = False
        self.turns = 0

    def settings_changed(self, rules: Retention) -> None:
        """Keep rows by these rules from the next step on; from any thread."""
        self._rules = rules

    def stop(self) -> None:
        """End `run` after the current step."""
        self._stop.set()

    def run(self) -> None:
        """Check every ten minutes; while there are rows to drop, step by step."""
        wait_s = FIRST_LOOK_S
        while not self._stop.wait(wait_s):
            wait_s = PAUSE_S if self.turn() else LOOK_S

    def turn(self) -> bool:
        """One step; True if there may be more at once. A failure is tried again in the next round."""
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
        """The row before which all may be dropped, and the reason."""
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
        """The row before which all rows are surely older than `limit_ns`, as far as one step needs."""
        stop = 0
        dated = max(first, self._dated)
        for row in self._from(dated):
            unset = _decode(row.text).clockstate == ClockState.UNSET
            if unset and row.sequence == dated:
                dated = self._dated = row.sequence + 1
            if unset or row.wall_ns > now_ns:
                continue  # its clock was wrong, so its age is unknown
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
        self._lost = JournalGap(first=begun, last=last, lasthash=lasthash, reason=reason, behind=behind)

    def _tell(self) -> None:
        """Write one row for all losses of this round."""
        lost, self._lost = self._lost, None
        if lost is None:
            return
        log.warning(
            "rows %d to %d went (%s) without %s", lost.first, lost.last, lost.reason, ", ".join(lost.behind or ())
        )
        self._submit([Entry(Row.of(lost, "", self._now()))])
