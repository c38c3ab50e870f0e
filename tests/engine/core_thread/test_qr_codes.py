"""QR codes of temporary passes at a whole engine: forged, altered, expired, replayed, and the honest one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import NotFoundError, PassError
from gateway.core.vocabulary.events import CredentialRead
from gateway.store.passes.codes import PassCode, write_code
from tests.engine.conftest import until
from tests.support.engine import SITE, Running

TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
VISITOR = {"id": "v-1", "kind": "temporary", "valid_until": TOMORROW}
Verdict = tuple[str, str]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    site = deepcopy(SITE)
    site["devices"].append({"id": "reader-out", "driver": "noop"})
    site["devices"].append({"id": "reader-in2", "driver": "noop"})
    site["lanes"][1]["readers"] = ["reader-out"]
    site["lanes"].append(
        {"id": "in2", "direction": "entry", "readers": ["reader-in2"], "barrier": {"open": "io.output.2"}}
    )
    running = Running(tmp_path / "data", site)
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    running.client.call("passes.put", **{"pass": VISITOR}, by="office")
    yield running
    running.stop()


@pytest.fixture
def show(running: Running) -> Callable[..., Verdict]:
    """Hold a code to a reader: how it was decided, and why."""

    def present(text: str, reader: str = "reader-in") -> Verdict:
        before = len(decisions(running))
        running.bus.report(CredentialRead(reader, "qr", text))
        until(lambda: len(decisions(running)) > before)
        row = decisions(running)[before]
        return row.type.removeprefix("access."), row.data()["reason"]

    return present


def decisions(running: Running) -> list[Any]:
    return running.rows("access.granted", "access.denied", "access.referred")


def issue(running: Running, when: str = "") -> str:
    return str(running.client.call("passes.code", pass_id="v-1", by="office", until=when)["code"])


def drive_through(running: Running) -> None:
    """The arm opens, a car passes the loop, the visit is known."""
    entered = len(running.rows("passage.entered"))
    running.bus.set(at_closed=False, at_open=True)
    until(lambda: running.lane()["arm"] == "open")
    running.bus.set(safety=True)
    until(lambda: running.lane()["crossing"] == "under")
    running.bus.set(safety=False)
    until(lambda: len(running.rows("passage.entered")) > entered)
    running.bus.set(at_open=False, at_closed=True)
    until(lambda: running.lane()["arm"] == "closed")
    until(lambda: running.engine._stores.state.sequence >= running.rows("passage.entered")[-1].sequence)


def test_a_code_opens_and_the_journal_holds_its_name_and_not_its_text(
    running: Running, show: Callable[..., Verdict]
) -> None:
    text = issue(running)
    assert show(text) == ("granted", "valid_pass")
    [issued] = [row.data() for row in running.rows("settings.changed")]
    [granted] = running.rows("access.granted")
    assert granted.data()["credential"] == {"kind": "qr", "value": issued["code"]}
    assert granted.data()["pass"] == "v-1"
    assert (issued["what"], issued["by"]) == ("code_issued", "office")
    assert text not in "".join(row.text for row in running.rows())


def test_a_code_lets_in_once_also_after_the_car_has_left(running: Running, show: Callable[..., Verdict]) -> None:
    text = issue(running)
    assert show(text) == ("granted", "valid_pass")
    drive_through(running)
    # Not at its own lane: read there again at once, it would say that the car has not gone in after all.
    assert show(text, "reader-in2") == ("denied", "already_inside")
    assert show(text, "reader-out") == ("granted", "valid_pass")
    running.stop()
    running.start()
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    assert show(text) == ("denied", "already_inside")


def test_a_copy_at_another_lane_is_denied_before_anybody_has_come_in(
    running: Running, show: Callable[..., Verdict]
) -> None:
    text = issue(running)
    assert show(text) == ("granted", "valid_pass")
    assert show(text, "reader-in2") == ("denied", "already_inside")


def test_a_code_does_not_let_out_who_did_not_come_in_with_it(running: Running, show: Callable[..., Verdict]) -> None:
    assert show(issue(running), "reader-out") == ("referred", "not_inside")


def test_two_codes_of_one_pass_let_in_one_each(running: Running, show: Callable[..., Verdict]) -> None:
    first, second = issue(running), issue(running)
    assert show(first) == ("granted", "valid_pass")
    drive_through(running)
    assert show(second) == ("granted", "valid_pass")


@pytest.mark.parametrize(
    "forge",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "E"),
        lambda text: text[:10] + ("A" if text[10] != "A" else "E") + text[11:],
        lambda text: text[:-4],
        lambda text: write_code(bytes(32), PassCode("v-1", 4_000_000_000, "0123456789ab")),
        lambda text: "GH1",
        lambda text: "https://example.com/health?name=Wang",
    ],
    ids=["altered signature", "altered end", "cut short", "forged", "empty", "foreign"],
)
def test_a_code_that_was_made_up_or_altered_is_nobodys_and_says_nothing(
    running: Running, show: Callable[..., Verdict], forge: Callable[[str], str]
) -> None:
    text = forge(issue(running))
    assert show(text) == ("denied", "unknown_credential")
    assert decisions(running)[0].data()["credential"]["value"].startswith("foreign-")
    assert "Wang" not in "".join(row.text for row in running.rows())


def test_an_ended_code_is_expired_although_its_pass_is_not(running: Running, show: Callable[..., Verdict]) -> None:
    issue(running)
    ended = int(datetime.now(UTC).timestamp()) - 1
    text = write_code(running.engine._stores.codes._key, PassCode("v-1", ended, "0123456789ab"))
    assert show(text) == ("denied", "expired")


def test_a_code_ends_with_its_pass_when_that_is_shortened_blocked_or_removed(
    running: Running, show: Callable[..., Verdict]
) -> None:
    text = issue(running)
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    for changed, reason in (({"valid_until": yesterday}, "expired"), ({"kind": "blocked"}, "blocked")):
        running.client.call("passes.put", **{"pass": {**VISITOR, **changed}}, by="office")
        assert show(text) == ("denied", reason)
    running.client.call("passes.delete", pass_id="v-1", by="office")
    assert show(text) == ("denied", "unknown_credential")


def test_only_temporary_passes_that_are_there_have_codes(running: Running) -> None:
    with pytest.raises(NotFoundError):
        running.client.call("passes.code", pass_id="nobody", by="office")
    running.client.call("passes.put", **{"pass": {"id": "m-1", "kind": "monthly"}}, by="office")
    with pytest.raises(PassError, match="temporary"):
        running.client.call("passes.code", pass_id="m-1", by="office")
    assert running.rows("settings.changed") == []
