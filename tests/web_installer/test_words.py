"""Every text that a page of the installer puts together in the browser goes to that page."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.web_installer.screens import HOUSES, WEB, pages
from web.installer.frame.page import SCRIPT_WORDS as FRAME
from web.installer.frame.places import PLACES
from web.platform import assets
from web.platform.pages import SCRIPT_WORDS as ALWAYS
from web.words.texts import LOCALES, words


def room(page: ModuleType) -> str:
    return Path(str(page.__file__)).parent.relative_to(WEB).as_posix()


@pytest.mark.parametrize("page", pages(), ids=room)
def test_every_key_that_a_script_names_goes_to_its_page(page: ModuleType) -> None:
    entry = f"{room(page)}/page.js"
    own = [name for name in (entry, *assets.needs(entry)) if name.startswith(HOUSES)] if entry in assets.files() else []
    named = {
        key for name in own for key in re.findall(r"""say\(["'`]([a-z_.]+)["'`$]""", assets.files()[name].decode())
    }
    sent = (*getattr(page, "SCRIPT_WORDS", ()), *FRAME, *ALWAYS)
    assert sorted(key for key in named if not key.startswith(sent)) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_place_has_its_name(locale: str) -> None:
    assert [place.name for place in PLACES if f"installer.place.{place.name}" not in words(locale)] == []


CONTACTS = (
    *("at_open", "at_closed", "approach_loop", "safety_loop", "clear_loop", "arm_detached", "fault", "hand", "mains"),
    *("exit_button", "fire", "panic", "siren", "lights.red", "lights.green"),
)


@pytest.mark.parametrize("contact", CONTACTS)
def test_a_contact_has_one_name_at_its_terminal_on_the_bench_and_on_the_sheet(contact: str) -> None:
    chinese, english = words("zh_CN"), words("en")
    terminal = f"installer.lanes.terminal.{contact}"
    assert chinese(f"installer.devices.key.{contact}") == chinese(terminal)
    assert chinese(f"installer.acceptance.point.{contact}") == chinese(terminal)
    assert english(f"installer.acceptance.point.{contact}") == english(terminal)
