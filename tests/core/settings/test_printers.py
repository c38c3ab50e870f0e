"""Which printer is meant: that of the screen, before that of the lane, before that of another lane where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.site_file import parse_settings
from tests.core.playbook import site_document


def document(**more: Any) -> dict[str, Any]:
    found = site_document()
    found["devices"] += [{"id": one, "driver": "escpos"} for one in ("slip", "slip2")]
    found["lanes"][0]["printer"] = "slip"
    return {**found, **more}


@pytest.mark.parametrize(
    ("stations", "station", "lane", "printer"),
    [
        ([], "booth", "in", "slip"),
        ([], "booth", "nowhere", "slip"),
        ([], "elsewhere", "nowhere", None),
        ([{"id": "west", "printer": "slip2"}], "west", "in", "slip2"),
        ([{"id": "west", "printer": "slip2"}], "west", "", "slip2"),
        ([{"id": "west"}], "west", "in", "slip"),
        ([{"id": "west", "printer": "slip2"}], "", "in", "slip"),
        ([{"id": "west"}], "west", "", "slip"),
        ([{"id": "west"}], "", "", None),
    ],
)
def test_the_printer_of_a_screen_at_a_lane(
    stations: list[dict[str, Any]], station: str, lane: str, printer: str | None
) -> None:
    assert parse_settings(document(stations=stations)).printer_at(station, lane) == printer
