"""Roles times routes: each page and order is open to the roles that have its right, and to no other."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g

from gateway.core.settings.roles import SCOPES, Right, Role
from tests.support.engine_stand_in import EngineStandIn
from web.people.operators import Operator
from web.platform.problems import Problem

# Routes without a right or a scope: descriptions, signing in, and what decides within the view.
OPEN = {
    "/openapi.json", "/api/docs", "/api/docs.css", "/api/v1/openapi.json",
    "/healthz", "/metrics", "/sign-in", "/sign-in/lift", "/sign-out", "/station", "/guard/time", "/guard/look",
    "/guard/stop", "/setup", "/static/<version>/<path:name>", "/authority.crt",
}  # fmt: skip

WITHIN_A_VIEW = {Right.LIFT, Right.ACKNOWLEDGE_LIMIT, Right.WAIVE, Right.EXCUSE, Right.HEAR, Right.WATCH}
"""Rights that are asked for within a view: of the person whose PIN is given, for one verb or alarm kind of several."""


def views(app: Flask, mark: str) -> list[tuple[str, str, Any]]:
    """Each route whose view carries a mark: its rule, the mark, the view."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if (value := getattr(view, mark, None)) is not None:
            found.append((rule.rule, value, view))
    return found


@pytest.mark.parametrize("role", Role)
def test_a_route_is_refused_to_the_roles_without_its_right_and_to_no_other(
    app: Flask, engine: EngineStandIn, role: Role
) -> None:
    walked = views(app, "gatehouse_right")
    assert {right for _, right, _ in walked} >= set(Right) - WITHIN_A_VIEW
    for rule, right, view in walked:
        with app.test_request_context("/"):
            g.operator = Operator("Ana", role)
            code = ""
            try:
                view()
            except Problem as problem:
                code = problem.code
            except Exception:
                pass  # let in, and missing the parts of its path, its form or its engine
            assert (code == "role_missing") == (right not in role.rights), (rule, role)


def test_every_other_route_is_one_that_is_open_on_purpose(app: Flask) -> None:
    guarded = {
        rule for mark in ("gatehouse_right", "gatehouse_scope", "gatehouse_token") for rule, _, _ in views(app, mark)
    }
    assert {rule.rule for rule in app.url_map.iter_rules()} - guarded == OPEN


def test_every_scope_that_a_route_asks_for_is_declared_and_every_declared_one_is_asked_for(app: Flask) -> None:
    asked = {scope for _, scope, _ in views(app, "gatehouse_scope")}
    assert asked <= set(SCOPES)
    # Asked for within the view, which lets this machine in without.
    assert set(SCOPES) - asked == {"metrics"}


@pytest.mark.parametrize("right", Right)
def test_every_right_has_its_meaning_and_a_role(right: Right) -> None:
    assert right.meaning
    assert any(right in role.rights for role in Role)
