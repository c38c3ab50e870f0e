"""The operators of the settings: made, changed and removed one by one, each change one write of `site.json`.

A PIN never comes here, only its hash. Sessions end by themselves: they are tied to role and hash. `Lifts` notes when a
leader lifted the lock-out of an operator; the web process, which counts wrong PINs, does not count those before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.people.pins import is_hash
from gateway.core.people.texts import wrong_name
from gateway.core.settings.roles import Role
from gateway.core.vocabulary.errors import DataDirectoryError, NotFoundError, RefusedError, RequestError
from gateway.store.files import write_atomically
from gateway.store.settings.documents import Documents
from gateway.store.settings.names import alike

OPERATORS_MAX = 500
Document = dict[str, Any]


class Operators:
    """The operators of one data directory. Thread-safe by `Documents.edit`."""

    def __init__(self, documents: Documents, begun: Callable[[], None]) -> None:
        """`begun` is called before an operator goes: from the first one on, the first set-up is over for good."""
        self._documents = documents
        self._begun = begun

    def list(self) -> list[dict[str, str]]:
        """Name and role of each, in the order of the settings."""
        return [{"name": one["name"], "role": one["role"]} for one in _of(self._documents.load())]

    def add(
        self, name: str, role: str, pin_hash: str, also: Callable[[Document], Document] = lambda document: document
    ) -> None:
        """A new operator; RefusedError if there is one of that name, RequestError for a bad name, role or hash.

        `also` changes the rest of the settings in the same write.
        """
        if wrong := wrong_name(name):
            raise RequestError(f"name {wrong}")
        _must_be_role(role)
        _must_be_hash(pin_hash)

        def edit(document: Document) -> Document:
            known = _of(document)
            like = next((one["name"] for one in known if alike(one["name"]) == alike(name)), None)
            if like not in (None, name):
                raise RefusedError(f"{name!r} looks like the operator {like!r}; take a name that differs")
            if like is not None:
                raise RefusedError(f"there is an operator {name!r} already; `operator set-pin` gives a new PIN")
            if len(known) >= OPERATORS_MAX:
                raise RefusedError(f"there are {OPERATORS_MAX} operators already; remove some")
            added = {"name": name, "role": str(role), "pin_hash": pin_hash}
            return {**also(document), "operators": [*known, added]}

        self._documents.edit(edit)
        self._begun()

    def set_pin(self, name: str, pin_hash: str) -> None:
        """Another PIN; NotFoundError."""
        _must_be_hash(pin_hash)

        def edit(document: Document) -> Document:
            _get(document, name)
            changed = [{**one, "pin_hash": pin_hash} if one["name"] == name else one for one in _of(document)]
            return {**document, "operators": changed}

        self._documents.edit(edit)

    def set_role(self, name: str, role: str) -> str:
        """Another role; returns the one before. NotFoundError, and RefusedError for the last installer."""
        _must_be_role(role)
        before = ""

        def edit(document: Document) -> Document:
            nonlocal before
            before = str(_get(document, name)["role"])
            if role != Role.INSTALLER:
                _must_not_be_the_last(document, name)
            changed = [{**one, "role": role} if one["name"] == name else one for one in _of(document)]
            return {**document, "operators": changed}

        self._documents.edit(edit)
        return before

    def remove(self, name: str, *, also_last: bool = False) -> str:
        """Remove an operator and return the role; NotFoundError.

        RefusedError for the last installer unless `also_last`: only an installer may change settings on a screen.
        """
        role = ""

        def edit(document: Document) -> Document:
            nonlocal role
            role = str(_get(document, name)["role"])
            if not also_last:
                _must_not_be_the_last(document, name)
            self._begun()
            return {**document, "operators": [one for one in _of(document) if one["name"] != name]}

        self._documents.edit(edit)
        return role

    def must_know(self, name: str) -> None:
        """NotFoundError for a name that no operator has."""
        _get(self._documents.load(), name)


class Lifts:
    """When the lock-out of an operator was lifted. The engine writes, web reads."""

    def __init__(self, path: Path) -> None:
        """`path` is `lifted.json`; it need not be there yet."""
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._at_s: dict[str, float] = {}

    def lift(self, name: str) -> None:
        """Wrong PINs for this name count no more, up to now."""
        with self._lock:
            known = dict(sorted(self._load().items(), key=lambda one: one[1])[-(OPERATORS_MAX - 1) :])
            write_atomically(self._path, msgspec.json.encode({**known, name: time.time()}), mode=0o640)
            self._stamp = None

    def at_s(self, name: str) -> float:
        """When it was lifted, seconds since 1970; 0: never."""
        with self._lock:
            return self._load().get(name, 0.0)

    def _load(self) -> dict[str, float]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                self._at_s = msgspec.json.decode(self._path.read_bytes(), type=dict[str, float])
            except (msgspec.DecodeError, OSError) as error:
                raise DataDirectoryError(f"{self._path} cannot be read ({error}); remove it") from error
            self._stamp = stamp
        return self._at_s


def _of(document: Document) -> list[dict[str, Any]]:
    return list(document.get("operators") or [])


def _get(document: Document, name: str) -> dict[str, Any]:
    known = _of(document)
    found = next((one for one in known if one["name"] == name), None)
    if found is None:
        names = ", ".join(str(one["name"]) for one in known) or "none"
        raise NotFoundError(f"there is no operator {name!r}; known: {names}")
    return found


def _must_not_be_the_last(document: Document, name: str) -> None:
    """RefusedError for the last installer."""
    installers = [one["name"] for one in _of(document) if one["role"] == Role.INSTALLER]
    if installers == [name]:
        raise RefusedError(
            f"{name} is the last installer, and only an installer may change settings on a screen; add another"
            " one first: gatehouse operator add NAME --role installer",
            code="last_installer",
        )


def _must_be_role(role: str) -> None:
    if role not in tuple(Role):
        raise RequestError(f"role is {role[:40]!r}; give one of {', '.join(Role)}")


def _must_be_hash(pin_hash: str) -> None:
    if not is_hash(pin_hash):
        raise RequestError("pin_hash is not the hash of a PIN")
