"""The people who sign in: added, given another role or PIN, let in again after wrong PINs, removed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request

from gateway.core.people.pins import well_formed, wrong_pin
from gateway.core.people.texts import NAME_MAX, wrong_name
from gateway.core.settings.roles import Right, Role
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.people.acting import Refusal, act
from web.people import auth
from web.people.operators import Operator
from web.platform.problems import Problem
from web.platform.services import services

SHEETS = ("installer/settings/page.css", "installer/people/page.css")
HOME = "/installer/settings/people"
TOLD = ("added", "role", "pin", "unlocked", "removed")


@door(Right.SET_UP)
def people_page() -> Any:
    """Who signs in, and a form for one more."""
    return _people({}, {})


@door(Right.SET_UP)
def add() -> Any:
    """Add a person."""
    form = {key: request.form.get(key, "").strip() for key in ("name", "role")}
    wrong = _wrong_person(form) | _wrong_pins()
    if not wrong:
        try:
            act("operator.add", name=form["name"], role=form["role"], pin_hash=auth.hash_new_pin(_pin()))
        except Refusal as refusal:
            return _people(form, {"name": refusal}, refusal.status)
        return _done("added", form["name"])
    return _people(form, wrong, 422)


@door(Right.SET_UP)
def person_page() -> Any:
    """What can be changed of a person."""
    return _person(_asked(request.args.get("name", "")), {})


@door(Right.SET_UP)
def change() -> Any:
    """Change a person: `act` says what."""
    who = _asked(request.form.get("name", ""))
    wrong = _wrong_change(request.form.get("act", ""))
    if wrong:
        return _person(who, wrong, 422)
    try:
        return _done(_carry_out(request.form["act"], who), who.name)
    except Refusal as refusal:
        return _person(who, {request.form["act"]: refusal}, refusal.status)


def _carry_out(asked: str, who: Operator) -> str:
    match asked:
        case "role":
            act("operator.set_role", name=who.name, role=request.form["role"])
        case "pin":
            act("operator.set_pin", name=who.name, pin_hash=auth.hash_new_pin(_pin()))
        case "unlock":
            act("operator.unlock", name=who.name)
            return "unlocked"
        case _:
            act("operator.remove", name=who.name)
            return "removed"
    return asked


def _wrong_change(asked: str) -> dict[str, str]:
    match asked:
        case "role":
            return {} if request.form.get("role") in tuple(Role) else {"role": "role"}
        case "pin":
            return _wrong_pins()
        case "remove":
            return {} if request.form.get("sure") else {"remove": "sure"}
        case "unlock":
            return {}
    raise Problem(400, "request_invalid", "The form does not say what to change.")


def _wrong_person(form: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if wrong_name(form["name"]):
        wrong["name"] = "text" if form["name"] else "missing"
    if form["role"] not in tuple(Role):
        wrong["role"] = "role"
    return wrong


def _wrong_pins() -> dict[str, str]:
    pin = _pin()
    if wrong_pin(pin):
        return {"pin": "pin_weak" if well_formed(pin) else "pin"}
    return {} if request.form.get("pin_again") == pin else {"pin_again": "pin_again"}


def _pin() -> str:
    return request.form.get("pin", "")


def _done(told: str, name: str) -> Any:
    """Back to all people; to the sign-in for a person who changed himself, since that session has ended."""
    if auth.signed_in().name == name and told in ("role", "pin", "removed"):
        return redirect("/sign-in", 303)
    return redirect(f"{HOME}?{urlencode({'told': told, 'name': name})}", 303)


def _asked(name: str) -> Operator:
    found = services().site.operators().get(name)
    if found is None:
        raise Problem(404, "not_found", "There is no such person; look at the list again.")
    return found


def _people(form: dict[str, str], wrong: dict[str, Any], status: int = 200) -> Any:
    held = services()
    people = list(held.site.operators().values())
    return installer_page(
        "installer/people/page.html",
        place="settings",
        sheets=SHEETS,
        status=status,
        people=people,
        locked={one.name for one in people if held.lockout.locks_out(one.name)},
        roles=tuple(Role),
        form=form,
        wrong=wrong,
        name_max=NAME_MAX,
        told=request.args.get("told") if request.args.get("told") in TOLD else "",
        told_name=request.args.get("name", ""),
    )


def _person(who: Operator, wrong: dict[str, Any], status: int = 200) -> Any:
    return installer_page(
        "installer/people/person.html",
        place="settings",
        sheets=SHEETS,
        status=status,
        who=who,
        locked=services().lockout.locks_out(who.name),
        roles=tuple(Role),
        wrong=wrong,
        up=HOME,
    )
