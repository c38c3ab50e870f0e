"""Goods and money at one exit: each waits for its own, in either order, and neither does for the other."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from gateway.core.vocabulary import commands
from gateway.core.vocabulary.events import ExpectedVisit, OpenVisit
from gateway.core.vocabulary.rows import VisitRegistered
from gateway.core.vocabulary.times import rfc3339
from tests.core.charges.exits import HOUR_NS, ExitPlay, charging_site
from tests.core.playbook import written


def goods_site(**more: Any) -> dict[str, Any]:
    document = charging_site(**more)
    document["site"]["goods_slip"] = True
    return document


def leaves_with_goods(document: dict[str, Any] | None = None, minutes: int = 61) -> tuple[ExitPlay, OpenVisit]:
    """A visitor who has goods, and must pay, is read at the exit."""
    play = ExitPlay(document or goods_site())
    stay = play.stay(minutes)
    play.set(approach_loop=True)
    shown_again(play, stay)
    return play, stay


def shown_again(play: ExitPlay, stay: OpenVisit) -> None:
    now_ns = play.now().wall_ns
    visitor = ExpectedVisit(stay.visit, stay.entered_wall_ns, now_ns + HOUR_NS, None, True, goods=True)
    play.read("77", passes=(), expected=(visitor,), visits=(stay,))


def reasons(play: ExitPlay) -> list[str]:
    return [row.data["reason"] for row in play.rows if row.type in ("access.referred", "access.granted")]


def missing(play: ExitPlay) -> tuple[tuple[str, ...], str | None]:
    case = play.view().case
    assert case is not None
    return tuple(case.missing), case.reason


@pytest.mark.parametrize(
    "settles",
    [
        lambda play, stay: play.pays(stay, 700),
        lambda play, stay: play.reduces(stay, waives=True),
        lambda play, stay: play.reduces(stay, percent=100),
        lambda play, _stay: play.person("owe", reason="no money"),
    ],
    ids=["paid", "waived", "validated", "owed"],
)
def test_goods_wait_for_their_slip_however_the_charge_was_settled(settles: Any) -> None:
    play, stay = leaves_with_goods()
    assert missing(play) == (("payment",), "unpaid")
    assert settles(play, stay).status == "done"
    assert not play.opened()
    assert missing(play) == (("word",), "slip_missing")
    assert reasons(play) == ["unpaid", "slip_missing"]
    shown_again(play, stay)
    assert not play.opened()
    assert play.person("open", reason="papers_seen").status == "done"
    assert play.opened() == 1
    play.drives_out()
    assert play.data("passage.exited")["visit"] == "v1"
    assert not any(row.data["due"] for row in play.rows if row.type == "visit.charged")


def test_a_slip_that_was_matched_first_pays_for_nothing() -> None:
    play, stay = leaves_with_goods()
    assert play.person("open", reason="papers_seen").reason == "unpaid"
    play.pays(stay, 300)
    assert missing(play) == (("payment",), "unpaid")
    assert play.person("open", reason="papers_seen").reason == "unpaid"
    play.pays(stay, 400, "k2")
    assert not play.opened()
    assert play.person("open", reason="papers_seen").status == "done"


def test_who_waits_for_the_slip_beyond_the_time_to_leave_pays_again() -> None:
    play, stay = leaves_with_goods(minutes=59)
    play.pays(stay, 500)
    play.advance(16 * 60_000)
    shown_again(play, stay)
    assert missing(play) == (("payment",), "unpaid")
    assert play.person("open").reason == "unpaid"
    play.pays(stay, 200, "k2")
    assert not play.opened()
    assert missing(play) == (("word",), "slip_missing")


@pytest.mark.parametrize("way", ["pays", "owes"])
def test_a_restart_lets_no_goods_out_by_a_payment(way: str) -> None:
    play = ExitPlay(goods_site())
    stay = play.stay(61)
    is_registered_with_goods(play, stay)
    play.kept_entry(stay)
    play.set(approach_loop=True)
    shown_again(play, stay)
    play = cast(ExitPlay, play.restarted())
    assert missing(play) == (("payment",), "unpaid")
    assert (play.pays(stay, 700) if way == "pays" else play.person("owe", reason="no money")).status == "done"
    assert not play.opened()
    assert missing(play) == (("word",), "slip_missing")
    assert play.person("open", reason="papers_seen").status == "done"
    play.drives_out()
    assert play.data("passage.exited")["visit"] == "v1"


def is_registered_with_goods(play: ExitPlay, stay: OpenVisit) -> None:
    """The journal has the registration of that stay's visitor."""
    row = VisitRegistered(
        visit=stay.visit, unit="2-301", purpose="delivery", people=1, plate=None, card="77", code=None,
        from_=rfc3339(stay.entered_wall_ns), until=rfc3339(stay.entered_wall_ns + 24 * HOUR_NS), vehicle_class="car",
        goods=True, by="Lin", via="guard", station=None,
    )  # fmt: skip
    play.kept.append((stay.entered_wall_ns, written(commands.Append(row), "gw1")))


def test_the_exit_button_lets_no_goods_out() -> None:
    document = goods_site()
    document["lanes"][0]["exit_button"] = "io.input.6"
    play, stay = leaves_with_goods(document)
    play.pays(stay, 700)
    play.set(hand=True)
    assert play.data("access.referred")["reason"] == "slip_missing"
    assert not play.opened()


def test_the_stay_tells_of_goods_where_the_read_does_not() -> None:
    play = ExitPlay(goods_site())
    stay = msgspec.structs.replace(play.stay(61), goods=True)
    play.leaves(stay, registered=False)
    play.pays(stay, 700)
    assert not play.opened()
    assert missing(play) == (("word",), "slip_missing")


def test_without_the_setting_a_payment_lets_goods_out() -> None:
    play, stay = leaves_with_goods(charging_site())
    play.pays(stay, 700)
    assert play.opened() == 1


def test_a_payment_counts_for_the_class_that_was_corrected_meanwhile() -> None:
    """Quoted as a car, corrected to a truck, which is free: what is paid is worked out for the truck alone."""
    document = charging_site(
        rules=[{"vehicle_class": "truck", "tariff": None}, {"pass_kind": "temporary", "tariff": "visitor"}]
    )
    play = ExitPlay(document)
    stay = play.stay(61)
    play.leaves(stay)
    assert play.data("access.referred")["due"] == 700
    reply = play.pays(stay, 100, account=play.account(stay, vehicle_class="truck"))
    assert (reply.status, reply.reason) == ("refused", "nothing_due")
    assert not play.types("visit.paid")


def test_a_part_that_is_paid_after_a_correction_shows_the_rest_of_the_new_class() -> None:
    dear = {"id": "truck", "currency": "CNY", "free_minutes": 0, "blocks": [{"minutes": 60, "price": 2000}]}
    document = charging_site(
        rules=[{"vehicle_class": "truck", "tariff": "truck"}, {"pass_kind": "temporary", "tariff": "visitor"}]
    )
    document["tariffs"].append(dear)
    play = ExitPlay(document)
    stay = play.stay(61)
    play.leaves(stay, accounts=(play.account(stay),))
    reply = play.pays(stay, 700, account=play.account(stay, vehicle_class="truck"))
    assert reply.charge is not None
    case = play.view().case
    assert not play.opened()
    assert case is not None and case.charge is not None
    assert case.charge.due == reply.charge.due > 0
