"""Release slips over HTTP, with a real engine behind: registered, confirmed, used once, kept with the exit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.core.vocabulary.errors import GatehouseError
from tests.engine.settings.conftest import SITE, Box, until
from tests.web_api.gate.test_listed import rows

Tokens = Callable[..., dict[str, str]]
URL = "/api/v1/slips"
SAID = {"unit": "4-201", "goods": "a piano and two boxes"}
CASE = {
    "lane": "out",
    "case": "c1-1",
    "credential": {"kind": "card", "value": "77"},
    "via": "guard",
    "station": "booth",
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    found = Box(tmp_path / "data", SITE)
    until(lambda: found.lane("in")["arm"] == "closed")
    yield found
    found.stop()


@pytest.fixture
def data(box: Box) -> Path:
    return box.directory.path


@pytest.fixture
def office(client: FlaskClient, token: Tokens) -> Callable[..., Any]:
    headers = token("state:read", "visits:write", name="office")

    def send(method: str, path: str = "", body: Any = None) -> Any:
        more = {} if body is None else {"json": body}
        return client.open(URL + path, method=method, headers=headers, **more)

    return send


def use(box: Box, slip: str, by: str = "Lin", **more: Any) -> Any:
    return box.client.call("slips.use", slip=slip, by=by, **{**CASE, **more})


def state(office: Callable[..., Any], slip: str) -> dict[str, Any]:
    return dict(office("GET", f"/{slip}").json)


def test_a_slip_is_matched_once_and_kept_with_the_exit(box: Box, office: Callable[..., Any]) -> None:
    made = office("POST", body={**SAID, "plate": "粤B·12345"})
    assert made.status_code == 201
    slip = made.json["slip"]
    assert (made.json["state"], made.json["plate"], made.json["by"]) == ("open", "粤B12345", "office")
    use(box, slip)
    shown = state(office, slip)
    assert (shown["state"], shown["lane"], shown["case"], shown["used_by"]) == ("used", "out", "c1-1", "Lin")
    [row] = rows(box, "slip.used")
    assert (row["slip"], row["credential"]["value"], row["station"]) == (slip, "77", "booth")
    with pytest.raises(GatehouseError, match="used already"):
        use(box, slip, case="c1-2")
    assert office("POST", f"/{slip}/cancel").status_code == 409


def test_the_same_press_again_is_answered_as_the_first_time(box: Box, office: Callable[..., Any]) -> None:
    slip = office("POST", body=SAID).json["slip"]
    assert use(box, slip) == use(box, slip)
    assert len(rows(box, "slip.used")) == 1


def test_of_two_guards_at_once_one_uses_it(box: Box, office: Callable[..., Any]) -> None:
    slip = office("POST", body=SAID).json["slip"]

    def press(number: int) -> bool:
        try:
            return bool(use(box, slip, by=f"Guard {number}", case=f"c1-{number}"))
        except GatehouseError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(8))) == 1
    assert len(rows(box, "slip.used")) == 1


def test_a_slip_stays_used_over_a_restart_and_over_projections_that_are_made_anew(
    box: Box, office: Callable[..., Any]
) -> None:
    slip = office("POST", body=SAID).json["slip"]
    use(box, slip)
    box.stop()
    for file in box.directory.state.parent.glob("state.db*"):
        file.unlink()
    box.start()
    until(lambda: box.lane("in")["arm"] == "closed")
    with pytest.raises(GatehouseError, match="used already"):
        use(box, slip, case="c2-1")
    assert len(rows(box, "slip.used")) == 1


def test_another_carrier_needs_the_owners_word_first(box: Box, office: Callable[..., Any]) -> None:
    slip = office("POST", body={**SAID, "carrier": "other"}).json["slip"]
    assert state(office, slip)["state"] == "unconfirmed"
    with pytest.raises(GatehouseError, match="asks the owner first"):
        use(box, slip)
    answer = office("POST", f"/{slip}/confirm", {"how": "phone"})
    assert (answer.json["state"], answer.json["confirmed_by"]) == ("open", "office")
    assert office("POST", f"/{slip}/confirm", {"how": "phone"}).status_code == 409
    use(box, slip)


def test_a_cancelled_slip_and_one_for_another_vehicle_release_nothing(box: Box, office: Callable[..., Any]) -> None:
    slip = office("POST", body={**SAID, "plate": "粤B12345"}).json["slip"]
    with pytest.raises(GatehouseError, match="is for the vehicle 粤B12345"):
        use(box, slip, plate="京A00001")
    with pytest.raises(GatehouseError, match="at an exit"):
        use(box, slip, lane="in")
    assert office("POST", f"/{slip}/cancel").json["state"] == "cancelled"
    with pytest.raises(GatehouseError, match="is cancelled"):
        use(box, slip)
    assert rows(box, "slip.used") == []


def test_a_repeat_of_a_key_makes_one_slip_and_another_body_is_refused(
    box: Box, client: FlaskClient, token: Tokens
) -> None:
    headers = {**token("visits:write", name="office"), "Idempotency-Key": "k1"}
    first, again = (client.post(URL, json=SAID, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    use(box, first.json["slip"])
    assert client.post(URL, json=SAID, headers=headers).json["state"] == "used"
    assert client.post(URL, json={**SAID, "goods": "a bed"}, headers=headers).status_code == 422
    assert len(rows(box, "slip.registered")) == 1
    other = {**token("visits:write", name="central"), "Idempotency-Key": "k1"}
    assert client.post(URL, json=SAID, headers=other).json["slip"] != first.json["slip"]


def test_a_slip_has_a_code_says_who_asked_and_why_it_was_cancelled(box: Box, office: Callable[..., Any]) -> None:
    made = office("POST", body={"plate": "粤B12345", "goods": "a bed", "asked_by": "tenant"}).json
    assert made["code"] == made["slip"][-6:].upper()
    assert (made["unit"], made["asked_by"]) == ("", "tenant")
    assert office("POST", f"/{made['slip']}/cancel", {"reason": "call 13800138000"}).status_code == 422
    assert office("POST", f"/{made['slip']}/cancel", {"why": "x"}).status_code == 422
    cancelled = office("POST", f"/{made['slip']}/cancel", {"reason": "moved to Monday"}).json
    assert (cancelled["state"], cancelled["reason"], cancelled["cancelled_by"]) == (
        "cancelled", "moved to Monday", "office",
    )  # fmt: skip
    assert rows(box, "slip.cancelled")[0]["reason"] == "moved to Monday"


def test_slips_are_found_by_state_and_text(box: Box, office: Callable[..., Any]) -> None:
    first = office("POST", body={**SAID, "plate": "粤B12345"}).json["slip"]
    office("POST", body={"unit": "7-3", "goods": "bicycle"})
    assert [one["slip"] for one in office("GET", "?state=open&q=piano").json["items"]] == [first]
    assert [one["slip"] for one in office("GET", "?q=b12345").json["items"]] == [first]
    assert len(office("GET", "?state=open").json["items"]) == 2
    assert office("GET", "?state=used").json["items"] == []


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"unit": "4-201"}, "goods"),
        ({"goods": "a bed"}, "say where the goods leave, or the plate"),
        ({**SAID, "asked_by": "Mr Wang"}, "asked_by"),
        ({**SAID, "goods": " "}, "say what leaves"),
        ({**SAID, "goods": "call 13800138000"}, "digits"),
        ({**SAID, "until": "2020-01-01T00:00:00Z"}, "has passed"),
        ({**SAID, "until": "2090-01-01T00:00:00Z"}, "at most 31 days"),
        ({**SAID, "carrier": "me"}, "carrier"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(office: Callable[..., Any], said: dict[str, Any], wrong: str) -> None:
    answer = office("POST", body=said)
    assert (answer.status_code, answer.json["code"]) == (422, "slip_invalid")
    assert wrong in answer.json["detail"]
