"""The address of the first set-up."""

from __future__ import annotations

from flask import Blueprint

from web.setup.gate import PATH
from web.setup.page import set_up, setup_page

BLUEPRINT = Blueprint("setup", __name__)
BLUEPRINT.add_url_rule(PATH, endpoint="setup_page", view_func=setup_page, methods=["GET"])
BLUEPRINT.add_url_rule(PATH, endpoint="set_up", view_func=set_up, methods=["POST"])
