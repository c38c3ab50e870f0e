"""Passes without end, and passes that an older version stored: each read is decided, and the next one is served."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.errors import GatehouseError, PassError, RequestError
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.engine.conftest import until
from tests.support.engine import Running

RESIDENT = {"id": "r-1", "kind": "monthly", "cards": ["1"], "valid_until": "2099-01-01"}
FOR_EVER = ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00"]
OLD = [
    Pass("old", PassKind.STAFF, cards=("2",), valid_from=begins, valid_until=ends, schedule=schedule)
    for begins, ends, schedule in (
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", ""),
        ("", "2026-11-30T24:00:00Z", ""),
        ("soon", "", ""),
        ("", "", "always"),
        ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", ""),
    )
]


@pytest.fixture
def gate(running: Running) -> Running:
    """An engine with a resident."""
    running.client.call("passes.put", **{"pass": RESIDENT}, by="office")
    return running


def decided(running: Running, card: str) -> dict[str, object]:
    """How a card at the entry is decided."""
    decisions = ("access.granted", "access.denied", "access.referred")
    before = len(running.rows(*decisions))
    running.bus.card(card)
    until(lambda: len(running.rows(*decisions)) > before)
    data = running.rows(*decisions)[before].data()
    return {key: data[key] for key in ("pass", "reason", "days_left")}


@pytest.mark.parametrize("text", FOR_EVER)
def test_a_pass_without_end_opens_and_has_no_days_left(gate: Running, text: str) -> None:
    gate.client.call(
        "passes.put", **{"pass": {"id": "p", "kind": "staff", "cards": ["2"], "valid_until": text}}, by="o"
    )
    assert decided(gate, "2") == {"pass": "p", "reason": "valid_pass", "days_left": None}
    assert decided(gate, "1")["reason"] == "valid_pass"


@pytest.mark.parametrize("old", OLD, ids=lambda old: old.valid_until or old.valid_from or old.schedule)
def test_a_pass_of_an_older_version_is_decided_and_the_next_card_opens(gate: Running, old: Pass) -> None:
    gate.engine._stores.registry.import_passes(iter([old]))
    assert decided(gate, "2")["pass"] == "old"
    assert decided(gate, "1")["reason"] == "valid_pass"


@pytest.mark.parametrize("text", [*FOR_EVER, "0001-01-01T00:00:00+14:00", "2026-11-30T24:00:01Z", "soon"])
def test_a_code_until_such_a_day_is_refused_by_name(gate: Running, text: str) -> None:
    gate.client.call("passes.put", **{"pass": {"id": "v", "kind": "temporary", "valid_until": "9999-12-31"}}, by="o")
    with pytest.raises(PassError, match=r"until is|would have ended"):
        gate.client.call("passes.code", pass_id="v", by="o", until=text)


@pytest.mark.parametrize("text", [*FOR_EVER[1:], "2026-11-30T24:00:01Z", "2026-11-30", "x" * 5000])
@pytest.mark.parametrize(
    ("op", "params", "field"),
    [
        ("lane.command", {"request": "r", "lane": "in", "command": "open", "by": "Lin", "via": "cli"}, "expires_at"),
        ("alarm.command", {"request": "r", "alarm": "a1", "verb": "shelve", "by": "Lin"}, "until"),
        ("token.create", {"name": "n", "scopes": ["events:read"], "by": "Lin"}, "expires_at"),
    ],
)
def test_a_request_with_a_time_that_cannot_be_is_refused_by_name(
    gate: Running, op: str, params: dict[str, object], field: str, text: str
) -> None:
    with pytest.raises(GatehouseError, match=f"{field} is .*in the years 1 to 9998") as told:
        gate.client.call(op, **params, **{field: text})
    assert isinstance(told.value, RequestError) or told.value.code == "token_invalid"
