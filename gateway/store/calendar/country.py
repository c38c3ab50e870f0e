"""The holidays and make-up workdays of a country; what is announced later, the office corrects (`SiteDays`)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.charging import SiteDays
from gateway.core.vocabulary.errors import SettingsError


def site_calendar(days: SiteDays | None, years: Iterable[int]) -> Calendar:
    """The site's days in these years; SettingsError for a country that the library does not know."""
    if days is None:
        return Calendar()
    return days.over(country_days(days.country, years) if days.country else Calendar())


def country_days(country: str, years: Iterable[int]) -> Calendar:
    """Public holidays, and the weekend days that are worked for them."""
    import holidays

    wanted = set(years)
    try:
        found = holidays.country_holidays(country, years=wanted)
    except NotImplementedError:
        raise SettingsError(
            [("calendar.country", f"is {country!r}; give two letters of ISO 3166 such as CN or DE, or leave it out")]
        ) from None
    workdays = getattr(found, "weekend_workdays", ())
    return Calendar(frozenset(found), frozenset(day for day in workdays if day.year in wanted))
