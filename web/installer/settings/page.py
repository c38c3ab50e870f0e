"""The pages of the settings: the list of sections, one section, one entry of a list."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

import msgspec
from flask import redirect, request

from gateway.core.charges.tariff import Tariff
from gateway.core.forms.sheets import Catalogue
from gateway.core.settings.renaming import rename_tariff
from gateway.core.settings.roles import Right
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.frame.page import installer_page
from web.installer.settings import shown, spoken, tryout
from web.installer.settings.form import Form
from web.installer.settings.offers import offers
from web.installer.settings.sections import BY_NAME, Section
from web.installer.settings.tryout import Trial
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services

SHEETS = ("installer/settings/page.css",)
FORMS = "installer/settings/form.html"
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("site", ("site", "buildings", "purposes", "groups", "remote_open")),
    ("gate", ("devices", "interlocks")),
    ("charges", ("tariffs", "charging", "calendar")),
    ("people", ("people", "tokens", "stations")),
    ("network", ("gateway", "network", "certificates", "broker", "clock")),
    ("care", ("repairs", "retention", "pictures", "backups", "support")),
)
"""The sections in the order in which they are shown; the words of a group are `installer.settings.group.<name>`."""
TARIFFS = "tariffs"
NEW = "new"
_DIGITS_MAX = 6


@door(Right.SET_UP)
def index() -> Any:
    """All sections."""
    return installer_page(
        "installer/settings/page.html", place="settings", sheets=SHEETS, groups=GROUPS, counts=_counts(working().site)
    )


@door(Right.SET_UP)
def section_page(section: str) -> Any:
    """One section: its form, or the table of its entries."""
    found = _section(section)
    if found.several:
        return _table(found)
    return _section_form(found, _form(found))


@door(Right.SET_UP, keeps=True)
def save_section(section: str) -> Any:
    """Keep a section in the working draft."""
    found = _section(section)
    if found.several:
        raise Problem(405, "request_invalid", "Save one entry of this list.")
    form = _form(found)
    if found.ends and request.form.get("act") == "remove":
        kept = form.save(lambda site: found.put(site, None))
    else:
        value = form.read()
        kept = form.save(lambda site: found.put(site, value))
    return redirect(f"{found.address}?kept=1", 303) if kept else _section_form(found, form)


@door(Right.SET_UP)
def entry_page(section: str, entry: str) -> Any:
    """One entry of a list, or an empty form for a new one."""
    found, number = _entry(section, entry)
    return _entry_form(found, number, _form_of(found, number))


@door(Right.SET_UP, keeps=True)
def save_entry(section: str, entry: str) -> Any:
    """Keep an entry in the working draft, or take it out."""
    found, number = _entry(section, entry)
    form = _form_of(found, number)
    act = request.form.get("act")
    if act == "remove":
        kept = form.save(lambda site: _drop(found, site, number))
    elif act == "try" and found.name == TARIFFS:
        return _entry_form(found, number, form, _tried(form))
    else:
        value = form.read()
        kept = form.save(lambda site: _put(found, site, number, value))
    return redirect(f"{found.address}?kept=1", 303) if kept else _entry_form(found, number, form)


def form_page(
    template: str, form: Form, *, catalogue: Catalogue | None = None, more_sheets: tuple[str, ...] = (), **values: Any
) -> Any:
    """A page with a form; 422 where something is wrong."""
    say = look.said()
    told = {"kept": "kept" in request.args, **values}
    return installer_page(
        template,
        place="settings",
        sheets=(*SHEETS, *more_sheets),
        status=422 if form.faults or form.problems else 200,
        form=form,
        offers=offers(form.draft.site, catalogue),
        spoken=spoken,
        words=say,
        **told,
    )


# ---- one section


def _section(name: str) -> Section:
    if name not in BY_NAME:
        raise Problem(404, "not_found", "There is no such section of the settings.")
    return BY_NAME[name]


def _form(section: Section) -> Form:
    draft = working()
    return Form(draft, section.path, section.fields, section.value(draft.site))


def _section_form(section: Section, form: Form) -> Any:
    there = section.value(form.draft.site) is not None
    trust = _clock() if section.name == "clock" else ""
    ends = section.ends
    return form_page(FORMS, form, section=section.name, removes=ends and there, absent=ends and not there, trust=trust)


def _clock() -> str:
    """How far the engine trusts its clock now."""
    snapshot, _ = services().live.snapshot()
    return snapshot.gateway.clock if snapshot is not None else "unknown"


# ---- a list


def _entry(name: str, entry: str) -> tuple[Section, int]:
    section = _section(name)
    length = len(section.entries(working().site))
    if section.several and entry == NEW:
        return section, length
    number = int(entry) if entry.isdecimal() and len(entry) < _DIGITS_MAX else length
    if section.several and section.key and request.method == "POST":
        return section, _still_there(section, number)
    if not section.several or number >= length:
        raise Problem(404, "not_found", "There is no such entry.")
    return section, number


def _still_there(section: Section, number: int) -> int:
    """The number of the entry that the form was made for: another page may have moved it."""
    was = request.form.get("was", "")
    found = [at for at, one in enumerate(section.entries(working().site)) if str(one.get(section.key)) == was]
    if not found:
        raise Problem(409, "settings_conflict", "This entry was changed in the meantime. Open it again.")
    return number if number in found else found[0]


def _form_of(section: Section, number: int) -> Form:
    draft = working()
    entries = section.entries(draft.site)
    value = entries[number] if number < len(entries) else {}
    return Form(draft, f"{section.path}[{number}]", section.fields, value)


def _tried(form: Form) -> Trial:
    """The stay that was tried by the tariff as it is typed; what is wrong with the tariff is at its fields."""
    value = form.read()
    posted = request.form.to_dict()
    if not form.faults:
        tariff = msgspec.convert(value, Tariff)
        form.problems = tryout.faults_of(tariff, form.path)
        if not form.problems:
            return tryout.tried(posted, tariff, form.draft.site)
    return tryout.asked(posted)


def _trial(form: Form, trial: Trial | None) -> dict[str, Any]:
    """What the page of a tariff shows besides its form."""
    say = look.said()
    zone = tryout.zone_of(form.draft.site)
    kinds = [(kind, say(f"installer.tryout.kind.{kind or 'none'}")) for kind in ("", *tryout.VALIDATIONS)]
    return {"trial": trial or tryout.example(datetime.now(zone)), "zone": zone.key, "kinds": kinds}


def _entry_form(section: Section, number: int, form: Form, trial: Trial | None = None) -> Any:
    entries = section.entries(form.draft.site)
    known = entries[number] if number < len(entries) else None
    was = str((known or {}).get(section.key, "")) if section.key else ""
    told: dict[str, Any] = {
        "section": section.name,
        "removes": known is not None,
        "was": was,
        "entry": known,
        "list": section,
    }
    if section.name != TARIFFS:
        return form_page(FORMS, form, **told)
    return form_page("installer/settings/tariff.html", form, **told, **_trial(form, trial))


def _put(section: Section, site: dict[str, Any], number: int, value: dict[str, Any]) -> None:
    entries = deepcopy(section.entries(site))
    before = entries[number] if number < len(entries) else {}
    if section.name == TARIFFS and before.get("id") not in (None, value["id"]):
        rename_tariff(site, before["id"], value["id"])
    entries[number : number + 1] = [value]
    section.put(site, entries)


def _drop(section: Section, site: dict[str, Any], number: int) -> None:
    entries = section.entries(site)
    section.put(site, entries[:number] + entries[number + 1 :])


def _table(section: Section) -> Any:
    return installer_page(
        "installer/settings/table.html",
        place="settings",
        sheets=SHEETS,
        section=section,
        entries=section.entries(working().site),
        kept="kept" in request.args,
        spoken=spoken,
        shown=shown,
        words=look.said(),
    )


def _counts(site: dict[str, Any]) -> dict[str, int]:
    """How many entries each list has."""
    lists = {name: len(section.entries(site)) for name, section in BY_NAME.items() if section.several}
    return {**lists, "devices": len(site.get("devices") or [])}
