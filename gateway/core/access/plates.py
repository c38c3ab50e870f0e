"""Number plates: their normal form, whether two reads may be of one car, and the plate in a camera's JSON.

Mainland Chinese plates (GA 36): a region character, a letter, then five places, or six on new-energy vehicles. These
places have no letters O and I, so O and I from a camera or a typist mean 0 and 1. The last place may be a character for
trailers, training, police, Hong Kong and Macao, or a consulate. Plates of other countries and of the forces are free
text in capitals. Every function is total: any text has a normal form, any JSON has a plate or none.

Cameras and lists write words where there is no plate (`无牌车`, `unknown`, `00000000`). They are no plate: a pass with
such a plate would open for every car that the camera cannot read.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, tzinfo
from typing import Annotated, Any

import msgspec

from gateway.core.access.camera_time import age_ms
from gateway.core.vocabulary.errors import PassError

REGIONS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LAST = "挂学警港澳领使"
CHARACTERS_MAX = 32
"""Of a plate as a camera writes it; a longer text is no plate."""
STEPS_MAX = 16
VALUES_MAX = 10_000
"""Objects and lists of a camera's JSON that are searched for a mark."""
SENT_AGAIN = frozenset({"isdataretransmission", "isretransmission", "isoffline", "ishistory"})
"""Keys with which cameras mark a repeated read, in small letters."""
SURE = 100.0
"""The confidence of a camera that sends none."""

_TAIL = "A-HJ-NP-Z0-9"
_USUAL = re.compile(f"[{REGIONS}][A-HJ-NP-Z][{_TAIL}]{{5,6}}")
_WHOLE = re.compile(
    f"[{REGIONS}][A-HJ-NP-Z](?:[{_TAIL}]{{4}}[{_TAIL}{LAST}]|[DABCEFGHJK][{_TAIL}][0-9]{{4}}|[0-9]{{5}}[DABCEFGHJK])"
)
_SEPARATORS = " \t\r\n\u00a0\u3000\ufeff\u200b·•・.．-－—‧∙●"
_PLAIN: dict[int, int | None] = {ord(character): None for character in _SEPARATORS}
_PLAIN |= {full: full - 0xFEE0 for full in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
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
"""Words that mean *no plate*, in normal form and without marks."""
NO_PLATE_BEGINS = (
    "无", "無", "未", "暂", "暫", "待", "没", "沒", "不", "识别", "識別", "车牌", "車牌", "号牌", "號牌",
    "UNKNOWN", "NOPLATE",
)  # fmt: skip
"""No plate begins with these: `无牌车2`, `未识别车牌`, `待定`, `unknown-17`."""
NO_PLATE_HOLDS = ("无牌", "無牌", "无车牌", "無車牌", "未识别", "未識別")
"""No plate has these anywhere: `蓝色无牌车`."""
_ISSUED_ALIKE = range(2, 5)
"""Up to this many equal digits other than zeros are issued: 88 and 8888 in Hong Kong, Macao and the Emirates."""


def normalise(text: str) -> str:
    """A plate in normal form: capitals without dots and blanks, in Chinese plates 0 and 1 for O and I."""
    if _USUAL.fullmatch(text):
        return text
    plain = text.translate(_PLAIN).upper()
    if plain[:1] and plain[0] in REGIONS:
        return plain[:2] + plain[2:].translate(_NO_O_NO_I)
    return plain


def is_none(plate: str) -> bool:
    """Whether a normal form means *no plate*: one of the words, one repeated character, or nothing."""
    if _USUAL.fullmatch(plate):
        return False
    bare = "".join(character for character in plate if character.isalnum())
    if len(set(bare)) <= 1:
        return not (bare.isdigit() and bare[0] != "0" and len(bare) in _ISSUED_ALIKE)
    return bare in NO_PLATE or bare.startswith(NO_PLATE_BEGINS) or any(words in bare for words in NO_PLATE_HOLDS)


def is_whole(plate: str) -> bool:
    """Whether a normal plate has a form that is issued; plates of other countries always have."""
    if plate[:1] and plate[0] in REGIONS:
        return bool(_WHOLE.fullmatch(plate))
    return not is_none(plate)


def alike(one: str, other: str) -> bool:
    """Whether one normal plate may be a misread of the other: at most two places differ, or one is missing."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 2
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


# ---- what a camera sends -------------------------------------------------------------------------------------------


Scalar = str | int | float | bool | None
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Only = Annotated[
    dict[Path, Scalar | Annotated[list[Scalar], msgspec.Meta(min_length=1, max_length=50)]],
    msgspec.Meta(max_length=16),
]


class PlateMapping(msgspec.Struct, frozen=True):
    """Paths in a camera's JSON: dotted, with a number for an item of a list.

    `time` is the camera's own time; `only`: the value, or one of several, that a path must have in a read.
    """

    plate: Path = "plate"
    confidence: Annotated[str, msgspec.Meta(max_length=200)] = ""
    time: Annotated[str, msgspec.Meta(max_length=200)] = ""
    only: Only = {}


class PlateSeen(msgspec.Struct, frozen=True):
    """A plate as the camera writes it, with its confidence in percent; an empty plate is a sign of life.

    `age_ms` is its age by the camera's own time, negative in the future, None without a time. `wrong` says why a
    message with a plate is dropped.
    """

    plate: str
    confidence: float
    age_ms: int | None = None
    wrong: str = ""

    def at_least(self, waited_ms: int) -> PlateSeen:
        """The same, at least this old, because it has waited on its way; 0: not known."""
        if not waited_ms or (self.age_ms is not None and not 0 <= self.age_ms < waited_ms):
            return self
        return msgspec.structs.replace(self, age_ms=waited_ms)

    def request(self) -> dict[str, Any]:
        """The parameters of the control op `credential`."""
        told: dict[str, Any] = {"kind": "plate", "value": self.plate, "confidence": self.confidence}
        if self.age_ms is not None:
            told["age_ms"] = self.age_ms
        if self.wrong:
            told["wrong"] = self.wrong
        return told


def read_json(raw: bytes) -> Any:
    """JSON of a camera in UTF-8 (with or without byte order mark) or GB 18030; PassError if it is not JSON."""
    try:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        return msgspec.json.decode(text.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise PassError("it is neither UTF-8 nor GB 18030") from None
    except RecursionError:
        raise PassError("it is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise PassError(f"it is not JSON: {error}") from None


def find_plate(document: Any, mapping: PlateMapping, wall_ns: int = 0, zone: tzinfo = UTC) -> PlateSeen:
    """The plate in a camera's JSON at this wall time; `zone` is for a time without offset.

    PassError if there is a plate and no confidence at its path.
    """
    plate = _at(document, mapping.plate)
    if not isinstance(plate, str) or not 0 < len(plate.strip()) <= CHARACTERS_MAX:
        return PlateSeen("", 0.0)
    if not all(_is_one_of(_at(document, path), wanted) for path, wanted in mapping.only.items()):
        return PlateSeen("", 0.0)
    if mark := _sent_again(document):
        return PlateSeen("", 0.0, wrong=f"the camera sent an earlier read again ({mark}): it opens no lane")
    sure = _sure(document, mapping.confidence)
    if not mapping.time:
        return PlateSeen(plate.strip(), sure)
    age = age_ms(_at(document, mapping.time), wall_ns, zone)
    if age is None:
        words = f"there is a plate, but no time at {mapping.time!r}, so it opens no lane; put the option `time` right"
        return PlateSeen("", 0.0, wrong=words)
    return PlateSeen(plate.strip(), sure, age)


def _sure(document: Any, path: str) -> float:
    if not path:
        return SURE
    confidence = _percent(_at(document, path))
    if confidence is None:
        raise PassError(f"there is a plate, but no number at {path!r}; put the option `confidence` right")
    return confidence


def _is_one_of(found: Any, wanted: Scalar | list[Scalar]) -> bool:
    """Whether a value is the wanted one, or one of them; some cameras write `false` as a text."""
    if isinstance(found, dict | list):
        return False
    return _as_text(found) in {_as_text(one) for one in (wanted if isinstance(wanted, list) else [wanted])}


def _as_text(value: Scalar) -> str:
    """A value in the form in which it is compared: `new`, `1` for 1 and 1.0, `true`, `null`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold() if isinstance(value, str) else msgspec.json.encode(value).decode()


def _sent_again(document: Any) -> str:
    """The mark of a repeated read, anywhere in the JSON; empty without one."""
    waiting, steps = [document], VALUES_MAX
    while waiting and steps:
        steps -= 1
        found = waiting.pop()
        if isinstance(found, list):
            waiting += found[:steps]
        elif isinstance(found, dict):
            for key, value in found.items():
                if key.casefold() in SENT_AGAIN and _as_text_or_none(value) in ("true", "1"):
                    return str(key)
            waiting += [value for value in found.values() if isinstance(value, dict | list)]
    return ""


def _as_text_or_none(value: Any) -> str | None:
    return None if isinstance(value, dict | list) else _as_text(value)


def _at(document: Any, path: str) -> Any:
    found = document
    for step in path.split(".")[:STEPS_MAX]:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(found):
            found = found[int(step[:6])]
        else:
            return None
    return found


def _percent(value: Any) -> float | None:
    """A confidence as percent; a value up to 1 is a share."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or number < 0:
        return None
    return min(100.0, number * 100 if number <= 1 else number)
