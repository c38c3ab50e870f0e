"""Which of the names and numbers that the data directory holds occur in a text.

The passes may be a million, so they are not searched for one by one: the words of the text are put into a set, and a
pass is looked at closely only when one of its own words is in there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gateway.store.recovery.registry import readable_documents

_WORD = re.compile(r"[^\W_]+")
_HARMLESS = frozenset({"kind", "lanes", "valid_from", "valid_until", "schedule"})
"""Fields of a pass that are not personal."""
_PIECE_MAX = 8
"""Letters of a piece of text without blanks between its words."""


class Words:
    """The words of texts, and the short pieces of those in foreign letters."""

    def __init__(self) -> None:
        self._words: set[str] = set()

    def add(self, text: str) -> None:
        """Take the words of a text."""
        for found in _WORD.finditer(text):
            word = found[0]
            self._words.add(word)
            if not word.isascii():
                last = len(word)
                self._words.update(
                    word[start:end]
                    for start in range(last)
                    for end in range(start + 1, min(start + _PIECE_MAX, last) + 1)
                )

    def may_hold(self, text: str) -> bool:
        """Whether the text can occur: its first word does."""
        first = _WORD.search(text)
        return first is not None and (first[0] in self._words or first[0][:_PIECE_MAX] in self._words)


def of_passes(registry: Path, words: Words) -> set[str]:
    """What of all passes can occur among those words, also of a damaged registry."""
    found: set[str] = set()
    for document in readable_documents(registry):
        try:
            one = msgspec.json.decode(document)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(one, dict):
            found.update(text for key, text in _named(one) if key not in _HARMLESS and words.may_hold(text))
    return found


def _named(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        for text in _texts(value):
            if text:
                yield key, text


def of_settings(document: Any) -> set[str]:
    """Names of people in the settings, hashes and what looks like a secret."""
    found = set(_texts(document.get("operators")) if isinstance(document, dict) else ())
    groups = document.get("groups") if isinstance(document, dict) else None
    return (found | set(_texts(groups))) - {"guard", "leader", "control_room", "office", "installer", "auditor"}


def of_secrets(folder: Path) -> set[str]:
    """Everything in the secrets that is long enough to be one."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        try:
            content = path.read_bytes() if path.is_file() else b""
        except OSError:
            continue
        found.add(content.decode("utf-8", "replace").strip()[:2000])
        try:
            found.update(_texts(msgspec.json.decode(content)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return {text for text in found if len(text) >= 4 and ":" not in text and not _is_word_of_ours(text)}


def _is_word_of_ours(text: str) -> bool:
    return re.fullmatch(r"[a-z]+:[a-z]+|\d{4}-.*Z", text) is not None


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
