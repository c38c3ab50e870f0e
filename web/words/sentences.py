"""Sentences that other processes make in English, in the language of the page: patterns with the Chinese of each.

A file is a list of pairs, the more exact patterns first. A group whose name begins with `w` is a sentence itself.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from web.words.texts import Words

TROUBLES = Path(__file__).with_name("troubles.zh_CN.json")
"""What drivers and cameras say of a device that fails."""


def sentence(file: Path, words: str, say: Words) -> str:
    """A sentence in the language of the page; as it is where the file has no other words for it."""
    return _chinese(file, words) if say.locale == "zh_CN" else words


def trouble(words: str, say: Words) -> str:
    """What is wrong with a device."""
    return sentence(TROUBLES, words, say)


def _chinese(file: Path, words: str) -> str:
    for pattern, text in _patterns(file):
        if found := pattern.fullmatch(words):
            values = {name: value or "" for name, value in found.groupdict().items()}
            inner = {name: _chinese(file, one) if name.startswith("w") else one for name, one in values.items()}
            return text.format(**inner)
    return words


@cache
def _patterns(file: Path) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in json.loads(file.read_text("utf-8")))
