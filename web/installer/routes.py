"""The installer's addresses: the tables of all screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from web.installer.acceptance.page import ROUTES as ACCEPTANCE
from web.installer.broker.page import ROUTES as BROKER
from web.installer.care.routes import ROUTES as CARE
from web.installer.changes.page import ROUTES as CHANGES
from web.installer.devices.page import ROUTES as DEVICES
from web.installer.discover.page import ROUTES as DISCOVER
from web.installer.frame.kept import ROUTES as KEPT
from web.installer.health.page import ROUTES as HEALTH
from web.installer.identities.page import ROUTES as IDENTITIES
from web.installer.lanes.page import ROUTES as LANES
from web.installer.overview.page import ROUTES as OVERVIEW
from web.installer.people.routes import ROUTES as PEOPLE
from web.installer.repairs.page import ROUTES as REPAIRS
from web.installer.settings.routes import ROUTES as SETTINGS
from web.installer.versions.page import ROUTES as VERSIONS

BLUEPRINT = Blueprint("installer", __name__)
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    *OVERVIEW,
    *DEVICES,
    *LANES,
    *ACCEPTANCE,
    *SETTINGS,
    *BROKER,
    *DISCOVER,
    *PEOPLE,
    *CARE,
    *CHANGES,
    *VERSIONS,
    *REPAIRS,
    *IDENTITIES,
    *HEALTH,
    *KEPT,
)
for _method, _rule, _view in ROUTES:
    _room = _view.__module__.split(".")[2]
    BLUEPRINT.add_url_rule(_rule, endpoint=f"{_room}_{_view.__name__}", view_func=_view, methods=[_method])
