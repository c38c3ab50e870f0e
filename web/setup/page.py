"""The form of the first set-up: with the code from the gateway it makes an installer and names the site.

The engine checks the code and counts the wrong ones; here only the fields are looked at.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from flask import redirect, request

from gateway.core.people.pins import well_formed, wrong_pin
from gateway.core.people.texts import TEXT_MAX, wrong_name, wrong_text
from gateway.core.settings.model import Site
from gateway.core.settings.site_file import ID_PATTERN
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, SettingsError
from web.people import auth, stations
from web.platform import look
from web.platform.pages import page
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.texts import LOCALES

SHEETS = ("parts/base/base.css", "setup/page.css")
FIELDS = ("code", "site_name", "timezone", "locale", "name", "pin", "pin_again", "site_id", "gateway_id")
SECRET = frozenset({"code", "pin", "pin_again"})
"""Fields that a page with a mistake does not repeat, but for the code, which was typed from a terminal."""
CODE_MAX = 40
STATUS = {"setup_code_wrong": 403, "setup_closed": 403}
ANSWER_S = 10.0
_LOCALTIME = Path("/etc/localtime")


def setup_page() -> str:
    """The form, in the language of the browser; 404 once an operator was made."""
    _must_be_open()
    return _page({"timezone": here(), "locale": look.locale()}, {})


def set_up() -> Any:
    """Make the installer and name the site; what is wrong is said at its field."""
    _must_be_open()
    form = {field: request.form.get(field, "").strip() for field in FIELDS}
    form["pin"], form["pin_again"] = request.form.get("pin", ""), request.form.get("pin_again", "")
    if wrong := mistakes(form, asked_twice="pin_again" in request.form):
        return _page(form, wrong), 422
    station = stations.current_station()
    told = {key: form[key] for key in ("site_name", "timezone", "locale", "name", "site_id", "gateway_id")}
    try:
        ask(
            "setup.finish",
            timeout_s=ANSWER_S,
            code=form["code"],
            form=told,
            pin_hash=auth.hash_new_pin(form["pin"]),
            via="guard" if station is not None else "browser",
        )
    except EngineUnreachableError:
        return _page(form, {"form": "engine"}), 503
    except SettingsError as error:
        fields = {path if path in FIELDS else "form": "invalid" for path, _ in error.problems}
        return _page(form, fields), 422
    except GatehouseError as error:
        if error.code == "setup_over":
            raise _gone() from None
        if error.code not in STATUS:
            return _page(form, {"form": "not_taken"}), 503
        return _page(form, {"code": error.code}), STATUS[error.code]
    auth.sign_in(form["name"], form["pin"])
    return look.keep(redirect("/", 303), look.LOCALE_COOKIE, form["locale"])  # type: ignore[arg-type]


def mistakes(form: dict[str, str], *, asked_twice: bool) -> dict[str, str]:
    """What is wrong, by field, as the ending of a word's key."""
    wrong: dict[str, str] = {}
    if not form["code"] or len(form["code"]) > CODE_MAX:
        wrong["code"] = "code"
    if not form["site_name"] or wrong_text(form["site_name"], TEXT_MAX):
        wrong["site_name"] = "text" if form["site_name"] else "missing"
    if form["timezone"] not in zones():
        wrong["timezone"] = "zone"
    if form["locale"] not in LOCALES:
        wrong["locale"] = "missing"
    if wrong_name(form["name"]):
        wrong["name"] = "text" if form["name"] else "missing"
    if wrong_pin(form["pin"]):
        wrong["pin"] = "pin_weak" if well_formed(form["pin"]) else "pin"
    elif asked_twice and form["pin_again"] != form["pin"]:
        wrong["pin_again"] = "pin_again"
    for field in ("site_id", "gateway_id"):
        if form[field] and not ID_PATTERN.fullmatch(form[field]):
            wrong[field] = "id"
    return wrong


def here() -> str:
    """The time zone of this machine, if it has one by name; else the usual one."""
    try:
        name = str(_LOCALTIME.resolve()).partition("/zoneinfo/")[2]
    except OSError:
        name = ""
    return name if name in zones() and "/" in name and not name.startswith("Etc/") else Site("").timezone


@cache
def zones() -> tuple[str, ...]:
    """All time zones by name, as the site file takes them."""
    return tuple(sorted(available_timezones()))


@cache
def offered() -> tuple[str, ...]:
    """The time zones of the form: places, not abbreviations."""
    return tuple(
        zone for zone in zones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )


def _page(form: dict[str, str], wrong: dict[str, str]) -> str:
    chosen = form.get("timezone", "")
    return page(
        "setup/page.html",
        sheets=SHEETS,
        form={key: value for key, value in form.items() if key not in SECRET or key == "code"},
        wrong=wrong,
        zones=offered() if chosen in offered() or chosen not in zones() else (chosen, *offered()),
        languages=LOCALES,
        gateway=services().site.document().get("gateway", {}).get("id", ""),
        text_max=TEXT_MAX,
    )


def _must_be_open() -> None:
    if services().set_up:
        raise _gone()


def _gone() -> Problem:
    return Problem(404, "not_found", "The first set-up is over. Sign in with your name and PIN.")
