"""The sections of the site file that have a form: where each is in the document, and the type of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.core.charges.charging import Charging, SiteDays
from gateway.core.charges.tariff import Tariff
from gateway.core.forms.fields import Field, fields_of
from gateway.core.settings import model


class Section(msgspec.Struct, frozen=True):
    """One form. `path` is its place in the document; `several`: a list there, one form for each entry.

    `keys`: the fields that it shows, all for none. `key`: what names an entry. `ends`: it may be left out as a whole.
    `columns`: the fields that the table of its entries shows, all for none.
    """

    name: str
    path: str
    kind: type[msgspec.Struct]
    keys: tuple[str, ...] = ()
    several: bool = False
    key: str = ""
    ends: bool = False
    columns: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[Field, ...]:
        """The fields that are columns of the table, in its order."""
        found = {field.name: field for field in self.fields}
        return tuple(found[name] for name in self.columns or found)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the form, in its order."""
        found = {field.name: field for field in fields_of(self.kind)}
        return tuple(found[key] for key in self.keys or found)

    @property
    def address(self) -> str:
        """The address of its page."""
        return f"/installer/settings/{self.name}"

    def value(self, site: dict[str, Any]) -> Any:
        """What the document has there; None for nothing."""
        here: Any = site
        for step in self.path.split("."):
            here = here.get(step) if isinstance(here, dict) else None
        return here

    def put(self, site: dict[str, Any], value: Any) -> None:
        """Set what the document has there; an empty value is left out."""
        *way, last = self.path.split(".")
        here = site
        for step in way:
            here = here.setdefault(step, {})
        if value or last in ("site", "gateway"):
            here[last] = value
        else:
            here.pop(last, None)
            if way and not site[way[0]]:
                del site[way[0]]

    def entries(self, site: dict[str, Any]) -> list[dict[str, Any]]:
        """The entries of a list."""
        found = self.value(site)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


SECTIONS = (
    Section("site", "site", model.Site),
    Section("gateway", "gateway", model.Gateway, ("id", "journal_wait_ms")),
    Section("network", "gateway.http", model.Http),
    Section("clock", "gateway", model.Gateway, ("clock",)),
    Section("retention", "gateway.retention", model.Retention),
    Section("pictures", "gateway.pictures", model.KeptPictures),
    Section("broker", "uplink.mqtt", model.Mqtt, ends=True),
    Section("remote_open", "remote_open", model.RemoteOpen),
    Section("repairs", "repairs", model.Repairs),
    Section("tariffs", "tariffs", Tariff, several=True, key="id", columns=("id", "free_minutes", "blocks", "day_cap")),
    Section("charging", "charging", Charging),
    Section("calendar", "calendar", SiteDays),
    Section("groups", "groups", model.Group, several=True, key="id"),
    Section("buildings", "buildings", model.Building, several=True, key="id"),
    Section("purposes", "purposes", model.Purpose, several=True, key="id"),
    Section("interlocks", "interlocks", model.Interlock, several=True),
    Section("stations", "stations", model.Station, several=True, key="id"),
)
BY_NAME = {section.name: section for section in SECTIONS}


def section_at(path: str) -> Iterator[Section]:
    """The sections that a path of the document may be in, the most exact first."""
    inside = [one for one in SECTIONS if path == one.path or path.startswith((f"{one.path}.", f"{one.path}["))]
    yield from sorted(inside, key=lambda one: len(one.path), reverse=True)
