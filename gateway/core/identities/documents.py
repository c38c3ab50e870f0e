"""Identity documents: the kinds that are taken, as data; how a number is checked, and how it is shown masked.

A Chinese resident id has 18 places: region, date of birth, a serial number and a check character after ISO 7064
MOD 11-2, where X stands for 10. A Chinese driving licence has the number of its holder's resident id.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import msgspec

NUMBER_MAX = 40
"""Characters that are looked at; no document has half as many."""
SHOWN_MAX = 4
"""Characters of a masked number that are shown: the last ones, at most a third of all."""
MASK = "*"
FIRST_BIRTH_YEAR = 1900
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""2 to the power of the place from the right, modulo 11."""
_CHECK = "10X98765432"
_RESIDENT = re.compile(r"[1-9]\d{16}[\dX]")
_SEPARATORS = re.compile(r"[\s.·-]+")


class DocumentKind(msgspec.Struct, frozen=True):
    """One kind of document: the form of its number, and whether the keypad needs letters.

    `resident`: a number of 18 places is that of a resident id, and is checked as one.
    """

    id: str
    pattern: str
    letters: bool
    resident: bool = False

    def fits(self, number: str) -> bool:
        """Whether a number in normal form has this form."""
        return re.fullmatch(self.pattern, number) is not None


KINDS = (
    DocumentKind("resident_id", _RESIDENT.pattern, letters=False, resident=True),
    DocumentKind("driving_licence", r"(?=.*\d)[A-Z0-9]{6,20}", letters=True, resident=True),
    DocumentKind("passport", r"(?=.*\d)[A-Z0-9]{6,9}", letters=True),
    DocumentKind("travel_permit", r"[HMC]\d{8}(\d{2})?|\d{8}(\d{2})?", letters=True),
)
"""Travel permits are those of residents of Hong Kong, Macao and Taiwan."""
KIND_IDS = tuple(kind.id for kind in KINDS)
WRONG = ("empty", "form", "birth_date", "check_digit", "unknown_kind")
"""What can be wrong with a number; screens have a sentence for each."""


def normal_number(text: str) -> str:
    """The number as it is kept: full-width characters made plain, capitals, without blanks and hyphens."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text[:NUMBER_MAX])).upper()


def wrong_number(kind: str, number: str, today: date) -> str:
    """What is wrong with a number in normal form, as a code of `WRONG`; "" when nothing is."""
    document = next((one for one in KINDS if one.id == kind), None)
    if document is None:
        return "unknown_kind"
    if not number:
        return "empty"
    if not number.isascii() or not document.fits(number):
        return "form"
    if document.resident and _RESIDENT.fullmatch(number):
        return _wrong_resident(number, today)
    return ""


def _wrong_resident(number: str, today: date) -> str:
    born = _date(number[6:14])
    if born is None or born.year < FIRST_BIRTH_YEAR or born > today:
        return "birth_date"
    return "" if check_character(number[:17]) == number[17] else "check_digit"


def check_character(digits: str) -> str:
    """The check character of the first 17 places, after ISO 7064 MOD 11-2."""
    return _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11]


def masked_number(number: str) -> str:
    """The number with only its last characters shown."""
    shown = min(SHOWN_MAX, len(number) // 3)
    return MASK * (len(number) - shown) + number[len(number) - shown :]


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
