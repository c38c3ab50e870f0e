"""The office's page: drivers without a card are confirmed there, and a number is shown by a leader's PIN alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store.settings import secrets as secrets_module
from tests.support.engine import Running
from tests.web_guard.identity.conftest import NUMBER, site
from tests.web_installer.conftest import Desk
from web.platform.app import create_app

PATH = "/installer/identities"
PNG = b"\x89PNG\r\n\x1a\n" + b"signed" * 20


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)
    running = Running(tmp_path / "data", site())
    running.bus.restore()
    yield running
    running.stop()


def desk(gate: Running, name: str = "方敏") -> Desk:
    return Desk(create_app(gate.directory.path).test_client(), name)


def driver(gate: Running) -> str:
    taken = gate.client.call(
        "identities.take", request="tap", lane="out", kind="resident_id", number=NUMBER, by="林小军", via="guard"
    )
    return str(taken["person"])


def told(gate: Running, type_: str) -> list[dict[str, Any]]:
    return [row.data() for row in gate.rows(type_)]


def test_the_office_confirms_on_its_page_under_its_own_name(gate: Running) -> None:
    person, office = driver(gate), desk(gate)
    page = office.text(PATH)
    assert "**************002X" in page
    assert NUMBER not in page
    assert office.post(f"{PATH}/{person}/answer", answer="yes").status_code == 303
    row = told(gate, "identity.confirmed")[0]
    assert (row["by"], row["said_by"], row["how"], row["via"]) == ("方敏", "方敏", "page", "guard")
    assert office.post(f"{PATH}/{person}/answer", answer="no").status_code == 303
    assert "未确认" in office.text(PATH)
    assert len(told(gate, "identity.declined")) == 1


def test_the_guard_may_not_enter(gate: Running) -> None:
    person, guard = driver(gate), desk(gate, "林小军")
    assert guard.get(PATH).status_code == 403
    assert guard.post(f"{PATH}/{person}/answer", answer="yes").status_code == 403
    assert guard.post(f"{PATH}/{person}/reveal", reason="x", leader="陈班长", pin="1357").status_code == 403
    assert told(gate, "identity.confirmed") == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": "", "leader": "陈班长", "pin": "1357"}, 422),
        ({"reason": "ask 13812345678", "leader": "陈班长", "pin": "1357"}, 422),
        ({"reason": "police", "leader": "陈班长", "pin": "0000"}, 403),
        ({"reason": "police", "leader": "方敏", "pin": "5791"}, 403),
        ({"reason": "police", "leader": "", "pin": ""}, 403),
    ],
)
def test_a_number_is_not_shown_without_reason_and_a_leaders_pin(
    gate: Running, form: dict[str, str], status: int
) -> None:
    person, office = driver(gate), desk(gate)
    answer = office.post(f"{PATH}/{person}/reveal", **form)
    assert answer.status_code == status
    assert NUMBER not in answer.get_data(as_text=True)
    assert told(gate, "identity.revealed") == []


def test_with_reason_and_pin_it_is_shown_once_and_recorded(gate: Running) -> None:
    person, office = driver(gate), desk(gate)
    gate.client.call("identities.answer", person=person, confirmed=True, how="phone", by="林小军", via="guard")
    drawing = base64.b64encode(PNG).decode()
    gate.client.call("identities.sign", person=person, drawing=drawing, by="林小军", via="guard")
    answer = office.post(f"{PATH}/{person}/reveal", reason="the police ask", leader="陈班长", pin="1357")
    text = answer.get_data(as_text=True)
    assert NUMBER in text
    assert f"data:image/png;base64,{drawing}" in text
    assert answer.headers["Cache-Control"] == "no-store"
    row = told(gate, "identity.revealed")[0]
    assert (row["person"], row["by"], row["agreed_by"]) == (person, "方敏", "陈班长")
    assert NUMBER not in office.text(PATH)


def test_while_the_engine_is_away_the_page_says_so(gate: Running) -> None:
    person, office = driver(gate), desk(gate)
    gate.engine._server.stop()
    assert "引擎没有应答" in office.text(PATH)
    assert office.post(f"{PATH}/{person}/answer", answer="yes").status_code == 503
