"""What the cells of a list mean: dates, cards and plates in the ways in which offices and spreadsheets write them.

A cell is taken as it is meant where that is certain; else PassFieldError says what to type instead.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

from gateway.core.plates.plates import REGIONS, is_none, is_plate, is_usual, is_whole, normalise
from gateway.store.passes.checks import PassFieldError
from gateway.store.passes.files.lines import Day

AN_ERROR = "it is an error of the spreadsheet; correct the cell"
AS_TEXT = "format the column as text and type it again"
DATE_CHARACTERS_MAX = 64
PLATE_PLACES_MAX = 10
"""No plate of Latin letters and digits has more; two plates in one cell have."""

_SEPARATORS = re.compile(r"[;；\n]")
_MAYBE_SEPARATORS = re.compile(r"[,，、/|]")
_ROUNDED = re.compile(r"[-+]?\d(?:[.,]\d+)?[eE]\+\d+|[-+]?\d[.,]\d+[eE]-?\d+")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MADE_A_DATE = re.compile(
    rf"\d{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-\d{{1,2}}|\d{{1,2}}月\d{{1,2}}日"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: 0?0:00(?::00)?)?",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"[=+\-@\t\r]")
_ERRORS = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA|#+)|Err:\d{3}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Marks that come along when a number is copied from a page or a chat."""
_GUARDED = re.compile(r'="([^"]*)"')


def needs_guard(text: str) -> bool:
    """Whether a text is written with an apostrophe before it: a formula, or what else is not taken for a text."""
    bare = text.lstrip("'")
    return bool(
        _FORMULA.match(bare)
        or (bare and not bare.strip())
        or is_error(bare)
        or _ROUNDED.fullmatch(bare.strip())
        or _MADE_A_DATE.fullmatch(bare.strip())
        or (bare != text and bare[:1].isdigit())
    )


def unguarded(text: str) -> str:
    """A text without `="..."`, with which a list keeps a spreadsheet from changing a number."""
    found = _GUARDED.fullmatch(text.strip())
    return found[1] if found else text


def is_error(text: str) -> bool:
    """Whether a cell holds an error of the spreadsheet."""
    return bool(_ERRORS.fullmatch(text.strip()))


def _ready(field: str, text: str) -> str:
    """A cell without its guard; PassFieldError for an error of the spreadsheet."""
    if is_error(text):
        raise PassFieldError(field, text, AN_ERROR)
    return _INVISIBLE.sub("", unguarded(text)).strip().lstrip("'")


def no_date(field: str, text: str) -> None:
    """PassFieldError for a text that a spreadsheet has turned into a date, such as 3-12 into 12-Mar."""
    if isinstance(text, Day) or _MADE_A_DATE.fullmatch(text.strip()):
        raise PassFieldError(field, text, f"it is a date, into which the spreadsheet has turned it; {AS_TEXT}")


def not_rounded(field: str, text: str) -> None:
    """PassFieldError for a long number that the spreadsheet has rounded."""
    if _ROUNDED.fullmatch(text.strip()):
        raise PassFieldError(field, text, f"the spreadsheet has rounded it; {AS_TEXT}")


# ---- dates -------------------------------------------------------------------------------------------------------

_YEAR_FIRST = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?)?"
)
_INSTANT = re.compile(r"\d{4}-?\d{2}-?\d{2}T.*(?:[zZ]|[+-]\d{2}:?\d{2})")
_AMBIGUOUS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{2}年\d{1,2}月\d{1,2}[日号]?")
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
_MONTH_ONLY = re.compile(r"\d{4}(?:[-/.]\d{1,2}|年(?:\d{1,2}月)?)?|\d{6}")
_NO_END = frozenset({
    "长期", "长期有效", "永久", "永久有效", "永久有效期", "无期限", "无限期", "无限", "不限", "长租", "无", "長期",
    "無期限", "無",
    "-", "--", "/", "none", "n/a", "na", "nil", "unlimited", "permanent", "forever", "always", "long-term", "longterm",
    "open", "endless", "never",
})  # fmt: skip
_DAY_ENDS = ("23:59", "24:00")


def day(field: str, text: str) -> str:
    """A day, or an instant, as the registry keeps it; empty for none."""
    short = text if len(text) <= DATE_CHARACTERS_MAX else " ".join(text.split())
    return _day(field, short[: DATE_CHARACTERS_MAX + 1])


@lru_cache(maxsize=4096)
def _day(field: str, text: str) -> str:
    plain = unicodedata.normalize("NFKC", _ready(field, text))
    if not plain or _INSTANT.fullmatch(plain):
        return plain
    if found := _YEAR_FIRST.fullmatch(plain):
        return _of_parts(field, text, found)
    raise PassFieldError(field, text, _what_instead(plain))


def _of_parts(field: str, text: str, found: re.Match[str]) -> str:
    year, _, *parts = found.groups()
    month, of_month = next((one, other) for one, other in zip(parts[:6:2], parts[1:6:2], strict=True) if one)
    hour, minute, second = (part or "" for part in parts[6:])
    try:
        written = date(int(year), int(month), int(of_month)).isoformat() if int(year) else ""
    except ValueError:
        written = ""
    if not written:
        raise PassFieldError(field, text, "there is no such day; write it as 2027-01-05, in the years 1 to 9998")
    clock = f"{int(hour):02}:{minute}" if hour else ""
    ends = field == "valid_until" and clock in _DAY_ENDS
    if (clock in ("", "00:00") and second in ("", "00")) or ends:
        return written
    raise PassFieldError(field, text, "give the day alone, or the time with its offset: 2027-01-05T18:00:00+08:00")


def _what_instead(plain: str) -> str:
    if plain.casefold() in _NO_END:
        return "leave it empty, which means no end"
    if _AMBIGUOUS.fullmatch(plain):
        return "day, month and year may be meant in several orders; write it as 2027-01-05"
    if _SERIAL.fullmatch(plain):
        return "it is a day as a spreadsheet counts it; format the column as a date"
    if _MONTH_ONLY.fullmatch(plain):
        return "it names no day; write it as 2027-01-05"
    return (
        "give a day such as 2026-11-30, or an instant such as 2026-11-30T18:00:00+08:00, in the years 1 to 9998;"
        " leave it empty where there is none"
    )


# ---- cards -------------------------------------------------------------------------------------------------------

_FACILITY_MAX, _NUMBER_MAX = 0xFF, 0xFFFF
_PRINTED = re.compile(r"(\d{3})[ ,](\d{5})")
_BOTH = re.compile(r"(\d{8,10}) ?[ ,] ?(\d{3})[ ,](\d{5})")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.0+)?")
_WHOLE = re.compile(r"(\d+)\.0+")
_ZERO = re.compile(r"0+(?:\.0+)?")
_SHORT_HEX = re.compile(r"[0-9a-f]{6,10}", re.IGNORECASE)
"""May be the bits of a card, which readers tell in decimal; an EPC is mostly longer."""


def cards(text: str) -> tuple[str, ...]:
    """The card numbers in a cell."""
    if text.isdigit() and text.isascii() and text.strip("0"):
        return (text,)
    plain = unicodedata.normalize("NFKC", _ready("cards", text))
    no_date("cards", plain)
    return tuple(card for part in _SEPARATORS.split(plain) if (item := part.strip()) for card in _card(item))


def _card(item: str) -> tuple[str, ...]:
    plain = " ".join(item.lstrip("'").split())
    if plain.casefold() in _NO_END or _ZERO.fullmatch(plain):
        raise PassFieldError("cards", item, "that says that there is no card; leave it empty")
    if found := _WHOLE.fullmatch(plain):
        return (found[1],)
    if found := _PRINTED.fullmatch(plain):
        return (_facility_and_number(item, found[1], found[2]),)
    if found := _BOTH.fullmatch(plain):
        return (_both(item, *found.groups()),)
    not_rounded("cards", item)
    if _THOUSANDS.fullmatch(plain):
        raise PassFieldError("cards", item, "write the number without commas, and separate several cards by ;")
    parts = [part.strip() for part in _MAYBE_SEPARATORS.split(plain)]
    if len(parts) > 1:
        return _several(item, parts)
    if len(plain.split()) > 1:
        raise PassFieldError("cards", item, "separate several cards by ; and write one card without blanks")
    return (plain,)


def in_decimal(card: str) -> str:
    """The number that a short card number in hex may stand for; empty for decimal ones and for an EPC."""
    return str(int(card, 16)) if _SHORT_HEX.fullmatch(card) and not card.isdigit() else ""


def _several(item: str, parts: list[str]) -> tuple[str, ...]:
    """Numbers that are surely cards of their own: of eight digits and more."""
    if all(part.isdigit() and part.isascii() and len(part) >= 8 for part in parts):
        return tuple(parts)
    raise PassFieldError("cards", item, "separate several cards by ;")


def _facility_and_number(item: str, facility: str, number: str) -> str:
    """What is printed on many cards, `077,30211`, as one number."""
    if int(facility) > _FACILITY_MAX or int(number) > _NUMBER_MAX:
        raise PassFieldError("cards", item, "facility and number are 000 to 255 and 00000 to 65535; see the card")
    return str(int(facility) << 16 | int(number))


def _both(item: str, whole: str, facility: str, number: str) -> str:
    """`0005076483 077,30211`: one number in both forms."""
    if int(whole) & 0xFF_FFFF != int(_facility_and_number(item, facility, number)):
        raise PassFieldError("cards", item, "the two numbers are of different cards; separate several cards by ;")
    return whole


# ---- plates ------------------------------------------------------------------------------------------------------

_REGION_AND_LETTER = re.compile(f"[{REGIONS}][A-Z]")
_JOINING = re.compile("[或和及与跟&+]")
"""Between two plates; in one plate it may be part of a place: 和泉300あ12-34."""
_ALONE_MIN = 5
"""Places of a text that is surely a plate of its own."""


def plates(text: str) -> tuple[str, ...]:
    """The plates in a cell, as they are written."""
    if is_usual(text):
        return (text,)
    found: list[str] = []
    no_date("plates", text)
    for part in _SEPARATORS.split(_ready("plates", text)):
        if item := part.strip().lstrip("'"):
            found += _plates(item)
    return tuple(found)


def _plates(item: str) -> list[str]:
    joined = _JOINING.split(item)
    if len(joined) > 1 and all(_is_alone(part) for part in joined):
        raise PassFieldError("plates", item, "separate several plates by ;")
    parts = [part.strip() for part in _MAYBE_SEPARATORS.split(item) if part.strip()]
    if len(parts) > 1 and not is_none(normalise(item)):
        if not all(_is_alone(part) for part in parts):
            raise PassFieldError("plates", item, "separate several plates by ;")
        return [plate for part in parts for plate in _parted(part)]
    return _parted(item)


def _parted(item: str) -> list[str]:
    """One plate, which may have blanks in it, or several with blanks between them."""
    words = item.split()
    if len(words) > 1 and all(_is_chinese_whole(word) for word in words):
        return words
    whole = normalise(item)
    if len(words) > 1 and _is_chinese_whole(words[0]) and not is_whole(whole):
        raise PassFieldError("plates", item, f"give the plate alone, as {words[0]}; separate several plates by ;")
    if (found := _WORDS_BEFORE.fullmatch(whole)) and is_whole(found[1]):
        raise PassFieldError("plates", item, f"it is a plate with words before it; give {found[1]} alone")
    several = len(_REGION_AND_LETTER.findall(whole)) > 1 or (whole.isascii() and len(whole) > PLATE_PLACES_MAX)
    if len(words) > 1 and several:
        raise PassFieldError("plates", item, "separate several plates by ;")
    if _WITH_WORDS.match(whole) and not is_whole(whole) and is_plate(whole):
        raise PassFieldError("plates", item, "it is a plate with words behind it; give the plate alone, several with ;")
    return [item]


_WORDS_BEFORE = re.compile(f"[^\\x00-\\x7f]+([{REGIONS}][A-Z][0-9A-Z]{{5,6}})")
"""Words and a Chinese plate: 蓝粤B12345."""
_WITH_WORDS = re.compile(f"[{REGIONS}][A-Z][0-9A-Z]{{4,}}[^\\x00-\\x7f]{{2,}}$")
"""A Chinese plate with words behind it: 粤B12345黑色."""


def _is_alone(part: str) -> bool:
    plate = normalise(part)
    return is_plate(plate) and len(plate) >= _ALONE_MIN


def _is_chinese_whole(word: str) -> bool:
    plate = normalise(word)
    return bool(_REGION_AND_LETTER.match(plate)) and is_whole(plate)
