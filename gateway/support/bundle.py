"""Writes the bundle: a `.tar.gz` for its owner alone. What cannot be had is named in it, and the rest is written."""

from __future__ import annotations

import io
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.directory import DataDirectory
from gateway.store.files import new_file
from gateway.support import collect, personal
from gateway.support.mask import Mask, is_address, masked_line

ROWS = 2000
TEXT_MAX = 4_000_000
FAULTS_MAX = 20
_FOLDER = "gatehouse-support"
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_NAMED = ("name", "username")
README = """\
A support bundle of Gatehouse {version}, made {at}.

Secrets and personal data are masked: names, telephone numbers, plates, cards, PINs, tokens, texts that people wrote,
network addresses that the settings do not have.
The same value has the same mark in this bundle (such as plate:3f9a01) and another one in the next bundle.
Look through it before you send it; it is plain text.

versions.json   Gatehouse, Python, packages, system
settings.json   the settings
check.json      what `gatehouse check` finds
state.json      what the engine publishes
journal.ndjson  the newest rows of the journal
metrics.txt     figures
logs/           what the processes said
faults/         events in which the program failed
files.json      sizes and rights
integrity.json  is the chain of the journal whole, are the databases?
machine.json    disk, memory, load
missing.json    what could not be had, and why
"""


class Found(msgspec.Struct):
    """What the command has asked others for; None where it could not be had (`missing` says why)."""

    check: Any = None
    state: Any = None
    metrics: str | None = None
    logs: dict[str, str] = msgspec.field(default_factory=dict)
    missing: dict[str, str] = msgspec.field(default_factory=dict)


def write_bundle(
    directory: DataDirectory, file: Path, found: Found, *, rows: int = ROWS, force: bool = False,
    progress: collect.Progress = lambda _done, _total: None,
) -> list[str]:  # fmt: skip
    """Write the bundle; returns the names in it. StorageError; then there is no file."""
    with new_file(file, force) as opened:
        return _Bundle(directory, found, rows).write(opened, progress)


class _Bundle:
    """One bundle: reads everything first that must be known to mask the rest."""

    def __init__(self, directory: DataDirectory, found: Found, rows: int) -> None:
        self._directory = directory
        self._found = found
        self._missing = dict(found.missing)
        self._document = self._try("settings", directory.documents.load, {})
        self._rows = list(self._try("journal", lambda: list(collect.newest_rows(directory.journal, rows)), []))
        self._faults = self._read_faults()
        self._mask = self._make_mask()

    def write(self, file: IO[bytes], progress: collect.Progress) -> list[str]:
        mask = self._mask
        names: list[str] = []
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            for name, content in self._contents(progress):
                names.append(name)
                about = tarfile.TarInfo(f"{_FOLDER}/{name}")
                about.size, about.mode, about.mtime = len(content), 0o600, int(time.time())
                tar.addfile(about, io.BytesIO(content))
            missing = {part: mask.text(why) for part, why in self._missing.items()}
            content = _json(missing)
            about = tarfile.TarInfo(f"{_FOLDER}/missing.json")
            about.size, about.mode, about.mtime = len(content), 0o600, int(time.time())
            tar.addfile(about, io.BytesIO(content))
        return [*names, "missing.json"]

    def _contents(self, progress: collect.Progress) -> Iterator[tuple[str, bytes]]:
        mask, found = self._mask, self._found
        about = collect.versions()
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        yield "README.txt", README.format(version=about["gatehouse"], at=at).encode()
        yield "versions.json", _json(about)
        yield "settings.json", _json(mask.settings(_without_people(self._document)))
        for name, document in (("check.json", found.check), ("state.json", found.state)):
            if document is not None:
                yield name, _json(mask.json(document))
        yield "journal.ndjson", b"\n".join([*(masked_line(mask, row) for row in self._rows), b""])
        if found.metrics is not None:
            yield "metrics.txt", _LABEL.sub(self._label, found.metrics[:TEXT_MAX]).encode()
        for name, text in sorted(found.logs.items()):
            yield f"logs/{name}.txt", mask.text(text[-TEXT_MAX:]).encode("utf-8", "replace")
        for name, document in self._faults:
            yield f"faults/{name}", _json(mask.json(document))
        yield "files.json", _json(self._files())
        yield "integrity.json", _json(mask.json(collect.integrity(self._directory, progress)))
        yield "machine.json", _json(collect.machine(self._directory.path))

    # ---- what must be known to mask the rest ---------------------------------------------------------------------

    def _make_mask(self) -> Mask:
        people = {name for row in self._rows for name in collect.people_of(row)} - {"gateway", "central"}
        mask = Mask(known=people, ids=_ids(self._document), addresses=_addresses(self._document))
        mask.learn(personal.of_settings(self._document) | personal.of_secrets(self._directory.secrets))
        mask.learn(_names(self._document))
        words = personal.Words()
        for text in (*self._found.logs.values(), *self._missing.values(), self._found.metrics or ""):
            words.add(text[-TEXT_MAX:])
        for document in (self._found.check, self._found.state, self._document, self._faults):
            words.add(msgspec.json.encode(document, enc_hook=str).decode("utf-8", "replace"))
        for row in self._rows:
            words.add(row.decode("utf-8", "replace"))
        mask.learn(personal.of_passes(self._directory.registry, words))
        return mask

    def _read_faults(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        folder = self._directory.faults
        for path in sorted(folder.glob("*.json"))[-FAULTS_MAX:] if folder.is_dir() else ():
            try:
                found.append((path.name, msgspec.json.decode(path.read_bytes())))
            except (OSError, msgspec.DecodeError, RecursionError) as error:
                self._missing[f"faults/{path.name}"] = str(error)
        return found

    def _try(self, name: str, have: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return have()
        except (GatehouseError, OSError) as error:
            self._missing[name] = str(error)
            return otherwise

    def _files(self) -> dict[str, Any]:
        found = collect.files(self._directory.path)
        for one in found["files"]:
            one["name"] = self._mask.text(one["name"]) if one["name"].startswith("faults/") is False else one["name"]
        return found

    def _label(self, found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        shown = self._mask.settings({"name" if name == "token" else name: value})
        return f'{name}="{next(iter(shown.values()))}"'


def _without_people(document: Any) -> Any:
    """The settings with numbers in place of the operators and the households."""
    if not isinstance(document, dict):
        return document
    shown = {key: value for key, value in document.items() if key not in ("operators", "groups")}
    roles = [str(one.get("role")) for one in document.get("operators") or () if isinstance(one, dict)]
    shown["operators"] = {role: roles.count(role) for role in sorted(set(roles))}
    shown["groups"] = len(document.get("groups") or ())
    return shown


def _ids(document: Any) -> set[str]:
    """The ids of lanes, devices, barriers and stations, of the site and the gateway, and the drivers."""
    found: set[str] = set()
    if not isinstance(document, dict):
        return found
    for key in ("site", "gateway"):
        part = document.get(key)
        if isinstance(part, dict):
            found.add(str(part.get("id", "")))
    for key in ("lanes", "devices", "barriers", "stations", "tariffs"):
        for one in document.get(key) or ():
            if isinstance(one, dict):
                found |= {str(one.get("id", "")), str(one.get("driver", ""))}
    return found - {""}


def _addresses(value: Any) -> set[str]:
    """The network addresses in the settings: of devices, brokers, stations, proxies."""
    if isinstance(value, str):
        return {text for text in (value, value.rpartition(":")[0].strip("[]")) if is_address(text)}
    if isinstance(value, dict):
        value = list(value.values())
    return set[str]().union(*map(_addresses, value)) if isinstance(value, list) else set()


def _names(value: Any) -> set[str]:
    """Names that people gave to things, and names of users."""
    if isinstance(value, dict):
        own = {str(value[key]) for key in _NAMED if isinstance(value.get(key), str)}
        return own.union(*(_names(inner) for inner in value.values()))
    if isinstance(value, list):
        return set[str]().union(*(_names(inner) for inner in value))
    return set()


def _json(document: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=1) + b"\n"
