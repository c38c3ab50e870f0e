"""People, tokens and keys: each act holds at once, in the installer's name, and a refusal is said at its field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.store.settings.secrets import check_pin
from tests.web_installer.settings.conftest import Desk

PEOPLE, ONE, TOKENS, KEYS = (
    "/installer/settings/people",
    "/installer/settings/people/one",
    "/installer/settings/tokens",
    "/installer/settings/keys",
)
WEI = {"name": "Wei", "role": "leader", "pin": "7319", "pin_again": "7319"}
BY = {"by": "Ana", "via": "browser"}


def refuse(error: Exception) -> Any:
    """An answer of the engine that is an error."""

    def answer(_asked: dict[str, Any]) -> Any:
        raise error

    return answer


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
@pytest.mark.parametrize("path", [PEOPLE, f"{ONE}?name=Lin", TOKENS, KEYS])
def test_every_page_has_its_words(desk: Desk, path: str, locale: str) -> None:
    desk.engine.answers["token.list"] = lambda _: []
    desk.client.set_cookie("gatehouse_lang", locale)
    main = desk.get(path).partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"(?:installer|setting|role)\.[a-z_]+", re.sub(r"<[^>]*>", "", main))


@pytest.mark.parametrize("path", [PEOPLE, f"{ONE}?name=Lin", TOKENS, KEYS])
def test_only_an_installer_comes_in(desk: Desk, path: str) -> None:
    desk.enter("Lin")
    desk.get(path, status=403)


def test_a_person_is_added_with_the_hash_of_the_pin_alone(desk: Desk) -> None:
    answer = desk.post(PEOPLE, **WEI)
    assert (answer.status_code, answer.location) == (303, f"{PEOPLE}?told=added&name=Wei")
    [asked] = desk.engine.calls("operator.add")
    assert check_pin("7319", asked.pop("pin_hash"))
    assert asked == {"name": "Wei", "role": "leader", **BY}


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("name", "", "Please fill this in"),
        ("name", "x" * 57, "Too long"),
        ("role", "king", "choose a role"),
        ("pin", "12", "4 to 12 digits"),
        ("pin", "1234", "guessed first"),
        ("pin_again", "7318", "The two PINs differ"),
    ],
)
def test_a_person_with_a_fault_is_not_added(desk: Desk, field: str, value: str, wrong: str) -> None:
    answer = desk.post(PEOPLE, **{**WEI, field: value})
    assert answer.status_code == 422
    assert wrong in answer.get_data(as_text=True)
    assert desk.engine.calls("operator.add") == []


def test_a_name_that_the_engine_refuses_is_said_at_its_field_and_no_pin_is_repeated(desk: Desk) -> None:
    desk.engine.answers["operator.add"] = refuse(RefusedError("'Wei' looks like the operator 'wei'"))
    answer = desk.post(PEOPLE, **WEI)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "looks like the operator" in text
    assert 'value="Wei"' in text
    assert "7319" not in text


@pytest.mark.parametrize(
    ("fields", "op", "told", "asked"),
    [
        ({"act": "role", "role": "leader"}, "operator.set_role", "role", {"role": "leader"}),
        ({"act": "unlock"}, "operator.unlock", "unlocked", {}),
        ({"act": "remove", "sure": "yes"}, "operator.remove", "removed", {}),
    ],
)
def test_a_person_is_changed_at_once(
    desk: Desk, fields: dict[str, str], op: str, told: str, asked: dict[str, str]
) -> None:
    answer = desk.post(ONE, name="Lin", **fields)
    assert (answer.status_code, answer.location) == (303, f"{PEOPLE}?told={told}&name=Lin")
    assert desk.engine.calls(op) == [{"name": "Lin", **asked, **BY}]
    assert not desk.draft.changed


def test_a_new_pin_goes_to_the_engine_as_a_hash(desk: Desk) -> None:
    assert desk.post(ONE, name="Lin", act="pin", pin="7319", pin_again="7319").status_code == 303
    [asked] = desk.engine.calls("operator.set_pin")
    assert check_pin("7319", asked["pin_hash"])


def test_a_person_is_removed_only_with_the_tick(desk: Desk) -> None:
    answer = desk.post(ONE, name="Lin", act="remove")
    assert answer.status_code == 422
    assert "Tick that you are sure" in answer.get_data(as_text=True)
    assert desk.engine.calls("operator.remove") == []


@pytest.mark.parametrize(("act", "op"), [("remove", "operator.remove"), ("role", "operator.set_role")])
def test_the_last_installer_stays(desk: Desk, act: str, op: str) -> None:
    desk.engine.answers[op] = refuse(RefusedError("last", code="last_installer"))
    answer = desk.post(ONE, name="Ana", act=act, sure="yes", role="guard")
    assert answer.status_code == 409
    assert "the last installer" in answer.get_data(as_text=True)


def test_a_new_pin_of_ones_own_leads_to_the_sign_in(desk: Desk) -> None:
    assert desk.post(ONE, name="Ana", act="pin", pin="7319", pin_again="7319").location == "/sign-in"


def test_without_the_engine_a_page_says_so(desk: Desk) -> None:
    desk.engine.stop()
    assert "does not answer" in desk.get(TOKENS)
    assert desk.post(PEOPLE, **WEI).status_code == 503


def test_a_person_who_is_gone_is_not_found(desk: Desk) -> None:
    desk.get(f"{ONE}?name=Gone", status=404)


# ---- tokens


def test_a_token_is_shown_once(desk: Desk) -> None:
    desk.engine.answers |= {"token.create": lambda _: {"id": "a1", "token": "gh_once"}, "token.list": lambda _: []}
    text = desk.send(TOKENS, {"name": "central", "scope=events:read": "yes", "scope=metrics": "yes"}).get_data(
        as_text=True
    )
    assert "gh_once" in text
    assert "gh_once" not in desk.get(TOKENS)
    [asked] = desk.engine.calls("token.create")
    assert asked == {"name": "central", "scopes": ["events:read", "metrics"], "expires_at": "", **BY}


def test_a_token_ends_with_a_day_of_the_site(desk: Desk) -> None:
    desk.engine.answers["token.create"] = lambda _: {"id": "a1", "token": "gh_once"}
    desk.send(TOKENS, {"name": "camera", "scope=plates:push": "yes", "expires": "2090-01-31"})
    assert desk.engine.calls("token.create")[0]["expires_at"] == "2090-02-01T00:00:00+08:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scope=metrics": "yes"},
        {"name": "central"},
        {"name": "central", "scope=metrics": "yes", "expires": "2020-01-01"},
        {"name": "central", "scope=metrics": "yes", "expires": "soon"},
    ],
)
def test_a_token_with_a_fault_is_not_made(desk: Desk, fields: dict[str, str]) -> None:
    answer = desk.send(TOKENS, fields)
    assert answer.status_code == 422
    assert len(re.findall("is-wrong", answer.get_data(as_text=True))) == 1
    assert desk.engine.calls("token.create") == []


def test_a_token_is_revoked_by_its_id(desk: Desk) -> None:
    assert desk.post(f"{TOKENS}/revoke", token="a1").status_code == 303
    assert desk.engine.calls("token.revoke") == [{"name": "a1", **BY}]
    desk.engine.answers["token.revoke"] = refuse(NotFoundError("there is no token"))
    assert "not there now" in desk.post(f"{TOKENS}/revoke", token="a1").get_data(as_text=True)


# ---- keys of stations


def test_a_key_is_shown_to_be_typed_on_the_spot(desk: Desk) -> None:
    desk.engine.answers["station.key"] = lambda _: {"station": "north", "key": "1111 2222 3333 4444 5555"}
    answer = desk.post(KEYS, station="north", act="show")
    assert "1111 2222 3333 4444 5555" in answer.get_data(as_text=True)
    assert "gatehouse_station" not in str(answer.headers)
    assert desk.engine.calls("station.key") == [{"station": "north", **BY}]


def test_this_screen_becomes_the_station(desk: Desk) -> None:
    key = desk.directory.station_keys.issue("north")
    desk.engine.answers["station.key"] = lambda _: {"station": "north", "key": key}
    answer = desk.post(KEYS, station="north", act="here")
    assert answer.status_code == 303
    assert key not in answer.get_data(as_text=True)
    assert "this screen" in desk.get(KEYS)


def test_a_screen_behind_a_proxy_becomes_no_station(desk: Desk) -> None:
    fields = {"station": "north", "act": "here"}
    desk.client.environ_base["HTTP_VIA"] = "1.1 proxy"
    assert "through a proxy" in desk.send(KEYS, fields).get_data(as_text=True)
    assert desk.engine.calls("station.key") == []


def test_a_station_that_does_not_hold_yet_gets_no_key(desk: Desk) -> None:
    assert desk.post(KEYS, station="south").status_code == 404
