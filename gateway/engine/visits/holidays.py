"""The holidays of the site's country: a child process works them out once a year, and the core gets them as days.

The library that knows them needs 19 MB, which the engine does not hold for it. The file stays in the data directory, so
that a start without the child knows them too.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gateway.core.payments.bills import CountryDays
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.events import Event, HolidaysKnown
from gateway.store.times import local_time
from gateway.store.visits.holidays import KeptDays, keep_days, read_days

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "gateway.store.calendar")
LOOK_S = 3600.0
"""How often the year is looked at, and how soon a child that failed is tried again."""
CHILD_MAX_S = 120.0


class Holidays:
    """`run` is a thread of its own; it may wait for its child process."""

    def __init__(
        self,
        settings: Settings,
        path: Path,
        report: Callable[[Event], None],
        wall_ns: Callable[[], int],
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Starts nothing."""
        self._path = path
        self._report = report
        self._wall_ns = wall_ns
        self._command = command
        self._known = CountryDays()
        self._wake = threading.Event()
        self._stopped = False
        self._child: subprocess.Popen[bytes] | None = None
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on; from any thread."""
        days = settings.prices.calendar
        self._country, self._zone = days.country if days is not None else None, settings.zone
        self._wake.set()

    @property
    def known(self) -> CountryDays:
        """The days as the core was last told."""
        return self._known

    def stop(self) -> None:
        """End `run`, and a child that works."""
        self._stopped = True
        self._wake.set()
        child = self._child
        if child is not None:
            child.kill()

    def run(self) -> None:
        """Look at the year and the country until `stop`."""
        while not self._stopped:
            self._wake.clear()
            try:
                self._look()
            except (OSError, subprocess.SubprocessError, msgspec.DecodeError, ValueError) as error:
                log.error("the holidays of %s are not known; those of the site file hold: %s", self._country, error)
            self._wake.wait(LOOK_S)

    def _look(self) -> None:
        country, year = self._country, local_time(self._wall_ns(), self._zone).year
        if country is None:
            self._tell(CountryDays())
            return
        years = (year - 1, year, year + 1)
        kept = read_days(self._path)
        if kept is None or not kept.covers(country, years):
            kept = self._worked_out(country, years)
            if kept is None:
                return
            keep_days(self._path, kept)
        self._tell(kept.days)

    def _worked_out(self, country: str, years: tuple[int, ...]) -> KeptDays | None:
        """By the child; None when the engine stops meanwhile."""
        command = [*self._command, country, *map(str, years)]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            self._child = child
            try:
                said, wrong = child.communicate(timeout=CHILD_MAX_S)
            finally:
                child.kill()
                self._child = None
        if self._stopped:
            return None
        if child.returncode:
            raise ValueError(
                wrong.decode(errors="replace").strip()[-500:] or f"the child ended with {child.returncode}"
            )
        days = msgspec.json.decode(said, type=CountryDays)
        return KeptDays(country, years, days.holidays, days.workdays)

    def _tell(self, days: CountryDays) -> None:
        if days != self._known:
            self._known = days
            self._report(HolidaysKnown(days.holidays, days.workdays))
