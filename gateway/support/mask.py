"""Masks secrets and personal data: a text is kept only when it is known to be harmless.

Harmless are times, numbers, words of the program (types, states, declared values), ids of lanes, devices and the like
from the settings, and network addresses that the settings have. Everything else becomes a mark such as `plate:3f9a01`:
the same value has the same mark in one bundle, so that rows can be followed, and another one in the next bundle, since
the key of the marks is thrown away.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import typing
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from gateway.core.alarms.kinds import KINDS
from gateway.core.settings.roles import Role
from gateway.core.vocabulary import views
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import TYPES

_MARK_DIGITS = 6
_SECRET_KEYS = re.compile(r"(?i)pin|password|secret|passphrase|token|key$|hash$|digest|cookie|csrf|cert")
_PERSONS = frozenset({
    "by", "decided_by", "acknowledged_by", "operator", "name", "holder", "phone", "username", "to", "person", "note",
    "pass", "group", "unit", "bay", "plate", "plates", "card", "cards", "value", "people", "purpose", "visit",
})  # fmt: skip
"""Keys whose values are masked also when they look harmless."""
_OURS = frozenset({"gateway", "central", "", "io"})
"""Values of those keys that are no person."""
_CHAINS = frozenset({"prevhash", "lasthash", "head", "id", "sequence", "bootid", "uptimens", "predecessor", "digest"})
"""Keys of the envelope and of the chain: they hold ids and hashes of the journal."""
_CHAIN = re.compile(r"[0-9a-f]{64}|[0-9a-f-]{36}|[a-z0-9]{8,32}(?:\.[0-9]{1,20})?|[0-9]{1,20}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_CODE = re.compile(r"[a-z]+(?:[_-][a-z]+)*(?:\.[a-z_]+)*")
_PLACE = re.compile(
    r"/dev/[\w./:@-]+|(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?|(?=[\w.-]*[a-z])[a-z0-9](?:[a-z0-9.-]*\.[a-z]{2,})|localhost"
)
_VERSION = re.compile(r"\d+(?:\.\d+){1,3}")
_ZONE = re.compile(r"[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+|UTC")
_CLOCK = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))? )?\d\d:\d\d-\d\d:\d\d")
_HARMLESS = (_TIME, _VERSION, _ZONE, _CLOCK)
_SENTENCES = frozenset({
    "error", "last_error", "message", "degraded", "without", "shared", "places", "problems", "warnings", "trace",
    "traceback",
})  # fmt: skip
"""Keys whose values are sentences of the program, in which only single words are masked."""
_CODED = frozenset({
    "arm", "asked", "cannot_open", "cause", "certainty", "clock", "clockstate", "command", "direction", "kind",
    "method", "mode", "notice", "part", "state", "type", "verdict", "via", "what",
})  # fmt: skip
"""Keys whose values are codes of the program, also where no closed list is declared."""
_WHERE = frozenset({"host", "address", "port", "device", "path", "ca", "brokers"})

# In running text.
_GROUP = r"[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join((
    r"::(?:[Ff]{4}:)?(?:\d{1,3}\.){3}\d{1,3}",
    rf"(?:{_GROUP}:){{7}}{_GROUP}",
    rf"(?:{_GROUP}(?::{_GROUP})*)?::(?:{_GROUP}(?::{_GROUP})*)?",
))  # fmt: skip
_LETTERS = r"[^\W\d_]"
_TEXT = re.compile(
    "|".join((
        r"(?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d\d:\d\d:\d\d\b)",
        rf"(?P<address>\b(?:\d{{1,3}}\.){{3}}\d{{1,3}}\b|(?<![\w:.])(?:{_IPV6})(?![\w:]))",
        r"(?P<secret>gh_[\w-]+|\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{20,}={0,2})",
        r"(?P<mail>[\w.+-]+@[\w-]+\.[\w.]+)",
        r"(?P<number>\+?\d(?:[ -]?\d){4,})",
        r"(?P<plate>\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9](?:[A-Z0-9-]{3,10})[A-Z0-9]\b)",
        r"(?P<foreign>[^\x00-\x7f]+(?:[\w-]*[^\x00-\x7f]+)*[A-Z0-9]*)",
    ))
)  # fmt: skip


_OF_EVERY_MACHINE = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})
_ADDRESS_MAX = 60


def is_address(text: str) -> bool:
    """Whether a text is a network address, perhaps with its zone or the size of its network."""
    if len(text) > _ADDRESS_MAX or not ("." in text or ":" in text):
        return False
    try:
        ipaddress.ip_address(text.partition("%")[0].partition("/")[0])
    except ValueError:
        return False
    return True


class Mask:
    """Masks the values of one bundle."""

    def __init__(self, known: Iterable[str] = (), ids: Iterable[str] = (), addresses: Iterable[str] = ()) -> None:
        """`known` are texts that must not be shown wherever they occur; `ids` and network `addresses` may be."""
        self._salt = os.urandom(32)
        self._ids = frozenset(ids) | _words_of_the_program()
        self._addresses = frozenset(addresses) | _OF_EVERY_MACHINE
        self._codes = False
        self._known: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self.learn(known)

    def learn(self, known: Iterable[str]) -> None:
        """Never show these texts, wherever they occur."""
        more = {text for text in known if len(text) > 1 and text not in self._ids}
        self._known = tuple(sorted({*self._known, *more}, key=lambda text: (-len(text), text)))
        if self._known:
            texts = "|".join(map(re.escape, self._known))
            self._pattern = re.compile(rf"(?<!\w)(?:{texts})(?!\w)|(?:{_inside(self._known)})")

    def mark(self, value: str, kind: str = "masked") -> str:
        """What stands for a value."""
        made = hmac.new(self._salt, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"{kind}:{made[:_MARK_DIGITS]}"

    def settings(self, document: Any) -> Any:
        """A settings document: words in lower case and numbers may be options of a driver, and are kept."""
        self._codes = True
        try:
            return self.json(document)
        finally:
            self._codes = False

    def json(self, value: Any, key: str = "") -> Any:
        """A document with its values masked; also its keys, where they are data."""
        if isinstance(value, dict):
            if isinstance(value.get("kind"), str) and "value" in value:
                kind = value["kind"] if _CODE.fullmatch(value["kind"]) else "masked"
                return {"kind": kind, "value": self.mark(str(value["value"]), kind)}
            return {self._key(str(name)): self.json(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(inner, key) for inner in value]
        if isinstance(value, str):
            return self._value(value, key)
        if isinstance(value, int) and not isinstance(value, bool):
            personal = not self._codes and (_SECRET_KEYS.search(key) or key in _PERSONS)
            return self.mark(str(value), key) if personal else value
        return value

    def text(self, text: str) -> str:
        """Running text: known values, numbers, plates, tokens and foreign letters are masked."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self.mark(found[0]), text)
        return _TEXT.sub(self._found, text)

    def _key(self, name: str) -> str:
        return (
            name
            if name in self._ids or (_CODE.fullmatch(name) and not self._is_known(name))
            else self.mark(name, "key")
        )

    def _value(self, value: str, key: str) -> str:
        if key in _CHAINS and _CHAIN.fullmatch(value) and not self._is_known(value):
            return value
        if value in _OURS or not value:
            return value
        if _SECRET_KEYS.search(key) or key in _PERSONS:
            return self.mark(value, key)
        if value in self._ids:
            return value
        if self._is_known(value):
            return self.mark(value)
        if not self._codes and is_address(value):
            return value if value in self._addresses else self.mark(value, "address")
        harmless = any(form.fullmatch(value) for form in _HARMLESS) or (
            (self._codes or key in _CODED) and _CODE.fullmatch(value)
        )
        placed = key in _WHERE and _PLACE.fullmatch(value)
        if harmless or placed:
            return value
        return self.text(value) if key in _SENTENCES else self._pieces(value)

    def _pieces(self, value: str) -> str:
        """A path of ids such as `/sites/a/gateways/b` or `io.input.4` stays; another text becomes a mark."""
        pieces = [piece for piece in re.split(r"[/.]", value) if piece]
        fits = all(piece in self._ids or (piece.isdigit() and len(piece) < 4) or _is_word(piece) for piece in pieces)
        if fits and len(pieces) > 1:
            return value
        head, slash, tail = value.rpartition("/")
        if slash and _is_word(head):
            return f"{head}/{self.mark(tail)}"
        return self.mark(value)

    def _is_known(self, text: str) -> bool:
        return self._pattern is not None and self._pattern.search(text) is not None

    def _found(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or "masked"
        shown = kind == "time" or (kind == "address" and found[0] in self._addresses)
        return found[0] if shown else self.mark(found[0], kind)


def _inside(known: Collection[str]) -> str:
    """Texts that are also found within words: of foreign letters, which have no blanks between words, and long ones."""
    texts = [text for text in known if len(text) >= 6 or not text.isascii()]
    return "|".join(map(re.escape, texts)) or r"(?!)"


_WORDS = frozenset({
    "sites", "gateways", "lanes", "devices", "passes", "alarms", "operators", "journal", "input", "output", "gatehouse",
    "barriers", "settings", "visits", "stations",
})  # fmt: skip


def _is_word(piece: str) -> bool:
    return piece in _WORDS


@cache
def _words_of_the_program() -> frozenset[str]:
    """Types, keys and declared values of rows and views; reasons, alarm kinds, roles; words of paths."""
    structs: list[type[msgspec.Struct]] = [kind for kinds in TYPES.values() for kind in kinds]
    structs += [one for one in vars(views).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    keys = {key for kind in structs for key in kind.__struct_encode_fields__}
    keys |= {
        value
        for kind in structs
        for hint in typing.get_type_hints(kind, include_extras=True).values()
        for value in _declared(hint)
    }
    keys |= {str(reason) for reason in Reason} | {str(kind) for kind in KINDS}
    envelope = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "application/json"}
    types = {f"gatehouse.{name}" for name in TYPES}
    return frozenset({*keys, *TYPES, *types, *envelope, *_WORDS, *_CHAINS, *(role.value for role in Role), "1.0"})


def masked_line(mask: Mask, line: bytes) -> bytes:
    """A row of the journal, masked."""
    return msgspec.json.encode(mask.json(msgspec.json.decode(line)))


def _declared(hint: Any) -> Iterator[str]:
    """The values of the closed lists in an annotation."""
    for part in typing.get_args(hint):
        if isinstance(part, msgspec.Meta):
            yield from (str(value) for value in (part.extra_json_schema or {}).get("enum", ()) if value is not None)
        else:
            yield from _declared(part)
