"""The versions of the settings: which one holds, which one waits to be confirmed, and those before.

All of it is in `site.json`, so that the document and what is known of its versions change in one rename. A version
holds no operators: a person who was removed, or has a new PIN, stays so with every version. Secrets are in the
vault, each under the version that brought it, so that an earlier version finds its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from gateway.core.vocabulary.errors import ConflictError, NotFoundError, RefusedError
from gateway.core.vocabulary.rows import (
    UNSET,
    OperatorAdded,
    OperatorPinChanged,
    OperatorRemoved,
    Row,
    SettingsVersion,
    Who,
)
from gateway.store.settings.documents import LOCK, Documents, Stored
from gateway.store.settings.secrets import Vault, name_in_vault, places, seal, unseal
from gateway.store.times import rfc3339

VERSIONS_MAX = 20
DOCUMENTS_MAX_BYTES = 1_000_000
"""Documents of earlier versions beyond this are dropped, the oldest first."""
GATEWAY = "gateway"

State = Literal["confirmed", "pending", "rolled_back"]


class Person(msgspec.Struct, frozen=True):
    """What a version did to an operator, until it is in the journal."""

    what: Literal["added", "pin_changed", "removed"]
    name: str
    role: str
    by: str | None
    via: str | None

    def row(self) -> Row:
        """As the commands for operators journal it."""
        who: Who = {"by": self.by or GATEWAY, "via": self.via}
        if self.what == "pin_changed":
            return OperatorPinChanged(operator=self.name, **who)
        kind = OperatorAdded if self.what == "added" else OperatorRemoved
        return kind(operator=self.name, role=self.role, **who)


class Version(msgspec.Struct, frozen=True):
    """One version. `changes`: paths, no values. `before`: the version that it replaced. `document` None: not kept.

    `sealed`: place of a secret -> version that brought it. `added`: operators that it added. `until`: end of the time
    to confirm it. `waited`: it did. `reason`, `ended_by`, `ended_via`: why and by whom it was rolled back. `restores`:
    the version that it brought back. `told`: in the journal. `people`: changes of operators that are not yet there.
    """

    version: int
    at: str
    by: str | None
    via: str | None
    state: State
    changes: tuple[str, ...] = ()
    before: int = 0
    document: dict[str, Any] | None = None
    sealed: dict[str, int] = {}
    added: tuple[str, ...] = ()
    until: str = ""
    waited: bool = False
    reason: str = ""
    ended_by: str | None = None
    ended_via: str | None = None
    restores: int = 0
    told: bool = True
    people: tuple[Person, ...] = ()

    def shown(self) -> dict[str, Any]:
        """What people and programs see of it."""
        found = {key: getattr(self, key) for key in ("version", "at", "by", "via", "state", "changes")}
        more = {key: value for key in ("until", "reason", "restores") if (value := getattr(self, key))}
        return {**found, "changes": list(self.changes), **more}


class Wanted(msgspec.Struct, frozen=True):
    """New settings on their way in: the sealed document, its new secrets by place, and what differs (paths)."""

    document: dict[str, Any]
    taken: dict[str, str]
    changes: tuple[str, ...]
    base: int


def rows_of(version: Version) -> Sequence[Row]:
    """What the journal does not have yet of a version: its last step, then its operators."""
    return [row_of(version), *(one.row() for one in version.people)]


def row_of(version: Version) -> SettingsVersion:
    what = {"pending": "applied", "confirmed": "applied", "rolled_back": "rolled_back"}[version.state]
    if version.state == "confirmed" and version.waited:
        what = "confirmed"
    going_back = version.state == "rolled_back"
    return SettingsVersion(
        what=what,
        version=version.version,
        state=version.state,
        paths=version.changes,
        before=version.before,
        restores=version.restores or UNSET,
        reason=version.reason or UNSET,
        by=version.ended_by if going_back else version.by,
        via=version.ended_via if going_back else version.via,
    )


class Versions:
    """The versions of one data directory; each change is one write of `site.json`."""

    def __init__(self, documents: Documents, vault: Vault) -> None:
        """Opens nothing."""
        self._documents = documents
        self._vault = vault

    # ---- what there is

    @property
    def exist(self) -> bool:
        """Whether there is a site at all."""
        return self._documents.exists

    def list(self) -> Sequence[Version]:
        """All versions that are kept, oldest first."""
        return _versions(self._documents.stored())

    def stamp(self) -> tuple[int, int, int]:
        """A value that changes when the file is written."""
        return self._documents.stamp()

    def document(self) -> dict[str, Any]:
        """The document that holds, as it is stored."""
        return self._documents.load()

    @property
    def current(self) -> Version:
        """The version that holds now, also while it waits to be confirmed."""
        return _current(self._documents.stored())

    @property
    def pending(self) -> Version | None:
        """The version that waits to be confirmed."""
        current = self.current
        return current if current.state == "pending" else None

    @property
    def untold(self) -> Sequence[Version]:
        """Versions whose last step may not be in the journal."""
        return [one for one in self.list() if not one.told]

    def get(self, number: int) -> Version:
        """A version; NotFoundError names those that are kept."""
        return _get(self.list(), number)

    def opened(self) -> dict[str, Any]:
        """The document that holds, with the secrets that processes need; never for an export."""
        stored = self._documents.stored()
        return unseal(stored.document, self._secrets(self._names(stored)))

    def document_of(self, number: int) -> dict[str, Any]:
        """The settings of a version with the operators of now and with its secrets; NotFoundError, RefusedError."""
        stored = self._documents.stored()
        return unseal(self._document_of(stored, number), self._secrets(self._secrets_of(stored, number)))

    # ---- what changes

    def apply(
        self,
        wanted: Wanted,
        by: str | None,
        via: str | None,
        *,
        until: str = "",
        pending: bool = False,
        restores: int = 0,
    ) -> Version:
        """Make the wanted settings the ones that hold: to be confirmed `until` then, else at once.

        `pending`: until `confirm` follows, which says that the engine has taken them too.

        ConflictError if another version was applied since `wanted.base`, or waits to be confirmed.
        """
        with LOCK:
            stored = self._documents.stored()
            known, current = _versions(stored), _current(stored)
            must_fit(current, wanted.base)
            number = known[-1].version + 1
            operators = operators_after(stored.document, wanted.document)
            before = _named(stored.document)
            secrets = self._keep_secrets(wanted, number, stored)
            version = Version(
                number,
                rfc3339(time.time_ns()),
                by,
                via,
                "pending" if until or pending else "confirmed",
                wanted.changes,
                current.version,
                None,
                secrets,
                tuple(name for one in operators if (name := str(one["name"])) not in before),
                until,
                bool(until),
                restores=restores,
                told=False,
                people=_people(before, operators, by, via),
            )
            left = msgspec.structs.replace(current, document=_apart(stored.document), sealed=self._names(stored))
            others = [left if one.version == current.version else one for one in known]
            document = _with_operators(wanted.document, operators)
            self._store(Stored(document, number, secrets), [*others, version])
            return version

    def confirm(self, number: int) -> Version:
        """A pending version holds for good; RefusedError if it does not wait."""
        with LOCK:
            stored = self._documents.stored()
            version = _get(_versions(stored), number)
            if version.state != "pending":
                raise RefusedError(f"version {number} does not wait to be confirmed; it is {version.state}")
            done = msgspec.structs.replace(version, state="confirmed", until="", told=False)
            return self._replaced(stored, done)

    def roll_back(self, number: int, reason: str, by: str | None = GATEWAY, via: str | None = None) -> Version:
        """Go back from a pending version to the one before; RefusedError if it does not wait.

        Operators stay as they are now, but those that the version added go.
        """
        with LOCK:
            stored = self._documents.stored()
            known = _versions(stored)
            version = _get(known, number)
            if version.state != "pending":
                raise RefusedError(f"version {number} does not wait to be confirmed; it is {version.state}")
            operators = [one for name, one in _named(stored.document).items() if name not in version.added]
            document = _with_operators(self._document_of(stored, version.before), operators)
            went = [one for name, one in _named(stored.document).items() if name in version.added]
            gone = [Person("removed", str(one["name"]), str(one["role"]), by, via) for one in went]
            done = msgspec.structs.replace(
                version,
                state="rolled_back",
                until="",
                reason=reason,
                ended_by=by,
                ended_via=via,
                told=False,
                people=(*version.people, *gone),
                document=_apart(stored.document),
            )
            before = Stored(document, version.before, self._secrets_of(stored, version.before))
            self._store(before, [done if one.version == number else one for one in known])
            return done

    def tell(self, number: int) -> None:
        """The last step of a version is in the journal."""
        with LOCK:
            stored = self._documents.stored()
            version = next((one for one in _versions(stored) if one.version == number), None)
            if version is not None and not version.told:
                self._replaced(stored, msgspec.structs.replace(version, told=True, people=()))

    def put(self, document: dict[str, Any]) -> None:
        """Store a site document with plain PINs and secrets as part of the version that holds, or as the first one.

        Secrets that it lacks are kept.
        """
        sealed, taken = seal(document)
        with LOCK:
            if self._documents.exists:
                stored = self._documents.stored()
            else:
                first = Version(1, rfc3339(time.time_ns()), GATEWAY, None, "confirmed")
                stored = Stored({}, 1, {}, [msgspec.to_builtins(first)])
            names = {**dict.fromkeys(taken, 0), **self._names(stored)}
            if taken:
                fresh = {name_in_vault(place, names[place]): value for place, value in taken.items()}
                self._vault.save({**self._vault.load(), **fresh})
            self._documents.store(msgspec.structs.replace(stored, document=sealed, sealed=names))

    # ---- secrets

    def _secrets(self, names: dict[str, int]) -> dict[str, str]:
        """The values of secrets by place."""
        kept = self._vault.load()
        named = {place: name_in_vault(place, number) for place, number in names.items()}
        return {place: kept[name] for place, name in named.items() if name in kept}

    def _names(self, stored: Stored) -> dict[str, int]:
        """The version that brought each secret of the document that holds; one of an earlier version of Gatehouse is
        under the bare name of its place.
        """
        if stored.sealed is not None:
            return stored.sealed
        kept = self._vault.load()
        return {place: 0 for place, _, _ in places(stored.document) if place in kept}

    def _secrets_of(self, stored: Stored, number: int) -> dict[str, int]:
        found = _get(_versions(stored), number)
        return self._names(stored) if found.version == stored.version else found.sealed

    def _keep_secrets(self, wanted: Wanted, number: int, stored: Stored) -> dict[str, int]:
        """Put new secrets into the vault, beside the old ones, and name them all."""
        names = self._names(stored)
        present = self._secrets(names)
        fresh = {place: value for place, value in wanted.taken.items() if present.get(place) != value}
        if fresh:
            self._vault.save({**self._vault.load(), **{name_in_vault(one, number): fresh[one] for one in fresh}})
        known = {place: names[place] for place, _, _ in places(wanted.document) if place in names}
        return {**known, **dict.fromkeys(fresh, number)}

    def _sweep(self, stored: Stored, versions: Sequence[Version]) -> None:
        """Forget the secrets that no kept version uses."""
        used = [stored.sealed or {}, *(one.sealed for one in versions)]
        named = {name_in_vault(place, number) for names in used for place, number in names.items()}
        kept = self._vault.load()
        if gone := kept.keys() - named:
            self._vault.save({name: value for name, value in kept.items() if name not in gone})

    # ---- storing

    def _document_of(self, stored: Stored, number: int) -> dict[str, Any]:
        found = _get(_versions(stored), number)
        if found.version == stored.version:
            return dict(stored.document)
        if found.document is None:
            raise NotFoundError(f"the settings of version {number} are not kept any more")
        return _with_operators(found.document, stored.document.get("operators", []))

    def _replaced(self, stored: Stored, version: Version) -> Version:
        known = [version if one.version == version.version else one for one in _versions(stored)]
        self._store(stored, known)
        return version

    def _store(self, stored: Stored, versions: Sequence[Version]) -> None:
        kept = _bounded(versions, stored.version)
        stored = msgspec.structs.replace(stored, sealed=self._names(stored))
        self._documents.store(msgspec.structs.replace(stored, versions=[msgspec.to_builtins(one) for one in kept]))
        self._sweep(stored, kept)


def go_back(versions: Versions, reason: str, who: Who | None = None) -> Version | None:
    """Go back from the version that waits to be confirmed; None where none waits."""
    pending = versions.pending
    if pending is None:
        return None
    by, via = (who["by"], who["via"]) if who else (GATEWAY, None)
    return versions.roll_back(pending.version, reason, by, via)


def last_author(versions: Versions) -> str:
    """Who took the last step: applied the newest version, or rolled it back."""
    newest = versions.list()[-1]
    return (newest.ended_by if newest.state == "rolled_back" else newest.by) or GATEWAY


def earlier(versions: Versions) -> int:
    """The confirmed version before the one that holds; NotFoundError without one."""
    current = versions.current.version
    for one in reversed(versions.list()):
        if one.version < current and one.state == "confirmed":
            return one.version
    raise NotFoundError(f"there is no confirmed version before version {current}")


def must_fit(current: Version, base: int) -> None:
    """ConflictError unless a version may be applied now by an author who saw version `base`."""
    if current.state == "pending":
        raise ConflictError(
            f"version {current.version} by {_who(current)} waits to be confirmed until {current.until}; confirm it or"
            " roll it back first"
        )
    must_be_seen(current, base)


def must_be_seen(current: Version, base: int) -> None:
    """ConflictError if another version holds than the author has seen."""
    if current.version != base:
        raise ConflictError(
            f"version {current.version} by {_who(current)} holds, and not version {base} that this was made from; look"
            " at it, then apply again"
        )


def _who(version: Version) -> str:
    return f"{version.by or GATEWAY} at {version.at}"


def _versions(stored: Stored) -> list[Version]:
    """All versions, oldest first; of a directory without any the document that it holds is the first."""
    found = [msgspec.convert(one, Version) for one in stored.versions]
    return sorted(found, key=lambda one: one.version) or [Version(1, stored.at, GATEWAY, None, "confirmed")]


def _current(stored: Stored) -> Version:
    return _get(_versions(stored), stored.version)


def _get(versions: Sequence[Version], number: int) -> Version:
    found = next((one for one in versions if one.version == number), None)
    if found is None:
        kept = ", ".join(str(one.version) for one in versions)
        raise NotFoundError(f"there is no version {number}; kept are {kept}")
    return found


def _bounded(versions: Sequence[Version], current: int) -> list[Version]:
    """The newest versions, and as many of their documents as there is room for."""
    kept: list[Version] = []
    room = DOCUMENTS_MAX_BYTES
    ordered = sorted(versions, key=lambda one: one.version, reverse=True)
    needed = {one.before for one in ordered if one.version == current} | {current}
    for number, one in enumerate(ordered):
        if number >= VERSIONS_MAX and one.version not in needed:
            continue
        room -= len(msgspec.json.encode(one.document))
        drop = room < 0 and one.version not in needed
        kept.append(msgspec.structs.replace(one, document=None) if drop else one)
    return kept[::-1]


def _apart(document: dict[str, Any]) -> dict[str, Any]:
    """A document without operators."""
    return {key: value for key, value in document.items() if key != "operators"}


def _named(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(one.get("name")): one for one in document.get("operators", [])}


def operators_after(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The operators once a document is applied, in the order that they had: changed or added, and none is removed.

    A person that has no PIN in either was removed since the document was made, and stays so.
    """
    before, given = _named(old), _named(new)
    after = [{**before.get(name, {}), **given.get(name, {})} for name in dict.fromkeys((*before, *given))]
    return [one for one in after if one.get("pin_hash") or one.get("pin")]


def _people(
    before: dict[str, dict[str, Any]], after: Sequence[dict[str, Any]], by: str | None, via: str | None
) -> tuple[Person, ...]:
    """Operators that are new, have another PIN, or another role: that one is removed and added, as by commands."""
    found: list[Person] = []
    for one in after:
        name, role = str(one["name"]), str(one["role"])
        known = before.get(name)
        if known is not None and known["role"] != role:
            found.append(Person("removed", name, str(known["role"]), by, via))
        if known is None or known["role"] != role:
            found.append(Person("added", name, role, by, via))
        elif known.get("pin_hash") != one.get("pin_hash"):
            found.append(Person("pin_changed", name, role, by, via))
    return tuple(found)


def _with_operators(document: dict[str, Any], operators: list[dict[str, Any]]) -> dict[str, Any]:
    return {**_apart(document), **({"operators": operators} if operators or "operators" in document else {})}
