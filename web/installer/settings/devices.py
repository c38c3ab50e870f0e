"""The forms of devices: each driver's options as it declares them, in the working draft."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import redirect, request

from gateway.core.forms.fields import Field, fields_of
from gateway.core.forms.sheets import Catalogue, DriverSheet
from gateway.core.settings.documents import DeviceKeys
from gateway.core.settings.renaming import rename_device, uses_of
from gateway.core.settings.roles import Right
from web.installer.frame.door import door
from web.installer.frame.draft import Draft, working
from web.installer.frame.page import installer_page
from web.installer.settings import spoken
from web.installer.settings.form import Form
from web.installer.settings.offers import ask_catalogue
from web.installer.settings.page import SHEETS, form_page
from web.platform import look
from web.platform.problems import Problem

KINDS = ("readers", "cameras", "boards", "displays", "printers", "", "virtual")
"""The kinds of drivers in the order in which they are offered; "": those that other packages bring."""
HOME = "/installer/settings/devices"
TEMPLATE = "installer/settings/device.html"


@door(Right.SET_UP)
def devices_page() -> Any:
    """All devices of the working draft."""
    draft = working()
    known = {sheet.name: sheet for sheet in ask_catalogue().drivers}
    return installer_page(
        "installer/settings/devices.html",
        place="settings",
        sheets=SHEETS,
        devices=_devices(draft),
        known=known,
        uses={one.get("id"): _uses(draft.site, one) for one in _devices(draft)},
        kept="kept" in request.args,
    )


@door(Right.SET_UP)
def new_page() -> Any:
    """The drivers to choose from, or the empty form of the chosen one."""
    catalogue = ask_catalogue()
    chosen = catalogue.driver(request.args.get("driver", ""))
    if chosen is None:
        return _choice(catalogue)
    draft = working()
    return _shown(_form(draft, chosen, len(_devices(draft)), {}), chosen, catalogue)


@door(Right.SET_UP, keeps=True)
def add_device() -> Any:
    """Keep a new device in the working draft."""
    catalogue = ask_catalogue()
    chosen = catalogue.driver(request.args.get("driver", ""))
    if chosen is None:
        raise Problem(404, "not_found", "There is no such driver.")
    draft = working()
    form = _form(draft, chosen, len(_devices(draft)), {})
    value = {"driver": chosen.name, **form.read()}
    kept = form.save(lambda site: site.setdefault("devices", []).append(_ordered(value)))
    return redirect(f"{HOME}?kept=1", 303) if kept else _shown(form, chosen, catalogue)


@door(Right.SET_UP)
def device_page(device: str) -> Any:
    """The form of a device."""
    catalogue = ask_catalogue()
    draft, number = working(), _number(device)
    known = _devices(draft)[number]
    sheet = catalogue.driver(str(known.get("driver")))
    if sheet is None:
        raise Problem(404, "not_found", f"The driver {known.get('driver')!r} of this device cannot be loaded.")
    return _shown(_form(draft, sheet, number, known), sheet, catalogue, known)


@door(Right.SET_UP, keeps=True)
def save_device(device: str) -> Any:
    """Keep a device in the working draft, with the lanes that use it, or take it out."""
    catalogue = ask_catalogue()
    draft, number = working(), _number(device)
    known = _devices(draft)[number]
    sheet = catalogue.driver(str(known.get("driver")))
    if sheet is None:
        raise Problem(404, "not_found", f"The driver {known.get('driver')!r} of this device cannot be loaded.")
    form = _form(draft, sheet, number, known)
    if request.form.get("act") == "remove":
        kept = form.save(lambda site: site["devices"].pop(number))
    else:
        value = _ordered({**form.read(), "driver": sheet.name})
        kept = form.save(lambda site: _put(site, number, value, device))
    return redirect(f"{HOME}?kept=1", 303) if kept else _shown(form, sheet, catalogue, known)


def _put(site: dict[str, Any], number: int, value: dict[str, Any], was: str) -> None:
    site["devices"][number] = value
    if value["id"] != was:
        rename_device(site, was, value["id"])


def _devices(draft: Draft) -> list[dict[str, Any]]:
    found = draft.site.get("devices")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _number(device: str) -> int:
    """The number of a device in the working draft; Problem 404."""
    found = [number for number, one in enumerate(_devices(working())) if one.get("id") == device]
    if not found:
        raise Problem(404, "not_found", f"There is no device {device!r} in your draft.")
    return found[0]


def _fields(sheet: DriverSheet) -> tuple[Field, ...]:
    own = tuple(field for field in fields_of(DeviceKeys) if field.name != "driver")
    return own + sheet.fields


def _form(draft: Draft, sheet: DriverSheet, number: int, value: dict[str, Any]) -> Form:
    return Form(draft, f"devices[{number}]", _fields(sheet), value)


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    """A device with its id, driver and name first, as site files are written."""
    first: dict[str, Any] = {key: value[key] for key in ("id", "driver", "name") if key in value}
    return {**first, **value}


def _choice(catalogue: Catalogue) -> Any:
    groups = [(kind, [one for one in catalogue.drivers if one.kind == kind]) for kind in KINDS]
    return installer_page(
        "installer/settings/drivers.html",
        place="settings",
        sheets=SHEETS,
        groups=[(kind, sheets) for kind, sheets in groups if sheets],
        up=HOME,
        quote=quote,
        words=look.said(),
    )


def _uses(site: dict[str, Any], device: dict[str, Any]) -> list[str]:
    return spoken.uses(uses_of(site, str(device.get("id"))), site, look.said())


def _shown(form: Form, sheet: DriverSheet, catalogue: Catalogue, known: dict[str, Any] | None = None) -> Any:
    uses = _uses(form.draft.site, known) if known else []
    return form_page(
        TEMPLATE,
        form,
        catalogue=catalogue,
        section="device",
        sheet=sheet,
        removes=known is not None,
        uses=uses,
        up=HOME,
    )
