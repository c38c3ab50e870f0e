"""Sums in minor units (fen, cents) and how they are written.

ISO 4217 gives each currency the digits of its minor unit; those that are not listed here have two.
"""

from __future__ import annotations

import re

DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Digits of the minor unit by currency, ISO 4217 list one, where they are not two."""
USUAL = 2
_SUM = re.compile(r"(\d{1,12})(?:[.,](\d{1,4}))?")


def digits(currency: str) -> int:
    """How many digits of a sum in this currency stand behind the point."""
    return DIGITS.get(currency, USUAL)


def money(amount: int, currency: str) -> str:
    """Minor units as a sum: `money(1250, "CNY")` is `12.50`."""
    places = digits(currency)
    whole, rest = divmod(abs(amount), 10**places)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{places}}" if places else f"{sign}{whole}"


def minor_units(text: str, currency: str) -> int:
    """A sum that a person wrote as minor units; ValueError for one that is none, or has too many digits."""
    found = _SUM.fullmatch(text.strip())
    places = digits(currency)
    if found is None or len((found[2] or "").rstrip("0")) > places:
        raise ValueError(text)
    return int(found[1] + (found[2] or "")[:places].ljust(places, "0"))
