"""Drivers without a card at a running engine: over the socket, in the journal, and in no other file."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import GatehouseError, NotFoundError
from tests.store.identities.conftest import traces
from tests.support.engine import Running
from tests.support.waiting import wait_until

NUMBER = "11010519491231002X"
PNG = b"\x89PNG\r\n\x1a\n" + b"a drawn signature of a driver without a card" * 30
GUARD = {"by": "Lin", "via": "guard", "station": "booth"}
_request = count()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data")
    running.bus.restore()
    yield running
    running.stop()


def take(gate: Running, **more: Any) -> dict[str, Any]:
    given = {"request": f"r{next(_request)}", "lane": "out", "kind": "resident_id", "number": NUMBER, **GUARD, **more}
    found: dict[str, Any] = gate.client.call("identities.take", **given)
    return found


def answer(gate: Running, person: str, *, confirmed: bool = True, **more: Any) -> dict[str, Any]:
    given = {"person": person, "confirmed": confirmed, "how": "phone", **GUARD, **more}
    found: dict[str, Any] = gate.client.call("identities.answer", **given)
    return found


def sign(gate: Running, person: str, png: bytes = PNG) -> dict[str, Any]:
    drawing = base64.b64encode(png).decode()
    found: dict[str, Any] = gate.client.call("identities.sign", person=person, drawing=drawing, **GUARD)
    return found


def stay(gate: Running, person: str, verb: str = "release", **more: Any) -> dict[str, Any]:
    given = {
        "request": f"s{next(_request)}", "lane": "out", "verb": verb, "person": person, "reason": "office_confirmed",
        "present": True, **GUARD, **more,
    }  # fmt: skip
    found: dict[str, Any] = gate.client.call("stay.command", **given)
    return found


def told(gate: Running, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """The rows of these types with their data."""
    found = [(row.type.removeprefix("gatehouse."), row.data()) for row in gate.rows()]
    return [(type_, data) for type_, data in found if type_.startswith(prefix)]


def told_by_now(gate: Running, prefix: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """That many rows of these types, once they are durable: an order is answered before that."""
    wait_until(lambda: len(told(gate, prefix)) >= count, 5, f"{count} rows of {prefix}")
    return told(gate, prefix)


def test_every_step_is_journaled_with_its_author_and_ids_alone(gate: Running) -> None:
    person = take(gate)
    assert (person["masked"], person["state"], person["visit"]) == ("**************002X", "asked", None)
    name = person["person"]
    assert answer(gate, name, how="page", said_by="Fang", by="Fang", via="browser", station="")["state"] == "confirmed"
    assert sign(gate, name)["signed"] is True
    assert stay(gate, name)["status"] == "done"
    wait_until(lambda: state(gate, name) == "released", 5, "the check is over")
    steps = told(gate, "identity.")
    assert [type_ for type_, _ in steps] == ["identity.checked", "identity.confirmed", "identity.signed"]
    checked, confirmed, signed = (data for _, data in steps)
    assert checked == {"visit": None, "person": name, "how": "resident_id", "lane": "out", **GUARD}
    assert (confirmed["how"], confirmed["said_by"], confirmed["by"]) == ("page", "Fang", "Fang")
    assert signed["media"].startswith("m")
    [(_, granted)] = told_by_now(gate, "access.granted", 1)
    assert granted["lane"] == "out"
    assert (granted["person"], granted["decided_by"], granted["stated"]) == (name, "Lin", "office_confirmed")


def state(gate: Running, person: str) -> str:
    return str(gate.client.call("identities.look", person=person)["state"])


def test_number_and_signature_are_plain_in_no_file_of_the_directory(gate: Running) -> None:
    name = take(gate)["person"]
    answer(gate, name)
    sign(gate, name)
    plain = [NUMBER.encode(), PNG, base64.b64encode(PNG)]
    assert traces(gate.directory.path, plain) == []
    gate.client.call("identities.list", open_only=True)
    gate.stop()
    assert traces(gate.directory.path, plain) == []


def test_a_wrong_number_is_refused_without_naming_it(gate: Running) -> None:
    for number, code in (
        ("110105194912310021", "identity_check_digit"),
        ("7", "identity_form"),
        (" ", "identity_empty"),
    ):
        with pytest.raises(GatehouseError) as caught:
            take(gate, number=number)
        assert caught.value.code == code
        assert number.strip() == "" or number not in str(caught.value)
    with pytest.raises(NotFoundError):
        take(gate, lane="in")
    with pytest.raises(GatehouseError, match="not inside"):
        take(gate, visit="v1")
    assert told(gate, "identity.") == []


def test_a_double_tap_takes_one_number_one_answer_and_one_signature(gate: Running) -> None:
    first = take(gate, request="tap")
    assert take(gate, request="tap") == first
    name = first["person"]
    for _ in range(2):
        answer(gate, name)
    for _ in range(2):
        sign(gate, name)
    assert [type_ for type_, _ in told(gate, "identity.")] == [
        "identity.checked", "identity.confirmed", "identity.signed",
    ]  # fmt: skip


def test_a_step_out_of_its_order_is_refused(gate: Running) -> None:
    name = take(gate)["person"]
    with pytest.raises(GatehouseError, match="sign does not fit"):
        sign(gate, name)
    assert answer(gate, name, confirmed=False)["state"] == "declined"
    with pytest.raises(GatehouseError, match="sign does not fit"):
        sign(gate, name)
    assert stay(gate, name, "refuse", reason="office_refused")["status"] == "done"
    wait_until(lambda: state(gate, name) == "refused", 5, "the check is over")
    with pytest.raises(GatehouseError, match="confirm does not fit"):
        answer(gate, name)
    assert [type_ for type_, _ in told_by_now(gate, "case.", 2)] == ["case.refused", "case.reported"]


def signed(gate: Running) -> str:
    """A driver whom the office has confirmed and who has signed."""
    name = str(take(gate)["person"])
    answer(gate, name)
    sign(gate, name)
    return name


def test_the_engine_releases_no_car_before_every_step_is_taken(gate: Running) -> None:
    name = take(gate)["person"]
    for step in (lambda: None, lambda: answer(gate, name, confirmed=False), lambda: answer(gate, name)):
        step()
        with pytest.raises(GatehouseError, match="release does not fit"):
            stay(gate, name)
    sign(gate, name)
    answer(gate, name, confirmed=False)
    with pytest.raises(GatehouseError, match="release does not fit"):
        stay(gate, name)
    with pytest.raises(NotFoundError):
        stay(gate, "p-nobody")
    assert told(gate, "access.granted") == []


def test_a_check_releases_no_other_car_than_its_own(gate: Running) -> None:
    name = signed(gate)
    for other in ({"visit": "v1"}, {"lane": "in"}):
        with pytest.raises(GatehouseError, match="about another car"):
            stay(gate, name, **other)
    assert told(gate, "access.granted") == []


def test_the_same_order_again_is_answered_again_and_another_one_releases_no_second_car(gate: Running) -> None:
    name = signed(gate)
    first = stay(gate, name, request="once")
    wait_until(lambda: state(gate, name) == "released", 5, "the check is over")
    assert stay(gate, name, request="once") == first
    with pytest.raises(GatehouseError, match="release does not fit"):
        stay(gate, name, request="more")
    assert len(told_by_now(gate, "access.granted", 1)) == 1


def test_what_is_no_drawing_is_no_signature(gate: Running) -> None:
    name = take(gate)["person"]
    answer(gate, name)
    for png in (b"GIF89a", PNG + bytes(100_000)):
        with pytest.raises(GatehouseError, match="no PNG"):
            sign(gate, name, png)


def test_a_number_is_revealed_with_a_reason_and_a_leaders_name_on_record(gate: Running) -> None:
    name = take(gate)["person"]
    given = {"person": name, "agreed_by": "Wang", **GUARD}
    for reason in ("", "asks for 138123456789"):
        with pytest.raises(GatehouseError):
            gate.client.call("identities.reveal", reason=reason, **given)
    assert told(gate, "identity.revealed") == []
    found = gate.client.call("identities.reveal", reason="the police ask", **given)
    assert (found["number"], found["drawing"]) == (NUMBER, None)
    (_, row) = told(gate, "identity.revealed")[0]
    assert (row["person"], row["reason"], row["by"], row["agreed_by"]) == (name, "the police ask", "Lin", "Wang")


def test_an_engine_that_is_started_after_their_days_deletes_them(
    gate: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = take(gate)["person"]
    answer(gate, name)
    sign(gate, name)
    clerk = gate.engine._clerk
    ops, now = clerk._identities, clerk._clock.now().wall_ns
    monkeypatch.setattr(ops, "_wall_ns", lambda: now + 30 * 86_400 * 1_000_000_000)
    monkeypatch.setattr(ops, "_sweep_ns", 0)
    wait_until(lambda: told(gate, "identity.deleted"), 5, "they are deleted")
    assert told(gate, "identity.deleted")[0][1] == {"visit": None, "person": name, "days": 30, "by": "gateway"}
    with pytest.raises(NotFoundError):
        gate.client.call("identities.look", person=name)
