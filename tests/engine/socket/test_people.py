"""Operators, wrong PINs and the first set-up through the control socket of a running engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import GatehouseError
from gateway.engine.socket.people import OPEN_MAX, FailedTries
from gateway.engine.socket.requests import OperatorFailed
from gateway.store.settings.secrets import hash_pin
from tests.engine.conftest import FakeTime
from tests.support.engine import Running
from tests.support.waiting import wait_until

HASH = hash_pin("7391")
WHO = {"by": "root", "via": "cli"}
EMPTY: dict[str, Any] = {"site": {"id": "site"}, "gateway": {"id": "gw-abc123", "clock": "trusted"}}
FORM = {"site_name": "North Court", "timezone": "Asia/Shanghai", "locale": "zh_CN", "name": "Ana"}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """An engine on a directory without operators."""
    found = Running(tmp_path / "fresh", EMPTY)
    yield found
    found.stop()


def data(engine: Running, *types: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row.text)["data"] for row in engine.rows(*types)]


def failed(**changes: Any) -> OperatorFailed:
    asked = {"operator": "Lin", "by": None, "station": None, "address": "10.0.0.9"}
    return OperatorFailed(**{**asked, **changes})


def test_an_operator_is_made_given_a_pin_and_removed_on_record(running: Running) -> None:
    call = running.client.call
    assert call("operator.add", name="Wei", role="leader", pin_hash=HASH, **WHO) == {"name": "Wei", "role": "leader"}
    assert call("operator.list") == {"items": [{"name": "Wei", "role": "leader"}]}
    call("operator.set_pin", name="Wei", pin_hash=hash_pin("9753"), **WHO)
    call("operator.unlock", name="Wei", by="Lin", via="guard", station="booth")
    call("operator.remove", name="Wei", **WHO)
    who = {"by": "root", "via": "cli", "station": None}
    assert data(running, "operator.added") == [{"operator": "Wei", "role": "leader", **who}]
    assert data(running, "operator.pin_changed") == [{"operator": "Wei", **who}]
    assert data(running, "operator.unlocked") == [{"operator": "Wei", "by": "Lin", "via": "guard", "station": "booth"}]
    assert data(running, "operator.removed") == [{"operator": "Wei", "role": "leader", **who}]
    pin = re.compile(r"(?<![0-9a-f.])7391(?![0-9a-f])")  # and no part of a hash or of a moment
    assert not any(pin.search(row.text) or HASH in row.text for row in running.rows())


def test_another_role_is_on_record_as_a_person_removed_and_added(running: Running) -> None:
    call = running.client.call
    call("operator.add", name="Wei", role="guard", pin_hash=HASH, **WHO)
    assert call("operator.set_role", name="Wei", role="leader", **WHO) == {"name": "Wei", "role": "leader"}
    call("operator.set_role", name="Wei", role="leader", **WHO)
    assert [row["role"] for row in data(running, "operator.added")] == ["guard", "leader"]
    assert [row["role"] for row in data(running, "operator.removed")] == ["guard"]


def test_a_copy_of_the_data_is_on_record_before_it_is_made(running: Running) -> None:
    assert running.client.call("copy.take", what="backup", by="Ana", via="browser")["sequence"]
    assert data(running, "gateway.copied") == [{"what": "backup", "by": "Ana", "via": "browser"}]


def test_a_refused_change_leaves_no_row(running: Running) -> None:
    for op, params in (
        ("operator.add", {"name": "Wei", "role": "king", "pin_hash": HASH}),
        ("operator.add", {"name": "Wei", "role": "guard", "pin_hash": "2468"}),
        ("operator.set_role", {"name": "Gone", "role": "guard"}),
        ("operator.set_role", {"name": "Wei", "role": "king"}),
        ("operator.remove", {"name": "Gone"}),
        ("operator.unlock", {"name": "Gone"}),
    ):
        with pytest.raises(GatehouseError):
            running.client.call(op, **params, **WHO)
    assert running.rows("operator.added", "operator.removed", "operator.unlocked") == []


def test_a_wrong_pin_is_a_row_at_once(running: Running) -> None:
    asked = {"operator": "Lin", "by": None, "station": "booth", "address": "127.0.0.1"}
    running.client.call("operator.failed", **asked)
    [told] = data(running, "operator.sign_in_failed")
    assert {key: told[key] for key in (*asked, "count")} == {**asked, "count": 1}
    assert data(running, "operator.locked_out") == []


def test_the_first_set_up_makes_the_engine_begin_anew(fresh: Running) -> None:
    code = fresh.client.call("setup.code", **WHO)["setup_code"]
    with pytest.raises(GatehouseError, match="9 tries are left"):
        fresh.client.call("setup.finish", code="AAAA", form=FORM, pin_hash=HASH, via="browser")
    assert not fresh.engine.ended.is_set()
    done = fresh.client.call("setup.finish", code=code, form=FORM, pin_hash=HASH, via="browser")
    assert done == {"name": "Ana"}
    wait_until(fresh.engine.ended.is_set, what="the engine to end")
    assert fresh.engine.failure == ""
    told = [one["what"] for one in data(fresh, "settings.changed")]
    assert told == ["setup_code", "setup_code_wrong", "set_up"]


@pytest.mark.parametrize(
    "form",
    [
        {"site_name": ""},
        {"site_name": "North\nCourt"},
        {"site_name": "\u202eNorth"},
        {"site_name": "x" * 101},
        {"x": "y"},
    ],
)
def test_a_form_that_cannot_be_shown_on_one_line_is_refused(fresh: Running, form: dict[str, str]) -> None:
    with pytest.raises(GatehouseError) as wrong:
        fresh.client.call("setup.finish", code="AAAA", form={**FORM, **form}, pin_hash=HASH, via="browser")
    assert wrong.value.code == "request_invalid"


# ---- many wrong PINs


class Tries:
    """Wrong PINs on a fake clock, and the rows that they give."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.rows: list[rows.FailedTry] = []
        self.tries = FailedTries(self._keep, self.time.clock(trusted=True))

    def _keep(self, row: rows.Row) -> None:
        assert isinstance(row, rows.FailedTry)
        self.rows.append(row)

    def told(self, kind: type[rows.FailedTry]) -> list[tuple[str | None, int]]:
        return [(row.operator, row.count) for row in self.rows if isinstance(row, kind)]


def test_a_flood_of_one_name_is_two_rows_a_minute() -> None:
    one = Tries()
    for _ in range(1_000):
        one.tries.count(failed())
        one.time.pass_ms(50)
    one.time.pass_ms(60_000)
    one.tries.look()
    assert one.told(rows.OperatorSignInFailed) == [("Lin", 1), ("Lin", 999)]


def test_a_single_wrong_pin_is_one_row() -> None:
    one = Tries()
    one.tries.count(failed())
    for _ in range(5):
        one.time.pass_ms(30_000)
        one.tries.look()
    one.tries.flush()
    assert one.told(rows.OperatorSignInFailed) == [("Lin", 1)]


def test_names_are_counted_apart_and_all_unknown_ones_together() -> None:
    one = Tries()
    for name in ("Lin", "Wei", None, None, "Lin"):
        one.tries.count(failed(operator=name))
    one.tries.flush()
    assert sorted(one.told(rows.OperatorSignInFailed), key=str) == [
        ("Lin", 1), ("Lin", 1), ("Wei", 1), (None, 1), (None, 1),
    ]  # fmt: skip
    assert [row.subject("gw1") for row in one.rows[:3]] == ["operators/Lin", "operators/Wei", "operators/-"]


def test_a_minute_later_the_next_one_is_told_at_once_again() -> None:
    one = Tries()
    one.tries.count(failed())
    one.time.pass_ms(60_000)
    one.tries.count(failed())
    assert one.told(rows.OperatorSignInFailed) == [("Lin", 1), ("Lin", 1)]


def test_what_locks_out_is_a_row_of_its_own_with_the_wait() -> None:
    one = Tries()
    one.tries.count(failed(wait_s=2))
    one.tries.count(failed(wait_s=4))
    one.tries.flush()
    locked = [row for row in one.rows if isinstance(row, rows.OperatorLockedOut)]
    assert [(row.count, row.wait_s) for row in locked] == [(1, 2), (1, 4)]
    assert one.told(rows.OperatorSignInFailed) == [("Lin", 1), ("Lin", 1)]


def test_the_row_of_a_minute_has_its_beginning_and_the_last_try() -> None:
    one = Tries()
    one.tries.count(failed(address="10.0.0.1"))
    one.time.pass_ms(1_000)
    one.tries.count(failed(address="10.0.0.2", by="Wei"))
    one.tries.flush()
    first, rest = one.rows
    assert first.since == rest.since
    assert (first.address, rest.address, rest.by) == ("10.0.0.1", "10.0.0.2", "Wei")


def test_only_so_many_names_are_counted_at_a_time() -> None:
    one = Tries()
    for number in range(OPEN_MAX + 10):
        one.tries.count(failed(operator=f"n{number}"))
    assert len(one.tries._open) <= OPEN_MAX


def test_what_was_counted_is_journaled_at_the_stop(running: Running) -> None:
    for _ in range(3):
        running.client.call("operator.failed", operator="Lin", by=None, station=None, address="10.0.0.9")
    running.stop()
    assert [one["count"] for one in data(running, "operator.sign_in_failed")] == [1, 2]
    running.start()
