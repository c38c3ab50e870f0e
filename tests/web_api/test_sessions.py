"""People: signing in by name and PIN, sessions, forms, and what guessing gets one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.settings.roles import Right, Role
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, held
from web.people.auth import confirm_pin, csrf_token, require_operator
from web.people.lockout import FREE_FAILURES, Lockout
from web.people.operators import Operator, SiteDocument
from web.people.sessions import SHIFT_S, Sessions, form_token
from web.platform.problems import Problem
from web.platform.webdb import WebDatabase


class Clock:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_796_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[WebDatabase]:
    opened = WebDatabase(tmp_path / "web.db")
    yield opened
    opened.close()


def sign_in(client: FlaskClient, name: str = "Lin", pin: str = "2468", address: str = "127.0.0.1") -> int:
    answer = client.post("/sign-in", data={"name": name, "pin": pin}, environ_base={"REMOTE_ADDR": address})
    return answer.status_code


# ---- signing in ---------------------------------------------------------------------------------------------------


def test_name_and_pin_begin_a_session_for_the_shift(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post("/sign-in", data={"name": "Lin", "pin": "2468"})
    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 303
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and f"Max-Age={SHIFT_S}" in cookie
    assert "Secure" not in cookie
    assert client.get("/live/state").status_code == 200


def test_over_https_the_cookie_is_for_https_alone(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post("/sign-in", data={"name": "Lin", "pin": "2468"}, base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(("name", "pin"), [("Lin", "2469"), ("Lin", ""), ("Nobody", "2468"), ("", "")])
def test_a_wrong_name_or_pin_begins_none(client: FlaskClient, name: str, pin: str) -> None:
    assert sign_in(client, name, pin) == 401
    assert client.get("/live/state").status_code == 401


def test_signing_in_and_out_is_journaled_by_name(client: FlaskClient, engine: EngineStandIn) -> None:
    sign_in(client)
    csrf = form_token(client.get_cookie("gatehouse").value)
    client.post("/sign-out", data={"csrf": csrf})
    noted = engine.calls("journal.note")
    assert [(one["type"], one["data"]["by"]) for one in noted] == [
        ("operator.signed_in", "Lin"),
        ("operator.signed_out", "Lin"),
    ]
    assert client.get("/live/state").status_code == 401


def test_people_get_in_while_the_engine_is_away(client: FlaskClient) -> None:
    assert sign_in(client) == 303


def test_the_session_is_not_on_the_disk_as_it_is_in_the_cookie(client: FlaskClient, app: Flask, data: Path) -> None:
    sign_in(client)
    value = client.get_cookie("gatehouse").value.encode()
    held(app).database.close()
    assert not any(value in path.read_bytes() for path in data.glob("web.db*"))


def test_a_session_survives_a_restart_of_the_web(client: FlaskClient, data: Path) -> None:
    from web.platform.app import create_app

    sign_in(client)
    again = create_app(data)
    other = again.test_client()
    other.set_cookie("gatehouse", client.get_cookie("gatehouse").value)
    assert other.get("/live/state").status_code == 200
    held(again).close()


def test_a_new_sign_in_ends_the_session_before(client: FlaskClient) -> None:
    sign_in(client)
    old = client.get_cookie("gatehouse").value
    client.post("/sign-in", data={"name": "Mei", "pin": "1357", "csrf": form_token(old)})
    client.set_cookie("gatehouse", old)
    assert client.get("/live/state").status_code == 401


@pytest.mark.parametrize("at", [0, 4096])
def test_a_damaged_database_is_put_aside_and_people_can_sign_in(
    tmp_path: Path, directory: DataDirectory, clock: Clock, at: int
) -> None:
    path = tmp_path / "web.db"
    old = WebDatabase(path)
    site = SiteDocument(directory.site)
    Sessions(old, site, clock).create(site.operators()["Lin"])
    old.close()
    noise = path.read_bytes()[:at] + b"\xa5" * 40_000
    path.write_bytes(noise)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    database = WebDatabase(path)
    sessions = Sessions(database, site, clock)
    token = sessions.create(site.operators()["Lin"])
    assert sessions.find(token) is not None
    assert [file.read_bytes() for file in tmp_path.glob("web.db.damaged-*")] == [noise]
    database.close()


def test_a_session_ends_with_the_shift(database: WebDatabase, directory: DataDirectory, clock: Clock) -> None:
    sessions = Sessions(database, SiteDocument(directory.site), clock)
    operator = SiteDocument(directory.site).operators()["Lin"]
    token = sessions.create(operator)
    clock.now_s += SHIFT_S - 1
    assert sessions.find(token) == operator
    clock.now_s += 1
    assert sessions.find(token) is None


@pytest.mark.parametrize("change", [{"pin": "8642"}, {"role": "auditor"}])
def test_a_changed_pin_or_role_ends_the_sessions_made_before(
    client: FlaskClient, directory: DataDirectory, change: dict[str, str]
) -> None:
    sign_in(client)
    assert client.get("/live/state").status_code == 200
    lin, *others = SITE["operators"]
    directory.save_site({**SITE, "operators": [{**lin, **change}, *others]})
    assert client.get("/live/state").status_code == 401


def test_a_removed_operator_is_out_at_once(client: FlaskClient, directory: DataDirectory) -> None:
    sign_in(client)
    directory.save_site({**SITE, "operators": SITE["operators"][1:]})
    assert client.get("/live/state").status_code == 401
    assert sign_in(client) in (401, 403)


def test_a_broken_site_file_locks_nobody_out(client: FlaskClient, directory: DataDirectory) -> None:
    sign_in(client)
    directory.site.write_text("{ half")
    assert client.get("/live/state").status_code == 200


def test_pages_send_strangers_to_the_sign_in_and_json_gets_a_401(client: FlaskClient) -> None:
    page = client.get("/")
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/")
    answer = client.get("/live/state")
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_required")


def test_a_role_without_the_right_is_refused(app: Flask) -> None:
    view = require_operator(Right.COMMAND)(lambda: "in")
    with app.test_request_context("/"):
        from flask import g

        g.operator = Operator("Ana", Role.AUDITOR)
        with pytest.raises(Problem) as refused:
            view()
        assert (refused.value.status, refused.value.code) == (403, "role_missing")
        g.operator = Operator("Mei", Role.LEADER)
        assert view() == "in"


# ---- forms --------------------------------------------------------------------------------------------------------


def test_a_form_without_the_sessions_token_is_refused(client: FlaskClient) -> None:
    sign_in(client)
    assert client.post("/sign-out").status_code == 403
    assert client.post("/sign-out", data={"csrf": "0" * 64}).status_code == 403
    assert client.get("/live/state").status_code == 200


def test_the_token_may_come_in_a_header(client: FlaskClient) -> None:
    sign_in(client)
    headers = {"X-CSRF-Token": form_token(client.get_cookie("gatehouse").value)}
    assert client.post("/sign-out", headers=headers).status_code == 303


def test_another_sessions_token_does_not_do(client: FlaskClient, app: Flask) -> None:
    other = app.test_client()
    sign_in(client)
    sign_in(other, "Mei", "1357")
    foreign = form_token(other.get_cookie("gatehouse").value)
    assert client.post("/sign-out", data={"csrf": foreign}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_another_site_cannot_sign_anybody_in(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/sign-in", data={"name": "Lin", "pin": "2468"}, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_pages_get_the_token_that_the_check_expects(client: FlaskClient, app: Flask) -> None:
    sign_in(client)
    value = client.get_cookie("gatehouse").value
    with app.test_request_context("/", headers={"Cookie": f"gatehouse={value}"}):
        assert csrf_token() == form_token(value)
    with app.test_request_context("/"):
        assert csrf_token() == ""


# ---- guessing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def lockout(database: WebDatabase, clock: Clock) -> Lockout:
    return Lockout(database, clock)


def guess(lockout: Lockout, times: int, operator: str | None, address: str, clock: Clock) -> int:
    """Fail as often as that, waiting as long as one must; returns the last wait."""
    for _ in range(times):
        clock.now_s += lockout.wait_s(operator, address)
        lockout.failed(operator, address)
    return lockout.wait_s(operator, address)


def test_three_mistakes_are_free_then_the_wait_doubles(lockout: Lockout, clock: Clock) -> None:
    assert guess(lockout, FREE_FAILURES, "Lin", "10.0.0.9", clock) == 0
    waits = [guess(lockout, 1, "Lin", "10.0.0.9", clock) for _ in range(5)]
    assert waits == [2, 4, 8, 16, 32]


def test_guessing_from_many_addresses_slows_down_just_the_same(lockout: Lockout, clock: Clock) -> None:
    for number in range(20):
        guess(lockout, 1, "Lin", f"10.0.0.{number}", clock)
    assert lockout.wait_s("Lin", "10.0.1.1") == 900


def test_where_an_operator_works_nobody_elsewhere_can_lock_that_operator_out(lockout: Lockout, clock: Clock) -> None:
    lockout.succeeded("Lin", "127.0.0.1")
    for number in range(30):
        guess(lockout, 1, "Lin", f"10.0.0.{number}", clock)
    assert lockout.wait_s("Lin", "10.0.1.1") > 0
    assert lockout.wait_s("Lin", "127.0.0.1") == 0


def test_every_wait_ends(lockout: Lockout, clock: Clock) -> None:
    wait_s = guess(lockout, 60, "Lin", "10.0.0.9", clock)
    assert 0 < wait_s <= 900
    clock.now_s += wait_s
    assert lockout.wait_s("Lin", "10.0.0.9") == 0


def test_a_clock_that_was_set_back_does_not_make_a_wait_longer_than_the_longest(lockout: Lockout, clock: Clock) -> None:
    guess(lockout, 10, "Lin", "10.0.0.9", clock)
    clock.now_s -= 30 * 86400
    assert lockout.wait_s("Lin", "10.0.0.9") <= 900


def test_a_right_pin_wipes_the_slate_clean(lockout: Lockout, clock: Clock) -> None:
    guess(lockout, FREE_FAILURES, "Lin", "127.0.0.1", clock)
    lockout.succeeded("Lin", "127.0.0.1")
    clock.now_s += 901
    assert guess(lockout, FREE_FAILURES, "Lin", "127.0.0.1", clock) == 0


def test_at_a_booth_each_wrong_pin_makes_the_next_try_of_that_name_wait_from_one_second_to_a_minute(
    lockout: Lockout, clock: Clock
) -> None:
    waits = []
    for _ in range(9):
        lockout.failed("Lin", "127.0.0.1", "booth")
        waits.append(lockout.wait_s("Lin", "127.0.0.1", "booth"))
        clock.now_s += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_at_a_booth_one_names_wrong_pins_keep_no_other_name_out(lockout: Lockout) -> None:
    for _ in range(30):
        lockout.failed("Lin", "127.0.0.1", "booth")
        lockout.failed(None, "127.0.0.1", "booth")
    assert lockout.wait_s("Wei", "127.0.0.1", "booth") == 0


def test_what_is_guessed_elsewhere_keeps_nobody_waiting_at_the_booth(lockout: Lockout, clock: Clock) -> None:
    for address in ("10.0.0.9", "127.0.0.1"):
        guess(lockout, 12, "Lin", address, clock)
    assert lockout.wait_s("Lin", "127.0.0.1", "booth") == 0
    assert lockout.wait_s("Lin", "10.0.0.9") > 60


def test_two_booths_count_apart(lockout: Lockout) -> None:
    lockout.failed("Lin", "10.0.0.9", "north")
    assert lockout.wait_s("Lin", "10.0.0.9", "south") == 0


def test_a_right_pin_at_the_booth_ends_what_the_wrong_ones_began(lockout: Lockout, clock: Clock) -> None:
    for _ in range(9):
        lockout.failed("Lin", "127.0.0.1", "booth")
    clock.now_s += 60
    lockout.succeeded("Lin", "127.0.0.1", "booth")
    lockout.failed("Lin", "127.0.0.1", "booth")
    assert lockout.wait_s("Lin", "127.0.0.1", "booth") == 1


def test_a_clock_that_was_set_back_keeps_nobody_out_of_the_booth(lockout: Lockout, clock: Clock) -> None:
    lockout.failed("Lin", "127.0.0.1", "booth")
    clock.now_s -= 30 * 86400
    assert lockout.wait_s("Lin", "127.0.0.1", "booth") == 0


def test_the_try_that_causes_a_wait_says_so_itself(client: FlaskClient) -> None:
    told = client.post("/sign-in", data={"name": "Lin", "pin": "0000"})
    assert told.status_code == 401 and 'data-wait="1"' in told.text and "try again in 1 s" in told.text
    far = {"REMOTE_ADDR": "10.0.0.9"}
    answers = [
        client.post("/sign-in", data={"name": "Lin", "pin": "0000"}, environ_base=far) for _ in range(FREE_FAILURES + 1)
    ]
    assert ['data-wait="0"' in one.text for one in answers] == [True] * FREE_FAILURES + [False]
    assert 'data-wait="2"' in answers[-1].text


def test_at_the_booth_wei_gets_in_whatever_lin_has_typed(client: FlaskClient) -> None:
    for _ in range(5):
        sign_in(client, pin="0000")
    assert sign_in(client) == 429
    assert sign_in(client, "Mei", "1357") == 303


def test_made_up_names_and_addresses_do_not_fill_the_disk(
    lockout: Lockout, clock: Clock, database: WebDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.people.lockout.ROWS_MAX", 50)
    guess(lockout, 8, "Lin", "10.9.9.9", clock)
    for number in range(200):
        lockout.failed(None, f"10.0.{number // 250}.{number % 250}")
    assert database.rows("SELECT count(*) FROM lockout") == [(50,)]
    assert lockout.wait_s("Lin", "10.8.8.8") > 0


def test_while_one_must_wait_even_the_right_pin_is_not_looked_at(client: FlaskClient) -> None:
    for _ in range(FREE_FAILURES + 1):
        sign_in(client, pin="0000", address="10.0.0.9")
    assert sign_in(client, address="10.0.0.9") == 429
    assert sign_in(client, "Mei", "1357", address="10.0.0.9") == 429
    assert sign_in(client, "Mei", "1357", address="10.0.0.10") == 303


def is_wrong(name: str, pin: str) -> bool:
    """Whether the PIN is refused as wrong, and not for another reason."""
    with pytest.raises(Problem) as refused:
        confirm_pin(name, pin)
    return refused.value.code == "pin_wrong"


def test_the_pin_is_asked_again_and_counts_like_a_sign_in(app: Flask) -> None:
    with app.test_request_context("/"):
        assert confirm_pin("Lin", "2468").name == "Lin"
        for _ in range(FREE_FAILURES + 1):
            assert is_wrong("Lin", "1111")
        with pytest.raises(Problem) as refused:
            confirm_pin("Lin", "2468")
    assert refused.value.status == 429
    assert refused.value.extra["wait_s"] > 0


def test_a_name_that_is_not_there_takes_as_long_as_one_that_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr("web.people.auth.hash_pin", lambda pin: hashed.append(pin) or "")
    with app.test_request_context("/"):
        assert is_wrong("Nobody", "2468")
    assert len(hashed) == 1


@pytest.mark.parametrize("pin", ["\ud800", "2468\x00", "2" * 10_000, "２４６８"])
def test_a_pin_that_nobody_can_type_is_just_wrong(app: Flask, pin: str) -> None:
    with app.test_request_context("/"):
        assert is_wrong("Lin", pin)


def test_many_guesses_at_once_are_counted_like_one_after_the_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    looked: list[str] = []
    begin = threading.Barrier(20)
    monkeypatch.setattr("web.people.auth.check_pin", lambda pin, _hash: looked.append(pin) is not None)

    def one() -> None:
        with app.test_request_context("/"), suppress(Problem):
            begin.wait(60)
            confirm_pin("Lin", "0000")

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) <= FREE_FAILURES + 2


def test_a_session_does_not_outlive_a_shift_because_the_clock_was_set_back(
    database: WebDatabase, directory: DataDirectory, clock: Clock
) -> None:
    sessions = Sessions(database, SiteDocument(directory.site), clock)
    token = sessions.create(SiteDocument(directory.site).operators()["Lin"])
    clock.now_s -= 60
    assert sessions.find(token) is not None
    clock.now_s -= 30 * 86400
    assert sessions.find(token) is None


def test_two_pins_are_checked_at_a_time_and_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    lock, now, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2)
    monkeypatch.setattr("web.people.auth.hash_pin", lambda _pin: "")

    def slow(_pin: str, _hash: str) -> bool:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait(60)  # two there are
        time.sleep(0.02)  # and time for a third
        with lock:
            now[0] -= 1
        return True

    monkeypatch.setattr("web.people.auth.check_pin", slow)

    def one() -> None:
        with app.test_request_context("/"):
            confirm_pin("Lin", "2468")

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2
