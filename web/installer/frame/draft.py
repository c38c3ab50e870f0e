"""The working draft: the settings that run, with the changes of one operator that are not applied yet.

Kept in `web.db` by operator, so that it survives a sign-out and a restart. It goes with what others apply meanwhile,
and ends when the version that it became is confirmed; a version that went back leaves it as it was.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
from flask import g

from gateway.core.people.pins import well_formed
from gateway.store.settings.planning import exported
from web.installer.frame.merge import differences, merged
from web.people import auth
from web.people.operators import SiteDocument
from web.platform.problems import Problem
from web.platform.services import services
from web.platform.webdb import WebDatabase

SITE_BYTES = 900_000
"""One line of the control socket holds 1 MiB, also for the rest of the request."""


class Kept(msgspec.Struct, frozen=True):
    """What `web.db` keeps of a draft: the settings that it began from, and the site file with the changes.

    `version`, `applied`: the version that it became, and the site file as it was then, until that is confirmed.
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
        kept = self._kept()
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

    def became(self, version: int) -> None:
        """Note the version that the draft was applied as: it ends when that is confirmed."""
        with self._database.transaction() as connection:
            kept = self._kept(connection)
            self._write(connection, msgspec.structs.replace(kept, version=version, applied=self.site))
        self.version = version

    def drop(self) -> None:
        """Forget the changes."""
        self._database.rows("DELETE FROM draft WHERE operator=?", self.operator)
        self._read, self.site, self.version = self.running, deepcopy(self.running), 0

    def _on_what_runs(self, kept: Kept) -> dict[str, Any]:
        """The changes on top of the settings that run, whatever others have applied meanwhile."""
        found: dict[str, Any] = merged(kept.applied if kept.version else kept.before, kept.site, self.running)
        return found

    def _kept(self, connection: Any = None) -> Kept:
        """What is kept, as far as the end of its version says; the settings that run where there is nothing."""
        sql = "SELECT content FROM draft WHERE operator=?"
        rows = connection.execute(sql, (self.operator,)) if connection else self._database.rows(sql, self.operator)
        kept = next((_decoded(text) for (text,) in rows), None) or Kept(self.running, self.running)
        state = self._holds.state(kept.version) if kept.version else ""
        if state == "confirmed":
            return Kept(kept.applied, kept.site)
        return kept if state in ("", "pending") else Kept(kept.before, kept.site)

    def _write(self, connection: Any, kept: Kept) -> None:
        text = msgspec.json.encode(kept).decode()
        connection.execute("INSERT OR REPLACE INTO draft(operator, content) VALUES(?,?)", (self.operator, text))


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


def _decoded(text: str) -> Kept | None:
    """A kept draft; None for one that cannot be read."""
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.MsgspecError:
        return None
