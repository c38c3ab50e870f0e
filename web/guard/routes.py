"""The guard's addresses, in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from web.guard.compare.picture import case_picture
from web.guard.home.page import home
from web.guard.home.stream import state, stream
from web.guard.identity.page import cars, end, office, person, sign, take
from web.guard.inside.page import correct_inside, inside, one_inside
from web.guard.keys.page import plate_keys
from web.guard.orders.alarms import alarm_verb
from web.guard.orders.lanes import choose, command
from web.guard.orders.stop import stop
from web.guard.papers.page import print_receipt, print_ticket
from web.guard.pay.debt import debt
from web.guard.pay.page import excuse, pay, receipt, validate
from web.guard.shift.page import takings
from web.guard.sign_in.lift import lift, lift_page
from web.guard.sign_in.page import choose_look, sign_in, sign_in_page, sign_out
from web.guard.slips.page import slips, use_slip
from web.guard.station.page import give_key, station_page, time_of_day
from web.guard.visitor.page import await_card, register, visitor_choices
from web.guard.visitor.picture import visit_picture

BLUEPRINT = Blueprint("guard", __name__)
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/", home),
    ("GET", "/live", stream),
    ("GET", "/live/state", state),
    ("GET", "/sign-in", sign_in_page),
    ("POST", "/sign-in", sign_in),
    ("GET", "/sign-in/lift", lift_page),
    ("POST", "/sign-in/lift", lift),
    ("POST", "/sign-out", sign_out),
    ("GET", "/station", station_page),
    ("POST", "/station", give_key),
    ("GET", "/guard/time", time_of_day),
    ("POST", "/guard/look", choose_look),
    ("GET", "/guard/inside", inside),
    ("GET", "/guard/identity/cars", cars),
    ("GET", "/guard/identity/<person>", person),
    ("POST", "/guard/identity/take", take),
    ("POST", "/guard/identity/office", office),
    ("POST", "/guard/identity/sign", sign),
    ("POST", "/guard/identity/end", end),
    ("GET", "/guard/slips", slips),
    ("POST", "/guard/slips/<slip>/use", use_slip),
    ("GET", "/guard/keys", plate_keys),
    ("GET", "/guard/visitor", visitor_choices),
    ("POST", "/guard/visitor", register),
    ("POST", "/guard/visitor/card", await_card),
    ("GET", "/guard/inside/<visit>", one_inside),
    ("POST", "/guard/inside/<verb>", correct_inside),
    ("POST", "/guard/choose", choose),
    ("GET", "/guard/lanes/<lane>/picture", case_picture),
    ("GET", "/guard/takings", takings),
    ("GET", "/guard/visits/<visit>/receipt", receipt),
    ("POST", "/guard/visits/<visit>/print", print_receipt),
    ("POST", "/guard/visits/<visit>/ticket", print_ticket),
    ("GET", "/guard/visits/<visit>/debt", debt),
    ("GET", "/guard/visits/<visit>/picture", visit_picture),
    ("POST", "/guard/visits/<visit>/pay", pay),
    ("POST", "/guard/visits/<visit>/validate", validate),
    ("POST", "/guard/visits/<visit>/excuse", excuse),
    ("POST", "/guard/lanes/<lane>/<command>", command),
    ("POST", "/guard/stop", stop),
    ("POST", "/guard/alarms/<alarm>/<any(acknowledge, close):verb>", alarm_verb),
)
for _method, _rule, _view in ROUTES:
    BLUEPRINT.add_url_rule(_rule, endpoint=_view.__name__, view_func=_view, methods=[_method])
