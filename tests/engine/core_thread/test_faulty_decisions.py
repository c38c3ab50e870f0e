"""A decision that raises is a person's, and whatever else a read makes the core raise, the next resident comes in."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gateway.core.access import decider
from gateway.core.access import rules as access
from gateway.core.access.access import Access
from gateway.core.access.decider import Decider
from gateway.core.access.expiry import ExpiryWarnings
from gateway.core.access.pending import PendingCase
from gateway.core.access.places import Places
from gateway.core.access.reads import ReadRules
from gateway.core.access.recent import Recent
from gateway.core.lane.people.admission import Admission
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.reads import Reads
from gateway.core.lane.signs.signs import Signs
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.engine.core_thread.lookups import Lookups
from tests.engine.core_thread.test_containment import ERRORS
from tests.support.engine import SITE
from tests.support.turns import Turns

LIN = Pass(id="lin", kind=PassKind.MONTHLY, cards=("7",), plates=("京A00007",), valid_until="2099-12-31")
WEI = Pass(id="wei", kind=PassKind.MONTHLY, cards=("8",), plates=("京A00008",), valid_until="2099-12-31")
WORKED_OUT: dict[str, tuple[Any, str]] = {
    "decide": (decider, "decide"),
    "judge": (access, "judge"),
    "validity": (access, "validity"),
    "days left": (access, "days_left"),
    "schedule": (access, "in_schedule"),
    "question": (Decider, "question"),
    "who is inside": (Decider, "is_inside"),
    "what has passed": (Recent, "visits"),
    "places": (Places, "space"),
    "fitness": (Admission, "fitness"),
}
"""The parts of a decision: nothing has changed yet when they raise."""
CHANGES: dict[str, tuple[Any, str]] = {
    "reads": (ReadRules, "take"),
    "the other proof": (CarsInFront, "other_proof"),
    "warning": (ExpiryWarnings, "due"),
    "decided": (Reads, "decided"),
    "grant": (Reads, "_grant"),
    "case": (PendingCase, "shown"),
    "plate": (Admission, "show"),
    "signs": (Signs, "update"),
    "waiting reads": (Access, "settle"),
}
"""What a read changes: the core is half changed when they raise."""


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    document = deepcopy(SITE)
    document["site"] |= {"capacity": 50, "anti_passback": "soft", "expiry_warning_days": 10}
    turns = Turns(tmp_path / "data", document)
    turns.put(LIN, WEI)
    yield turns
    turns.close()


def raise_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception) -> list[str]:
    """Let a part raise when it is called next; what was called."""
    called: list[str] = []
    true = getattr(owner, name)

    def once(*args: Any, **more: Any) -> Any:
        called.append(name)
        if len(called) == 1:
            raise error
        return true(*args, **more)

    monkeypatch.setattr(owner, name, once)
    return called


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("part", WORKED_OUT)
def test_a_decision_that_cannot_be_worked_out_is_referred_with_its_reason(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    turns.command("lock", "out")
    core = turns.site
    assert_called = raise_once(monkeypatch, *WORKED_OUT[part], error)
    turns.card("8")
    assert assert_called
    assert [row.data()["reason"] for row in turns.rows("access.referred")] == ["fault"]
    assert turns.opened() == 0
    (alarm,) = turns.alarms("fault")
    assert type(error).__name__ in alarm["detail"]["error"]
    turns.card("7")
    turns.pass_ms(300)
    assert turns.opened() == 1
    assert turns.site is core
    assert turns.lane("out")["mode"] == "locked"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("part", CHANGES)
def test_whatever_else_a_read_makes_the_core_raise_the_next_resident_comes_in(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    turns.command("lock", "out")
    called = raise_once(monkeypatch, *CHANGES[part], error)
    turns.card("8")
    assert called
    assert turns.opened() == 0
    assert len(turns.alarms("fault")) == 1
    turns.card("7")
    turns.pass_ms(300)
    assert turns.opened() == 1
    assert turns.lane("out")["mode"] == "locked"


@pytest.mark.parametrize("part", ["enrich", "_visits_of", "_occupancy"])
def test_a_look_up_that_raises_is_referred_with_its_reason(
    turns: Turns, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    core = turns.site
    owner = turns.loop if part == "enrich" else Lookups
    raise_once(monkeypatch, owner, "_enrich" if part == "enrich" else part, RuntimeError("planted"))
    turns.card("8")
    assert [row.data()["reason"] for row in turns.rows("access.referred")] == ["fault"]
    turns.card("7")
    turns.pass_ms(300)
    assert turns.opened() == 1
    assert turns.site is core


def test_a_person_releases_the_car_that_could_not_be_decided_on(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_once(monkeypatch, decider, "decide", RuntimeError())
    turns.card("8")
    assert turns.command("open", reason="resident_known").status == "done"
    turns.pass_ms(300)
    assert turns.opened() == 1
    assert turns.rows("access.granted")[0].data()["credential"]["value"] == "8"
