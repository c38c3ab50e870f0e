"""The working draft: the settings that run, with the changes of one operator that are not applied yet.

Kept in `web.db` by operator, sealed, so that it survives a sign-out and a restart. It goes with what others apply
meanwhile, and ends when the version that it became is confirmed; a version that went back leaves it as it was.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
from flask import g

from gateway.core.people.pins import well_formed
from gateway.store.settings.planning import exported
from gateway.store.settings.versions import Version
from web.installer.frame.merge import differences, merged
from web.installer.frame.sealing import opened, sealed
from web.people import auth
from web.people.operators import SiteDocument
from web.platform.problems import Problem
from web.platform.services import services
from web.platform.webdb import WebDatabase

SCREENS = ("guard", "browser")
SITE_BYTES = 900_000
"""One line of the control socket holds 1 MiB, also for the rest of the request."""


class Kept(msgspec.Struct, frozen=True):
    """What `web.db` keeps of a draft: the settings that it began from, and the site file with the changes.

    `applied`: the site file as it was last asked to be applied; `version`: what became of that, until it is confirmed.
    """

    before: dict[str, Any]
    site: dict[str, Any]
    version: int = 0
    applied: dict[str, Any] = {}


class Draft:
    """The working draft of one operator."""

    def __init__(self, operator: str, holds: SiteDocument, database: WebDatabase) -> None:
        """Read what is kept; without it the draft is the settings that run."""
        self.operator = operator
        self._holds = holds
        self._database = database
        self.base = holds.version()
        """The version that holds, to which the changes are made."""
        self.running = exported(holds.document())
        with database.transaction() as connection:
            kept = self._kept(connection)
        self.version = kept.version
        """The version that the draft became, while that waits to be confirmed; 0 for none."""
        self._read = self._on_what_runs(kept)
        self.site: dict[str, Any] = deepcopy(self._read)
        """The site file with the changes, without the secrets that hold already."""

    @property
    def changes(self) -> tuple[str, ...]:
        """The paths that differ from the settings that run."""
        return differences(self.running, self.site)

    @property
    def count(self) -> int:
        """How many values and things differ."""
        return len(self.changes)

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return self.site != self.running

    def save(self, site: dict[str, Any]) -> None:
        """Keep a changed site file; what another page of this operator saved in between is kept too."""
        fresh = _with_hashes(site)
        if len(msgspec.json.encode(fresh)) > SITE_BYTES:
            raise Problem(413, "too_large", f"A site file has at most {SITE_BYTES} bytes.")
        with self._database.transaction() as connection:
            kept = self._kept(connection)
            if kept.version:
                kept = msgspec.structs.replace(kept, site=merged(self._read, fresh, kept.site))
            else:
                kept = Kept(self.running, merged(self._read, fresh, self._on_what_runs(kept)))
            self._write(connection, kept)
        self._read = self._on_what_runs(kept)
        self.site = deepcopy(self._read)

    def asked(self) -> None:
        """Note that the engine is asked to apply the changes: the version that comes of it is theirs."""
        with self._database.transaction() as connection:
            self._write(connection, msgspec.structs.replace(self._kept(connection), version=0, applied=self.site))

    def drop(self) -> None:
        """Forget the changes."""
        self._database.rows("DELETE FROM draft WHERE operator=?", self.operator)
        self._read, self.site, self.version = self.running, deepcopy(self.running), 0

    def _on_what_runs(self, kept: Kept) -> dict[str, Any]:
        """The changes on top of the settings that run, whatever others have applied meanwhile."""
        found: dict[str, Any] = merged(kept.applied if kept.version else kept.before, kept.site, self.running)
        return found

    def _kept(self, connection: Any) -> Kept:
        """What is kept, as far as the end of its version says; the settings that run where there is nothing."""
        rows = list(connection.execute("SELECT content FROM draft WHERE operator=?", (self.operator,)))
        kept = (self._opened(rows[0][0]) if rows else None) or Kept(self.running, self.running)
        state = self._holds.state(kept.version) if kept.version else ""
        if state == "confirmed":
            return Kept(kept.applied, kept.site)
        if state in ("", "pending"):
            return self._with_version(connection, kept)
        return Kept(kept.before, kept.site)

    def _with_version(self, connection: Any, kept: Kept) -> Kept:
        """Note the version that it became since it was asked to be applied: no other is by this person at a screen."""
        pending = self._holds.pending()
        if kept.version or not kept.applied or pending is None or not is_by(pending, self.operator):
            return kept
        noted = msgspec.structs.replace(kept, version=pending.version)
        self._write(connection, noted)
        return noted

    def _write(self, connection: Any, kept: Kept) -> None:
        # A draft may hold secrets, so that of a person who was removed goes.
        for (name,) in list(connection.execute("SELECT operator FROM draft")):
            if name not in self._holds.operators():
                connection.execute("DELETE FROM draft WHERE operator=?", (name,))
        content = sealed(msgspec.json.encode(kept), self.operator, self._database.path)
        connection.execute("INSERT OR REPLACE INTO draft(operator, content) VALUES(?,?)", (self.operator, content))

    def _opened(self, content: bytes | str) -> Kept | None:
        """A kept draft; None for one that cannot be read. Drafts of earlier versions are not sealed."""
        plain = content if isinstance(content, str) else opened(content, self.operator, self._database.path)
        try:
            return msgspec.json.decode(plain, type=Kept) if plain is not None else None
        except msgspec.MsgspecError:
            return None


def is_by(version: Version, operator: str) -> bool:
    """Whether a version was applied by this person at a screen, who alone can confirm it there."""
    return version.by == operator and version.via in SCREENS


def working() -> Draft:
    """The working draft of the operator who is signed in; one for a request."""
    if "installer_draft" not in g:
        held = services()
        g.installer_draft = Draft(auth.signed_in().name, held.site, held.database)
    found: Draft = g.installer_draft
    return found


def _with_hashes(site: dict[str, Any]) -> dict[str, Any]:
    """The site file with hashes in place of new PINs; what is no PIN stays, to be named as a fault."""
    kept = deepcopy(site)
    for operator in kept.get("operators") or []:
        pin = operator.get("pin") if isinstance(operator, dict) else None
        if isinstance(pin, str) and well_formed(pin):
            del operator["pin"]
            operator["pin_hash"] = auth.hash_new_pin(pin)
    return kept
