"""The office makes, confirms, cancels and prints release slips; each has its author in the journal."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.engine import Running
from tests.web_installer.conftest import Desk
from tests.web_office.conftest import GUARD, LEADER, OFFICE, desk, told

PATH = "/office/slips"
ZONE = ZoneInfo("Asia/Shanghai")
FORM = {"unit": "3栋1201", "goods": "立式钢琴", "asked_by": "tenant", "carrier": "owner", "request": "a1"}


def make(office: Desk, **more: str) -> str:
    """The address of the slip that a form has made."""
    answer = office.post(PATH, **{**FORM, **more})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location).partition("?")[0]


def use(gate: Running, address: str) -> Any:
    return gate.client.call(
        "slips.use", slip=address.rpartition("/")[2], lane="out", case="c1", by=GUARD, via="guard", station=""
    )


def test_a_slip_is_made_under_the_name_of_the_office(gate: Running, office: Desk) -> None:
    address = make(office, plate="粤b·12345")
    [row] = told(gate, "slip.registered")
    assert (row["by"], row["unit"], row["goods"], row["plate"], row["asked_by"]) == (
        OFFICE, "3栋1201", "立式钢琴", "粤B12345", "tenant",
    )  # fmt: skip
    page = office.text(address)
    for words in ("立式钢琴", "3栋1201", "粤B 12345", "租户", OFFICE, address[-6:].upper()):
        assert words in page
    assert "立式钢琴" in office.text(PATH)


def test_a_slip_may_be_of_a_vehicle_alone(gate: Running, office: Desk) -> None:
    make(office, unit="", plate="粤B12345")
    assert told(gate, "slip.registered")[0]["unit"] == ""


def test_the_same_form_sent_twice_makes_one_slip(gate: Running, office: Desk) -> None:
    assert make(office) == make(office)
    assert len(told(gate, "slip.registered")) == 1
    assert office.post(PATH, **{**FORM, "goods": "冰箱"}).status_code == 409
    assert len(told(gate, "slip.registered")) == 1


def test_a_form_twice_after_its_slip_was_used_does_not_open_it_again(gate: Running, office: Desk) -> None:
    address = make(office)
    use(gate, address)
    assert make(office) == address
    assert "已使用" in office.text(address)


def test_the_end_is_read_in_the_sites_time(gate: Running, office: Desk) -> None:
    tomorrow = (datetime.now(ZONE) + timedelta(days=1)).replace(hour=18, minute=30, second=0, microsecond=0)
    make(office, until=tomorrow.strftime("%Y-%m-%dT%H:%M"))
    until = datetime.fromisoformat(told(gate, "slip.registered")[0]["until"])
    assert until == tomorrow
    assert "18:30" in office.text(PATH)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"goods": ""}, "请填写搬出的货物"),
        ({"goods": "电话 13800138000"}, "请填写搬出的货物"),
        ({"unit": ""}, "请填写货物从哪里搬出"),
        ({"unit": "x" * 101}, "请填写货物从哪里搬出"),
        ({"plate": "不是车牌"}, "这不是车牌"),
        ({"until": "2020-01-01T00:00"}, "31 天以内"),
        ({"until": "soon"}, "31 天以内"),
        ({"until": "2090-01-01T00:00"}, "31 天以内"),
        ({"carrier": "me"}, "请选择承运人"),
        ({"asked_by": "me"}, "请选择申请人"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    gate: Running, office: Desk, wrong: dict[str, str], words: str
) -> None:
    answer = office.post(PATH, **{**FORM, "request": "w1", **wrong})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    assert told(gate, "slip.registered") == []
    kept = {**FORM, **wrong}
    assert f'value="{kept["goods"]}"' in text


def test_goods_that_another_carries_wait_for_the_owners_word(gate: Running, office: Desk) -> None:
    address = make(office, carrier="other")
    assert "待业主同意" in office.text(address)
    assert office.post(f"{address}/confirm", how="guess").status_code == 422
    assert office.post(f"{address}/confirm", how="phone").status_code == 303
    [row] = told(gate, "slip.confirmed")
    assert (row["by"], row["how"]) == (OFFICE, "phone")
    again = office.post(f"{address}/confirm", how="phone")
    assert again.status_code == 409
    assert len(told(gate, "slip.confirmed")) == 1


def test_a_slip_is_cancelled_with_a_reason_and_stays_on_record(gate: Running, office: Desk) -> None:
    address = make(office)
    for reason in ("", " ", "电话 13800138000", "x" * 101):
        assert office.post(f"{address}/cancel", reason=reason).status_code == 422
    assert told(gate, "slip.cancelled") == []
    assert office.post(f"{address}/cancel", reason="搬家改期").status_code == 303
    [row] = told(gate, "slip.cancelled")
    assert (row["by"], row["reason"]) == (OFFICE, "搬家改期")
    page = office.text(address)
    assert "搬家改期" in page
    assert "已取消" in page
    assert "立式钢琴" not in office.text(PATH)
    assert "立式钢琴" in office.text(f"{PATH}?state=cancelled")


def test_a_used_slip_is_not_cancelled_and_tells_who_has_matched_it(gate: Running, office: Desk) -> None:
    address = make(office)
    use(gate, address)
    answer = office.post(f"{address}/cancel", reason="搬家改期")
    assert answer.status_code == 409
    assert "已使用" in answer.get_data(as_text=True)
    page = office.text(address)
    assert GUARD in page
    assert "北门出口" in page


def test_slips_are_found_by_code_unit_plate_and_goods(gate: Running, office: Desk) -> None:
    piano = make(office, plate="粤B12345")
    make(office, request="b2", unit="1栋302", goods="自行车")
    for query in (piano[-6:], piano[-6:].upper(), "3栋12", "粤b 123", "立式钢"):
        page = office.text(f"{PATH}?q={query}")
        assert "立式钢琴" in page
        assert "自行车" not in page


def test_a_list_longer_than_a_page_has_another(gate: Running, office: Desk) -> None:
    for number in range(27):
        gate.client.call("slips.add", slip={"unit": "1栋302", "goods": f"箱子{number:02d}"}, by="x", via="http")
    first, second = office.text(PATH), office.text(f"{PATH}?page=1")
    assert "箱子26" in first
    assert "箱子01" not in first
    assert "箱子01" in second
    assert "箱子26" not in second


def test_the_paper_has_the_code_and_both_languages(gate: Running, office: Desk) -> None:
    address = make(office, plate="粤B12345")
    page = office.get(f"{address}/paper").get_data(as_text=True)
    for words in (address[-6:].upper(), "货物放行条", "Release slip", "立式钢琴", "粤B 12345", "24:00"):
        assert words in page
    assert time.strftime("%Y-") in page
    assert "已取消" not in page
    office.post(f"{address}/cancel", reason="搬家改期")
    assert "已取消" in office.text(f"{address}/paper")


@pytest.mark.parametrize("name", [GUARD, LEADER])
def test_guards_and_leaders_make_no_slips(gate: Running, office: Desk, name: str) -> None:
    address, other = make(office), desk(gate, name)
    assert other.get(PATH).status_code == 403
    assert other.post(PATH, **FORM).status_code == 403
    assert other.post(f"{address}/cancel", reason="x").status_code == 403
    assert told(gate, "slip.cancelled") == []


def test_a_form_of_another_site_does_nothing(gate: Running, office: Desk) -> None:
    office.get(PATH)
    assert office.client.post(PATH, data=FORM).status_code == 403
    assert told(gate, "slip.registered") == []


def test_a_slip_that_is_none_is_not_found(office: Desk) -> None:
    assert office.get(f"{PATH}/nothing").status_code == 404
    assert office.post(f"{PATH}/nothing/cancel", reason="x").status_code == 404


def test_while_the_engine_is_away_the_page_says_so_and_keeps_what_was_typed(gate: Running, office: Desk) -> None:
    gate.engine._server.stop()
    answer = office.post(PATH, **FORM)
    assert answer.status_code == 503
    assert 'value="立式钢琴"' in answer.get_data(as_text=True)
