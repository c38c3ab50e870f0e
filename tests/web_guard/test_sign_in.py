"""The sign-in page says in whole sentences why one does not get in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.guard_scene import document, make_site
from web.platform.app import create_app
from web.words.texts import LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_a_name_that_was_removed_is_told_how_long_to_wait(tmp_path: Path, locale: str) -> None:
    client = create_app(make_site(tmp_path / "data").path).test_client()
    client.set_cookie("gatehouse_lang", locale)
    for _ in range(6):
        page = client.post("/sign-in", data={"name": "Gone", "pin": "1"}).get_data(as_text=True)
    mistake = re.search(r'<p class="mistake"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert mistake is not None and re.search(r"\d+", mistake[1]), mistake


def test_the_page_of_a_language_is_marked_as_such(tmp_path: Path) -> None:
    client = create_app(make_site(tmp_path / "data").path).test_client()
    client.set_cookie("gatehouse_lang", "en")
    assert '<html lang="en"' in client.get("/sign-in").get_data(as_text=True)


def test_the_clock_of_a_site_without_a_time_zone_is_that_of_the_default(tmp_path: Path) -> None:
    directory = make_site(tmp_path / "data")
    site = document()
    del site["site"]["timezone"]
    directory.save_site(site)
    page = create_app(directory.path).test_client().get("/sign-in").get_data(as_text=True)
    assert 'data-offset="480"' in page
