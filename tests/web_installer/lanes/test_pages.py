"""The pages of lanes in front of an engine whose boards are played by hand: what is shown, kept, refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.core.vocabulary.events import InputsRead
from gateway.core.wiring.contradictions import WORDS
from gateway.core.wiring.terminals import TERMINALS
from gateway.core.wiring.without import WITHOUT
from gateway.store.barriers.templates import templates
from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk, words_of
from web.installer.lanes.model import GROUPS
from web.installer.lanes.posted import DEBOUNCE_MAX, id_from
from web.words.texts import LOCALES, words

LIST, IN = "/installer/lanes", "/installer/lanes/in"


def lane(desk: Desk, lane_id: str = "in") -> dict[str, Any]:
    """The lane as the draft has it."""
    return next(one for one in desk.draft().site["lanes"] if one["id"] == lane_id)


def form_of(desk: Desk, path: str = IN) -> dict[str, Any]:
    """The fields of the page's big form, as a browser would send them untouched."""
    html = desk.get(path).get_data(as_text=True)
    form = html[html.index('id="wires"') : html.index("</form>", html.index('id="wires"'))]
    found: dict[str, Any] = {}
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        found[name] = chosen[1] if chosen else ""
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        box = 'type="checkbox"' in tag
        if name and (not box or " checked" in tag):
            found[name[1]] = value[1] if value else ""
    found.pop("csrf", None)
    return found


def test_every_terminal_is_on_the_page_in_one_group() -> None:
    named = [name for _, names in GROUPS for name in names]
    assert sorted(named) == sorted(TERMINALS)


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_that_is_declared_has_its_words(locale: str) -> None:
    say = words(locale)
    wanted = [f"finding.{code}" for code in WORDS] + [f"without.{code}" for code in WITHOUT]
    wanted += [f"{kind}.{one.key}" for one in TERMINALS.values() for kind in ("terminal", "means")]
    assert [key for key in wanted if f"installer.lanes.{key}" not in say] == []


def test_the_sentences_of_what_a_lane_does_without_are_those_of_the_check() -> None:
    say = words("en")
    assert [
        code for code, text in WITHOUT.items() if say(f"installer.lanes.without.{code}").lower() != text.lower()
    ] == []


def test_the_list_names_each_lane_with_what_stands_against_it(ana: Desk, box: Box) -> None:
    text = ana.text(LIST)
    assert "Works just as it is drawn here." in text
    document = ana.draft().site
    document["lanes"][0]["barrier"]["close"] = "io.output.0"
    ana.edit(lanes=document["lanes"])
    assert "1 contradiction" in ana.text(LIST)
    assert "The gate still works by the old wiring" in ana.text(LIST)


def test_the_page_draws_each_wire_from_its_terminal_to_its_point(ana: Desk, box: Box) -> None:
    html = ana.get(IN).get_data(as_text=True)
    for point in ("io.output.0", "io.output.1", "io.input.0", "io.input.1", "io.input.2", "io.input.3"):
        assert f'data-point="{point}"' in html
    assert 'data-point="io.input.4"' not in html


def test_the_page_shows_what_the_inputs_say_now(ana: Desk, box: Box) -> None:
    live = ana.get(f"{IN}/live").get_json()
    assert live["answered"] is True
    assert live["points"]["io.input.1"] is True
    assert live["points"]["io.input.0"] is False
    assert live["boards"]["io"] == "online"
    row = re.search(
        r'id="row-barrier.at_closed".*?</div>\s*</div>|id="row-barrier.at_closed".*', ana.get(IN).get_data(as_text=True)
    )
    assert row is not None


def test_a_form_that_is_sent_untouched_changes_nothing(ana: Desk, box: Box) -> None:
    before = lane(ana)
    answer = ana.post(IN, **form_of(ana))
    assert answer.status_code == 303
    assert lane(ana) == before
    assert ana.draft().count == 0


def test_a_wire_that_is_chosen_is_kept_in_the_draft_and_moves_nothing(ana: Desk, box: Box) -> None:
    orders = list(box.orders)
    form = {**form_of(ana), "wire.barrier.stop": "io.output.2", "normally.barrier.safety_loop": "closed"}
    assert ana.post(IN, **form).status_code == 303
    barrier = lane(ana)["barrier"]
    assert barrier["stop"] == "io.output.2"
    assert barrier["safety_loop"] == {"point": "io.input.2", "normally": "closed"}
    assert box.orders == orders


def test_a_second_safety_input_goes_into_the_list(ana: Desk, box: Box) -> None:
    form = {**form_of(ana), "wire.barrier.safety_loop.1": "io.input.4"}
    ana.post(IN, **form)
    assert lane(ana)["barrier"]["safety_loop"] == ["io.input.2", "io.input.4"]
    assert 'id="row-barrier.safety_loop.2"' in ana.get(IN).get_data(as_text=True)


def test_a_wire_that_is_taken_away_is_gone(ana: Desk, box: Box) -> None:
    ana.post(IN, **{**form_of(ana), "wire.barrier.approach_loop": ""})
    assert "approach_loop" not in lane(ana)["barrier"]


def test_the_habits_are_kept_and_bounds_are_held(ana: Desk, box: Box) -> None:
    form = {**form_of(ana), "habit.close_by": "guard", "habit.travel_time_ms": "2500", "lane.name": "North in"}
    assert ana.post(IN, **form).status_code == 303
    assert (lane(ana)["name"], lane(ana)["barrier"]["close_by"]) == ("North in", "guard")
    wrong = ana.post(IN, **{**form, "habit.travel_time_ms": "7"})
    assert wrong.status_code == 422
    assert "300" in words_of(wrong) and "60000" in words_of(wrong)
    assert lane(ana)["barrier"]["travel_time_ms"] == 2500


@pytest.mark.parametrize("value", ["x", "-1", "1e2", str(DEBOUNCE_MAX + 1), "99999"])
def test_a_debounce_time_that_is_none_is_said_and_nothing_is_kept(ana: Desk, box: Box, value: str) -> None:
    answer = ana.post(IN, **{**form_of(ana), "debounce.barrier.safety_loop": value, "wire.barrier.stop": "io.output.2"})
    assert answer.status_code == 422
    assert "0 to 390" in words_of(answer)
    assert "stop" not in lane(ana)["barrier"]


def test_contradictions_are_shown_at_their_terminals(ana: Desk, box: Box) -> None:
    ana.post(IN, **{**form_of(ana), "wire.barrier.close": "io.output.0"})
    text = ana.text(IN)
    assert "are on one output (io output 0 (no. 1))" in text
    assert ana.get(f"{IN}/live").get_json()["findings"]["barrier.close"][0]["level"] == "wrong"


def test_a_loop_that_is_active_at_rest_is_found_with_the_live_state(ana: Desk, box: Box) -> None:
    ana.post(IN, **{**form_of(ana), "normally.barrier.approach_loop": "closed"})
    found = ana.get(f"{IN}/live").get_json()["findings"]["barrier.approach_loop"]
    assert [one["code"] for one in found] == ["active_now"]


def test_a_fault_of_the_check_leads_to_its_terminal(ana: Desk, box: Box) -> None:
    html = ana.get(IN).get_data(as_text=True)
    assert 'id="lanes[0].barrier.close"' in html
    assert 'id="lanes.in.barrier.close"' in html
    assert 'id="lanes[0].barrier.travel_time_ms"' in html


def test_a_template_sets_the_habits_and_proposes_free_points(ana: Desk, box: Box) -> None:
    answer = ana.post(f"{IN}/template", template="buttons-loops", optional="yes")
    assert answer.status_code == 303
    barrier = lane(ana)["barrier"]
    assert (barrier["open"], barrier["stop"], barrier["external_open"]) == ("io.output.0", "io.output.2", "expected")
    assert barrier["arm_detached"] == "io.input.4"


def test_a_template_that_finds_no_point_says_which_are_missing(ana: Desk, box: Box) -> None:
    answer = ana.post(f"{IN}/template", template="buttons-loops", device="gone", optional="yes")
    assert "unplaced=" in answer.location
    assert "found no free point" in ana.text(answer.location)


def test_an_unknown_template_is_not_found(ana: Desk, box: Box) -> None:
    assert ana.post(f"{IN}/template", template="none").status_code == 404


@pytest.mark.parametrize("name", sorted(templates()))
def test_a_lane_begins_with_each_template(ana: Desk, box: Box, name: str) -> None:
    answer = ana.post(LIST, name="West", direction="exit", **{"from": f"template:{name}"})
    assert answer.location == "/installer/lanes/west"
    assert lane(ana, "west")["barrier"]["open"] not in ("", "io.output.0", "io2.output.0")


def test_a_lane_begins_as_a_copy_or_at_the_same_barrier(ana: Desk, box: Box) -> None:
    ana.post(LIST, name="Copy", direction="exit", **{"from": "copy:in"})
    assert lane(ana, "copy")["barrier"]["open"] == "io.output.2"
    assert lane(ana, "copy")["direction"] == "exit"
    ana.post(LIST, name="Other way", direction="exit", **{"from": "share:in"})
    assert lane(ana)["barrier"] == lane(ana, "other-way")["barrier"] == "in"
    assert "shares its barrier with in" in ana.text("/installer/lanes/other-way")


def test_a_bare_lane_says_what_is_missing(ana: Desk, box: Box) -> None:
    ana.post(LIST, name="西门", direction="entry", id="west")
    text = ana.text("/installer/lanes/west")
    assert "Nothing opens the arm" in text
    assert "New: it begins to work" in text
    assert "Correct the contradictions first." in text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "direction": "entry"}, "Give the lane a name."),
        ({"name": "x", "direction": "entry", "id": "in"}, "Another lane has this id."),
        ({"name": "x", "direction": "entry", "id": "a b"}, "1 to 64 letters"),
        ({"name": "x", "direction": "up"}, "Choose one of the list."),
        ({"name": "x", "direction": "entry", "from": "copy:gone"}, "Choose one of the list."),
        ({"name": "call 13800138000", "direction": "entry"}, "without a long number"),
    ],
)
def test_a_lane_that_cannot_be_added_says_why(ana: Desk, box: Box, form: dict[str, str], words: str) -> None:
    answer = ana.post(LIST, **form)
    assert answer.status_code == 422
    assert words in words_of(answer)
    assert len(ana.draft().site["lanes"]) == 2


def test_a_removed_lane_is_named_until_the_changes_are_applied(ana: Desk, box: Box) -> None:
    assert ana.post(f"{IN}/remove").location == LIST
    assert "Lane in is taken out" in ana.text(LIST)
    assert ana.get(IN).status_code == 404


@pytest.mark.parametrize("path", ["/installer/lanes/gone", "/installer/lanes/gone/live", "/installer/lanes/gone/trial"])
def test_a_lane_that_does_not_exist_is_not_found(ana: Desk, box: Box, path: str) -> None:
    assert ana.get(path).status_code == 404


def test_without_the_engine_the_wiring_can_be_filled_in_all_the_same(ana: Desk, box: Box) -> None:
    form = form_of(ana)
    box.stop()
    assert "The engine does not answer" in ana.text(IN)
    assert ana.post(IN, **{**form, "wire.barrier.stop": "io.output.2"}).status_code == 303
    assert lane(ana)["barrier"]["stop"] == "io.output.2"


def test_a_half_written_draft_is_shown_and_can_be_mended(ana: Desk, box: Box) -> None:
    lanes = ana.draft().site["lanes"]
    lanes[0]["barrier"] |= {"open": 7, "at_open": {"point": []}, "safety_loop": ["io.input.2", None]}
    ana.edit(lanes=lanes)
    assert "is no point" in ana.text(IN)
    ana.post(IN, **{**form_of(ana), "wire.barrier.open": "io.output.0", "wire.barrier.at_open": "io.input.0"})
    assert lane(ana)["barrier"]["open"] == "io.output.0"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("North In", "north-in"), ("北门入口", "lane-1"), ("in", "in-2"), ("  ", "lane-1"), ("A" * 90, "a" * 60)],
)
def test_an_id_is_made_from_the_name(name: str, wanted: str) -> None:
    assert id_from(name, {"in", "out"}) == wanted


def test_other_roles_do_not_come_in(ana: Desk, box: Box) -> None:
    guard = Desk(ana.client, "Lin")
    for path in (LIST, IN, f"{IN}/live", f"{IN}/trial", f"{IN}/learn/panic"):
        assert guard.get(path).status_code == 403
    assert guard.post(f"{IN}/trial/open").status_code == 403


def test_a_board_that_does_not_run_yet_offers_the_points_that_its_driver_says(ana: Desk, box: Box) -> None:
    link = {"type": "tcp", "host": "127.0.0.1", "port": 5020}
    new = {"id": "new", "driver": "modbus", "board": "generic", "inputs": 3, "outputs": 2, "link": link}
    ana.edit(devices=[*ana.draft().site["devices"], new])
    html = ana.get(IN).get_data(as_text=True)
    assert "new · does not run yet" in html
    assert 'value="new.output.1"' in html
    assert 'value="new.output.2"' not in html
    ana.post(IN, **{**form_of(ana), "wire.barrier.stop": "new.output.2"})
    assert "new has only 2 outputs" in ana.text(IN)


def test_a_board_that_no_driver_knows_is_offered_by_a_guess_and_not_judged(ana: Desk, box: Box) -> None:
    ana.edit(devices=[*ana.draft().site["devices"], {"id": "odd", "driver": "nonesuch", "board": "x"}])
    assert 'value="odd.output.7"' in ana.get(IN).get_data(as_text=True)
    ana.post(IN, **{**form_of(ana), "wire.barrier.stop": "odd.output.9"})
    assert "odd has only" not in ana.text(IN)


def trial(desk: Desk, *moments: str) -> Any:
    """The state of a trial with these moments."""
    return desk.get(f"{IN}/trial/state?orders={','.join(moments)}").get_json()


def test_a_trial_gives_the_order_to_the_lane_with_its_author(ana: Desk, box: Box) -> None:
    given = ana.post(f"{IN}/trial/open").get_json()
    assert (given["status"], given["order"]) == ("done", "open")
    until(lambda: ("pulse", "io", 0, 500) in box.orders)
    rows = [row.data() for row in box.rows("barrier.commanded")]
    assert [(row["command"], row["by"]) for row in rows] == [("open", "Ana")]
    box.set(at_closed=False)
    box.set(at_open=True)
    state = trial(ana, f"open@{given['at_ms']}")
    assert [one["code"] for one in state["steps"]] == ["asked_open", "left_closed", "at_open"]
    assert state["contacts"] == {"at_open": True, "at_closed": False, "safety_loop": False, "approach_loop": False}
    assert state["next"] == "close"


def test_a_close_over_an_occupied_loop_is_refused_with_its_reason(ana: Desk, box: Box) -> None:
    box.set(at_closed=False, at_open=True, safety=True)
    answer = ana.post(f"{IN}/trial/close")
    assert answer.status_code == 409
    assert answer.get_json()["text"]
    assert [order for order in box.orders if order[0] == "pulse"] == []


def test_a_tagged_lane_takes_no_trial(ana: Desk, box: Box) -> None:
    box.call(
        "lane.command", request="tag", lane="in", command="lock", by="Lin", via="guard", reason="work", present=True
    )
    until(lambda: box.lane("in")["mode"] == "locked")
    assert ana.post(f"{IN}/trial/open").status_code == 409
    assert [order for order in box.orders if order[0] == "pulse"] == []


def test_a_press_that_came_too_late_moves_nothing(ana: Desk, box: Box) -> None:
    assert ana.post(f"{IN}/trial/open", pressed_ms=1).status_code == 409
    assert [order for order in box.orders if order[0] == "pulse"] == []


def test_an_unknown_order_and_moments_that_cannot_be_are_left_out(ana: Desk, box: Box) -> None:
    assert ana.post(f"{IN}/trial/hold").status_code == 404
    assert ana.post(f"{IN}/trial/moment", what="sideways").status_code == 422
    assert trial(ana, "open@99999999999999", "open@x", "open", "hold@1", "close@-4")["steps"] == []


def test_a_person_says_when_the_arm_is_up(ana: Desk, box: Box) -> None:
    said = ana.post(f"{IN}/trial/moment", what="up").get_json()
    assert (said["order"], said["status"]) == ("up", "done")


def test_a_proposed_value_goes_into_the_draft_and_nothing_else_does(ana: Desk, box: Box) -> None:
    assert ana.post(f"{IN}/trial/take", key="travel_time_ms", value="2200").status_code == 303
    assert ana.post(f"{IN}/trial/take", key="close_by", value="barrier").status_code == 303
    assert (lane(ana)["barrier"]["travel_time_ms"], lane(ana)["barrier"]["close_by"]) == (2200, "barrier")
    for key, value in (
        ("travel_time_ms", "7"),
        ("travel_time_ms", "x"),
        ("close_by", "nobody"),
        ("open", "io.output.7"),
    ):
        assert ana.post(f"{IN}/trial/take", key=key, value=value).status_code == 422
    assert "The draft has other wiring or times" in ana.text(f"{IN}/trial")


def lesson(desk: Desk, terminal: str) -> str:
    """A lesson that has begun: the address of its state."""
    begun = desk.post(f"{IN}/learn/{terminal}")
    return str(begun.location).replace("?", "/state?")


def test_a_lesson_tells_the_input_that_moved_and_puts_it_into_the_draft(ana: Desk, box: Box) -> None:
    state = lesson(ana, "barrier.approach_loop")
    assert ana.get(state).get_json()["verdict"] == "waiting"
    box.set(approach=True)
    assert ana.get(state).get_json()["chosen"]["point"] == "io.input.3"
    box.set(approach=False)
    assert ana.get(state).get_json()["verdict"] == "learned"
    ana.post(f"{IN}/learn/barrier.approach_loop/take", point="io.input.6", normally="closed")
    assert lane(ana)["barrier"]["approach_loop"] == {"point": "io.input.6", "normally": "closed"}


def test_a_lesson_that_is_loaded_again_goes_on(ana: Desk, box: Box) -> None:
    state = lesson(ana, "panic")
    box.bus("io2").report(InputsRead("io2", (False, True, False, False, False, True, False, False)))
    box.bus("io2").report(InputsRead("io2", (False, True, False, False, False, False, False, False)))
    page = words_of(ana.get(state.replace("/state?", "?")))
    assert "Found: io2 input 5 (no. 6)." in page


def test_what_cannot_be_learned_is_not_found(ana: Desk, box: Box) -> None:
    for terminal in ("barrier.open", "siren", "nonsense", "barrier.safety_loop.x"):
        assert ana.get(f"{IN}/learn/{terminal}").status_code == 404
    assert ana.post(f"{IN}/learn/panic/take", point="io.output.1").status_code == 422
    assert ana.get(f"{IN}/learn/panic?began=99999999999999").status_code == 200


def test_a_lesson_keeps_the_other_safety_inputs(ana: Desk, box: Box) -> None:
    ana.post(f"{IN}/learn/barrier.safety_loop.1/take", point="io.input.5", normally="open")
    assert lane(ana)["barrier"]["safety_loop"] == ["io.input.2", "io.input.5"]
