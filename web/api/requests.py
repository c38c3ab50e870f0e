"""Checks query parameters and JSON bodies; errors name the remedy."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec
from flask import request

from gateway.control.outside import UNFIT, read_strictly
from gateway.core.settings.explain import explain
from gateway.core.settings.site_file import ID_PATTERN
from gateway.core.vocabulary.errors import RequestError
from web.platform.problems import Problem

_Body = TypeVar("_Body")
_KEY_PATTERN = re.compile(r'"?[\x21\x23-\x7e]{1,128}"?')


def refuse(detail: str, code: str = "request_invalid", status: int = 400, **extra: Any) -> Problem:
    """A problem with the request."""
    return Problem(status, code, detail, **extra)


def number(name: str, default: int, low: int, high: int) -> int:
    """A whole number from the query within its bounds."""
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not low <= int(text) <= high:
        raise refuse(f"{name} is {text[:40]!r}; give a whole number from {low} to {high}")
    return int(text)


def flag(name: str) -> bool | None:
    """`true` or `false` from the query; None if absent."""
    text = request.args.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise refuse(f"{name} is {text[:40]!r}; give true or false")
    return text == "true"


def identifier(value: str, what: str) -> str:
    """An id from the path; 404 for a malformed one."""
    if not ID_PATTERN.fullmatch(value):
        raise refuse(f"There is no {what} {value[:80]!r}.", "not_found", 404)
    return value


def only(*names: str) -> None:
    """Refuse unknown query parameters: a misspelt filter must not return everything."""
    for name in request.args:
        if name not in names:
            known = ", ".join(names) if names else "none"
            raise refuse(f"{name[:40]!r} is not a parameter here; known: {known}")


def body(kind: type[_Body], *, optional: bool = False) -> _Body:
    """The JSON body as that struct; 400 if it is not JSON, 415 for other types, 422 if it does not fit."""
    raw = request.get_data(cache=False)
    if not raw and optional:
        raw = b"{}"
    elif not _is_json():
        raise refuse("Send the body as JSON with Content-Type: application/json.", "not_json", 415)
    try:
        document = read_strictly(raw)
    except RequestError as error:
        if error.code == UNFIT:
            raise refuse(f"The body does not fit: {error}.", UNFIT, 422) from None
        raise refuse(f"The body cannot be read: {error}.", "not_json") from None
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        place, words = explain(error, document, kind)
        raise refuse(f"{place.removeprefix('.') or 'the body'}: {words}.", "body_invalid", 422) from None


def _is_json() -> bool:
    kind = request.mimetype
    return kind == "application/json" or kind.endswith("+json")


def idempotency_key() -> str | None:
    """The Idempotency-Key header (with or without quotes); None if absent."""
    text = request.headers.get("Idempotency-Key", "").strip()
    if not text:
        return None
    if not _KEY_PATTERN.fullmatch(text):
        raise refuse("Idempotency-Key: give 1 to 128 printable characters without blanks.")
    return text.strip('"')


def one_of(name: str, known: Collection[str]) -> str | None:
    """One of the known words from the query; None if absent."""
    text = request.args.get(name) or None
    if text is not None and text not in known:
        raise refuse(f"{name} is {text[:40]!r}; give one of {', '.join(known)}")
    return text
