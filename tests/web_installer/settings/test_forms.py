"""Sections of the site file are forms of the working draft: shown with their words, each fault at its field."""

from __future__ import annotations

import re

import pytest

from drivers.registry import known
from tests.web_installer.settings.conftest import Desk
from web.installer.settings.sections import SECTIONS

SINGLE = [section.name for section in SECTIONS if not section.several]
LISTS = [section.name for section in SECTIONS if section.several]
PAGES = [
    "/installer/settings",
    *(f"/installer/settings/{section.name}" for section in SECTIONS),
    *(f"/installer/settings/{name}/new" for name in LISTS),
    "/installer/settings/groups/0",
    "/installer/settings/tariffs/0",
    "/installer/settings/devices",
    "/installer/settings/devices/new",
    *(f"/installer/settings/devices/new?driver={name}" for name in known()),
    "/installer/settings/devices/io",
]


def wrong_at(text: str) -> set[str]:
    """The paths of the fields that are marked as wrong."""
    return set(re.findall(r'is-wrong" id="([^"]+)"', text))


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_its_fields_with_words(desk: Desk, path: str, locale: str) -> None:
    desk.client.set_cookie("gatehouse_lang", locale)
    text = desk.get(path)
    main = text.partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"(?:installer|setting|choice|unit|driver)\.[a-z_]+[.<\"]", re.sub(r"<[^>]*>", "", main))
    assert re.findall(r'<label for="f-[^"]+"></label>', main) == []
    if locale == "zh_CN":
        hints = re.findall(r'<span class="st-meaning">(.*?)</span>', main, re.S)
        assert bool(hints) == ('class="in-hint" id="h-' in main)
        assert [hint for hint in hints if not re.search(r"[\u4e00-\u9fff]", hint)] == []


@pytest.mark.parametrize("path", PAGES)
def test_only_an_installer_comes_in(desk: Desk, path: str) -> None:
    desk.enter("Lin")
    desk.get(path, status=403)


@pytest.mark.parametrize("name", SINGLE)
def test_a_section_that_is_saved_unchanged_changes_nothing(desk: Desk, name: str) -> None:
    fields = inputs(desk.get(f"/installer/settings/{name}"))
    assert fields
    answer = desk.send(f"/installer/settings/{name}", {**fields, "act": "keep"})
    assert (answer.status_code, answer.location) == (303, f"/installer/settings/{name}?kept=1")
    assert desk.draft.changes == ()


def inputs(text: str) -> dict[str, list[str]]:
    """What a browser would send for the form of a page; enough of HTML for these pages."""
    found: dict[str, list[str]] = {}
    form = text.partition('class="in-card st-form"')[2].partition("</form>")[0]
    for tag in re.findall(r"<input[^>]*>", form):
        kind, name = _attribute(tag, "type"), _attribute(tag, "name")
        ticks = kind in ("checkbox", "radio")
        if kind != "hidden" and (not ticks or " checked" in tag):
            found.setdefault(name, []).append(_attribute(tag, "value"))
    for name, inner in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'<option value="([^"]*)" selected', inner) or re.findall(r'<option value="([^"]*)"', inner)
        found[name] = chosen[:1]
    for name, inner in re.findall(r'<textarea name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = [inner]
    return found


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'{name}="([^"]*)"', tag)
    return match[1] if match else ""


def test_a_change_is_kept_in_the_draft_alone(desk: Desk) -> None:
    answer = desk.post("/installer/settings/site", name="South Court", id="north-court", capacity="120", locale="en")
    assert answer.status_code == 303
    assert desk.draft.site["site"] == {"id": "north-court", "name": "South Court", "locale": "en", "capacity": 120}
    assert desk.directory.documents.load()["site"]["name"] == "North Court"
    assert "South Court" in desk.get("/installer/settings/site?kept=1")


def test_each_fault_is_at_its_field_and_nothing_is_kept(desk: Desk) -> None:
    answer = desk.post("/installer/settings/site", id="", capacity="many", expiry_warning_days="999", locale="en")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert wrong_at(text) == {"site.id", "site.capacity", "site.expiry_warning_days"}
    assert "from 0 to 365" in text
    assert 'value="many"' in text
    assert not desk.draft.changed


def test_what_only_the_checks_know_is_at_its_field(desk: Desk) -> None:
    answer = desk.post("/installer/settings/site", id="north court", timezone="Nowhere/Land", locale="en")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert wrong_at(text) == {"site.id", "site.timezone"}
    assert not desk.draft.changed


def test_a_fault_in_a_line_of_a_list_is_at_the_list(desk: Desk) -> None:
    answer = desk.post("/installer/settings/network", port="8080", names="gate.local\nhttps://gate", host="127.0.0.1")
    assert wrong_at(answer.get_data(as_text=True)) == {"gateway.http.names"}


def test_a_fault_elsewhere_does_not_keep_this_form_from_being_kept(desk: Desk) -> None:
    assert desk.post("/installer/settings/devices/io", act="remove").status_code == 303
    assert desk.post("/installer/settings/site", id="north-court", name="N", locale="en").status_code == 303


def test_without_the_engine_a_form_is_kept_and_checked_before_it_is_applied(desk: Desk) -> None:
    desk.engine.answers.pop("site.plan")
    assert desk.post("/installer/settings/site", id="north-court", name="N", locale="en").status_code == 303


# ---- secrets


def test_a_secret_is_never_on_a_page(desk: Desk) -> None:
    for path in PAGES:
        text = desk.get(path)
        assert "hidden-1" not in text, path
        assert "0123456789abcdef" not in text, path
    assert "Given; leave empty to keep it" in desk.get("/installer/settings/broker")
    assert "Given; leave empty to keep it" in desk.get("/installer/settings/devices/osdp-1")


def test_a_secret_that_is_left_empty_stays_the_same(desk: Desk) -> None:
    desk.post(
        "/installer/settings/broker", host="10.0.0.9", port="1883", username="gw1", password="", consumer="central"
    )
    assert desk.draft.changes == ()


def test_a_new_secret_waits_in_the_draft_and_is_not_shown(desk: Desk) -> None:
    desk.post("/installer/settings/broker", host="10.0.0.9", username="gw1", password="hidden-2")
    assert desk.draft.site["uplink"]["mqtt"]["password"] == "hidden-2"
    assert "hidden-2" not in desk.get("/installer/settings/broker")


def test_the_broker_is_taken_out_as_a_whole(desk: Desk) -> None:
    assert desk.post("/installer/settings/broker", act="remove").status_code == 303
    assert "uplink" not in desk.draft.site
    assert "nothing goes to central" in desk.get("/installer/settings/broker")
    assert desk.post("/installer/settings/broker", host="10.0.0.7").status_code == 303
    assert desk.draft.site["uplink"] == {"mqtt": {"host": "10.0.0.7"}}


# ---- HTTPS


def test_a_certificate_of_the_gateway_is_chosen_and_left_again(desk: Desk) -> None:
    own = {"port": "8443", "host": "0.0.0.0"}
    assert desk.post("/installer/settings/network", tls="self", **own).status_code == 303
    assert desk.draft.site["gateway"]["http"] == {"port": 8443, "host": "0.0.0.0", "tls": "self"}
    assert desk.post("/installer/settings/network", tls="", **own).status_code == 303
    assert desk.draft.site["gateway"]["http"] == {"port": 8443, "host": "0.0.0.0"}


def test_files_of_a_certificate_are_full_paths(desk: Desk) -> None:
    fields = {"tls": "own", "tls:own.cert": "gate.pem", "tls:own.key": "/etc/gatehouse/key.pem", "port": "8443"}
    text = desk.send("/installer/settings/network", fields).get_data(as_text=True)
    assert wrong_at(text) == {"gateway.http.tls.cert"}


# ---- lists


def test_an_entry_is_added_changed_and_removed(desk: Desk) -> None:
    assert desk.post("/installer/settings/groups/new", id="13-1", places="3").status_code == 303
    assert desk.draft.site["groups"][-1] == {"id": "13-1", "places": 3}
    assert desk.post("/installer/settings/groups/2", was="13-1", id="13-1", places="4").status_code == 303
    assert desk.draft.site["groups"][-1] == {"id": "13-1", "places": 4}
    assert desk.post("/installer/settings/groups/0", was="12-3", act="remove").status_code == 303
    assert [one["id"] for one in desk.draft.site["groups"]] == ["12-4", "13-1"]


def test_an_entry_that_another_page_moved_is_still_the_one_that_is_changed(desk: Desk) -> None:
    desk.post("/installer/settings/groups/0", was="12-3", act="remove")
    assert desk.post("/installer/settings/groups/1", was="12-4", id="12-4", places="7").status_code == 303
    assert desk.draft.site["groups"] == [{"id": "12-4", "places": 7}]
    answer = desk.post("/installer/settings/groups/0", was="12-3", id="12-3", places="9")
    assert answer.status_code == 409
    assert desk.draft.site["groups"] == [{"id": "12-4", "places": 7}]


def test_the_same_id_twice_is_named(desk: Desk) -> None:
    answer = desk.post("/installer/settings/groups/new", id="12-3", places="3")
    assert wrong_at(answer.get_data(as_text=True)) == {"groups[2].id"}


def test_lanes_of_a_station_are_picked(desk: Desk) -> None:
    text = desk.get("/installer/settings/stations/0")
    assert re.search(r'type="checkbox" name="lanes=in" value="yes" checked', text)
    fields = {"was": "north", "id": "north", "lanes=in": "yes", "lanes=out": "yes"}
    answer = desk.send("/installer/settings/stations/0", {**fields, "address": "booth"})
    assert wrong_at(answer.get_data(as_text=True)) == {"stations[0].address", "stations[0].lanes"}
    assert desk.send("/installer/settings/stations/0", {**fields, "lanes=out": ""}).status_code == 303
    assert desk.draft.site["stations"] == [{"id": "north", "name": "North booth", "lanes": ["in"]}]


def test_an_interlock_names_barriers_that_are_written_with_their_lanes(desk: Desk) -> None:
    assert 'name="barriers=in"' in desk.get("/installer/settings/interlocks/new")
    assert desk.send("/installer/settings/interlocks/new", {"type": "shared", "barriers=in": "yes"}).status_code == 303
    assert desk.draft.site["interlocks"] == [{"type": "shared", "barriers": ["in"]}]


@pytest.mark.parametrize("path", ["nothing", "groups/7", "groups/x", "site/0", "interlocks/-1", "devices/none"])
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    desk.get(f"/installer/settings/{path}", status=404)


# ---- devices


def test_a_device_is_added(desk: Desk) -> None:
    answer = desk.send(
        "/installer/settings/devices/new?driver=modbus",
        {
            "id": "io2",
            "name": "Exit",
            "link": "serial",
            "link:serial.port": "/dev/ttyUSB0",
            "unit": "3",
            "board": "generic",
        },
    )
    assert (answer.status_code, answer.location) == (303, "/installer/settings/devices?kept=1")
    assert desk.draft.site["devices"][-1] == {
        "id": "io2", "driver": "modbus", "name": "Exit", "link": {"type": "serial", "port": "/dev/ttyUSB0"}, "unit": 3,
    }  # fmt: skip


def test_a_fault_that_only_the_driver_knows_is_at_its_field(desk: Desk) -> None:
    fields = {"id": "text", "port": "/dev/ttyS0", "pattern": "(", "kind": "card", "radix": "10"}
    answer = desk.send("/installer/settings/devices/new?driver=serial-text", fields)
    assert wrong_at(answer.get_data(as_text=True)) == {"devices[3].pattern"}


def test_lanes_follow_a_device_that_gets_another_id(desk: Desk) -> None:
    fields = inputs(desk.get("/installer/settings/devices/io"))
    assert fields["link"] == ["tcp"]
    answer = desk.send("/installer/settings/devices/io", {**fields, "id": "board"})
    assert answer.status_code == 303
    assert desk.draft.site["lanes"][0]["barrier"]["open"] == "board.output.0"
    assert desk.draft.site["devices"][2]["id"] == "board"


def test_a_device_says_which_lanes_use_it(desk: Desk) -> None:
    for page in ("/installer/settings/devices/io", "/installer/settings/devices"):
        text = desk.get(page)
        assert re.search(r'class="st-use"[^>]*>[^<]*Open', text)
        assert "lanes.in." not in text


def test_rows_of_a_device_are_counted_as_points_are(desk: Desk) -> None:
    fields = {
        "id": "pins",
        "outputs[0].pin": "17",
        "outputs[0].active": "low",
        "outputs[1].pin": "",
        "inputs[0].pin": "",
    }
    assert desk.send("/installer/settings/devices/new?driver=gpio", fields).status_code == 303
    assert desk.draft.site["devices"][-1] == {
        "id": "pins", "driver": "gpio", "outputs": [{"pin": 17, "active": "low"}],
    }  # fmt: skip
    text = desk.get("/installer/settings/devices/pins")
    assert 'name="outputs[1].pin"' in text


def test_without_the_engine_the_page_of_devices_says_so(desk: Desk) -> None:
    desk.engine.stop()
    desk.get("/installer/settings/devices", status=503)
