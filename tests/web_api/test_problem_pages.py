"""Error pages for people: of the house, in both languages, and they say what to do."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.settings.roles import Role
from gateway.core.vocabulary.errors import EngineUnreachableError
from web.guard.problem.page import problem_page
from web.platform.problems import STATUS, TITLES, Problem
from web.words.texts import LOCALES, words


def shown(page: str, css: str) -> str:
    """The text of the first element with this class or tag."""
    found = re.search(rf'<(?:{css}\b|\w+ class="{css}")[^>]*>(.*?)</', page, re.DOTALL)
    return html.unescape(found[1].strip()) if found else ""


@pytest.fixture(params=LOCALES)
def speaking(request: pytest.FixtureRequest, client: FlaskClient) -> tuple[FlaskClient, Any]:
    """A browser that reads one language, and that language."""
    client.set_cookie("gatehouse_lang", request.param)
    return client, words(request.param)


def test_an_unknown_address_says_so_and_leads_home(speaking: tuple[FlaskClient, Any]) -> None:
    client, said = speaking
    answer = client.get("/nothing")
    assert answer.status_code == 404 and answer.content_type == "text/html; charset=utf-8"
    assert shown(answer.text, "h1") == said("problem.404")
    assert shown(answer.text, "problem-do") == said("problem.404.do")
    assert 'rel="stylesheet"' in answer.text and 'href="/"' in answer.text
    assert f'lang="{said("lang")}"' in answer.text


def test_a_fault_of_ours_has_its_page(
    speaking: tuple[FlaskClient, Any], monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    client, said = speaking

    def broken() -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.view_functions, "guard.sign_in_page", broken)
    answer = client.get("/sign-in")
    assert answer.status_code == 500 and "secret detail" not in answer.text
    assert shown(answer.text, "h1") == said("problem.500")


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (Problem(403, "role_missing", "This is for guard."), "problem.403"),
        (Problem(403, "csrf", "Load the page again."), "problem.csrf"),
        (Problem(503, "busy", "Many."), "problem.busy"),
        (EngineUnreachableError("gone"), "problem.engine_unreachable"),
        (Problem(418, "teapot", "Tea."), "problem.any"),
    ],
)
def test_each_problem_has_words_of_its_own(
    speaking: tuple[FlaskClient, Any], monkeypatch: pytest.MonkeyPatch, app: Flask, error: Exception, key: str
) -> None:
    client, said = speaking

    def refused() -> Any:
        raise error

    monkeypatch.setitem(app.view_functions, "guard.sign_in_page", refused)
    page = client.get("/sign-in").text
    assert shown(page, "h1") == said(key) and shown(page, "problem-do") == said(f"{key}.do")


def test_the_page_carries_the_headers_of_its_problem(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = problem_page(Problem(503, "busy", "Many.", headers={"Retry-After": "2"}))
    assert answer.headers["Retry-After"] == "2"


def test_a_page_that_cannot_be_made_is_a_plain_one_in_both_languages(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_values: Any, **_named: Any) -> Any:
        raise OSError("disk")

    monkeypatch.setattr("web.guard.problem.page.page", broken)
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert all(words(locale)("problem.404.do") in answer.text for locale in LOCALES)


def test_every_status_that_people_may_meet_has_words() -> None:
    for locale in LOCALES:
        said = words(locale)
        for status in (400, 401, 403, 404, 405, 413, 421, 429, 500, 503):
            assert f"problem.{status}" in said and f"problem.{status}.do" in said, (locale, status)
    assert set(STATUS.values()) <= set(TITLES)


def test_a_role_without_the_right_reads_it_in_its_language(app: Flask, client: FlaskClient) -> None:
    assert Role.AUDITOR.rights
    client.set_cookie("gatehouse_lang", "zh_CN")
    page = client.post("/guard/lanes/in/open", data={}).text
    assert words("zh_CN")("problem.401") in page
