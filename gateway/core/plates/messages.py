"""The plate in a camera's JSON: where it is, how sure and how old it is; any JSON has a plate or none."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo
from typing import Annotated, Any, Literal

import msgspec

from gateway.core.plates.camera_time import age_ms
from gateway.core.plates.plates import CHARACTERS_MAX
from gateway.core.vocabulary.errors import PassError

STEPS_MAX = 16
VALUES_MAX = 10_000
"""Objects and lists of a camera's JSON that are searched for a mark."""
SENT_AGAIN = frozenset({"isdataretransmission", "isretransmission", "isoffline", "ishistory"})
"""Keys with which cameras mark a repeated read, in small letters."""
SURE = 100.0
"""The confidence of a camera that sends none."""
UNKNOWN = -1.0
"""The confidence of a plate whose own could not be read: it counts, and any other read of the car is better."""
CARS_MAX = 16
"""Cars of one message that count."""

Scale = Literal["percent", "share", "255", 255]
_FULL = {"percent": 100.0, "share": 1.0, "255": 255.0}
Scalar = str | int | float | bool | None
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Only = Annotated[
    dict[Path, Scalar | Annotated[list[Scalar], msgspec.Meta(min_length=1, max_length=50)]],
    msgspec.Meta(max_length=16),
]


class PlateMapping(msgspec.Struct, frozen=True):
    """Paths in a camera's JSON: dotted, with a number for an item of a list; `|` stands between alternatives.

    `time` is the camera's own time; `only`: the value, or one of several, that a path must have in a read. `many` is
    the list of cars in a message; the other paths are then looked for in each car first, and in the whole after that.
    """

    plate: Path = "plate"
    confidence: Annotated[str, msgspec.Meta(max_length=200)] = ""
    time: Annotated[str, msgspec.Meta(max_length=200)] = ""
    only: Only = {}
    confidence_scale: Scale | None = None
    many: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PlateSeen(msgspec.Struct, frozen=True):
    """A plate as the camera writes it, with its confidence in percent; an empty plate is a sign of life.

    `age_ms` is its age by the camera's own time, negative in the future, None without a time. `wrong` says why a
    message with a plate is dropped, or what is wrong with one that counts.
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


def find_plates(document: Any, mapping: PlateMapping, wall_ns: int = 0, zone: tzinfo = UTC) -> list[PlateSeen]:
    """The plates of all cars in a message at this wall time; one without a plate when there is none.

    `zone` is for a time without offset.
    """
    cars = _at(document, mapping.many) if mapping.many else None
    if not isinstance(cars, list):
        return [find_plate(document, mapping, wall_ns, zone)]
    found = [_find([car, document], mapping, wall_ns, zone) for car in cars[:CARS_MAX]]
    return [seen for seen in found if seen.plate or seen.wrong] or [PlateSeen("", 0.0)]


def find_plate(document: Any, mapping: PlateMapping, wall_ns: int = 0, zone: tzinfo = UTC) -> PlateSeen:
    """The plate in a camera's JSON at this wall time; `zone` is for a time without offset."""
    return _find([document], mapping, wall_ns, zone)


def _find(places: list[Any], mapping: PlateMapping, wall_ns: int, zone: tzinfo) -> PlateSeen:
    """The plate in a car of a message, or in the message: each path is looked for in these places, in turn."""
    plate = _first(places[:1], mapping.plate)
    if not isinstance(plate, str) or not 0 < len(plate.strip()) <= CHARACTERS_MAX:
        return PlateSeen("", 0.0)
    if not all(_is_one_of(_first(places, path), wanted) for path, wanted in mapping.only.items()):
        return PlateSeen("", 0.0)
    if mark := _sent_again(places[-1]):
        return PlateSeen("", 0.0, wrong=f"the camera sent an earlier read again ({mark}): it opens no lane")
    confidence, wrong = _sure(places, mapping)
    if not mapping.time:
        return PlateSeen(plate.strip(), confidence, wrong=wrong)
    age = age_ms(_first(places, mapping.time), wall_ns, zone)
    if age is None:
        words = f"there is a plate, but no time at {mapping.time!r}, so it opens no lane; put the option `time` right"
        return PlateSeen("", 0.0, wrong=words)
    return PlateSeen(plate.strip(), confidence, age, wrong)


def _sure(places: list[Any], mapping: PlateMapping) -> tuple[float, str]:
    """The confidence in percent, and what is wrong with it; a plate is kept without one."""
    if not mapping.confidence:
        return SURE, ""
    told = _first(places, mapping.confidence)
    number = _number(told)
    if number is None:
        return UNKNOWN, f"there is a plate, but no number at {mapping.confidence!r}; put the option `confidence` right"
    scale = mapping.confidence_scale or ("share" if 0 < number < 1 else "percent")
    full = _FULL[str(scale)]
    if not 0 <= number <= full:
        return UNKNOWN, (
            f"the confidence {str(told)[:40]!r} is not from 0 to {full:g}; put the option `confidence_scale` right"
            " (percent, share or 255)"
        )
    return 100 * number / full, ""


def _first(places: list[Any], path: str) -> Any:
    """What stands at a path in the first place that has it."""
    return next((found for place in places if (found := _at(place, path)) is not None), None)


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
    """What stands at the first of the alternatives of a path that is there."""
    return next((found for one in path.split("|") if (found := _step_to(document, one)) is not None), None)


def _step_to(document: Any, path: str) -> Any:
    found = document
    for step in path.split(".")[:STEPS_MAX]:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(found):
            found = found[int(step[:6])]
        else:
            return None
    return found


def _number(value: Any) -> float | None:
    """A number, also written as text with a percent sign."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
