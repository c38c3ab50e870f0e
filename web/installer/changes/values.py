"""Old and new values of a difference in the words of their forms; a whole thing is shown field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.core.charges.charging import Charging, SiteDays
from gateway.core.charges.tariff import Tariff
from gateway.core.forms.fields import Field, Kind, fields_of
from gateway.core.forms.sheets import Catalogue
from gateway.core.settings import documents, model
from gateway.core.settings.difference import NEW_SECRET, SECRET
from web.installer.settings import shown
from web.installer.settings.form import currency_of
from web.installer.settings.places import numbered
from web.words.texts import Words

TYPES: dict[str, type[msgspec.Struct]] = {
    "site": model.Site, "gateway": model.Gateway, "lanes": documents.LaneDocument,
    "barriers": documents.BarrierDocument, "interlocks": model.Interlock, "groups": model.Group,
    "operators": model.Operator, "stations": model.Station, "tariffs": Tariff, "charging": Charging,
    "calendar": SiteDays, "uplink": model.Uplink, "remote_open": model.RemoteOpen, "repairs": model.Repairs,
    "buildings": model.Building, "purposes": model.Purpose,
}  # fmt: skip
"""The types of the parts of a site file; those of devices are their drivers'."""
_FORMS = {"devices": "device", "operators": "people", "uplink": "broker"}
_LISTS = frozenset({"interlocks"})
"""Lists that are compared as a whole."""
_ENTRY = re.compile(r"(\w+)\[(\d+)\]\.?")


class Value(msgspec.Struct, frozen=True):
    """A value as people read it: one text, or the fields of a thing, each with its label. `raw`: it has no words."""

    text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    raw: bool = False


class Speaker:
    """Says values of the documents that are compared. `catalogue` asks for the drivers, once a device differs."""

    def __init__(self, sites: tuple[Mapping[str, Any], ...], say: Words, catalogue: Callable[[], Catalogue]) -> None:
        self._sites = sites
        self._say = say
        self._catalogue = catalogue
        self._known: Catalogue | None = None

    def value(self, path: str, value: Any) -> Value | None:
        """A value at a path of the difference; None for one that is not set."""
        if value is None:
            return None
        if value in (SECRET, NEW_SECRET):
            return Value(self._say(f"installer.settings.secret.{'new' if value == NEW_SECRET else 'set'}"))
        part, steps, entry = self._place(path, value)
        whole = {"currency": currency_of(self._sites[0]), **entry}
        fields = self._fields(part, whole)
        field = _at(fields, steps) if steps else _whole(part, fields)
        form = _FORMS.get(part, part)
        if field is None or (not steps and part not in _LISTS):
            return self._thing(fields, value, form) if isinstance(value, Mapping) and not steps else _plain(value)
        if field.kind is Kind.PART and isinstance(value, Mapping):
            return self._thing(field.fields, value, form)
        return Value(shown.text(field, value, self._say, form=form, whole=whole) or "—")

    def _thing(self, fields: tuple[Field, ...], value: Mapping[str, Any], form: str) -> Value:
        return Value(rows=tuple(shown.lines(fields, value, self._say, form)))

    def _place(self, path: str, value: Any) -> tuple[str, list[str], Mapping[str, Any]]:
        """The part of the site file, the names below its entry, and that entry; of a whole thing the thing itself."""
        part, _, rest = path.partition(".")
        if isinstance(value, Mapping) and rest and rest in (value.get("id"), value.get("name")):
            return part, [], value
        for site in self._sites:
            exact = numbered(path, dict(site))
            if found := _ENTRY.match(exact):
                entries = site.get(found[1])
                entry = entries[int(found[2])] if isinstance(entries, list) and int(found[2]) < len(entries) else {}
                return found[1], _steps(exact[found.end() :]), entry if isinstance(entry, Mapping) else {}
        known = self._sites[0].get(part)
        return part, _steps(rest), known if isinstance(known, Mapping) else {}

    def _fields(self, part: str, entry: Mapping[str, Any]) -> tuple[Field, ...]:
        if part != "devices":
            return fields_of(TYPES[part]) if part in TYPES else ()
        if self._known is None:
            self._known = self._catalogue()
        sheet = self._known.driver(str(entry.get("driver")))
        return fields_of(documents.DeviceKeys) + (sheet.fields if sheet is not None else ())


def _steps(rest: str) -> list[str]:
    return [step.partition("[")[0] for step in rest.split(".") if step]


def _whole(part: str, fields: tuple[Field, ...]) -> Field | None:
    return Field(part, Kind.PARTS, fields=fields) if part in _LISTS else None


def _at(fields: tuple[Field, ...], steps: list[str]) -> Field | None:
    """The field that is reached by these names."""
    here: Field | None = None
    for step in steps:
        here = next((field for field in fields if field.name == step), None)
        if here is None:
            return None
        fields = here.fields or tuple(one for variant in here.variants for one in variant.fields)
        if not fields and step in shown.INSIDE:
            fields = fields_of(shown.INSIDE[step])
    return here


def _plain(value: Any) -> Value:
    return Value(value if isinstance(value, str) else msgspec.json.encode(value).decode(), raw=True)
