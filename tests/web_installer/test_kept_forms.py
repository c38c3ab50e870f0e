"""A form that arrives after its session had ended is kept through the sign-in, for its person and its browser alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from drivers.catalogue import catalogue
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import engine_stand_in
from tests.web_installer.settings.conftest import SITE, Desk, planned
from web.people.auth import COOKIE, FORM_COOKIE
from web.people.parking import FORMS_MAX, KEPT_S, Parking
from web.people.sessions import form_token
from web.platform.app import create_app

PEOPLE = [*SITE["operators"], {"name": "Ben", "role": "installer", "pin": "8264"}]
GROUP = "/installer/settings/groups/new"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    directory = DataDirectory(tmp_path / "data")
    directory.create({**SITE, "operators": PEOPLE})
    with engine_stand_in(directory.socket) as engine:
        engine.answers = {
            "driver.list": lambda _: msgspec.to_builtins(catalogue(tmp_path)),
            "site.plan": lambda asked: planned(directory, asked["document"]),
        }
        app = create_app(directory.path)
        yield Desk(directory, engine, app)
        app.extensions["gatehouse"].close()


def sent_too_late(desk: Desk, path: str = GROUP, **fields: str) -> str:
    """Open a form, be signed out, send it: where that leads."""
    desk.get(path)
    desk.app.extensions["gatehouse"].sessions.end(desk.token)
    answer = desk.client.post(path, data={"csrf": form_token(desk.token), **fields})
    return str(answer.location or answer.status_code)


def test_a_form_is_sent_again_by_its_person(desk: Desk) -> None:
    assert sent_too_late(desk, id="13-1", places="3", act="keep") == "/sign-in?name=Ana&next=/installer/kept"
    desk.enter("Ana")
    page = desk.get("/installer/kept")
    assert f'action="{GROUP}"' in page
    fields = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition(f'action="{GROUP}"')[2])
    )
    assert desk.client.post(GROUP, data=fields).status_code == 303
    assert desk.draft.site["groups"][-1] == {"id": "13-1", "places": 3}


def test_another_person_gets_nothing_of_it(desk: Desk) -> None:
    sent_too_late(desk, id="13-1", places="3")
    desk.enter("Ben")
    assert desk.client.get("/installer/kept").location == "/installer"


def test_another_browser_gets_nothing_of_it(desk: Desk) -> None:
    sent_too_late(desk, id="13-1", places="3")
    other = desk.app.test_client()
    other.set_cookie(
        COOKIE,
        desk.app.extensions["gatehouse"].sessions.create(desk.app.extensions["gatehouse"].site.operators()["Ana"]),
    )
    assert other.get("/installer/kept").location == "/installer"


def test_a_password_is_not_kept(desk: Desk) -> None:
    sent_too_late(desk, "/installer/settings/broker", host="10.0.0.7", password="sesame-93")
    desk.enter("Ana")
    page = desk.get("/installer/kept")
    assert "10.0.0.7" in page
    assert "sesame-93" not in page


@pytest.mark.parametrize("path", ["/installer/settings/people", "/installer/changes/apply"])
def test_what_acts_at_once_is_never_kept(desk: Desk, path: str) -> None:
    desk.get(GROUP)
    desk.app.extensions["gatehouse"].sessions.end(desk.token)
    answer = desk.client.post(path, data={"csrf": form_token(desk.token), "name": "Eve", "act": "keep"})
    assert answer.status_code in (401, 404, 405)
    assert answer.headers.get("Set-Cookie", "").find(FORM_COOKIE) == -1


def test_a_removal_and_a_form_of_nobody_are_not_kept(desk: Desk) -> None:
    assert sent_too_late(desk, "/installer/settings/groups/0", was="12-3", act="remove") == "401"
    assert desk.client.post(GROUP, data={"csrf": "0" * 64, "id": "x"}).status_code == 401


def test_it_is_left_with_one_tap(desk: Desk) -> None:
    sent_too_late(desk, id="13-1", places="3")
    desk.enter("Ana")
    assert desk.post("/installer/kept").location == "/installer"
    assert desk.client.get("/installer/kept").location == "/installer"


def test_it_is_kept_for_minutes_and_only_the_newest_ones() -> None:
    now = [0.0]
    parking = Parking(lambda: now[0])
    parking.given("t", "Ana")
    keys = [kept[0] for number in range(FORMS_MAX + 1) if (kept := parking.keep("t", "/p", [("n", str(number))]))]
    assert parking.find(keys[0], "Ana") is None
    now[0] = KEPT_S - 1
    assert parking.find(keys[1], "Ana") is not None
    now[0] = KEPT_S
    assert parking.find(keys[1], "Ana") is None


@pytest.mark.parametrize("name", ["pin", "password", "broker.password", "key", "link:tcp.key", "password!drop", "code"])
def test_names_of_secrets_are_left_out(name: str) -> None:
    parking = Parking()
    parking.given("t", "Ana")
    kept = parking.keep("t", "/p", [(name, "1"), ("name", "x"), ("keyed", "y")])
    assert kept is not None
    found = parking.find(kept[0], "Ana")
    assert found is not None
    assert found.fields == (("name", "x"), ("keyed", "y"))
