"""How far the changes of an operator are: what the page of the changes shows."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.core.forms.sheets import Catalogue
from gateway.core.settings.remedies import faults
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, NotFoundError, SettingsError
from gateway.store.settings.planning import CONFIRM_S, CONFIRM_WIRING_S
from web.installer.changes.values import Speaker, Value
from web.installer.frame.draft import Draft, is_by
from web.installer.frame.waits import Wait, wait_of
from web.installer.settings.offers import ask_catalogue
from web.installer.settings.places import address_of, owner_of
from web.installer.settings.spoken import checked
from web.people.operators import SiteDocument
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask

Stage = Literal["none", "ready", "faults", "offline", "applying", "pending"]
PLAN_S = 20.0
CONFIRM_CHOICES_S = (CONFIRM_S, 300, CONFIRM_WIRING_S, 1_800)


class Line(msgspec.Struct, frozen=True):
    """One value that differs, and the page of its form; None: it is not set. `undo`: it can be taken back alone;
    `owner`: the name of the lane or device that it belongs to.
    """

    path: str
    old: Value | None
    new: Value | None
    address: str
    undo: bool = False
    owner: str = ""

    @property
    def key(self) -> str:
        """The setting's own name, for its words."""
        return key_of(self.path)


class Fault(msgspec.Struct, frozen=True):
    """One fault of the draft, and the page of its form. The words are those of the check."""

    path: str
    value: str | None
    message: str
    address: str
    owner: str = ""

    @property
    def key(self) -> str:
        """The setting's own name, for its words."""
        return key_of(self.path)


class View(msgspec.Struct, frozen=True):
    """What the page shows. `lanes`: those that are made anew; `unrest`: those that an apply waits for, and why;
    `went_back`: why the last version of this person did.
    """

    stage: Stage
    lines: tuple[Line, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    lanes: tuple[str, ...] = ()
    unrest: tuple[dict[str, str], ...] = ()
    devices: tuple[str, ...] = ()
    web: bool = False
    wiring: bool = False
    confirm_s: int = CONFIRM_S
    waits: Wait | None = None
    went_back: str = ""
    version: int = 0

    @property
    def mark(self) -> str:
        """Changes when the page is to be shown anew."""
        return "-".join((self.stage, str(self.version), *(f"{one['lane']}.{one['reason']}" for one in self.unrest)))


def view_of(draft: Draft, site: SiteDocument, asked: str = "") -> View:
    """How far the changes are; `asked`: the engine's draft that was asked to be applied."""
    if (pending := site.pending()) is not None:
        return View("pending", waits=wait_of(pending, draft.operator), version=pending.version)
    if (unrest := _waited_for(asked)) is not None:
        return View("applying", unrest=unrest)
    back = _went_back(site, draft)
    if not draft.changed:
        return View("none", went_back=back, version=draft.base)
    return _checked(draft, back)


def refusal_of(asked: str) -> str:
    """Why a draft was not applied, "" when it was not refused."""
    state = _state_of(asked)
    return str(state["detail"]) if state.get("state") == "refused" else ""


def lines_of(
    changes: list[dict[str, Any]], site: dict[str, Any], running: dict[str, Any], undo: tuple[str, ...] = ()
) -> tuple[Line, ...]:
    """The changes of a plan as lines; `site`: where they lead, `undo`: the paths that can be taken back."""
    speaker = Speaker((site, running), look.said(), _drivers)
    return tuple(
        Line(
            path,
            speaker.value(path, one["old"]),
            speaker.value(path, one["new"]),
            address_of(path, site),
            path in undo,
            owner_of(path, site),
        )
        for one in changes
        for path in (one["path"],)
    )


def _drivers() -> Catalogue:
    """What the engine knows of drivers; nothing while it does not answer."""
    try:
        return ask_catalogue()
    except Problem:
        return Catalogue()


def key_of(path: str) -> str:
    """The last name in a path."""
    return path.rpartition(".")[2].partition("[")[0]


def words_of(value: Any) -> str | None:
    """A value as people read it."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _checked(draft: Draft, back: str) -> View:
    try:
        plan = ask("site.plan", timeout_s=PLAN_S, document=draft.site)
    except SettingsError as error:
        found = tuple(
            Fault(one.path, words_of(one.value), checked(one.message, look.said()), *_where(one.path, draft.site))
            for one in faults(error.problems, draft.site)
        )
        return View("faults", _structural(draft), found, went_back=back)
    except EngineUnreachableError:
        return View("offline", _structural(draft), went_back=back)
    lines = lines_of(plan["changes"], draft.site, draft.running, draft.changes)
    if not lines:
        return View("none", went_back=back, version=draft.base)
    return View(
        "ready",
        lines,
        warnings=tuple((path, checked(words, look.said())) for path, words in plan["warnings"]),
        lanes=tuple(plan["lanes"]),
        devices=tuple(plan["devices"]),
        web=plan["web"],
        wiring=plan["wiring"],
        confirm_s=plan["confirm_s"],
        went_back=back,
        version=plan["base"],
    )


def _structural(draft: Draft) -> tuple[Line, ...]:
    """What differs, where the check cannot say it: the paths alone."""
    return tuple(
        Line(path, None, None, address_of(path, draft.site), undo=True, owner=owner_of(path, draft.site))
        for path in draft.changes
    )


def _where(path: str, site: dict[str, Any]) -> tuple[str, str]:
    """The page of a path, and whose it is."""
    return address_of(path, site), owner_of(path, site)


def _waited_for(asked: str) -> tuple[dict[str, str], ...] | None:
    """The lanes that an apply waits for; None when it does not wait."""
    state = _state_of(asked)
    return tuple(state["lanes"]) if state.get("state") == "waiting" else None


def _state_of(asked: str) -> dict[str, Any]:
    if not asked:
        return {}
    try:
        found: dict[str, Any] = ask("site.draft.state", draft=asked)
    except (NotFoundError, EngineUnreachableError):
        return {}
    except GatehouseError as error:
        return {"state": "refused", "detail": str(error)}
    return found


def _went_back(site: SiteDocument, draft: Draft) -> str:
    """Why the newest version went back, if it was of this person and the changes are still here."""
    newest = site.versions()[-1] if site.versions() else None
    if newest is None or newest.state != "rolled_back" or not is_by(newest, draft.operator) or not draft.changed:
        return ""
    return newest.reason
