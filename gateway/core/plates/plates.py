"""Number plates: their normal form, and whether two reads may be of one car.

The normal form is the one in which plates are compared: in the registry's index, between cameras, card and plate. It is
`glyphs.folded`, and in mainland Chinese plates (GA 36) also 0 and 1 for O and I: a region character, a letter, then
five places, or six on new-energy vehicles, which have no letters O and I. The last place may be a character for
trailers, training, police, Hong Kong and Macao, or a consulate. In all other plates O and 0 are two characters. Every
text has a normal form; a pass keeps its plates as they were written.

Cameras and lists write words where there is no plate (`无牌车`, `unknown`, `00000000`). They are no plate: a pass with
such a plate would open for every car that the camera cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.core.plates.glyphs import folded, is_written

REGIONS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LAST = "挂学警港澳领使"
CHARACTERS_MAX = 32
"""Of a plate as a camera writes it; a longer text is no plate."""

_TAIL = "A-HJ-NP-Z0-9"
_USUAL = re.compile(f"[{REGIONS}][A-HJ-NP-Z][{_TAIL}]{{5,6}}")
_WHOLE = re.compile(
    f"[{REGIONS}][A-HJ-NP-Z](?:[{_TAIL}]{{4}}[{_TAIL}{LAST}]|[DABCEFGHJK][{_TAIL}][0-9]{{4}}|[0-9]{{5}}[DABCEFGHJK]"
    "|[0-9]{4}应急)"
)
_BEGINS_CHINESE = re.compile(f"[{REGIONS}](?:[\\x00-\\x7f]|$)")
"""Not 青森 or 川崎, which are Japanese."""
_NO_O_NO_I = str.maketrans("OI", "01")

NO_PLATE = frozenset({
    # English, as cameras write it.
    "UNK", "UNKNOW", "UNREAD", "UNREADABLE", "UNDEFINED", "UNIDENTIFIED", "UNASSIGNED", "UNAVAILABLE", "UNRECOGNIZED",
    "UNRECOGNISED", "UNLICENSED", "UNLICENCED", "UNREGISTERED", "NULL", "NONE", "NIL", "NAN", "NA", "NO", "NOT",
    "NONUMBER", "NONUMBERPLATE", "NOLICENSE", "NOLICENCE", "NOLICENSEPLATE", "NOLICENCEPLATE", "NOREAD", "NORESULT",
    "NOTHING", "NOVALUE", "NODATA", "NOTREAD", "NOTFOUND", "NOTAVAILABLE", "NOTAPPLICABLE", "NOTDETECTED", "NOTKNOWN",
    "NOTRECOGNIZED", "NOTRECOGNISED", "NOTIDENTIFIED", "NOTSET", "EMPTY", "BLANK", "MISSING", "PENDING", "TBA", "TBC",
    "TBD", "TODO", "VOID", "DEFAULT", "INVALID", "ERROR", "FAIL", "FAILED", "FALSE", "TRUE", "PLATE", "PLATENUMBER",
    "PLATENO", "LICENSE", "LICENSEPLATE", "LICENCEPLATE", "NUMBERPLATE", "OTHER",
    # Chinese, as cameras and property offices write it, beside what NO_PLATE_BEGINS has.
    "空白", "空牌", "空车牌", "新车", "看不清", "缺失", "默认", "默認", "默认车牌", "错误", "錯誤", "其他", "其它",
    "测试", "測試", "临时", "臨時", "临牌", "临时车", "临时牌",
    # Other languages.
    "UNBEKANNT", "KEIN", "KEINS", "KEINE", "KEINKENNZEICHEN", "OHNE", "OHNEKENNZEICHEN", "INCONNU", "INCONNUE", "AUCUN",
    "AUCUNE", "SANSPLAQUE", "DESCONOCIDO", "DESCONOCIDA", "NINGUNO", "NINGUNA", "SINPLACA", "SINMATRICULA", "SEMPLACA",
    "DESCONHECIDO", "NENHUM", "SCONOSCIUTO", "SCONOSCIUTA", "NESSUNO", "NESSUNA", "SENZATARGA", "НЕТ", "НЕТНОМЕРА",
    "БЕЗНОМЕРА", "НЕИЗВЕСТНО", "НЕИЗВЕСТЕН", "なし", "ナシ", "없음", "미인식", "미등록",
})  # fmt: skip
"""Words that mean *no plate*, in capitals and without marks."""
NO_PLATE_BEGINS = (
    "无", "無", "未", "暂", "暫", "待", "没", "沒", "不", "识别", "識別", "车牌", "車牌", "号牌", "號牌",
    "UNKNOWN", "NOPLATE",
)  # fmt: skip
"""No plate begins with these: `无牌车2`, `未识别车牌`, `待定`, `unknown-17`."""
NO_PLATE_HOLDS = ("无牌", "無牌", "无车牌", "無車牌", "未识别", "未識別")
"""No plate has these anywhere: `蓝色无牌车`."""
_NO_PLATE = frozenset(map(folded, NO_PLATE))
_NO_PLATE_BEGINS = tuple(map(folded, NO_PLATE_BEGINS))
PLACES_MIN = 2
PLACES_MAX = 16
FOREIGN_PLACES_MAX = 24
"""With the name of a Thai province."""
_ISSUED_ALIKE = range(2, 5)
"""Up to this many equal digits other than zeros are issued: 88 and 8888 in Hong Kong, Macao and the Emirates."""


def normalise(text: str) -> str:
    """A plate in the form in which plates are compared."""
    if _USUAL.fullmatch(text):
        return text
    plain = folded(text)
    if plain[:1] and plain[0] in REGIONS:
        return plain[:2] + plain[2:].translate(_NO_O_NO_I)
    return plain


def is_usual(text: str) -> bool:
    """Whether a text is a usual Chinese plate in normal form; quick, for long lists."""
    return bool(_USUAL.fullmatch(text))


def are_usual(texts: Iterable[str]) -> bool:
    """Whether all texts are."""
    return all(map(_USUAL.fullmatch, texts))


def is_none(plate: str) -> bool:
    """Whether a normal form means *no plate*: one of the words, one repeated character, or nothing."""
    if _USUAL.fullmatch(plate):
        return False
    bare = "".join(character for character in plate if character.isalnum())
    if len(set(bare)) <= 1:
        return not (bare.isdigit() and bare[0] != "0" and len(bare) in _ISSUED_ALIKE)
    return bare in _NO_PLATE or bare.startswith(_NO_PLATE_BEGINS) or any(words in bare for words in NO_PLATE_HOLDS)


def is_plate(plate: str) -> bool:
    """Whether a normal form may be a plate of any country: letters and digits, and not too long."""
    if _USUAL.fullmatch(plate):
        return True
    most = PLACES_MAX if plate.isascii() else FOREIGN_PLACES_MAX
    return PLACES_MIN <= len(plate) <= most and is_written(plate) and not is_none(plate)


def is_whole(plate: str) -> bool:
    """Whether a normal plate has a form that is issued; plates of other countries always have."""
    if _BEGINS_CHINESE.match(plate):
        return bool(_WHOLE.fullmatch(plate))
    return not is_none(plate)


def alike(one: str, other: str) -> bool:
    """Whether one normal plate may be a misread of the other: at most two places differ, or one is missing."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 2
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
