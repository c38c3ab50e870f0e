"""The pages of the repair orders: who may do what, and that one order goes from one person to the other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from flask.testing import FlaskClient

from gateway.core.repairs.kinds import RepairKind, Urgency
from gateway.core.repairs.lifecycle import ROWS, RepairState
from gateway.core.settings.roles import Role
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows import LimitChange
from gateway.core.vocabulary.views import RepairView
from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk
from web.installer.repairs.model import Speaker, choices, in_order
from web.installer.repairs.page import PATH, TOLD
from web.people.operators import Operator
from web.words.texts import LOCALES, words

NOW = datetime(2026, 9, 21, 15, 0, tzinfo=UTC)
ORDER = RepairView(
    repair="r1-1", kind="device_lost", urgency="urgent", state="open", device="reader-in",
    opened_at="2026-09-21T14:13:20.000Z", as_of="2026-09-21T14:13:20.000Z",
    on_site_by="2026-09-21T16:13:20.000Z", mend_by="2026-09-23T04:13:20.000Z",
)  # fmt: skip
PEOPLE = {name: Operator(name, role) for name, role in (
    ("Ana", Role.INSTALLER), ("Lin", Role.GUARD), ("Mei", Role.CONTROL_ROOM), ("Odo", Role.AUDITOR),
)}  # fmt: skip


def order(**given: Any) -> RepairView:
    return msgspec.structs.replace(ORDER, **given)


def speaker(locale: str = "en") -> Speaker:
    document = {"devices": [{"id": "reader-in", "name": "Reader north"}]}
    return Speaker(words(locale), ZoneInfo("Asia/Shanghai"), NOW, document)


def opened(desk: Desk, **form: str) -> str:
    """The address of an order that was opened by hand."""
    answer = desk.post(PATH, **{"note": "the lamp is dark", "about": "lane:in", "urgency": "normal", **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location).partition("?")[0]


@pytest.fixture
def lin(client: FlaskClient) -> Desk:
    """A guard."""
    return Desk(client, "Lin")


# ---- the pages before a real engine


def test_an_order_goes_from_hand_to_report_to_the_confirmation_by_another_person(ana: Desk, lin: Desk) -> None:
    path = opened(lin)
    assert "the lamp is dark" in ana.text(PATH)
    ana.post(f"{path}/assign")
    ana.post(f"{path}/arrive")
    ana.post(f"{path}/report", note="lamp changed")
    assert "Ana reported it mended. Another person must confirm it." in ana.text(path)
    assert f'action="{path}/confirm"' not in ana.get(path).get_data(as_text=True)
    lin.post(f"{path}/confirm")
    text = lin.text(path)
    for said in ("Opened by Lin", "Assigned to Ana by Ana", "On site: Ana", "Reported mended by Ana lamp changed",
                 "Confirmed by Lin"):  # fmt: skip
        assert said in text
    assert "No repair order is open." in ana.text(PATH)


def test_the_person_who_reported_it_is_refused_also_without_the_button(ana: Desk) -> None:
    path = opened(ana)
    ana.post(f"{path}/report")
    answer = ana.post(f"{path}/confirm")
    assert answer.status_code == 409
    assert "Another person must" in answer.get_data(as_text=True)


def test_the_same_form_sent_twice_opens_one_order(lin: Desk) -> None:
    assert opened(lin, request="k1") == opened(lin, request="k1")
    assert "1 repair order is open." in lin.text(PATH)


def test_an_order_without_words_is_sent_back_with_what_was_chosen(lin: Desk) -> None:
    answer = lin.post(PATH, note=" ", about="lane:in", urgency="urgent")
    assert answer.status_code == 409
    body = answer.get_data(as_text=True)
    assert "Say what is wrong." in body
    assert re.search(r'value="urgent" checked', body)


def test_a_telephone_number_is_no_note(lin: Desk) -> None:
    assert lin.post(PATH, note="call 13800138000", about="", urgency="normal").status_code == 409


def test_only_the_control_room_acknowledges_a_limit(ana: Desk) -> None:
    assert ana.post(f"{opened(ana)}/acknowledge_limit").status_code == 403


def test_a_limit_that_was_changed_in_a_repair_waits_for_the_control_room(
    client: FlaskClient, ana: Desk, lin: Desk, box: Box
) -> None:
    """The installer sets the next limit, a guard may not confirm, the control room acknowledges, the guard confirms."""
    path = opened(ana, note="oiled the drive")
    document = ana.draft().site
    barrier = document["lanes"][0]["barrier"]
    ana.edit(lanes=[{**document["lanes"][0], "barrier": {**barrier, "service_limits": {"cycles": 500}}},
                    *document["lanes"][1:]])  # fmt: skip
    ana.post("/installer/changes/apply", base=ana.draft().base, confirm_s=600)
    until(lambda: "Openings none → 500" in ana.text(path))
    ana.post("/installer/changes/confirm")
    ana.post(f"{path}/report", note="limit set")
    assert "The control room must acknowledge it before it is confirmed." in lin.text(path)
    assert lin.post(f"{path}/confirm").status_code == 409
    mei = Desk(client, "Mei")
    assert mei.post(f"{path}/acknowledge_limit").status_code == 303
    assert "acknowledged by Mei" in lin.text(path)
    assert lin.post(f"{path}/confirm").status_code == 303


def test_an_order_that_never_was_is_404(ana: Desk) -> None:
    assert ana.get(f"{PATH}/r9-9").status_code == 404


# ---- what the viewer may do


@pytest.mark.parametrize(
    ("given", "viewer", "buttons"),
    [
        ({}, "Ana", {"take", "arrive", "report"}),
        ({"state": "assigned", "assigned_to": "Ana"}, "Ana", {"arrive", "report"}),
        ({"state": "on_site", "assigned_to": "Ana"}, "Ana", {"report"}),
        ({"state": "reported", "reported_by": "Ana"}, "Ana", {"reject"}),
        ({"state": "reported", "reported_by": "Ana"}, "Lin", {"confirm", "reject"}),
        ({}, "Odo", set()),
        ({"state": "confirmed"}, "Ana", set()),
    ],
)
def test_what_would_be_refused_is_not_offered(given: dict[str, Any], viewer: str, buttons: set[str]) -> None:
    may = choices(order(**given), PEOPLE[viewer], PEOPLE)
    assert {name for name in ("take", "arrive", "report", "confirm", "reject") if getattr(may, name)} == buttons


@pytest.mark.parametrize(("viewer", "acknowledges", "why"), [("Mei", True, "limit"), ("Lin", False, "limit")])
def test_a_changed_limit_waits_for_the_control_room(viewer: str, acknowledges: bool, why: str) -> None:
    changed = order(state="reported", reported_by="Ana", limits=(LimitChange("service_limits.cycles", 1, 500),))
    may = choices(changed, PEOPLE[viewer], PEOPLE)
    assert (may.acknowledge, may.confirm, may.why) == (acknowledges, False, why)


def test_an_auditor_is_given_no_order() -> None:
    assert choices(ORDER, PEOPLE["Ana"], PEOPLE).assign == ("Lin", "Mei")


# ---- words and times


@pytest.mark.parametrize(
    ("given", "away", "late"),
    [
        ({}, "in 1 h", False),
        ({"on_site_by": "2026-09-21T14:30:00.000Z"}, "30 min late", True),
        ({"mend_by": "2026-09-21T09:00:00.000Z"}, "6 h late", True),
        ({"arrived_at": "2026-09-21T14:30:00.000Z", "state": "on_site"}, "in 37 h", False),
        ({"mend_by": "2026-09-26T15:00:00.000Z", "arrived_at": "x", "state": "on_site"}, "in 5 days", False),
    ],
)
def test_what_is_due_next_is_said_as_one_says_it(given: dict[str, Any], away: str, late: bool) -> None:
    due = speaker().next_due(order(**given))
    assert due is not None
    assert (due.away, due.late) == (away, late)


def test_times_are_those_of_the_site() -> None:
    assert speaker().moment("2026-09-21T16:13:20.000Z") == "22 Sep 00:13"


def test_a_device_is_called_by_its_name() -> None:
    assert (speaker().about(ORDER), speaker("zh_CN").about(order(device=None))) == ("Reader north", "小区")


def test_the_late_and_the_urgent_come_first() -> None:
    orders = [
        order(repair="planned", urgency="planned", mend_by="2026-09-22"),
        order(repair="later", mend_by="2026-09-24"),
        order(repair="sooner", mend_by="2026-09-23"),
        order(repair="late", urgency="planned", mend_by="2026-09-20", overdue="mend"),
    ]
    assert [one.repair for one in in_order(orders)] == ["late", "sooner", "later", "planned"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_state_urgency_step_and_refusal_has_its_words(locale: str) -> None:
    said = words(locale)
    keys = [
        *(f"kind.{kind}" for kind in RepairKind),
        *(f"state.{state}" for state in RepairState),
        *(f"urgency.{urgency}{more}" for urgency in Urgency for more in ("", ".hint")),
        *(f"step.{row.type.removeprefix('repair.')}" for row in ROWS.values()),
        *(f"told.{told}" for told in TOLD),
        "step.opened",
    ]
    assert [key for key in keys if f"installer.repairs.{key}" not in said] == []
    codes = [code for code in Refusal if code.meaning.startswith("repair orders:")]
    assert [code for code in codes if f"refused.{code}" not in said] == []
