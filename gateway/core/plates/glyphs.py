"""The comparison form of a plate's characters: one character for all that are written or read alike.

- full width and other compatibility forms become plain ones (NFKC), small letters capitals, digits of any script 0-9;
- dots, dashes, blanks and invisible marks go; other signs stay, a camera may write `?` for what it could not read;
- Cyrillic and Greek letters that look Latin become Latin: plates of those countries use only these, so cameras may
  write them Latin;
- Latin letters lose their marks (MÜ is MU), since most cameras do not write them;
- traditional characters that stand for Chinese regions and uses become simplified.
"""

from __future__ import annotations

import re
import unicodedata

_DOTS = "·•・．.⋅･‧∙●∘◦⸱᛫。｡"
_BLANKS = frozenset({"Zs", "Zl", "Zp", "Cf", "Pd"})
_CYRILLIC = ("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_BARRED = ("ĐÐØŁĦŦ", "DDOLHT")
_TRADITIONAL = ("滬粵蘇遼魯贛晉陝貴寧甯瓊雲閩學掛領應臨軍灨黒", "沪粤苏辽鲁赣晋陕贵宁宁琼云闽学挂领应临军赣黑")
_ALIKE = str.maketrans({
    **dict(zip("".join(pair[0] for pair in (_CYRILLIC, _GREEK, _BARRED, _TRADITIONAL)),
               "".join(pair[1] for pair in (_CYRILLIC, _GREEK, _BARRED, _TRADITIONAL)), strict=True)),
    **dict.fromkeys(_DOTS),
})  # fmt: skip
_MARKED_LATIN = re.compile("(?<=[A-Z])[\u0300-\u036f]+")


def folded(text: str) -> str:
    """The comparison form of any text; the form of a form is itself."""
    if text.isascii():
        return "".join(text.upper().replace(".", "").replace("-", "").split())
    marks_apart = unicodedata.normalize("NFKD", text.upper()).upper()
    plain = "".join(map(_plain, marks_apart.translate(_ALIKE)))
    return unicodedata.normalize("NFC", _MARKED_LATIN.sub("", plain)).translate(_ALIKE)


def _plain(character: str) -> str:
    """A digit of any script as 0-9, nothing for a blank, else the character itself."""
    if character.isascii():
        return "" if character.isspace() or character == "-" else character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category in _BLANKS else character


def is_written(plate: str) -> bool:
    """Whether a form has letters, digits and marks of letters only, and a digit or a Latin letter among them."""
    return any(character.isascii() for character in plate) and all(
        character.isalnum() or unicodedata.category(character)[0] == "M" for character in plate
    )
