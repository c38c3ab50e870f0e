"""*Test the connection*: the form of the broker is kept in the draft, then each of its brokers is tried."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from gateway.core.forms.posted import Fault
from gateway.core.settings.model import Broker, Mqtt
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.directory import DataDirectory
from web.installer.broker.trial import Step, Trial
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.settings.form import Form
from web.installer.settings.page import form_page
from web.installer.settings.sections import BY_NAME
from web.platform.problems import Problem
from web.platform.services import services

SHEETS = ("installer/broker/page.css",)
TEMPLATE = "installer/broker/page.html"
BROKERS_MAX = 4
"""Brokers of the list that are tried."""
SECTION = BY_NAME["broker"]
_one_at_a_time = threading.Lock()


class Tried(msgspec.Struct, frozen=True):
    """A broker and how far its trial came; `held_back`: the stored password was not sent."""

    broker: str
    steps: tuple[Step, ...]
    held_back: bool = False

    @property
    def ok(self) -> bool:
        """Whether every step succeeded."""
        return all(step.ok for step in self.steps)


@door(Right.SET_UP)
def test() -> Any:
    """Keep the form in the draft and try its brokers; nothing is applied."""
    draft = working()
    form = Form(draft, SECTION.path, SECTION.fields, SECTION.value(draft.site))
    value = form.read()
    if not (value.get("host") or value.get("brokers")):
        form.faults.setdefault("host", Fault("required"))
    if not form.save(lambda site: SECTION.put(site, value)):
        return _page(form, removes=False)
    tried = trials(draft.site)
    fresh = Form(draft, SECTION.path, SECTION.fields, SECTION.value(draft.site))
    return _page(fresh, removes=True, tried=tried, kept=True)


def _page(form: Form, *, removes: bool, **values: Any) -> Any:
    """The form of the broker, which posts to its own page, not to this one."""
    return form_page(
        TEMPLATE,
        form,
        section=SECTION.name,
        action=SECTION.address,
        removes=removes,
        absent=False,
        more_sheets=SHEETS,
        **values,
    )


def trials(site: dict[str, Any]) -> list[Tried]:
    """Try the brokers of a site file; Problem 503 while another trial runs, 422 for an entry that is no broker."""
    mqtt = msgspec.convert(SECTION.value(site), Mqtt)
    try:
        brokers = mqtt.each()[:BROKERS_MAX]
    except ValueError as error:
        raise Problem(422, "settings_invalid", f"{error}.") from None
    password, held_back = _password(mqtt)
    if not _one_at_a_time.acquire(blocking=False):
        raise Problem(503, "busy", "Another test of a connection runs; try again in some seconds.")
    try:
        return [Tried(f"{one.host}:{one.port}", _tried(site, one, password), held_back) for one in brokers]
    finally:
        _one_at_a_time.release()


def _tried(site: dict[str, Any], broker: Broker, password: str | None) -> tuple[Step, ...]:
    names = _ids(site)
    broker = msgspec.structs.replace(broker, password=password)
    return Trial(broker, "gatehouse/" + "/".join(names), "-".join((*names, "test"))).run()


def _ids(site: dict[str, Any]) -> tuple[str, ...]:
    """The ids of site and gateway; those that run where an imported draft has none."""
    running = services().site.document()
    return tuple(str((site.get(part) or {}).get("id") or running[part]["id"]) for part in ("site", "gateway"))


def _password(mqtt: Mqtt) -> tuple[str | None, bool]:
    """The password to sign in with, and whether the stored one is held back.

    It goes only to the brokers that it was given for: a person must not learn it by naming another one.
    """
    if mqtt.password is not None or mqtt.username is None:
        return mqtt.password, False
    try:
        held = DataDirectory(services().data).versions.opened()
    except GatehouseError:
        return None, True
    stored = SECTION.value(held)
    known = msgspec.convert(stored, Mqtt) if isinstance(stored, dict) else Mqtt()
    same = _reach(known) == _reach(mqtt)
    return (known.password, False) if same else (None, known.password is not None)


def _reach(mqtt: Mqtt) -> tuple[Any, ...]:
    """Where the password goes and how it is protected on the way."""
    return (mqtt.host, mqtt.port, mqtt.brokers, mqtt.tls, mqtt.ca, mqtt.username)


ROUTES = (("POST", "/installer/settings/broker/test", test),)
