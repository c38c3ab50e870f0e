"""JSON from outside, over HTTP or MQTT, read strictly: what it says has one meaning, and fits what is behind it.

The usual readers take the last of two equal keys, infinity for 1e999, and halves of characters that no text can hold.
Each of these is refused here, with the remedy.
"""

from __future__ import annotations

import json
from typing import Any

from gateway.core.vocabulary.errors import RequestError

DEPTH_MAX = 32
UNFIT = "body_invalid"
"""The code of an error about a document that is JSON and fits nothing."""
NUMBER_MAX = (1 << 63) - 1
_DIGITS_MAX = 20
_SHOWN = 40


def read_strictly(raw: bytes) -> Any:
    """The document; RequestError says what is wrong with it and what to do."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise RequestError(f"it is not UTF-8 text (byte {error.start}); send UTF-8") from None
    try:
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole, parse_float=_finite
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise RequestError(f"it is not JSON: {error.msg} (byte {len(text[: error.pos].encode())})") from None
    _check(found, 0)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RequestError(f"the key {_short(twice)} is there twice in one object; keep one of them")
    return found


def _no_constant(name: str) -> Any:
    raise RequestError(f"{name} is no number of JSON; give a number, or null")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS_MAX or abs(number := int(digits)) > NUMBER_MAX:
        raise _too_large(digits)
    return number


def _finite(text: str) -> float:
    number = float(text)
    if abs(number) > NUMBER_MAX:
        raise _too_large(text)
    return number


def _check(value: Any, depth: int) -> None:
    """Bounded depth, and texts that can be written as UTF-8."""
    if depth > DEPTH_MAX:
        raise _too_deep()
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check(inner, depth + 1)


def _check_text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise RequestError(f"the text {_short(text)} holds half of a character (a lone surrogate); take it out")


def _too_large(text: str) -> RequestError:
    """JSON all right, but no field takes it."""
    return RequestError(f"the number {text[:_SHOWN]} is too large; the largest is {NUMBER_MAX}", code=UNFIT)


def _too_deep() -> RequestError:
    return RequestError(f"it is nested more than {DEPTH_MAX} levels deep; send it flatter")


def _short(text: str) -> str:
    return ascii(text[:_SHOWN])
