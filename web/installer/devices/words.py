"""Texts of the devices' pages, in the language of the request and the time of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from web.words.texts import Words
from web.words.times import instant

KEY = "installer.devices."
Say = Callable[..., str]


def time_of(text: str | None, zone: tzinfo) -> str:
    """An instant in site time, to the millisecond; empty for none."""
    when = instant(text)
    return "" if when is None else when.astimezone(zone).strftime("%H:%M:%S.%f")[:-3]


def state_words(say: Words, state: str) -> str:
    """The state of a device in one word."""
    return say.first(f"{KEY}state.{state}", f"{KEY}state.starting")


def age_words(say: Words, age_ms: int | None) -> str:
    """How long ago a device was last heard."""
    if age_ms is None:
        return say(f"{KEY}age.never")
    if age_ms < 2_000:
        return say(f"{KEY}age.now")
    seconds = age_ms // 1000
    unit, count = next((unit, seconds // size) for unit, size in _UNITS if seconds >= size)
    return say(f"{KEY}age.{unit}", n=count)


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def rate_words(frames: int, errors: int) -> str:
    """Damaged or unanswered ones among all, in percent."""
    return f"{100 * errors / (frames + errors):.1f} %" if frames + errors else "–"


def owner_words(say: Words, owners: Sequence[Mapping[str, Any]]) -> str:
    """What a point serves: lane and contact; empty for a free one."""
    told = [f"{one['name']}: {key_words(say, str(one['key']))}" for one in owners]
    return say.listed(list(dict.fromkeys(told)))


def key_words(say: Words, key: str) -> str:
    """A point's key of the site file, such as `safety_loop.1`, in words."""
    base, _, number = key.partition(".") if key.startswith("safety_loop") else (key, "", "")
    words = say.first(f"{KEY}key.{base}", f"{KEY}key.other")
    return f"{words} {int(number) + 1}" if number else words


def meaning_words(say: Words, kind: str, figures: Mapping[str, Any]) -> str:
    """What a frame means."""
    shown = {name: _figure(say, name, value) for name, value in figures.items()}
    return say.first(f"{KEY}meaning.{kind}", f"{KEY}meaning.bytes", **shown)


def _figure(say: Words, name: str, value: Any) -> Any:
    """`what` and the words on and off are said in the language of the page."""
    if name in ("what", "value") and f"{KEY}figure.{value}" in say:
        return say(f"{KEY}figure.{value}")
    return value


def reading_words(say: Words, reading: Mapping[str, Any]) -> str:
    """The name of a card format."""
    return say.first(f"{KEY}format.{reading['format']}", f"{KEY}format.raw")
