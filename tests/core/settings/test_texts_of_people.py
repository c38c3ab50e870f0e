"""Texts that people see, in a site file that comes in: control characters are refused by their path."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.site_file import checked, parse_settings
from gateway.core.vocabulary.errors import SettingsError
from tests.core.playbook import site_document

BIDI = "North\u202etruoC"


def with_text(*path: Any, text: str = BIDI) -> dict[str, Any]:
    """A good site file with this text at a place."""
    document = {
        **site_document(),
        "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
        "stations": [{"id": "booth", "name": "Booth"}],
    }
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = text
    return document


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("site", "name"), "site.name"),
        (("lanes", 0, "name"), "lanes[0].name"),
        (("devices", 0, "name"), "devices[0].name"),
        (("operators", 0, "name"), "operators[0].name"),
        (("stations", 0, "name"), "stations[0].name"),
    ],
)
@pytest.mark.parametrize("mark", ["\u202e", "\n", "\x1b[2J", "\u2028"])
def test_a_control_character_is_refused_by_its_path(path: tuple[Any, ...], where: str, mark: str) -> None:
    document = with_text(*path, text=f"North{mark}Court")
    with pytest.raises(SettingsError) as wrong:
        checked(document, lambda _settings: None)
    assert [place for place, _ in wrong.value.problems] == [where]
    assert "take it out" in str(wrong.value) and mark not in str(wrong.value)


def test_a_document_that_is_stored_already_goes_on() -> None:
    assert parse_settings(with_text("site", "name")).site.name == BIDI


def test_the_options_of_a_device_may_name_bytes() -> None:
    document = with_text("devices", 0, "pattern", text="\x02(?P<value>[0-9]+)\x03")
    checked(document, lambda _settings: None)
