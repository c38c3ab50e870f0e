"""Faults of a site file for programs and screens: path, value and remedy of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
# The key of a device is a secret; that of a certificate is the path of a file.
_SECRET = re.compile(r"(?:^|\.)(?:pin|pin_hash|password|(?<!tls\.)(?<!mqtt\.)key)$")
_SHOWN_MAX = 200


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in a site file: where, the value (None: none, or a secret), and what to do."""

    path: str
    value: Any
    message: str
    remedy: str


def faults(problems: Sequence[tuple[str, str]], document: Any) -> tuple[Fault, ...]:
    """The problems of a `SettingsError` with their values in the document that was checked."""
    return tuple(Fault(path, _value(document, path), message, remedy_of(message)) for path, message in problems)


def remedy_of(message: str) -> str:
    """What to do, which follows what is wrong; the whole message where both are one."""
    return message.partition("; ")[2] or message


def _value(document: Any, path: str) -> Any:
    """What stands at a path; lists of named things are entered by number or by name."""
    if _SECRET.search(path):
        return None
    here = document
    for name, index in _STEP.findall(path):
        here = _entered(here, name, index)
    if isinstance(here, dict | list):
        return None
    return here[:_SHOWN_MAX] if isinstance(here, str) else here


def _entered(here: Any, name: str, index: str) -> Any:
    if index:
        return here[int(index)] if isinstance(here, list) and int(index) < len(here) else None
    if isinstance(here, list):
        return next((one for one in here if isinstance(one, dict) and name in (one.get("id"), one.get("name"))), None)
    return here.get(name) if isinstance(here, dict) else None
