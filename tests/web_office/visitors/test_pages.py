"""The office announces visitors, sees who is expected, corrects and cancels, each under its own name."""

from __future__ import annotations

import html
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.store.settings import secrets as secrets_module
from tests.support.engine import Running
from tests.support.waiting import wait_until
from tests.web_guard.identity.conftest import site
from tests.web_installer.conftest import Desk
from tests.web_office.conftest import GUARD, OFFICE, desk, told

PATH = "/office/visitors"
ZONE = ZoneInfo("Asia/Shanghai")
FORM = {
    "plate": "粤B·12345",
    "room": "3栋1201",
    "purpose": "guest",
    "people": "2",
    "vehicle_class": "car",
    "request": "a",
}


def local(hours: float) -> str:
    """So many hours from now, as a field of day and time has it."""
    return (datetime.now(ZONE) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def announce(office: Desk, **more: str) -> str:
    """The address of the visit that a form has announced."""
    answer = office.post(PATH, **{**FORM, **more})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 201, text
    found = re.search(r'href="(/office/visits/[^"]+)"><', text) or re.search(r'href="(/office/visits/[^"]+)"', text)
    assert found
    return found[1]


def code_in(text: str) -> str:
    found = re.search(r'<p class="in-code">([^<]+)</p>', text)
    assert found
    return found[1]


def test_a_visitor_is_announced_under_the_name_of_the_office_and_has_a_code_once(gate: Running, office: Desk) -> None:
    answer = office.post(PATH, **FORM)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    [row] = told(gate, "visit.announced")
    assert (row["by"], row["plate"], row["unit"], row["people"]) == (OFFICE, "粤B12345", "3栋1201", 2)
    code = code_in(text)
    assert "粤B 12345" in office.text(PATH)
    assert code not in office.text(PATH)
    assert code_in(office.post(PATH, **FORM).get_data(as_text=True)) == code
    assert len(told(gate, "visit.announced")) == 1


def test_the_plate_of_an_announced_visitor_opens(gate: Running, office: Desk) -> None:
    announce(office)
    expected = gate.engine._stores.state.expected("plate", "粤B12345")
    assert [one.visit for one in expected] == [told(gate, "visit.announced")[0]["visit"]]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"plate": "不是车牌"}, "这不是车牌"),
        ({"room": "电话 13800138000"}, "不写长号码"),
        ({"people": "many"}, "1 至 200"),
        ({"people": "0"}, "1 至 200"),
        ({"people": "999"}, "1 至 200"),
        ({"until": "2020-01-01T00:00"}, "开始之后"),
        ({"from": "soon"}, "结束之前"),
        ({"until": "2090-01-01T00:00"}, "92 天以内"),
        ({"vehicle_class": "tank"}, "请选择车型"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    gate: Running, office: Desk, wrong: dict[str, str], words: str
) -> None:
    answer = office.post(PATH, **{**FORM, **wrong})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    assert told(gate, "visit.announced") == []
    for value in {**FORM, **wrong, "request": "", "purpose": "", "vehicle_class": ""}.values():
        assert value in text


def test_two_visitors_with_one_plate_at_one_time_are_refused(gate: Running, office: Desk) -> None:
    announce(office)
    answer = office.post(PATH, **{**FORM, "request": "b", "room": "1栋302"})
    assert answer.status_code == 409
    assert "同一车牌" in answer.get_data(as_text=True)
    assert len(told(gate, "visit.announced")) == 1


def test_who_comes_first_is_listed_first_and_who_did_not_come_is_listed_apart(gate: Running, office: Desk) -> None:
    announce(office, request="late", plate="粤B00002", **{"from": local(5), "until": local(6)})
    announce(office, request="soon", plate="粤B00001", **{"from": local(1), "until": local(2)})
    page = office.text(PATH)
    assert page.index("粤B 00001") < page.index("粤B 00002")
    found = gate.engine._stores.state.announced("missed", "", time.time_ns() + 3 * 3_600 * 10**9, 10)
    assert [one.plate for one in found] == ["粤B00001"]
    assert "粤B 00001" not in office.text(f"{PATH}?state=missed")


def test_only_what_was_touched_is_corrected(gate: Running, office: Desk) -> None:
    address = announce(office, until=local(3))
    before = told(gate, "visit.announced")[0]
    other = desk(gate, OFFICE)
    page = office.get(address).get_data(as_text=True)
    assert 'value="3栋1201"' in page
    form = {**fields(page), "people": "4"}
    other.post(f"{address}/correct", **{**fields(page), "room": "1栋302"})
    answer = office.post(f"{address}/correct", **form)
    assert answer.status_code == 303
    first, second = told(gate, "visit.corrected")
    assert (first["unit"], first["people"]) == ("1栋302", 2)
    assert (second["unit"], second["people"]) == ("1栋302", 4)
    assert (second["by"], second["from"], second["until"]) == (OFFICE, before["from"], before["until"])


def fields(page: str) -> dict[str, str]:
    """The values of the form that corrects, as a browser sends them."""
    form = page[page.index("/correct") :]
    found = dict(re.findall(r'<input id="([a-z_]+)" name="[a-z_]+" type="(?!checkbox)[^"]+" value="([^"]*)"', form))
    found["shown"] = html.unescape(re.findall(r'name="shown" value="([^"]*)"', form)[0])
    for name, options in re.findall(r'(?s)<select id="([a-z_]+)".*?>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_a_form_that_changes_nothing_writes_nothing(gate: Running, office: Desk) -> None:
    address = announce(office, until=local(3))
    page = office.get(address).get_data(as_text=True)
    answer = office.post(f"{address}/correct", **fields(page))
    assert str(answer.location).endswith("told=same")
    assert told(gate, "visit.corrected") == []


def test_a_visitor_is_cancelled_and_stays_on_record(gate: Running, office: Desk) -> None:
    address = announce(office)
    assert office.post(f"{address}/cancel").status_code == 303
    [row] = told(gate, "visit.cancelled")
    assert row["by"] == OFFICE
    assert "粤B 12345" not in office.text(PATH)
    assert "粤B 12345" in office.text(f"{PATH}?state=cancelled")
    assert office.post(f"{address}/correct", people="9").status_code == 409
    again = office.post(PATH, **FORM)
    assert (again.status_code, again.location) == (303, address)
    assert office.post(f"{address}/cancel").status_code == 303
    assert len(told(gate, "visit.cancelled")) == 1


def test_a_visitor_who_is_inside_is_not_cancelled_but_corrected(gate: Running, office: Desk) -> None:
    address = announce(office)
    visit = address.rpartition("/")[2]
    gate.client.call("visit.command", request="c", verb="came", visit=visit, reason="seen", by=GUARD, via="guard")
    wait_until(lambda: "场内" in office.text(address), what="inside")
    assert office.post(f"{address}/cancel").status_code == 409
    assert told(gate, "visit.cancelled") == []
    page = office.get(address).get_data(as_text=True)
    assert office.post(f"{address}/correct", **{**fields(page), "people": "5"}).status_code == 303
    assert told(gate, "visit.corrected")[0]["people"] == 5
    assert "粤B 12345" in office.text(f"{PATH}?state=inside&q=12345")


@pytest.mark.parametrize("path", ["/office", PATH, "/office/visits/v1"])
def test_a_guard_has_no_business_here(gate: Running, path: str) -> None:
    assert desk(gate, GUARD).get(path).status_code == 403


def test_the_offices_first_page_is_the_visitors(office: Desk) -> None:
    assert office.get("/office?q=12345").location == f"{PATH}?q=12345"
    assert office.get("/office").location == PATH


def test_a_visit_that_is_none_is_not_found(office: Desk) -> None:
    assert office.get("/office/visits/nothing").status_code == 404
    assert office.post("/office/visits/nothing/cancel").status_code == 404


def test_while_the_engine_is_away_the_page_says_so_and_keeps_what_was_typed(gate: Running, office: Desk) -> None:
    gate.engine._server.stop()
    answer = office.post(PATH, **FORM)
    assert answer.status_code == 503
    assert 'value="3栋1201"' in answer.get_data(as_text=True)


def test_buildings_of_the_site_are_chosen_and_their_name_is_part_of_the_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)
    buildings = [{"id": "b3", "name": "3栋"}, {"id": "b7", "name": "Tower 7"}]
    gate = Running(tmp_path / "data", {**site(), "buildings": buildings})
    gate.bus.restore()
    try:
        office = desk(gate, OFFICE)
        assert "Tower 7" in office.text(PATH)
        address = announce(office, building="b7", room="1201")
        assert (told(gate, "visit.announced")[0]["unit"], told(gate, "visit.announced")[0]["building"]) == (
            "Tower 7 1201", "b7",
        )  # fmt: skip
        shown = fields(office.get(address).get_data(as_text=True))
        assert (shown["building"], shown["room"]) == ("b7", "1201")
        office.post(f"{address}/correct", **{**shown, "building": "b3"})
        assert told(gate, "visit.corrected")[0]["unit"] == "3栋1201"
    finally:
        gate.stop()
