"""The guide of the first hour: which step is next, and a card that is let in with a tap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.roles import Role
from gateway.store.passes.registry import PassRegistry
from tests.engine.settings.conftest import SITE, Box, until
from tests.web_installer.conftest import PEOPLE, Desk
from web.installer.overview.model import Known, view_of
from web.platform.app import create_app

PATH = "/installer"
INSTALLER = [{"name": "Ana", "role": Role.INSTALLER}]
GUARD = {"name": "Lin", "role": Role.GUARD}


def steps(site: dict[str, Any], running: dict[str, Any] | None = None, changes: int = 0) -> Any:
    return view_of(Known(site, running if running is not None else site, changes, None, 0))


@pytest.mark.parametrize(
    ("site", "running", "changes", "next_one"),
    [
        ({"operators": INSTALLER}, {}, 0, "devices"),
        ({"devices": [{"id": "io"}], "operators": INSTALLER}, {}, 1, "connect"),
        ({"devices": [{"id": "io"}], "operators": INSTALLER}, None, 0, "lanes"),
        ({"devices": [{"id": "io"}], "lanes": [{"id": "in"}]}, {"devices": [{"id": "io"}]}, 2, "apply"),
        ({"devices": [{"id": "io"}], "lanes": [{"id": "in"}]}, None, 0, "card"),
    ],
)
def test_the_first_step_that_is_left_is_next(site: Any, running: Any, changes: int, next_one: str) -> None:
    assert steps(site, running, changes).next == next_one


def test_a_step_is_done_when_what_it_asks_for_is_there() -> None:
    site = {"devices": [{"id": "io"}], "lanes": [{"id": "in"}], "operators": [*INSTALLER, GUARD]}
    done = {one.name: one.done for one in steps(site).steps}
    there = dict.fromkeys(("devices", "connect", "lanes", "apply", "people"), True)
    assert done == {**there, "card": False, "clock": False, "acceptance": False}


@pytest.mark.parametrize(("signed", "done", "wrong"), [(0, False, ""), (1, False, "begun"), (2, True, "begun")])
def test_the_last_step_is_done_when_all_lanes_are_handed_over(signed: int, done: bool, wrong: str) -> None:
    last = view_of(Known({}, {}, 0, None, 0, handed_over=(signed, 2))).steps[-1]
    assert (last.name, last.done, last.wrong) == ("acceptance", done, wrong)


def test_the_page_shows_what_is_done_and_what_is_left(ana: Desk) -> None:
    until(lambda: "The clock is synchronised" in ana.text(PATH))
    text = ana.text(PATH)
    assert "Tick every point with the control room" in text
    assert "4 devices" in text and "2 lanes" in text and "The settings hold." in text
    assert "2 persons" not in text and "people beside installers" in text


def test_a_card_that_was_shown_is_let_in_until_tonight(box: Box, ana: Desk) -> None:
    box.set(approach=True)
    box.card("472288")
    until(lambda: "Card 472288 was shown at in and is not known" in ana.text(f"{PATH}/steps"))
    ana.post(f"{PATH}/card", lane="in", card="472288")
    [found] = PassRegistry(box.directory.registry).find("card", "472288")
    assert (found.id, found.kind, found.valid_from) == ("trial-card-1", "staff", found.valid_until)
    assert "Test card 472288, until tonight" in ana.text(f"{PATH}/steps")
    assert [row.data()["by"] for row in box.rows("pass.issued")] == ["Ana"]
    box.card("472288")
    until(lambda: ("pulse", "io", 0, 500) in box.orders)
    ana.post(f"{PATH}/card/forget", **{"pass": "trial-card-1"})
    assert PassRegistry(box.directory.registry).count() == 0


def test_only_the_card_that_was_just_shown_is_let_in(box: Box, ana: Desk) -> None:
    assert ana.post(f"{PATH}/card", lane="in", card="1").location == f"{PATH}?told=gone#card"
    assert ana.post(f"{PATH}/card/forget", **{"pass": "p1"}).location == f"{PATH}?told=gone#card"
    assert ana.post(f"{PATH}/card/forget", **{"pass": "trial-card-2"}).location == f"{PATH}?told=gone#card"
    assert "not the last one" in ana.text(f"{PATH}?told=gone")


def test_there_are_three_test_cards_at_most(box: Box, ana: Desk) -> None:
    for number in range(1, 4):
        wanted = {"id": f"trial-card-{number}", "kind": "staff", "cards": [str(number)]}
        box.call("passes.put", **{"pass": wanted}, by="Ana", via="browser")
    box.set(approach=True)
    box.card("472288")
    until(lambda: "Card 472288" in ana.text(f"{PATH}/steps"))
    assert ana.post(f"{PATH}/card", lane="in", card="472288").location == f"{PATH}?told=enough#card"


def test_a_device_that_is_silent_is_named(box: Box, ana: Desk) -> None:
    from gateway.core.vocabulary.events import DeviceLost

    health = box.bus("io").health
    box.bus("io").health = lambda: [one.__class__(one.device, "lost", 0) for one in health()]  # type: ignore[method-assign]
    box.bus("io").report(DeviceLost("io", "no answer"))
    until(lambda: "1 of the devices do not answer" in ana.text(PATH))


@pytest.fixture
def bare(tmp_path: Path, quick: None) -> Iterator[Box]:
    """A site without devices and lanes."""
    found = Box(tmp_path / "bare", {**SITE, "devices": [], "lanes": [], "operators": PEOPLE})
    yield found
    found.stop()


def test_an_installer_is_led_there_while_there_are_no_lanes(bare: Box) -> None:
    client = create_app(bare.directory.path).test_client()
    ana, lin = Desk(client, "Ana"), Desk(client, "Lin")
    assert ana.get("/").location == "/installer"
    assert lin.get("/").status_code == 200
    assert "Find what is connected" in ana.text(PATH)


def test_the_guard_screen_shows_the_way_to_those_who_may(ana: Desk) -> None:
    assert 'href="/installer"' in ana.get("/").get_data(as_text=True)
