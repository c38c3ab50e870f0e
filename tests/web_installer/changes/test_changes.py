"""Changes on the page: the difference, the faults, applied and confirmed by their author, or gone back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.settings.conftest import SITE, Box, until
from tests.web_installer.conftest import PEOPLE, Desk, words_of
from web.installer.changes import page as page_module

SOUTH = {**SITE["site"], "name": "South Court"}
PATH = "/installer/changes"


def slower(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The lanes with another pulse at the first."""
    first, second = document["lanes"]
    return [{**first, "barrier": {**first["barrier"], "pulse_ms": 900}}, second]


def apply(desk: Desk, **form: Any) -> Any:
    return desk.post(f"{PATH}/apply", base=desk.draft().base, **form)


def test_without_changes_the_page_says_which_version_holds(ana: Desk) -> None:
    assert "No changes wait. Version 1 holds." in ana.text(PATH)


def test_the_difference_is_shown_with_what_it_touches(ana: Desk) -> None:
    ana.edit(site=SOUTH, lanes=slower(ana.draft().site))
    text = ana.text(PATH)
    assert "site.name North Court South Court" in text
    assert "lanes.in.barrier.pulse_ms" in text and " 900 " in text
    assert "made anew, each when it is at rest and empty: in." in text
    assert "2 changes" in ana.text("/installer")


def test_every_fault_is_named_and_leads_to_its_field(ana: Desk) -> None:
    lanes = slower(ana.draft().site)
    lanes[0]["barrier"]["pulse_ms"] = 7
    ana.edit(lanes=lanes, site={**SOUTH, "timezone": "Mars/Base"})
    answer = ana.get(PATH).get_data(as_text=True)
    assert 'href="/installer/lanes/in#lanes[0].barrier.pulse_ms"' in answer
    assert 'href="/installer/settings/site#site.timezone"' in answer
    assert "2 faults keep the changes" in answer
    assert "<bdi>in</bdi> · " in answer
    assert f'action="{PATH}/apply"' not in answer


def test_applied_confirmed_and_in_the_journal_by_name(box: Box, ana: Desk) -> None:
    ana.edit(site=SOUTH)
    assert apply(ana).location == PATH
    assert "Version 2 runs." in ana.text(PATH)
    assert "Version 2 waits to be confirmed" in ana.text("/installer")
    assert box.call("state")["site"]["name"] == "South Court"
    assert ana.post(f"{PATH}/confirm").location == f"{PATH}?told=confirmed"
    assert "No changes wait. Version 2 holds." in ana.text(f"{PATH}?told=confirmed")
    assert box.told() == [("applied", 2, "Ana"), ("confirmed", 2, "Ana")]


def test_a_second_click_applies_nothing_and_denies_nothing(box: Box, ana: Desk, ben: Desk) -> None:
    ben.edit(site={**SOUTH, "name": "East Court"})
    ana.edit(site=SOUTH)
    assert [apply(ana).location, apply(ana).location] == [PATH, PATH]
    assert box.history() == [(1, "confirmed"), (2, "pending")]
    answer = apply(ben)
    assert (answer.status_code, "Not applied. Nothing was changed." in words_of(answer)) == (409, True)


def test_only_who_applied_it_confirms_it_and_another_may_take_it_back(box: Box, ana: Desk, ben: Desk) -> None:
    ana.edit(site=SOUTH)
    apply(ana)
    text = ben.text(PATH)
    assert "Only Ana can confirm it" in text and "It works: confirm" not in text
    answer = ben.post(f"{PATH}/confirm")
    assert (answer.status_code, "who alone can confirm it" in words_of(answer)) == (409, True)
    assert ben.post(f"{PATH}/back").location == f"{PATH}?told=back"
    assert box.history() == [(1, "confirmed"), (2, "rolled_back")]
    assert "a person asked for it. Your changes are still here" in ana.text(PATH)


def test_what_is_not_confirmed_in_time_goes_back_and_the_changes_stay(box: Box, ana: Desk) -> None:
    ana.edit(site=SOUTH)
    apply(ana, confirm_s=1)
    until(lambda: box.history()[-1] == (2, "rolled_back"))
    text = ana.text(PATH)
    assert "not confirmed in time. Your changes are still here" in text
    assert "site.name North Court South Court" in text
    assert ana.post(f"{PATH}/confirm").location == f"{PATH}?told=over"


def test_an_engine_that_starts_again_goes_back_and_the_changes_stay(box: Box, ana: Desk) -> None:
    ana.edit(site=SOUTH)
    apply(ana)
    box.stop()
    box.start()
    assert "started again before it was confirmed" in ana.text(PATH)
    assert box.history()[-1] == (2, "rolled_back")
    apply(ana)
    ana.post(f"{PATH}/confirm")
    assert box.history()[-1] == (3, "confirmed")
    assert "No changes wait" in ana.text(PATH)


def test_a_lane_that_is_waited_for_is_named(box: Box, ana: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "PATIENCE_S", 0)
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    ana.edit(lanes=slower(ana.draft().site))
    waiting = apply(ana).location
    assert waiting.startswith(f"{PATH}?draft=")
    assert "in a vehicle is in front of the arm" in ana.text(waiting)
    assert ana.get(f"{PATH}/state?draft={waiting.partition('=')[2]}").json == {"mark": "applying-0-in.car"}
    box.set(approach=False)
    until(lambda: box.history()[-1] == (2, "pending"))
    assert "Version 2 runs." in ana.text(waiting)


def test_what_another_applied_in_between_is_shown_before_it_is_applied(box: Box, ana: Desk) -> None:
    ana.edit(site=SOUTH)
    box.apply({**SITE, "operators": PEOPLE, "site": {**SITE["site"], "capacity": 40}}, by="Mei", confirm_s=0)
    assert ana.post(f"{PATH}/apply", base=1).location == f"{PATH}?told=meanwhile"
    assert "Somebody else has changed the settings" in ana.text(f"{PATH}?told=meanwhile")
    apply(ana)
    assert box.directory.settings().site.capacity == 40
    assert box.directory.settings().site.name == "South Court"


def test_one_change_is_taken_back_alone(ana: Desk) -> None:
    ana.edit(site={**SOUTH, "capacity": 40}, devices=[*ana.draft().site["devices"], {"id": "x", "driver": "noop"}])
    ana.post(f"{PATH}/undo", path="site.name")
    assert ana.draft().changes == ("site.capacity", "devices.x")
    ana.post(f"{PATH}/undo", path="devices.x")
    assert ana.draft().changes == ("site.capacity",)
    ana.post(f"{PATH}/undo", path="nothing.here")
    assert ana.draft().changes == ("site.capacity",)


def test_dropped_changes_are_gone(ana: Desk) -> None:
    ana.edit(site=SOUTH)
    assert ana.post(f"{PATH}/drop").location == f"{PATH}?told=dropped"
    assert "No changes wait" in ana.text(PATH)


def test_without_an_engine_the_changes_are_kept(box: Box, ana: Desk) -> None:
    ana.edit(site=SOUTH)
    box.stop()
    assert "cannot be checked now. They are kept" in ana.text(PATH)
    assert 'data-watch="yes"' in ana.get(PATH).get_data(as_text=True), "the page looks until the engine is back"
    assert apply(ana).location == f"{PATH}?told=offline"
    assert ana.draft().changes == ("site.name",)
    box.start()


@pytest.mark.parametrize("action", ["apply", "confirm", "back", "drop", "undo"])
def test_a_form_of_another_site_does_nothing(ana: Desk, action: str) -> None:
    ana.edit(site=SOUTH)
    assert ana.post(f"{PATH}/{action}", csrf="wrong").status_code == 403
    assert ana.draft().changed


def test_a_change_is_named_in_words_beside_its_path(ana: Desk) -> None:
    ana.edit(lanes=slower(ana.draft().site))
    assert "Pulse lanes.in.barrier.pulse_ms 500 ms 900 ms" in ana.text(PATH)
