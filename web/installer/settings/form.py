"""One form: shows fields of the working draft, reads what was posted, and keeps it in the draft when it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from flask import request

from gateway.core.forms.entries import Entry, Shower
from gateway.core.forms.fields import Field
from gateway.core.forms.posted import Fault, Posted, Reader
from gateway.core.vocabulary.errors import GatehouseError, SettingsError
from web.installer.frame.draft import Draft
from web.installer.settings import secrets
from web.installer.settings.spoken import CHECK
from web.platform.services import ask

PLAN_S = 10.0


class Form:
    """The fields of one object of the site file, at a path of the working draft."""

    def __init__(self, draft: Draft, path: str, fields: Sequence[Field], value: Mapping[str, Any] | None) -> None:
        self.draft = draft
        self.path = path
        self.fields = tuple(fields)
        self._value = dict(value or {})
        self._posted: Posted | None = None
        self.faults: dict[str, Fault] = {}
        self.problems: dict[str, Fault] = {}

    def read(self) -> dict[str, Any]:
        """What was posted; `faults` says what is wrong with it."""
        self._posted = {name: request.form.getlist(name) for name in request.form}
        reader = Reader(self._posted, currency_of(self.draft.site))
        found = reader.object(self.fields, self._value)
        self.faults = reader.faults
        return found

    def save(self, put: Callable[[dict[str, Any]], None]) -> bool:
        """Keep the draft with a change, unless the checks find something wrong within this form."""
        if self.faults:
            return False
        site = deepcopy(self.draft.site)
        put(site)
        self.problems = {path: fault for path, fault in problems_of(site).items() if self._is_mine(path)}
        if self.problems:
            return False
        self.draft.save(site)
        return True

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The fields as they are shown."""
        shower = Shower(
            self.path, self._posted, self.faults, secrets.given(), self.problems, currency_of(self.draft.site)
        )
        return shower.entries(self.fields, self._value)

    @property
    def elsewhere(self) -> list[Fault]:
        """Problems of the form that belong to no single field."""
        return [fault for path, fault in self.problems.items() if path == self.path]

    def _is_mine(self, path: str) -> bool:
        """Whether a path is that of the form, or of one of its fields."""
        names = tuple(f"{self.path}.{field.name}" for field in self.fields)
        return path == self.path or any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in names)


def currency_of(site: Mapping[str, Any]) -> str:
    """The currency of the first tariff, in which sums beside the tariffs are; "" without one."""
    tariffs = site.get("tariffs")
    first = tariffs[0] if isinstance(tariffs, list) and tariffs else {}
    return str(first.get("currency") or "") if isinstance(first, Mapping) else ""


def problems_of(site: dict[str, Any]) -> dict[str, Fault]:
    """What the checks of the engine find, by path; nothing while it does not answer: the check before applying will."""
    try:
        ask("site.plan", timeout_s=PLAN_S, document=site)
    except SettingsError as error:
        return {path: Fault(CHECK, {"words": message}) for path, message in error.problems}
    except GatehouseError:
        return {}
    return {}
