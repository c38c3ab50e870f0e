"""The page of the first set-up: every page leads there, a code opens it, and then it is gone for good."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.vocabulary import rows
from gateway.store.settings.first_run import TRIES_MAX
from gateway.store.settings.secrets import check_pin
from tests.support.engine_stand_in import EngineStandIn
from tests.web_setup.conftest import FORM, Fresh
from web.platform.app import create_app
from web.setup.page import here, mistakes, offered, zones
from web.words.texts import LOCALES

PAGES = ["/", "/sign-in", "/sign-in?name=Lin", "/sign-in/lift", "/station", "/office", "/installer", "/no/such/page"]
PROGRAMS = {
    "/healthz": 200,
    "/api/v1/events": 401,
    "/api/v1/lanes": 401,
    "/openapi.json": 200,
    "/api/docs": 200,
    "/live/state": 401,
}


def post(client: FlaskClient, code: str, **form: str) -> Any:
    return client.post("/setup", data={"code": code, **FORM, **form})


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_there(client: FlaskClient, engine: EngineStandIn, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")


@pytest.mark.parametrize("path", ["/sign-in", "/station", "/guard/stop", "/sign-out"])
def test_forms_of_other_pages_lead_there_too(client: FlaskClient, engine: EngineStandIn, path: str) -> None:
    answer = client.post(path, data={"name": "Lin", "pin": "2468"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")


@pytest.mark.parametrize(("path", "status"), PROGRAMS.items())
def test_programs_go_on(client: FlaskClient, engine: EngineStandIn, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_the_page_has_a_field_for_everything_and_the_token_of_forms(client: FlaskClient) -> None:
    page = client.get("/setup")
    assert page.status_code == 200
    for field in ("code", "site_name", "timezone", "locale", "name", "pin", "site_id", "gateway_id"):
        assert f'name="{field}"' in page.text
    assert '<meta name="csrf"' in page.text and "<script" not in page.text
    assert "Empty: gw-abc123" in page.text


@pytest.mark.parametrize(
    ("asked", "lang"), [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB,en;q=0.9", "en"), ("fr", "zh"), ("", "zh")]
)
def test_it_speaks_the_language_of_the_browser(app: Flask, asked: str, lang: str) -> None:
    page = app.test_client().get("/setup", headers={"Accept-Language": asked})
    assert f'<html lang="{lang}' in page.text


def test_a_chosen_language_stays(client: FlaskClient) -> None:
    chosen = client.post("/guard/look", data={"lang": "zh_CN", "back": "/setup"})
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/setup")
    assert "首次设置" in client.get("/setup", headers={"Accept-Language": "en"}).text


def test_the_right_code_makes_an_installer_who_is_signed_in(
    client: FlaskClient, engine: EngineStandIn, fresh: Fresh
) -> None:
    done = post(client, fresh.code.lower())
    assert (done.status_code, done.headers["Location"]) == (303, "/")
    [operator] = fresh.directory.documents.load()["operators"]
    assert (operator["name"], operator["role"]) == ("Ana", "installer")
    assert check_pin("7391", operator["pin_hash"])
    page = client.get("/")
    assert (page.status_code, page.headers["Location"]) == (303, "/installer")
    page = client.get("/installer")
    assert page.status_code == 200 and "What is left to do" in page.text and "Find what is connected" in page.text
    assert [one["type"] for one in engine.calls("journal.note")] == ["operator.signed_in"]


def test_no_pin_goes_to_the_engine(client: FlaskClient, engine: EngineStandIn, fresh: Fresh) -> None:
    post(client, fresh.code)
    assert "7391" not in str(engine.asked)
    assert engine.calls("setup.finish")[0]["via"] == "guard"


def test_afterwards_the_page_is_gone_for_good(
    client: FlaskClient, engine: EngineStandIn, fresh: Fresh, app: Flask
) -> None:
    post(client, fresh.code)
    assert client.get("/setup").status_code == 404
    assert post(app.test_client(), fresh.code).status_code == 404
    fresh.people.remove("Ana", {"by": "root", "via": "cli"}, also_last=True)
    again = create_app(fresh.directory.path)
    for one in (client, again.test_client()):
        assert one.get("/setup").status_code == 404
        assert post(one, fresh.code).status_code == 404
        assert one.get("/").headers["Location"] == "/sign-in?next=/"
    again.extensions["gatehouse"].close()


def test_an_operator_by_command_closes_it_at_once(client: FlaskClient, engine: EngineStandIn, fresh: Fresh) -> None:
    from gateway.store.settings.secrets import hash_pin

    assert client.get("/setup").status_code == 200
    fresh.people.add("Wei", "leader", hash_pin("7391"), {"by": "root", "via": "cli"})
    assert client.get("/setup").status_code == 404
    assert client.get("/").headers["Location"] == "/sign-in?next=/"


def test_a_directory_that_lost_its_operators_but_not_its_mark_stays_closed(client: FlaskClient, fresh: Fresh) -> None:
    fresh.directory.first_run.end()
    assert client.get("/setup").status_code == 404


def test_ten_wrong_codes_close_it_until_another_is_drawn(
    client: FlaskClient, engine: EngineStandIn, fresh: Fresh
) -> None:
    answers = [post(client, "AAAA-AAAA-AAAA") for _ in range(TRIES_MAX + 1)]
    assert [one.status_code for one in answers] == [403] * (TRIES_MAX + 1)
    assert "The code is wrong" in answers[0].text and "gatehouse init --new-code" in answers[-1].text
    assert post(client, fresh.code).status_code == 403
    assert sum(isinstance(row, rows.SetUp) for row in fresh.rows) == TRIES_MAX
    code = fresh.people.new_code({"by": "root", "via": "cli"})["setup_code"]
    assert post(client, code).status_code == 303


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"code": ""}, "code", "Type the code"),
        ({"code": "A" * 41}, "code", "Type the code"),
        ({"site_name": ""}, "site_name", "fill this in"),
        ({"site_name": "North\nCourt"}, "site_name", "cannot be shown"),
        ({"site_name": "\u202eNorth"}, "site_name", "cannot be shown"),
        ({"site_name": "x" * 101}, "site_name", "Too long"),
        ({"timezone": "Mars/Olympus"}, "timezone", "Choose a time zone"),
        ({"name": "  "}, "name", "fill this in"),
        ({"name": "13800138000"}, "name", "long number"),
        ({"name": "x" * 57}, "name", "Too long"),
        ({"pin": "12"}, "pin", "4 to 12 digits"),
        ({"pin": "1234"}, "pin", "guessed first"),
        ({"pin_again": "7392"}, "pin_again", "differ"),
        ({"site_id": "no blanks"}, "site_id", "1 to 64 letters"),
        ({"gateway_id": "a/b"}, "gateway_id", "1 to 64 letters"),
    ],
)
def test_a_wrong_field_is_marked_in_words_and_costs_no_try(
    client: FlaskClient, engine: EngineStandIn, fresh: Fresh, form: dict[str, str], field: str, words: str
) -> None:
    answer = post(client, **{"code": fresh.code, **form})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'for="{field}"' in answer.text.partition("field is-wrong")[2][:120]
    assert engine.calls("setup.finish") == []
    assert fresh.directory.first_run.tries == 0


def test_what_was_typed_stays_but_for_the_pin(client: FlaskClient, engine: EngineStandIn, fresh: Fresh) -> None:
    page = post(client, "AAAA-AAAA-AAAA", site_name='<b>"North"</b>', timezone="Europe/Berlin", site_id="nc").text
    assert "&lt;b&gt;&#34;North&#34;&lt;/b&gt;" in page and "<b>" not in page
    assert "<option selected>Europe/Berlin</option>" in page
    assert 'value="AAAA-AAAA-AAAA"' in page and 'value="nc"' in page and "<details open>" in page
    assert "7391" not in page


def test_an_engine_that_is_away_is_told_and_costs_no_try(client: FlaskClient, fresh: Fresh) -> None:
    answer = post(client, fresh.code)
    assert answer.status_code == 503 and "gatehouse run" in answer.text
    assert not fresh.directory.first_run.over


def test_another_site_cannot_send_the_form(client: FlaskClient, engine: EngineStandIn, fresh: Fresh) -> None:
    answer = client.post("/setup", data={"code": fresh.code, **FORM}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and engine.calls("setup.finish") == []


def test_the_time_zone_is_offered_by_place_and_begins_with_this_machines() -> None:
    assert {"Asia/Shanghai", "Europe/Berlin"} <= set(offered()) <= set(zones())
    assert "UTC" not in offered() and here() in zones()


def test_a_form_without_the_second_pin_is_taken() -> None:
    form = {"code": "AAAA", **FORM, "pin_again": "", "site_id": "", "gateway_id": ""}
    assert mistakes(form, asked_twice=False) == {}
    assert mistakes(form, asked_twice=True) == {"pin_again": "pin_again"}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_mistake_has_words(client: FlaskClient, engine: EngineStandIn, locale: str) -> None:
    client.set_cookie("gatehouse_lang", locale)
    page = client.post("/setup", data={"pin": "1"}).text
    assert "setup." not in page.replace("setup.css", "").replace("class=", "")
