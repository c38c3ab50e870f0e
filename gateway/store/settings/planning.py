"""What applying a site file would change: the file checked, what it leaves out filled in, and the difference.

A file leaves out what an export leaves out: PINs and secrets stay as they are. Operators are added or changed, never
removed. A program with a token sees and changes no operators, stations and web address at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec

from gateway.core.settings.difference import Change, Touched, changes, paths, touched
from gateway.core.settings.model import Http, Settings, TlsFiles
from gateway.core.settings.site_file import PIN_PATTERN, checked, parse_settings, warnings
from gateway.core.vocabulary.errors import SettingsError
from gateway.store.settings.secrets import check_pin, hash_pin, places, seal, unseal
from gateway.store.settings.versions import Versions, Wanted, operators_after

CONFIRM_S = 90
CONFIRM_WIRING_S = 600
CONFIRM_MAX_S = 3_600
NEVER_BY_TOKEN = ("operators", "stations")
_WHERE = ("host", "port", "brokers", "tls", "ca", "cert", "username", "link", "baudrate", "address")
"""The keys that say to whom a secret beside them is shown."""
_BY_PEOPLE = "; leave it out: a token never changes it, use the command line or the installer's page"

Check = Callable[[Settings], Any]
"""What only the drivers know of settings; raises SettingsError."""


class Plan(msgspec.Struct, frozen=True):
    """What a file would change. `settings` are those after it; `confirm_s`: the time to confirm unless told."""

    wanted: Wanted
    settings: Settings
    changes: tuple[Change, ...]
    touched: Touched
    warnings: tuple[tuple[str, str], ...]
    confirm_s: int

    def shown(self) -> dict[str, Any]:
        """What an author is shown before it is applied."""
        return {
            "base": self.wanted.base,
            "changes": [{**msgspec.to_builtins(change), "words": change.words()} for change in self.changes],
            "lanes": list(self.touched.lanes),
            "devices": sorted(self.touched.devices),
            "wiring": self.touched.wiring,
            "web": self.touched.web,
            "confirm_s": self.confirm_s,
            "warnings": [list(warning) for warning in self.warnings],
        }


def plan(versions: Versions, document: Any, check: Check, *, by_token: bool = False, restores: bool = False) -> Plan:
    """Check a site file against the settings that hold; SettingsError with every fault.

    `restores`: it is an earlier version, which no file that is gone meanwhile holds up.
    """
    base = versions.current.version
    present = versions.opened()
    whole = _filled(_without_the_reserved(document, present) if by_token else document, present)
    if by_token:
        _must_not_redirect(document, present)
    settings, _ = checked(whole, check)
    before = parse_settings(present)
    if not restores and settings.gateway.http.tls != before.gateway.http.tls:
        _must_be_readable(settings.gateway.http)
    found = changes(present, {**whole, "operators": operators_after(present, whole)})
    both = touched(before, settings)
    sealed, taken = seal(_with_new_pins_alone(whole, present))
    return Plan(
        Wanted(sealed, taken, paths(found), base),
        settings,
        found,
        both,
        warnings(settings),
        CONFIRM_WIRING_S if both.wiring else CONFIRM_S,
    )


def filled(versions: Versions, document: Any) -> Any:
    """A site file with the PINs and secrets that it leaves out, as a check of it needs them; never for an export."""
    return _filled(document, versions.opened() if versions.exist else {})


def hashed(versions: Versions, document: Any) -> Any:
    """A site file whose PINs are hashes, so that they leave this process as such; one that is set already is left out.

    What is no PIN stays, to be named as a fault.
    """
    if not isinstance(document, dict):
        return document
    known = _by_name(versions.opened())
    sent = {**document, "operators": deepcopy(document.get("operators"))} if "operators" in document else document
    for operator in _objects(sent.get("operators")):
        pin = operator.get("pin")
        if isinstance(pin, str) and PIN_PATTERN.fullmatch(pin):
            before = known.get(str(operator.get("name")), {}).get("pin_hash")
            del operator["pin"]
            if not before or not check_pin(pin, before):
                operator["pin_hash"] = hash_pin(pin)
    return sent


def restoring(versions: Versions, number: int, check: Check) -> Plan:
    """What going to a version would change; NotFoundError, SettingsError."""
    return plan(versions, versions.document_of(number), check, restores=True)


def exported(document: dict[str, Any], *, by_token: bool = False) -> dict[str, Any]:
    """A stored document as an export shows it: without hashes; for a token without what it never changes."""
    shown = deepcopy(document)
    for operator in shown.get("operators", []):
        operator.pop("pin_hash", None)
    if by_token:
        for key in NEVER_BY_TOKEN:
            shown.pop(key, None)
        shown.get("gateway", {}).pop("http", None)
    return shown


def _filled(document: Any, present: dict[str, Any]) -> Any:
    if not isinstance(document, dict):
        return document
    try:
        return _with_pins(unseal(document, _secrets_of(present)), present)
    except RecursionError:
        raise SettingsError([("", "the document is nested too deeply; a site file has a few levels")]) from None


def _secrets_of(opened: dict[str, Any]) -> dict[str, str]:
    """The secrets of an opened document by place."""
    return seal({**opened, "operators": []})[1]


def _with_pins(document: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """The document with the PINs of known people, whether it leaves them out or says them again."""
    known = _by_name(present)
    filled = deepcopy(document)
    for operator in _objects(filled.get("operators")):
        before = known.get(str(operator.get("name")), {}).get("pin_hash")
        pin = operator.get("pin")
        if before and operator.get("pin_hash") is None and (pin is None or _fits(pin, before)):
            operator.pop("pin", None)
            operator["pin_hash"] = before
    return filled


def _fits(pin: Any, pin_hash: str) -> bool:
    return isinstance(pin, str) and check_pin(pin, pin_hash)


def _with_new_pins_alone(document: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """The document with the PINs that it changes: the others are those of the moment when it is applied."""
    known = _by_name(present)
    left = deepcopy(document)
    for operator in _objects(left.get("operators")):
        before = known.get(str(operator.get("name")), {}).get("pin_hash")
        if before is not None and operator.get("pin_hash") == before:
            del operator["pin_hash"]
    return left


def _without_the_reserved(document: Any, present: dict[str, Any]) -> Any:
    """A token's document with what it never changes as it is now; SettingsError where it says something else."""
    if not isinstance(document, dict):
        return document
    wrong: list[tuple[str, str]] = []
    shown = exported(present)
    filled = dict(document)
    for key in NEVER_BY_TOKEN:
        if key in document and document[key] != shown.get(key, []):
            wrong.append((key, f"differs from what is set{_BY_PEOPLE}"))
        filled[key] = shown.get(key, [])
    gateway, http = document.get("gateway"), shown["gateway"].get("http")
    if isinstance(gateway, dict):
        if "http" in gateway and gateway["http"] != (http or {}):
            wrong.append(("gateway.http", f"differs from what is set{_BY_PEOPLE}"))
        rest = {key: value for key, value in gateway.items() if key != "http"}
        filled["gateway"] = rest if http is None else {**rest, "http": http}
    if wrong:
        raise SettingsError(wrong)
    return filled


def _must_not_redirect(document: Any, present: dict[str, Any]) -> None:
    """A token that does not know a secret does not choose who is shown it; SettingsError."""
    if not isinstance(document, dict):
        return
    before = {path: place for path, place, key in places(present) if place.get(key) is not None}
    wrong = [
        (path, "is left out, but goes to another address now; give it again")
        for path, place, key in places(document)
        if path in before and place.get(key) is None and _address(place) != _address(before[path])
    ]
    if wrong:
        raise SettingsError(wrong)


def _must_be_readable(http: Http) -> None:
    """SettingsError for files of a certificate that this machine cannot read: the web would not come back."""
    files = (("cert", http.tls.cert), ("key", http.tls.key)) if isinstance(http.tls, TlsFiles) else ()
    wrong: list[tuple[str, str]] = []
    for key, path in files:
        try:
            _read_a_byte(path)
        except OSError as error:
            wrong.append(
                (
                    f"gateway.http.tls.{key}",
                    f"is {path!r}, which cannot be read ({error.strerror}); give the full path of a PEM file that the"
                    " user of Gatehouse may read",
                )
            )
    if wrong:
        raise SettingsError(wrong)


def _read_a_byte(path: str) -> None:
    """OSError; a pipe does not hold it up."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.read(descriptor, 1)
    finally:
        os.close(descriptor)


def _address(place: dict[str, Any]) -> dict[str, Any]:
    return {key: place[key] for key in _WHERE if place.get(key) is not None}


def _by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(one.get("name")): one for one in _objects(document.get("operators"))}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
