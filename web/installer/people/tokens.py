"""Tokens of programs: made with their scopes and shown once, listed, revoked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import redirect, request

from gateway.core.settings.roles import SCOPES, Right
from gateway.core.vocabulary.errors import GatehouseError
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.people.acting import Refusal, act
from web.installer.people.page import SHEETS
from web.installer.settings import spoken
from web.platform import look
from web.platform.services import ask, services
from web.words.times import site_zone

HOME = "/installer/settings/tokens"


@door(Right.SET_UP)
def tokens_page() -> Any:
    """All tokens, never their secrets, and a form for one more."""
    return _page({}, {})


@door(Right.SET_UP)
def create() -> Any:
    """Make a token and show it, once."""
    form: dict[str, Any] = {key: request.form.get(key, "").strip() for key in ("name", "expires")}
    form["scopes"] = [scope for scope in SCOPES if request.form.get(f"scope={scope}")]
    wrong = _wrong(form)
    if wrong:
        return _page(form, wrong, 422)
    try:
        made = act("token.create", name=form["name"], scopes=form["scopes"], expires_at=_end(form["expires"]))
    except Refusal as refusal:
        return _page(form, {"name": refusal}, refusal.status)
    return _page({}, {}, made={"name": form["name"], **made})


@door(Right.SET_UP)
def revoke() -> Any:
    """Take a token back, at once."""
    try:
        act("token.revoke", name=request.form.get("token", ""))
    except Refusal as refusal:
        return _page({}, {"token": refusal}, refusal.status)
    return redirect(f"{HOME}?told=revoked", 303)


def _wrong(form: dict[str, Any]) -> dict[str, str]:
    wrong = {}
    if not form["name"]:
        wrong["name"] = "missing"
    if not form["scopes"]:
        wrong["scopes"] = "scopes"
    if form["expires"] and _day(form["expires"]) is None:
        wrong["expires"] = "day"
    return wrong


def _day(text: str) -> date | None:
    """A day that lies ahead, or is today."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    here = look.aware_now().astimezone(site_zone(services().site.document())).date()
    return found if here <= found < date(9999, 1, 1) else None


def _end(text: str) -> str:
    """The end of a day in site time, as an instant; "" for no end."""
    day = _day(text)
    if day is None:
        return ""
    zone = site_zone(services().site.document())
    return datetime.combine(day + timedelta(days=1), time(), zone).isoformat()


def _page(form: dict[str, Any], wrong: dict[str, Any], status: int = 200, made: dict[str, str] | None = None) -> Any:
    try:
        known = ask("token.list")
    except GatehouseError:
        known = None
    return installer_page(
        "installer/people/tokens.html",
        place="settings",
        sheets=SHEETS,
        status=status,
        tokens=known,
        scopes=SCOPES,
        form=form,
        wrong=wrong,
        made=made,
        told=request.args.get("told") == "revoked",
        spoken=spoken,
        words=look.said(),
    )
