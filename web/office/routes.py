"""The office's addresses: the tables of all screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from web.office.owed.page import ROUTES as OWED
from web.office.slips.page import ROUTES as SLIPS
from web.office.visitors.page import ROUTES as VISITORS
from web.office.visits.money import ROUTES as MONEY
from web.office.visits.page import ROUTES as VISITS

BLUEPRINT = Blueprint("office", __name__)
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (*VISITORS, *VISITS, *MONEY, *OWED, *SLIPS)
for _method, _rule, _view in ROUTES:
    _room = _view.__module__.split(".")[2]
    BLUEPRINT.add_url_rule(_rule, endpoint=f"{_room}_{_view.__name__}", view_func=_view, methods=[_method])
