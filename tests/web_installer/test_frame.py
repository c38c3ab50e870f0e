"""The frame of the installer's pages: who comes in, what the navigation shows, what waits to be applied."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.core.settings.roles import Role
from gateway.store.directory import DataDirectory
from web.installer.frame.places import PLACES, places_of
from web.people.auth import COOKIE
from web.people.operators import Operator
from web.platform.app import create_app


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    people = [{"name": role.value, "role": role, "pin": "2468"} for role in (Role.INSTALLER, Role.OFFICE)]
    DataDirectory(tmp_path / "data").create(
        {"site": {"id": "court", "locale": "en"}, "gateway": {"id": "gw1"}, "operators": people}
    )
    return create_app(tmp_path / "data").test_client()


def enter(client: FlaskClient, name: str) -> None:
    held = client.application.extensions["gatehouse"]
    client.set_cookie(COOKIE, held.sessions.create(held.site.operators()[name]))


def test_without_a_session_the_way_leads_to_the_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/installer")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/installer")


def test_another_role_is_told_so_on_a_page(client: FlaskClient) -> None:
    enter(client, Role.OFFICE)
    answer = client.get("/installer")
    assert answer.status_code == 403
    assert answer.content_type.startswith("text/html")


def test_the_navigation_shows_where_one_is(client: FlaskClient) -> None:
    enter(client, Role.INSTALLER)
    text = client.get("/installer").get_data(as_text=True)
    assert 'href="/installer" aria-current="page"' in text
    assert "Overview" in text


@pytest.mark.parametrize("role", Role)
def test_the_navigation_has_no_place_that_is_closed_to_the_role(role: Role) -> None:
    shown = places_of(Operator("Ana", role))
    assert shown == [place for place in PLACES if place.right in role.rights]
