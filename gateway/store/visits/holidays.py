"""The holidays of the site's country as data in the data directory, so that the engine needs no library for them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gateway.core.payments.bills import CountryDays
from gateway.store.files import write_atomically

log = logging.getLogger(__name__)


class KeptDays(msgspec.Struct, frozen=True):
    """The days of a country in these years."""

    country: str
    years: tuple[int, ...]
    holidays: tuple[str, ...]
    workdays: tuple[str, ...]

    @property
    def days(self) -> CountryDays:
        """The days alone."""
        return CountryDays(self.holidays, self.workdays)

    def covers(self, country: str, years: Iterable[int]) -> bool:
        """Whether these are the days of that country, in all of these years."""
        return self.country == country and set(years) <= set(self.years)


def read_days(path: Path) -> KeptDays | None:
    """The days in that file; None without one, and for one that is damaged: it is made anew."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeptDays)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("the holidays in %s cannot be read, and are made anew: %s", path, error)
        return None


def keep_days(path: Path, days: KeptDays) -> None:
    """Write the file; OSError."""
    write_atomically(path, msgspec.json.encode(days), mode=0o640)
