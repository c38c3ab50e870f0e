"""JSON from outside has one meaning, or is refused with the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.outside import DEPTH_MAX, NUMBER_MAX, read_strictly
from gateway.core.vocabulary.errors import RequestError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-NUMBER_MAX, NUMBER_MAX) | st.floats(-1e15, 1e15) | st.text(max_size=20),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=8), one, max_size=4),
    max_leaves=20,
)

WRONG = {
    "a key twice": (b'{"a": 1, "b": 2, "a": 3}', "key 'a' is there twice"),
    "a key twice inside": (b'{"a": [{"x": 1, "x": 1}]}', "key 'x' is there twice"),
    "a key twice, written otherwise": (b'{"a": 1, "\\u0061": 2}', "key 'a' is there twice"),
    "NaN": (b'{"a": NaN}', "NaN is no number"),
    "infinity": (b'[-Infinity]', "-Infinity is no number"),
    "a huge power": (b"[1e999]", "number 1e999 is too large"),
    "a huge number": (b"[9223372036854775808]", "too large"),
    "a huge number below zero": (b"[-9223372036854775808]", "too large"),
    "an endless number": (b"[" + b"9" * 100_000 + b"]", "too large"),
    "an endless fraction": (b"[" + b"9" * 400 + b".5]", "too large"),
    "half a character": (b'["\\ud800"]', "half of a character"),
    "the other half": (b'["a\\udc00b"]', "half of a character"),
    "half a character in a key": (b'{"\\ud800": 1}', "half of a character"),
    "nested without end": (b"[" * 200_000, "levels deep"),
    "nested without end, objects": (b'{"a":' * 50_000, "levels deep"),
    "nested and closed": (b"[" * 40 + b"]" * 40, "levels deep"),
    "not UTF-8": (b'["\xff"]', "not UTF-8 text .byte 2"),
    "not JSON": (b"{a: 1}", "not JSON: .* .byte 1"),
    "cut": (b'{"a": [1, 2', "not JSON"),
    "more behind it": (b"{} {}", "not JSON: Extra data .byte 3"),
    "nothing": (b"", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "words"), WRONG.values(), ids=list(WRONG))
def test_what_has_no_meaning_or_two_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        read_strictly(raw)
    assert len(str(caught.value)) < 200
    str(caught.value).encode()


@given(PLAIN)
def test_all_else_is_read_as_it_is_written(value: Any) -> None:
    assert read_strictly(json.dumps(value).encode()) == value
    assert read_strictly(json.dumps(value, ensure_ascii=False).encode()) == value


def test_bounds_are_those_that_are_named() -> None:
    assert read_strictly(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert read_strictly(str(NUMBER_MAX).encode()) == NUMBER_MAX
    assert read_strictly(b'"\\ud83d\\ude97"') == "🚗"


@given(st.binary(max_size=80))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    try:
        read_strictly(noise)
    except RequestError as error:
        assert str(error)
