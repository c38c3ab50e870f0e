"""What changes who works with the gateway, with its rows: for the engine, and for the command line without one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from gateway.core.settings.roles import Role
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import RefusedError, SettingsError
from gateway.store.settings.first_run import TRIES_MAX, FirstRun
from gateway.store.settings.operators import Lifts, Operators

Journal = Callable[[rows.Row], object]
_IN_FORM = {
    "site.id": "site_id",
    "site.name": "site_name",
    "site.timezone": "timezone",
    "site.locale": "locale",
    "gateway.id": "gateway_id",
}


class People:
    """Each method is one change and its row. One process at a time has it."""

    def __init__(self, first_run: FirstRun, operators: Operators, lifts: Lifts, journal: Journal) -> None:
        self._first_run = first_run
        self._operators = operators
        self._lifts = lifts
        self._journal = journal

    # ---- operators

    def list(self) -> dict[str, Any]:
        """Names and roles."""
        return {"items": self._operators.list()}

    def add(self, name: str, role: str, pin_hash: str, who: rows.Who) -> dict[str, str]:
        """A new operator; see `Operators.add`."""
        self._operators.add(name, role, pin_hash)
        self._journal(rows.OperatorAdded(operator=name, role=role, **who))
        return {"name": name, "role": role}

    def set_pin(self, name: str, pin_hash: str, who: rows.Who) -> dict[str, str]:
        """Another PIN, with which the first try counts at once; NotFoundError."""
        self._operators.set_pin(name, pin_hash)
        self._lifts.lift(name)
        self._journal(rows.OperatorPinChanged(operator=name, **who))
        return {"name": name}

    def set_role(self, name: str, role: str, who: rows.Who) -> dict[str, str]:
        """Another role, as the same person removed and added: the sessions end. See `Operators.set_role`."""
        before = self._operators.set_role(name, role)
        if before != role:
            self._journal(rows.OperatorRemoved(operator=name, role=before, **who))
            self._journal(rows.OperatorAdded(operator=name, role=role, **who))
        return {"name": name, "role": role}

    def remove(self, name: str, who: rows.Who, also_last: bool = False) -> dict[str, str]:
        """See `Operators.remove`."""
        role = self._operators.remove(name, also_last=also_last)
        self._journal(rows.OperatorRemoved(operator=name, role=role, **who))
        return {"name": name, "role": role}

    def unlock(self, name: str, who: rows.Who, station: str | None = None) -> dict[str, str]:
        """Lift a lock-out; NotFoundError."""
        self._operators.must_know(name)
        self._lifts.lift(name)
        self._journal(rows.OperatorUnlocked(operator=name, **who, station=station))
        return {"name": name}

    # ---- the first set-up

    def new_code(self, who: rows.Who) -> dict[str, str]:
        """Another setup code; RefusedError once an operator was made."""
        code = self._first_run.new_code()
        self._journal(rows.SetUp(what="setup_code", tries=0, **who))
        return {"setup_code": code}

    def set_up(self, code: str, form: dict[str, str], pin_hash: str, via: str) -> dict[str, str]:
        """Make the first operator, an installer, and name the site; returns the name.

        RefusedError: `setup_over`, `setup_closed`, `setup_code_wrong`. SettingsError by the fields of the form.
        """
        if self._first_run.over:
            raise RefusedError("an operator was made already; the first set-up is over for good", code="setup_over")
        if not self._first_run.fits(code):
            self._wrong_code(via)
        name, tries = form["name"], self._first_run.tries

        def name_site(document: dict[str, Any]) -> dict[str, Any]:
            changed = _named(document, form)
            _check(changed)
            return changed

        self._operators.add(name, Role.INSTALLER, pin_hash, also=name_site)
        who: rows.Who = {"by": name, "via": via}
        self._journal(rows.SetUp(what="set_up", tries=tries, **who))
        self._journal(rows.OperatorAdded(operator=name, role=Role.INSTALLER.value, **who))
        return {"name": name}

    def _wrong_code(self, via: str) -> None:
        tries = self._first_run.tries
        closed = tries >= TRIES_MAX
        self._journal(rows.SetUp(what="setup_closed" if closed else "setup_code_wrong", tries=tries, by=None, via=via))
        if closed:
            raise RefusedError(
                "no setup code is taken now; draw another on the gateway: gatehouse init --new-code",
                code="setup_closed",
            )
        raise RefusedError(f"the setup code is wrong; {TRIES_MAX - tries} tries are left", code="setup_code_wrong")


def _named(document: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    """The settings with what the form of the first set-up says of site and gateway."""
    site, gateway = dict(document["site"]), dict(document["gateway"])
    site |= {"name": form["site_name"], "timezone": form["timezone"], "locale": form["locale"]}
    if site_id := form.get("site_id") or _id_of(form["site_name"]):
        site["id"] = site_id
    if gateway_id := form.get("gateway_id"):
        gateway["id"] = gateway_id
    return {**document, "site": site, "gateway": gateway}


def _id_of(name: str) -> str:
    """An id made from a name in Latin letters; "" where it has none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def _check(document: dict[str, Any]) -> None:
    """SettingsError by the fields of the form."""
    try:
        parse_settings(document)
    except SettingsError as error:
        raise SettingsError([(_IN_FORM.get(path, path), words) for path, words in error.problems]) from None
