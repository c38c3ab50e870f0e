"""Shared by both ends of the control socket: the line codec, errors as JSON, long socket paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.core.vocabulary.errors import GatehouseError, RequestError, SettingsError

T = TypeVar("T")

LINE_MAX_BYTES = 1 << 20
# sun_path holds 108 bytes with its final zero (unix(7)).
_ADDRESS_MAX_BYTES = 107

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])


def encode(message: dict[str, Any]) -> bytes:
    """One message as a line."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes | bytearray) -> dict[str, Any]:
    """A line as a message; RequestError if it is not a JSON object."""
    return decode_as(_decoder, line, "the line is not a JSON object")


def decode_as(decoder: msgspec.json.Decoder[T], line: bytes | bytearray, otherwise: str) -> T:
    """A line as the decoder's type; RequestError with the text `otherwise` and the cause if it is not of it."""
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"{otherwise}: {error}") from None


def error_body(error: GatehouseError) -> dict[str, Any]:
    """An error as JSON: code, message and the problems, if any."""
    body: dict[str, Any] = {"code": error.code, "message": str(error)}
    problems = getattr(error, "problems", None)
    if problems:
        body["problems"] = problems
    return body


def error_from(body: dict[str, Any]) -> GatehouseError:
    """The exception for an error body; GatehouseError for an unknown code."""
    code, message = str(body.get("code", "error")), str(body.get("message", ""))
    kind = _by_code().get(code)
    if kind is None:
        return GatehouseError(message, code=code)
    if kind is SettingsError:
        problems = [(str(path), str(words)) for path, words in body.get("problems", [])]
        return SettingsError(problems or [("", message)])
    try:
        return kind(message)
    except TypeError:  # an error with more arguments than its message
        return GatehouseError(message, code=code)


def _by_code() -> dict[str, type[GatehouseError]]:
    """The errors that are loaded, by code; another part's own error with a shared code does not hide the shared one."""
    home = GatehouseError.__module__
    found: dict[str, type[GatehouseError]] = {}
    kinds = [GatehouseError]
    while kinds:
        kind = kinds.pop()
        before = found.setdefault(kind.code, kind)
        if before.__module__ != home and kind.__module__ == home:
            found[kind.code] = kind
        kinds.extend(kind.__subclasses__())
    return found


@contextmanager
def address(path: Path) -> Iterator[str]:
    """The address for bind and connect; a path over 107 bytes is reached through its open directory."""
    if len(os.fsencode(path)) <= _ADDRESS_MAX_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
