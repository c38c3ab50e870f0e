"""The office's addresses: the tables of all screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from web.office.slips.page import ROUTES as SLIPS

BLUEPRINT = Blueprint("office", __name__)
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (*SLIPS,)
for _method, _rule, _view in ROUTES:
    _room = _view.__module__.split(".")[2]
    BLUEPRINT.add_url_rule(_rule, endpoint=f"{_room}_{_view.__name__}", view_func=_view, methods=[_method])
