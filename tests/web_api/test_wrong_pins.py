"""Wrong PINs and lock-outs: told to the engine without PIN and without unknown names, and lifted by a leader."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import fails, held
from web.people.lockout import FREE_FAILURES, Lockout
from web.people.sessions import form_token
from web.platform.webdb import WebDatabase

FAR = "10.0.0.9"


class Screen:
    """A browser at an address."""

    def __init__(self, app: Flask, peer: str = "127.0.0.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie("gatehouse_lang", "en")
        self.peer = peer

    def post(self, path: str, **form: str) -> Any:
        cookie = self.client.get_cookie("gatehouse")
        csrf = {"csrf": form_token(cookie.value)} if cookie else {}
        return self.client.post(path, data={**csrf, **form}, environ_base={"REMOTE_ADDR": self.peer})

    def get(self, path: str) -> Any:
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.peer})

    def sign_in(self, name: str = "Lin", pin: str = "2468") -> int:
        return int(self.post("/sign-in", name=name, pin=pin).status_code)


@pytest.fixture
def lifting(engine: EngineStandIn, directory: DataDirectory) -> EngineStandIn:
    """The engine lifts lock-outs as it does."""

    def unlock(asked: dict[str, Any]) -> dict[str, str]:
        directory.lifts.lift(asked["name"])
        return {"name": asked["name"]}

    engine.answers["operator.unlock"] = unlock
    return engine


def told(engine: EngineStandIn) -> list[dict[str, Any]]:
    return engine.calls("operator.failed")


def test_a_wrong_pin_at_the_booth_is_told_by_name_and_station(app: Flask, engine: EngineStandIn) -> None:
    assert Screen(app).sign_in(pin="9998") == 401
    assert told(engine) == [{"operator": "Lin", "by": None, "station": "booth", "address": "127.0.0.1", "wait_s": 0}]


@pytest.mark.parametrize("name", ["2468", "Nobody", "", "Lin\n"])
def test_a_name_that_no_operator_has_is_never_told(app: Flask, engine: EngineStandIn, name: str) -> None:
    Screen(app, FAR).sign_in(name, "2468")
    [one] = told(engine)
    assert one["operator"] is None
    assert name == "" or name not in str(one)


def test_no_pin_is_ever_told(app: Flask, engine: EngineStandIn) -> None:
    Screen(app, FAR).sign_in(pin="80808080")
    assert "8080" not in str(engine.asked)


def test_a_right_pin_is_no_failure(app: Flask, engine: EngineStandIn) -> None:
    assert Screen(app).sign_in() == 303
    assert told(engine) == []


def test_what_locks_out_says_for_how_long_and_a_try_in_the_wait_counts_no_more(
    app: Flask, engine: EngineStandIn
) -> None:
    screen = Screen(app, FAR)
    for _ in range(FREE_FAILURES):
        screen.sign_in(pin="9998")
    assert [one["wait_s"] for one in told(engine)] == [0] * FREE_FAILURES
    assert screen.sign_in(pin="9998") == 401
    assert told(engine)[-1]["wait_s"] == 2
    assert screen.sign_in(pin="9998") == 429
    assert len(told(engine)) == FREE_FAILURES + 1


def test_a_wrong_pin_under_a_session_says_who_was_signed_in(app: Flask, engine: EngineStandIn) -> None:
    screen = Screen(app)
    screen.sign_in("Mei", "1357")
    screen.post("/guard/lanes/in/lock", reason="work_done", pin="0001", name="Lin")
    assert [(one["operator"], one["by"]) for one in told(engine)] == [("Lin", "Mei")]


def test_people_get_their_answer_while_the_engine_is_away(app: Flask) -> None:
    assert Screen(app).sign_in(pin="9998") == 401


def test_signing_in_and_out_says_at_which_station(app: Flask, engine: EngineStandIn) -> None:
    for peer in ("127.0.0.1", FAR):
        screen = Screen(app, peer)
        screen.sign_in()
        screen.post("/sign-out")
    noted = [(one["type"], one["data"]["station"]) for one in engine.calls("journal.note")]
    kinds = ("operator.signed_in", "operator.signed_out")
    assert noted == [(kind, station) for station in ("booth", None) for kind in kinds]


# ---- lifted by a leader


def lock_out(app: Flask, peer: str = FAR) -> Screen:
    """Lin has guessed too often at a new tablet."""
    screen = Screen(app, peer)
    lockout = held(app).lockout
    for _ in range(12):
        lockout.failed("Lin", "10.9.9.9")
    assert lockout.wait_s("Lin", peer) > 60
    return screen


def test_a_locked_out_name_is_told_who_can_help(app: Flask, engine: EngineStandIn) -> None:
    screen = lock_out(app)
    page = screen.post("/sign-in", name="Lin", pin="2468")
    assert page.status_code == 429
    assert '<a class="plain" href="/sign-in/lift?name=Lin">' in page.text
    assert "/sign-in/lift" not in screen.get("/sign-in?name=Mei").text


def test_a_leader_lifts_it_at_the_same_tablet(app: Flask, lifting: EngineStandIn) -> None:
    screen = lock_out(app)
    names = screen.get("/sign-in/lift?name=Lin").text
    assert "by=Mei" in names and "by=Ana" not in names and "by=Lin" not in names
    assert 'name="by" value="Mei"' in screen.get("/sign-in/lift?name=Lin&by=Mei").text
    done = screen.post("/sign-in/lift", name="Lin", by="Mei", pin="1357")
    assert (done.status_code, done.headers["Location"]) == (303, "/sign-in?name=Lin&lifted=1")
    assert lifting.calls("operator.unlock") == [{"name": "Lin", "by": "Mei", "via": "browser", "station": None}]
    assert "The wait is over" in screen.get("/sign-in?name=Lin&lifted=1").text
    assert screen.sign_in() == 303


def test_a_leader_lifts_it_at_the_booths_screen(app: Flask, lifting: EngineStandIn) -> None:
    lock_out(app)
    booth = Screen(app)
    assert "/sign-in/lift?name=Lin" in booth.get("/sign-in?name=Lin").text
    assert booth.post("/sign-in/lift", name="Lin", by="Mei", pin="1357").status_code == 303
    assert lifting.calls("operator.unlock")[0] == {"name": "Lin", "by": "Mei", "via": "guard", "station": "booth"}
    assert held(app).lockout.wait_s("Lin", FAR) == 0


@pytest.mark.parametrize(("by", "pin"), [("Ana", "9999"), ("Lin", "2468"), ("Mei", "1358"), ("Gone", "1357"), ("", "")])
def test_nobody_else_lifts_it(app: Flask, lifting: EngineStandIn, by: str, pin: str) -> None:
    screen = lock_out(app)
    assert screen.post("/sign-in/lift", name="Lin", by=by, pin=pin).status_code == 401
    assert lifting.calls("operator.unlock") == []
    assert held(app).lockout.wait_s("Lin", FAR) > 60


def test_a_leaders_wrong_pins_count_as_at_a_sign_in(app: Flask, lifting: EngineStandIn) -> None:
    screen = lock_out(app)
    answers = [screen.post("/sign-in/lift", name="Lin", by="Mei", pin="0001").status_code for _ in range(6)]
    assert answers == [401, 401, 401, 401, 429, 429]


def test_a_name_that_is_gone_and_an_engine_that_is_away_are_told(app: Flask, engine: EngineStandIn) -> None:
    screen = lock_out(app)
    engine.answers["operator.unlock"] = fails(NotFoundError("there is no operator"))
    assert screen.post("/sign-in/lift", name="Gone", by="Mei", pin="1357").status_code == 404
    engine.stop()
    away = screen.post("/sign-in/lift", name="Lin", by="Mei", pin="1357")
    assert away.status_code == 503 and "does not answer" in away.text


def test_the_page_asks_for_a_leader_where_there_is_none(app: Flask, directory: DataDirectory) -> None:
    site = directory.documents.load()
    directory.documents.save({**site, "operators": site["operators"][:1]})
    assert "gatehouse operator unlock" in Screen(app).get("/sign-in/lift?name=Lin").text


def test_another_site_cannot_lift_it(app: Flask, lifting: EngineStandIn) -> None:
    form = {"name": "Lin", "by": "Mei", "pin": "1357"}
    answer = app.test_client().post("/sign-in/lift", data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and lifting.calls("operator.unlock") == []


# ---- counting with lifts


class Lifted:
    """Lock-outs on a clock and a lift that a test moves."""

    def __init__(self, database: WebDatabase) -> None:
        self.now_s = 1_796_000_000.0
        self.at_s = 0.0
        self.lockout = Lockout(database, lambda: self.now_s, lambda _operator: self.at_s)

    def guess(self, times: int, address: str = FAR, station: str = "") -> int:
        for _ in range(times):
            self.now_s += self.lockout.wait_s("Lin", address, station) + 1
            self.lockout.failed("Lin", address, station)
        return self.lockout.wait_s("Lin", address, station)


@pytest.fixture
def lifted(tmp_path: Any) -> Any:
    database = WebDatabase(tmp_path / "web.db")
    yield Lifted(database)
    database.close()


def test_after_a_lift_the_count_begins_anew(lifted: Lifted) -> None:
    for number in range(12):
        lifted.guess(1, f"10.1.0.{number}")
    assert lifted.lockout.locks_out("Lin")
    lifted.at_s = lifted.now_s
    assert not lifted.lockout.locks_out("Lin")
    assert lifted.lockout.wait_s("Lin", "10.2.0.1") == 0
    assert [lifted.guess(1, f"10.3.0.{n}") for n in range(4)] == [0, 0, 0, 2]


def test_a_lift_ends_the_wait_at_a_booth_too(lifted: Lifted) -> None:
    assert lifted.guess(8, station="booth") == 60
    assert not lifted.lockout.locks_out("Lin")
    lifted.at_s = lifted.now_s
    assert lifted.lockout.wait_s("Lin", FAR, "booth") == 0


def test_the_wait_of_an_address_stays(lifted: Lifted) -> None:
    lifted.guess(10)
    lifted.at_s = lifted.now_s
    assert 0 < lifted.lockout.wait_s("Lin", FAR) <= 60
    assert 0 < lifted.lockout.wait_s(None, FAR) <= 60


def test_a_lift_that_lies_ahead_was_before_the_clock_was_set_back(lifted: Lifted) -> None:
    for number in range(12):
        lifted.guess(1, f"10.1.0.{number}")
    lifted.at_s = lifted.now_s + 7_200
    assert lifted.lockout.wait_s("Lin", "10.2.0.1") > 60


def test_a_file_of_lifts_that_cannot_be_read_lifts_nothing(app: Flask, directory: DataDirectory) -> None:
    screen = lock_out(app)
    (directory.path / "lifted.json").write_text("{ half")
    assert screen.sign_in() == 429
