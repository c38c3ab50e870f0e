"""Scripts, styles and pictures: each found by one address that changes with the bytes, and nothing else is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.support.guard_scene import make_site
from tests.web_installer.screens import scripts
from web.platform import assets
from web.platform.app import create_app

ENTRIES = ("guard/home/page.js", "guard/sign_in/page.js", "installer/frame/frame.js", "office/print.js", *scripts())


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(make_site(tmp_path / "data").path).test_client()


def test_every_module_is_needed_by_a_page_and_every_import_exists() -> None:
    needed = {*ENTRIES, *(one for entry in ENTRIES for one in assets.needs(entry))}
    assert needed == {name for name in assets.files() if name.endswith(".js")}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_page_names_every_module_at_once(client: FlaskClient, entry: str) -> None:
    with client.application.test_request_context():
        elements = str(assets.script(entry))
    assert [name for name in (entry, *assets.needs(entry)) if f"/{assets.mark()}/{name}" not in elements] == []
    assert elements.count("<script") == 1


@pytest.mark.parametrize("entry", ENTRIES)
def test_modules_depend_on_each_other_in_one_direction_only(entry: str) -> None:
    circles = [one for one in (entry, *assets.needs(entry)) if one in assets.needs(one)]
    assert circles == []


def test_styles_are_sent_as_one_sheet_in_their_order(client: FlaskClient) -> None:
    with client.application.test_request_context():
        address = assets.asset("parts/base/base+parts/stop/stop.css")
    answer = client.get(address)
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.data == assets.files()["parts/base/base.css"] + b"\n" + assets.files()["parts/stop/stop.css"]
    assert "immutable" in answer.headers["Cache-Control"]


def test_an_address_of_another_version_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/0123456789ab/parts/base/dom.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_a_sheet_is_sent_once_in_an_answer(client: FlaskClient) -> None:
    names = ("guard/home/sizes", "parts/base/base")
    for parts in ((names[0],) * 43, (*names, names[0])):
        assert client.get(f"/static/{assets.mark()}/{'+'.join(parts)}.css").status_code == 404


def test_what_is_kept_packed_is_bounded(client: FlaskClient) -> None:
    sheets = [name.removesuffix(".css") for name in assets.files() if name.endswith(".css")]
    for first in sheets:
        for second in sheets:
            client.get(f"/static/{assets.mark()}/{first}+{second}.css", headers={"Accept-Encoding": "gzip"})
    kept = assets._body.cache_info()
    assert kept.currsize == kept.maxsize < len(sheets) * (len(sheets) - 1)
    assert kept.maxsize * sum(len(assets.files()[f"{name}.css"]) for name in sheets) < 8_000_000


@pytest.mark.parametrize(
    "path",
    [
        "guard/home/page.py",
        "guard/home/page.html",
        "../platform/app.py",
        "words/en/base.json",
        "parts",
        "a.css",
        "a+b.css",
    ],
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{assets.mark()}/{path}").status_code == 404
