"""What the page of health shows: curves with their numbers, what is unusual, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from gateway.core.measurements.drift import Drift, drift_of
from gateway.core.measurements.series import BOX, KINDS, Series, series_of
from gateway.core.measurements.summary import Summary
from gateway.core.vocabulary.views import DeviceView
from web.installer.health.curves import Picture, picture
from web.installer.health.units import UNITS
from web.words.texts import Words

HOURS, SHORT_HOURS, DAYS, SHORT_DAYS = 14 * 24, 48, 730, 60
"""What is drawn at most, and at least."""
NEAR_HOURS, NEAR_DAYS = 13, 7
"""Points further apart are not joined; a gate may rest for a night."""
BOX_KINDS = ("temperature", "voltage", "under_voltage", "free", "written", "wear")
Points = Mapping[str, Mapping[int, Summary]]


class Number(msgspec.Struct, frozen=True):
    """One series in a number: now, and usually."""

    name: str
    now: str
    usual: str
    unusual: bool


class Curve(msgspec.Struct, frozen=True):
    """A picture with its title, its numbers and what it says to people who do not see it."""

    id: str
    title: str
    picture: Picture | None
    numbers: tuple[Number, ...]
    words: str


class Card(msgspec.Struct, frozen=True):
    """What belongs together: one lane's barrier, or the machine."""

    title: str
    curves: tuple[Curve, ...]


class DeviceLine(msgspec.Struct, frozen=True):
    """One device."""

    id: str
    name: str
    state: str
    tone: str
    error: str
    errors: Number | None
    round_trip: Number | None


class Axis(msgspec.Struct, frozen=True):
    """The words below each picture."""

    first: str
    middle: str
    last: str


_TONES = {"online": "ok", "stale": "warn", "lost": "bad"}


class Book:
    """All measurements of a moment: `hours` and `days` by series, `hour` and `today` their present numbers."""

    def __init__(
        self,
        said: Words,
        document: Mapping[str, Any],
        hours: Points,
        days: Points,
        hour: int,
        today: int,
        *,
        long: bool,
    ) -> None:
        self._said = said
        self._document = document
        self._days = days
        self.today = today
        self._points, self._near = (days, NEAR_DAYS) if long else (hours, NEAR_HOURS)
        now, most, least = (today, DAYS, SHORT_DAYS) if long else (hour, HOURS, SHORT_HOURS)
        self._times = range(self._first(now, most, least), now + 1)
        self._long = long

    def unusual(self) -> list[str]:
        """What a person should look at, in words."""
        found = []
        for name in sorted(self._days):
            series = series_of(name)
            drift = self._drift(name)
            if series is not None and drift is not None and drift.unusual and self._is_fitted(series):
                found.append(self._sentence(series, drift))
        return found

    def lanes(self) -> list[Card]:
        """A card for each barrier, in the order of the settings."""
        return [
            Card(self._name_of(barrier), (self._travel(barrier), *self._loops(barrier))) for barrier in self._barriers()
        ]

    def box(self) -> Card:
        """The machine itself: only what it tells."""
        known = [kind for kind in BOX_KINDS if Series(kind, BOX).name in {**self._points, **self._days}]
        curves = [self._curve(f"box-{kind}", self._title(kind), {kind: Series(kind, BOX)}) for kind in known]
        return Card(self._said("installer.health.box"), tuple(curves))

    def devices(self, shown: Sequence[DeviceView]) -> list[DeviceLine]:
        """A line for each device."""
        return [
            DeviceLine(
                one.id,
                one.name or one.id,
                self._said(f"installer.health.state.{one.state}"),
                _TONES.get(one.state, ""),
                one.last_error if one.state != "online" else "",
                self._number(Series("errors", one.id)),
                self._number(Series("round_trip", one.id)),
            )
            for one in shown
        ]

    @property
    def fresh(self) -> bool:
        """Whether nothing was measured yet."""
        return not self._days

    def knows(self, device: str) -> bool:
        """Whether the settings have that device."""
        return any(one["id"] == device for one in self._document.get("devices", []))

    def link(self, device: str) -> Card:
        """The link of one device."""
        curves = [
            self._curve(f"link-{kind}", self._title(kind), {kind: Series(kind, device)})
            for kind in ("errors", "round_trip")
        ]
        return Card(self._device_name(device), tuple(curves))

    def axis(self, day: date) -> Axis:
        """The words below each picture; `day` is today at the site."""
        ago = len(self._times) if self._long else round(len(self._times) / 24)
        first, middle = (day - timedelta(days=far) for far in (ago, ago // 2))
        today = self._said("installer.health.today")
        return Axis(self._said.day(first, day), self._said.day(middle, day), today)

    # ---- inside

    def _first(self, now: int, most: int, least: int) -> int:
        """The first hour or day that is drawn: as far back as anything is known, within these bounds."""
        known = min((at for points in self._points.values() for at in points), default=now)
        return max(now - most + 1, min(known, now - least + 1))

    def _barriers(self) -> list[str]:
        """The barriers with a lane, each once."""
        found = [_barrier_of(lane) for lane in self._document.get("lanes", [])]
        return list(dict.fromkeys(found))

    def _name_of(self, barrier: str) -> str:
        lanes = [one for one in self._document.get("lanes", []) if _barrier_of(one) == barrier]
        return self._said.listed([one.get("name") or one["id"] for one in lanes]) or barrier

    def _device_name(self, device: str) -> str:
        devices = {one["id"]: one.get("name") or one["id"] for one in self._document.get("devices", [])}
        return str(devices.get(device, device))

    def _is_fitted(self, series: Series) -> bool:
        """Whether what it is of is still in the settings."""
        of = KINDS[series.kind].of
        if of == "device":
            return series.of in {one["id"] for one in self._document.get("devices", [])}
        return of == "box" or series.of.partition("/")[0] in self._barriers()

    def _travel(self, barrier: str) -> Curve:
        series = {way: Series(f"travel.{way}", barrier) for way in ("open", "close")}
        return self._curve(f"travel-{barrier}", self._said("installer.health.travel"), series)

    def _loops(self, barrier: str) -> list[Curve]:
        found = sorted(
            series.of
            for name in {**self._points, **self._days}
            if (series := series_of(name)) is not None and series.kind == "loop" and series.of.startswith(f"{barrier}/")
        )
        return [
            self._curve(f"loop-{of.replace('/', '-')}", self._loop(of), {"loop": Series("loop", of)}) for of in found
        ]

    def _loop(self, of: str, how: str = "") -> str:
        """What is said of a loop; `how`: `name.` for its name alone."""
        name, _, number = of.partition("/")[2].partition(".")
        words = self._said.first(f"installer.health.{how}{name}", f"installer.health.{how}loop")
        return f"{words} {int(number) + 1}" if number.isdigit() else words

    def _title(self, kind: str) -> str:
        return self._said(f"installer.health.kind.{kind}")

    def _curve(self, id: str, title: str, series: Mapping[str, Series]) -> Curve:
        kind = next(iter(series.values())).kind
        points = {name: self._points.get(one.name, {}) for name, one in series.items()}
        drawn = picture(points, self._times, self._near, UNITS[KINDS[kind].unit], from_zero=kind != "voltage")
        several = len(series) > 1
        numbers = [self._number(one, self._said(f"installer.health.way.{name}") if several else "")
                   for name, one in series.items()]  # fmt: skip
        kept = tuple(one for one in numbers if one is not None)
        told = self._said.listed([f"{one.name} {one.now}".strip() for one in kept])
        return Curve(id, title, drawn, kept, f"{title}: {told}" if told else title)

    def _number(self, series: Series, name: str = "") -> Number | None:
        drift = self._drift(series.name)
        if drift is None:
            return None
        words = UNITS[KINDS[series.kind].unit]
        usual = self._said("installer.health.usual", value=words(drift.past)) if drift.past is not None else ""
        return Number(name, words(drift.recent), usual, drift.unusual)

    def _drift(self, name: str) -> Drift | None:
        series = series_of(name)
        return drift_of(series.kind, self._days.get(name, {}), self.today) if series is not None else None

    def _sentence(self, series: Series, drift: Drift) -> str:
        words, of = UNITS[KINDS[series.kind].unit], KINDS[series.kind].of
        barrier = series.of.partition("/")[0]
        names = {
            "barrier": self._name_of(barrier),
            "contact": self._said.listed([self._name_of(barrier), self._loop(series.of, "name.")]),
            "device": self._device_name(series.of),
        }
        key = f"installer.health.unusual.{series.kind}"
        if drift.past is None or drift.beyond is not None:
            key += ".beyond"
        past = words(drift.past) if drift.past is not None else ""
        return self._said(key, of=names.get(of, ""), now=words(drift.recent), past=past, percent=abs(drift.percent))


def _barrier_of(lane: Mapping[str, Any]) -> str:
    """The id of a lane's barrier in a site file."""
    barrier = lane.get("barrier")
    if isinstance(barrier, Mapping):
        return str(barrier.get("id") or lane["id"])
    return str(barrier or lane["id"])
