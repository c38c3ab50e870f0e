"""The templates that ship: each makes a lane that the site file takes and against which nothing stands."""

from __future__ import annotations

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.wiring.contradictions import contradictions
from gateway.core.wiring.templates import Template, used
from gateway.core.wiring.terminals import TERMINALS
from gateway.core.wiring.wires import wires_of
from gateway.store.barriers.templates import FOLDER, templates
from tests.core.wiring.site import boards, site

ALL = tuple(templates().values())
BARE = dict.fromkeys(("stop", "close", "at_open", "at_closed", "safety_loop", "approach_loop"))


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("optional", [False, True])
def test_a_template_makes_a_lane_against_which_nothing_stands(template: Template, optional: bool) -> None:
    proposal = used(site(**BARE), "in", template, boards(), optional=optional)
    assert proposal.unplaced == ()
    barrier = parse_settings(proposal.document).barriers[0]
    assert {
        key: getattr(barrier, "safety_by" if key == "safety" else key) for key in template.habits
    } == template.habits
    wrong = [one.words for one in contradictions(proposal.document, "in", boards()) if one.level == "wrong"]
    assert wrong == []


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.name)
def test_a_template_says_in_both_languages_what_it_is_and_where_it_is_from(template: Template) -> None:
    texts = [template.title, template.about, template.check, *(one.note for one in template.wires if one.note)]
    assert all({"en", "zh_CN"} == set(text) and all(text.values()) for text in texts if text)
    assert len(template.source) > 20
    assert template.title
    assert template.about


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.name)
def test_a_template_names_each_terminal_once_and_the_output_that_opens(template: Template) -> None:
    names = [one.terminal for one in template.wires]
    assert len(set(names)) == len(names)
    assert set(names) <= set(TERMINALS)
    assert template.has("barrier.open")


def test_the_usual_kinds_come_first_and_a_file_has_the_name_of_its_template() -> None:
    assert [one.make for one in ALL][:6] == [""] * 6
    assert {path.stem for path in FOLDER.glob("*.json")} == set(templates())


def test_what_is_wired_keeps_its_point_and_gets_the_polarity_of_the_template() -> None:
    document = site(**{**BARE, "safety_loop": "io2.input.5"})
    changed = used(document, "in", templates()["tau-k205m"], boards()).document
    wire = next(one for one in wires_of(changed, "in") if one.terminal == "barrier.safety_loop")
    assert (wire.point, wire.normally) == ("io2.input.5", "closed")


def test_a_wire_that_the_template_does_not_name_is_not_lost() -> None:
    document = site(mains="io.input.6")
    changed = used(document, "in", templates()["step"], boards()).document
    assert "barrier.mains" in [one.terminal for one in wires_of(changed, "in")]


def test_points_are_taken_from_the_chosen_board_and_missing_ones_are_named() -> None:
    changed = used(site(**BARE), "in", templates()["buttons-loops"], boards(), "io2").document
    assert {one.point.partition(".")[0] for one in wires_of(changed, "in")[1:]} == {"io2"}
    unplaced = used(site(**BARE), "in", templates()["buttons-loops"], boards(), "reader").unplaced
    assert "barrier.safety_loop" in unplaced


def test_an_unknown_lane_takes_no_template() -> None:
    with pytest.raises(KeyError):
        used(site(), "nowhere", templates()["hold"], boards())
