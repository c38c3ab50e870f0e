"""Every text that people read, in English and Chinese: `web/words/<locale>/` has a file for each room.

A key that is missing never breaks a screen: the caller names fallbacks, and tests prove that both languages hold the
same keys and words for everything the contract names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

from gateway.core.settings.model import Site

TRANSLATIONS = Path(__file__).parent
LOCALES = ("en", "zh_CN")
DEFAULT_LOCALE = Site("").locale
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_CHINA_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{5,6}")


class Words:
    """The texts of one locale."""

    def __init__(self, locale: str, texts: Mapping[str, str]) -> None:
        self.locale = locale
        self._texts = texts

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its `{names}` filled in; the key itself when there is no such text."""
        return self._texts.get(key, key).format_map(_Blank({name: _isolated(value) for name, value in values.items()}))

    def first(self, *keys: str, **values: object) -> str:
        """The text of the first key that exists; the last one is the fallback and must exist."""
        return self(next((key for key in keys if key in self._texts), keys[-1]), **values)

    def part(self, *prefixes: str) -> dict[str, str]:
        """The unfilled texts under some prefixes, for the screen's own script."""
        return {key: text for key, text in self._texts.items() if key.startswith(prefixes)}

    def listed(self, names: Sequence[str]) -> str:
        """Several names in one text."""
        return ("、" if self.locale == "zh_CN" else ", ").join(names)

    def day(self, when: date, today: date) -> str:
        """A day as one says it aloud, with its year when that is another than today's."""
        year = when.year if when.year != today.year else 0
        if self.locale == "zh_CN":
            return f"{year}年{when.month}月{when.day}日" if year else f"{when.month}月{when.day}日"
        return f"{when.day} {_MONTHS[when.month - 1]}" + (f" {year}" if year else "")

    def days_left(self, days: int) -> str:
        """How long a pass still runs, in whole days (0: today is the last)."""
        return self.first(f"days_left.{days}", "days_left.n", n=days)


def _isolated(value: object) -> object:
    """A value that is written from right to left keeps its own direction within a text."""
    if isinstance(value, str) and _RIGHT_TO_LEFT.search(value):
        return f"\u2068{value}\u2069"
    return value


class _Blank(dict[str, object]):
    """Values for a text; one that nobody gave is left out rather than failing a screen."""

    def __missing__(self, _key: str) -> str:
        return ""


@cache
def words(locale: str) -> Words:
    """The texts of a locale; an unknown locale gets the default one."""
    known = locale if locale in LOCALES else DEFAULT_LOCALE
    return Words(known, texts(known))


def texts(locale: str) -> dict[str, str]:
    """The unfilled texts of all rooms."""
    found: dict[str, str] = {}
    for path in files(locale):
        found |= json.loads(path.read_text("utf-8"))
    return found


def files(locale: str) -> list[Path]:
    """The files that hold the texts of a locale, one for each room."""
    return sorted((TRANSLATIONS / locale).glob("*.json"))


def plate_as_written(plate: str) -> str:
    """A plate as it stands on the car: mainland plates have a gap after the second character."""
    if _CHINA_PLATE.fullmatch(plate):
        return f"{plate[:2]} {plate[2:]}"
    return plate


def initials(name: str) -> str:
    """A name where there is no room for it: the first letter of each of its words, at most three."""
    return "".join(word[0] for word in re.split(r"[\s-]+", name) if word)[:3]


def masked(name: str) -> str:
    """A name for places that need no more than a hint of it."""
    return f"{name[0]}**" if name else ""


def clock(when: datetime) -> str:
    """The time of day, hours and minutes."""
    return when.strftime("%H:%M")
