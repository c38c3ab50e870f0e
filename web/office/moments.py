"""Times on the office's pages: told in the site's time, and read from a form."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

import msgspec

from web.platform import look
from web.platform.services import services
from web.words.texts import Words, clock, words
from web.words.times import instant, site_zone


class Moments(msgspec.Struct, frozen=True):
    """Instants as one browser reads them; `now` is an aware time. `on_paper`: with the year."""

    said: Words
    zone: tzinfo
    now: datetime
    on_paper: bool = False

    def told(self, text: str | None) -> str:
        """An instant as day and time; "" for none."""
        when = instant(text)
        return self._told(when.astimezone(self.zone)) if when else ""

    def end(self, text: str | None) -> str:
        """An end as day and time: midnight is 24:00 of the day before."""
        when = instant(text)
        if when is None:
            return ""
        local = when.astimezone(self.zone)
        if local.time() != time():
            return self._told(local)
        return f"{self._day((local - timedelta(hours=1)).date())} 24:00"

    def _told(self, local: datetime) -> str:
        return f"{self._day(local.date())} {clock(local)}"

    def _day(self, day: date) -> str:
        return day.isoformat() if self.on_paper else self.said.day(day, self.now.astimezone(self.zone).date())

    def field(self, text: str | None) -> str:
        """An instant as the value of a field of day and time."""
        when = instant(text)
        return when.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M") if when else ""

    def instant(self, typed: str) -> str | None:
        """What was typed into a field of day and time, as an instant; None for nothing, the text as it is for none."""
        if not typed.strip():
            return None
        try:
            when = datetime.fromisoformat(typed.strip())
        except ValueError:
            return typed
        return (when if when.tzinfo else when.replace(tzinfo=self.zone)).isoformat()


def moments() -> Moments:
    """Times for this request."""
    return Moments(look.said(), site_zone(services().site.document()), look.aware_now())


def on_paper(locale: str) -> Moments:
    """Times on paper in a language."""
    return Moments(words(locale), site_zone(services().site.document()), look.aware_now(), on_paper=True)
