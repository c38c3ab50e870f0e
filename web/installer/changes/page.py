"""The changes: checked at each look, applied and confirmed by the person who made them."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.store.settings.planning import CONFIRM_MAX_S
from web.installer.changes.model import CONFIRM_CHOICES_S, View, refusal_of, view_of
from web.installer.frame.door import door
from web.installer.frame.draft import is_by, working
from web.installer.frame.merge import without_change
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.installer.settings.spoken import checked
from web.platform import look
from web.platform.services import ask, services

PATH = "/installer/changes"
SHEETS = ("installer/changes/page.css",)
APPLY_S = 30.0
PATIENCE_S = 3
"""How long the answer to an apply waits for lanes; the change goes on after that."""


@door(Right.SET_UP)
def changes() -> Response:
    """The difference to what runs and what is wrong with it; or the time that is left to confirm."""
    asked = request.args.get("draft", "")
    return _shown(view_of(working(), services().site, asked), asked=asked, refused=refusal_of(asked))


@door(Right.SET_UP)
def state() -> dict[str, Any]:
    """A mark that changes when the page is to be shown anew."""
    return {"mark": view_of(working(), services().site, request.args.get("draft", "")).mark}


@door(Right.SET_UP)
def apply() -> Any:
    """Apply what was shown; lanes that move are waited for, and the page says so."""
    draft = working()
    if request.form.get("base", type=int) != draft.base:
        return redirect(f"{PATH}?told=meanwhile", 303)
    confirm_s = request.form.get("confirm_s", type=int)
    if confirm_s is None or not 0 < confirm_s <= CONFIRM_MAX_S:
        confirm_s = None
    try:
        made = ask("site.draft", timeout_s=APPLY_S, document=draft.site, base=draft.base, **who())
        draft.asked()
        done = ask(
            "site.draft.apply",
            timeout_s=APPLY_S,
            draft=made["id"],
            confirm_s=confirm_s,
            patience_s=PATIENCE_S,
            **who(),
        )
    except EngineUnreachableError:
        return redirect(f"{PATH}?told=offline", 303)
    except GatehouseError as error:
        if _is_pending_of(draft.operator):  # the second click of two: the first one has applied it
            return redirect(PATH, 303)
        return _shown(view_of(working(), services().site), refused=str(error), status=409)
    return redirect(f"{PATH}?draft={made['id']}" if done["state"] == "waiting" else PATH, 303)


@door(Right.SET_UP)
def confirm() -> Any:
    """The version holds for good."""
    return _end("site.confirm", "confirmed")


@door(Right.SET_UP)
def back() -> Any:
    """Go back at once; also for another installer, who sees that the version does harm."""
    return _end("site.rollback", "back")


@door(Right.SET_UP)
def drop() -> Any:
    """Forget the changes."""
    working().drop()
    return redirect(f"{PATH}?told=dropped", 303)


@door(Right.SET_UP)
def undo() -> Any:
    """Take one change back."""
    draft = working()
    draft.save(without_change(draft.running, draft.site, request.form.get("path", "")))
    return redirect(PATH, 303)


def _is_pending_of(operator: str) -> bool:
    pending = services().site.pending()
    return pending is not None and is_by(pending, operator)


def _end(op: str, told: str) -> Any:
    if services().site.pending() is None:
        return redirect(f"{PATH}?told=over", 303)
    try:
        ask(op, timeout_s=APPLY_S, **who())
    except EngineUnreachableError:
        return redirect(f"{PATH}?told=offline", 303)
    except GatehouseError as error:
        return _shown(view_of(working(), services().site), refused=str(error), status=409)
    return redirect(f"{PATH}?told={told}", 303)


def _shown(view: View, *, asked: str = "", refused: str = "", status: int = 200) -> Response:
    told = request.args.get("told", "")
    return installer_page(
        "installer/changes/page.html",
        place="changes",
        sheets=SHEETS,
        status=status,
        view=view,
        asked=asked,
        refused=checked(refused, look.said()),
        told=told if told in ("meanwhile", "offline", "dropped", "confirmed", "back", "over") else "",
        choices=sorted({view.confirm_s, *CONFIRM_CHOICES_S}),
    )


ROUTES = (
    ("GET", PATH, changes),
    ("GET", f"{PATH}/state", state),
    ("POST", f"{PATH}/apply", apply),
    ("POST", f"{PATH}/confirm", confirm),
    ("POST", f"{PATH}/back", back),
    ("POST", f"{PATH}/drop", drop),
    ("POST", f"{PATH}/undo", undo),
)
