"""The exit asks for money first: what is due, who pays, what lets the car out, and what is on record of it."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.vocabulary.events import CredentialRead, Debt, EarlierStay, Entry, ExpectedVisit, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.charges.exits import MINUTE_NS, TEMPORARY, ExitPlay, charging_site
from tests.core.playbook import site_document


def test_a_visitor_who_has_not_paid_waits_and_the_sum_is_told() -> None:
    play = ExitPlay()
    play.leaves(play.stay(100))
    referred = play.data("access.referred")
    assert (referred["reason"], referred["due"]) == ("unpaid", 700)
    assert (referred["charge"]["visit"], referred["charge"]["minutes"]) == ("v1", 100)
    case = play.view().case
    assert case is not None and case.charge is not None
    assert (case.missing, case.charge.due, case.charge.amount, case.charge.currency) == (("payment",), 700, 700, "CNY")
    assert [line.amount for line in case.charge.lines] == [500, 200]
    assert not play.opened()


@pytest.mark.parametrize("minutes", [0, 1, 30])
def test_who_leaves_within_the_free_minutes_pays_nothing(minutes: int) -> None:
    play = ExitPlay()
    play.leaves(play.stay(minutes))
    assert play.data("access.granted")["reason"] == "expected_visit"
    play.drives_out()
    assert play.data("passage.exited")["charge"] == 0
    assert not play.types("visit.charged")


@pytest.mark.parametrize(
    "rules",
    [[], [{"pass_kind": "temporary", "tariff": None}], [{"pass_kind": "monthly", "tariff": "visitor"}]],
)
def test_who_no_tariff_holds_for_leaves_as_ever(rules: list[dict[str, str | None]]) -> None:
    play = ExitPlay(charging_site(rules=rules))
    play.leaves(play.stay(1000))
    assert play.data("access.granted")["reason"] == "expected_visit"
    play.drives_out()
    assert play.data("passage.exited")["charge"] is None


@pytest.mark.parametrize(("purpose", "due"), [("taxi", None), ("guest", 700), ("", 700)])
def test_a_rule_for_a_purpose_holds_for_visitors_who_come_for_that(purpose: str, due: int | None) -> None:
    rules = [{"tariff": None, "purpose": "taxi"}, {"tariff": "visitor"}]
    for known in (True, False):
        play = ExitPlay(charging_site(rules=rules))
        stay = play.stay(100)
        accounts = (play.account(stay, purpose=purpose),) if known else ()
        until_ns = play.now().wall_ns + 10**12
        told = ExpectedVisit(stay.visit, stay.entered_wall_ns, until_ns, None, True, purpose=purpose)
        play.set(approach_loop=True)
        play.read("77", passes=(), expected=(told,), visits=(stay,), accounts=accounts)
        assert play.data("access.referred" if due else "access.granted").get("due") == due


def test_a_site_without_tariffs_asks_for_nothing() -> None:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    play = ExitPlay(document)
    play.leaves(play.stay(1000, found=TEMPORARY), found=TEMPORARY)
    assert play.data("access.granted")["reason"] == "valid_pass"


def test_a_temporary_pass_pays_too() -> None:
    play = ExitPlay()
    stay = play.stay(61, found=TEMPORARY)
    play.leaves(stay, found=TEMPORARY)
    assert play.data("access.referred")["due"] == 700
    assert play.pays(stay, 700, found=TEMPORARY).status == "done"
    assert play.data("access.granted")["reason"] == "valid_pass"


def test_a_payment_lets_the_waiting_car_out_once() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    reply = play.pays(stay, 700)
    assert reply.charge is not None
    assert (reply.status, reply.charge.paid, reply.charge.due) == ("done", 700, 0)
    assert reply.charge.leave_by is not None
    again = play.pays(stay, 700)
    assert again.charge == reply.charge
    assert len(play.types("visit.paid")) == 1
    assert play.opened() == 1
    play.drives_out()
    exited, charged = play.data("passage.exited"), play.data("visit.charged")
    assert (exited["visit"], exited["charge"]) == ("v1", 700)
    assert (charged["amount"], charged["paid"], charged["due"], charged["reason"]) == (700, 700, 0, "settled")
    assert len(play.types("access.granted")) == 1


def test_a_part_is_booked_and_the_car_waits_for_the_rest() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.pays(stay, 300)
    assert not play.opened()
    case = play.view().case
    assert case is not None and case.charge is not None
    assert (case.charge.paid, case.charge.due, case.missing) == (300, 400, ("payment",))
    play.pays(stay, 400, "k2")
    assert play.opened() == 1


def test_more_than_is_due_is_refused() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.pays(stay, 701).reason == "above_due"
    assert not play.types("visit.paid")


def test_a_key_is_for_one_payment() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.pays(stay, 300)
    assert play.pays(stay, 400).reason == "key_used"
    assert len(play.types("visit.paid")) == 1


def test_a_visit_that_is_not_known_is_refused() -> None:
    play = ExitPlay()
    assert play.pays(play.stay(61), 100, account=None).reason == "no_visit"


def test_who_has_paid_has_time_to_leave() -> None:
    play = ExitPlay()
    stay = play.stay(59)
    play.pays(stay, 500)
    play.advance(15 * 60_000 - 100)
    play.leaves(stay)
    assert play.data("access.granted")["charge"]["amount"] == 500
    play.drives_out()
    assert play.data("passage.exited")["charge"] == 500


def test_who_stays_longer_pays_the_rest() -> None:
    play = ExitPlay()
    stay = play.stay(59)
    play.pays(stay, 500)
    play.advance(15 * 60_000 + 1)
    play.leaves(stay)
    assert (play.data("access.referred")["due"], play.data("access.referred")["charge"]["amount"]) == (200, 700)


def test_the_sum_that_was_asked_for_holds_while_the_car_waits() -> None:
    play = ExitPlay()
    stay = play.stay(60)
    play.leaves(stay)
    assert play.data("access.referred")["due"] == 500
    play.advance(3 * 60_000)
    assert play.pays(stay, 500).status == "done"
    assert play.opened() == 1
    play.drives_out()
    assert play.data("passage.exited")["charge"] == 500


def test_the_sum_that_was_asked_for_does_not_hold_for_ever() -> None:
    play = ExitPlay()
    stay = play.stay(60)
    play.leaves(stay)
    play.set(approach_loop=False)
    play.advance(16 * 60_000)
    reply = play.pays(stay, 500)
    assert reply.charge is not None
    assert reply.charge.due == 200


def test_a_payment_from_afar_that_was_made_long_ago_moves_nothing() -> None:
    play = ExitPlay()
    stay = play.stay(100)
    play.leaves(stay)
    made_ns = play.now().wall_ns - 61 * 1_000_000_000
    assert play.pays(stay, 700, via="mqtt", method="external", made_wall_ns=made_ns).status == "done"
    assert not play.opened()
    case = play.view().case
    assert case is not None and case.charge is not None
    assert (case.charge.due, case.missing) == (0, ("word",))
    assert play.person("open").status == "done"
    assert play.opened() == 1


def test_a_payment_that_was_made_a_moment_ago_lets_the_car_out() -> None:
    play = ExitPlay()
    stay = play.stay(100)
    play.leaves(stay)
    made_ns = play.now().wall_ns - 59 * 1_000_000_000
    play.pays(stay, 700, via="mqtt", made_wall_ns=made_ns)
    assert play.opened() == 1


def test_a_car_that_has_gone_is_let_out_by_no_payment() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.set(approach_loop=False)
    play.advance(6_000)
    assert play.pays(stay, 700).status == "done"
    assert not play.opened()
    play.leaves(stay)
    assert play.opened() == 1


@pytest.mark.parametrize(("later_ms", "opened"), [(19_000, 1), (21_000, 0)])
def test_without_a_loop_a_car_waits_for_twenty_seconds(later_ms: int, opened: int) -> None:
    play = ExitPlay(charging_site(barrier={"approach_loop": None}))
    stay = play.stay(61)
    play.leaves(stay, stands=False)
    play.advance(later_ms)
    play.pays(stay, 700)
    assert play.opened() == opened


@pytest.mark.parametrize("via", ["guard", "http", "mqtt"])
@pytest.mark.parametrize("method", ["cash", "qr", "external"])
def test_only_methods_that_the_site_takes_are_booked(method: str, via: str) -> None:
    play = ExitPlay(charging_site(methods=[one for one in ("cash", "qr", "external") if one != method]))
    stay = play.stay(61)
    play.leaves(stay)
    reply = play.pays(stay, 700, method=method, via=via)
    assert (reply.status, reply.reason) == ("refused", "method_not_taken")
    assert "charging.methods" in reply.detail
    late = play.pays(stay, 700, "k2", method=method, via=via, made_wall_ns=play.now().wall_ns - 2 * MINUTE_NS)
    assert late.reason == "method_not_taken"
    assert "visit.paid" not in play.types()
    assert not play.opened()
    play.other_settings(charging_site())
    assert play.pays(stay, 700, method=method, via=via).status == "done"
    assert play.opened() == 1


def test_a_payment_stays_booked_when_its_method_is_not_taken_any_more() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    first = play.pays(stay, 300, method="qr")
    play.other_settings(charging_site(methods=["cash"]))
    again = play.pays(stay, 300, method="qr")
    assert (again.status, again.charge) == ("done", first.charge)
    assert play.pays(stay, 400, "k2", method="qr").reason == "method_not_taken"
    assert play.pays(stay, 400, "k2").status == "done"


def test_a_plain_open_at_an_unpaid_exit_is_refused() -> None:
    play = ExitPlay()
    play.leaves(play.stay(61))
    assert play.person("open").reason == "unpaid"
    assert play.person("open", via="http", present=False, expires_wall_ns=play.now().wall_ns + 10**9).reason == "unpaid"
    assert play.view().allowed["open"] == "unpaid"
    play.person("refuse", reason="not_known")
    assert play.person("open").reason == "unpaid"
    assert not play.opened()


def test_a_car_that_is_released_as_owed_leaves_with_its_sum_on_record() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.person("owe", reason="").reason == "reason_missing"
    assert play.person("owe", reason="no money with him").status == "done"
    owed = play.data("visit.owed")
    assert (owed["visit"], owed["amount"], owed["by"], owed["reason"]) == ("v1", 700, "Lin", "no money with him")
    assert owed["credential"] == {"kind": "card", "value": "77"}
    assert play.data("case.released")["reason"] == "no money with him"
    play.drives_out()
    charged = play.data("visit.charged")
    assert (charged["amount"], charged["paid"], charged["due"], charged["reason"]) == (700, 0, 0, "settled")
    assert play.person("owe").reason == "not_unpaid"


@pytest.mark.parametrize(
    ("limit", "leader", "status"), [(700, "", "done"), (699, "", "refused"), (699, "Chen", "done")]
)
def test_above_a_limit_a_leader_agrees(limit: int, leader: str, status: str) -> None:
    play = ExitPlay(charging_site(owed_limit=limit))
    play.leaves(play.stay(61))
    reply = play.person("owe", detail={"leader": leader})
    assert (reply.status, reply.reason) == (status, "" if status == "done" else "leader_needed")
    if status == "done":
        assert play.data("visit.owed")["leader"] == (leader or None)


def test_what_a_leader_waives_lets_the_car_out() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.reduces(stay, waives=True, amount=200).status == "done"
    assert not play.opened()
    reply = play.reduces(stay, "k2", waives=True)
    assert reply.charge is not None
    assert (reply.charge.due, play.data("visit.waived")["by"]) == (0, "Chen")
    assert [row.data["amount"] for row in play.rows if row.type == "visit.waived"] == [200, 500]
    assert play.opened() == 1
    assert play.reduces(stay, "k3", waives=True).reason == "nothing_due"


def test_a_validation_takes_minutes_off() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.reduces(stay, minutes=60).status == "done"
    row = play.data("visit.validated")
    assert (row["minutes"], row["due"], row["charge"]) == (60, 500, 500)
    play.pays(stay, 500, "k2")
    assert play.opened() == 1


def test_a_validation_of_everything_lets_the_car_out() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.reduces(stay, percent=100)
    assert play.opened() == 1


def test_a_debt_is_recalled_at_the_next_exit_and_entry() -> None:
    debt = Debt("v0", 900, "CNY", 1, None, "77")
    for direction in ("entry", "exit"):
        play = ExitPlay(charging_site(direction))
        stay = play.stay(10)
        if direction == "exit":
            play.leaves(stay, debts=(debt,))
        else:
            play.read("77", passes=(TEMPORARY,), debts=(debt,))
        assert play.data("access.granted")["owed"] == 900
        last = play.view().last_decision
        assert last is not None
        assert [(one.visit, one.amount) for one in last.debts] == [("v0", 900)]


def test_a_debt_of_this_run_is_recalled_though_the_projections_lag() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.person("owe", reason="no money")
    play.drives_out()
    play.advance(900)
    play.lower()
    play.advance(30_000)
    play.leaves(play.stay(10, "v2"), after="passage.exited:v1")
    assert play.data("access.granted")["owed"] == 700
    play.pays(stay, 300, "k9")
    play.drives_out()
    play.advance(30_000)
    play.leaves(play.stay(11, "v3"), after="passage.exited:v2")
    assert play.data("access.granted")["owed"] == 400


def test_what_is_owed_of_a_visit_that_is_over_can_be_paid() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.person("owe", reason="no money")
    play.drives_out()
    play.advance(24 * 3_600_000)
    assert play.pays(stay, 701, "k0").reason == "above_due"
    reply = play.pays(stay, 700)
    assert reply.charge is not None
    assert (reply.status, reply.charge.amount, reply.charge.due) == ("done", 700, 0)
    assert reply.charge.leave_by is None, "the car is not here"
    assert play.opened() == 1, "for the release"
    assert play.pays(stay, 700).charge == reply.charge, "a repeat is answered as the first time"
    assert play.pays(stay, 1, "k2").reason == "nothing_due"
    assert len(play.types("visit.paid")) == 1


def test_a_visit_that_is_over_unpaid_by_a_person_is_counted_apart() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.person("passed", reason="opened by the crank").status == "done"
    charged = play.data("visit.charged")
    assert (charged["amount"], charged["due"], charged["reason"], charged["by"]) == (700, 700, "hand", "Lin")
    assert play.data("passage.exited")["charge"] == 700
    assert play.pays(stay, 700).reason == "nothing_due"


def test_an_emergency_vehicle_is_never_asked() -> None:
    play = ExitPlay()
    play.leaves(play.stay(61))
    assert play.person("emergency", reason="").status == "done"
    play.drives_out()
    assert play.data("passage.exited")["charge"] is None


def test_the_exit_button_lets_no_one_out_who_must_pay() -> None:
    document = charging_site()
    document["lanes"][0]["exit_button"] = "io.input.6"
    play = ExitPlay(document)
    play.leaves(play.stay(61))
    play.set(hand=True)
    assert play.data("access.referred")["reason"] == "unpaid"
    assert not play.opened()


MONTHLY = Pass("m1", PassKind.MONTHLY, cards=("77",), valid_until="2026-09-20")


def test_a_monthly_pass_that_ended_inside_pays_from_the_end_of_its_last_day() -> None:
    play = ExitPlay()  # it is the 21st, 22:13:20 in Shanghai: 22 h and 13 min after the end of the 20th
    stay = play.stay(3 * 24 * 60, found=MONTHLY)
    play.leaves(stay, found=MONTHLY)
    referred = play.data("access.referred")
    assert (referred["reason"], referred["charge"]["minutes"]) == ("unpaid", 22 * 60 + 13)
    assert referred["due"] == 500 + 22 * 200
    play.pays(stay, 500 + 22 * 200, found=MONTHLY)
    assert play.data("access.granted")["reason"] == "valid_pass"


def test_a_monthly_pass_that_holds_pays_nothing() -> None:
    play = ExitPlay()
    good = Pass("m1", PassKind.MONTHLY, cards=("77",), valid_until="2026-09-21")
    play.leaves(play.stay(3 * 24 * 60, found=good), found=good)
    assert play.data("access.granted")["reason"] == "valid_pass"


def test_a_vehicle_without_pass_or_registration_pays_and_leaves() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay, registered=False)
    assert play.data("access.referred")["reason"] == "unpaid"
    play.pays(stay, 700)
    assert play.data("access.granted")["reason"] == "paid"


def test_who_comes_back_within_the_time_goes_on_with_the_stay() -> None:
    play = ExitPlay(charging_site(reentry_minutes=20))
    now_ns = play.now().wall_ns
    paid = Entry("p0", "v0", "paid", now_ns - 40 * MINUTE_NS, 500, 0, 500, now_ns - 40 * MINUTE_NS, 500)
    before = EarlierStay("v0", now_ns - 100 * MINUTE_NS, now_ns - 40 * MINUTE_NS, (paid,))
    stay = play.stay(20)
    play.leaves(stay, accounts=(play.account(stay, earlier=(before,)),))
    referred = play.data("access.referred")
    assert (referred["charge"]["minutes"], referred["charge"]["amount"], referred["due"]) == (100, 700, 200)


@pytest.mark.parametrize(("paid", "left"), [((), 500), ((200,), 300), ((200, 300), 0)])
def test_who_comes_back_and_has_paid_what_was_owed_pays_for_the_rest_all_the_same(
    paid: tuple[int, ...], left: int
) -> None:
    play = ExitPlay(charging_site(reentry_minutes=20))
    now_ns = play.now().wall_ns
    out_ns = now_ns - 40 * MINUTE_NS
    entries = [Entry("o0", "v0", "owed", out_ns, 500, 500, 500, out_ns)]
    for number, amount in enumerate(paid, 1):
        due = entries[-1].due - amount
        entries.append(Entry(f"p{number}", "v0", "paid", out_ns + number, amount, due, 500, out_ns, sum(paid[:number])))
    before = EarlierStay("v0", now_ns - 100 * MINUTE_NS, out_ns, tuple(entries))
    stay = play.stay(20)
    play.leaves(stay, accounts=(play.account(stay, earlier=(before,)),))
    assert entries[-1].due == left
    assert (play.data("access.referred")["charge"]["amount"], play.data("access.referred")["due"]) == (700, 200)


@pytest.mark.parametrize("reentry", [0, 19])
def test_who_comes_back_later_begins_anew(reentry: int) -> None:
    play = ExitPlay(charging_site(reentry_minutes=reentry))
    now_ns = play.now().wall_ns
    before = EarlierStay("v0", now_ns - 100 * MINUTE_NS, now_ns - 40 * MINUTE_NS)
    stay = play.stay(20)
    play.leaves(stay, accounts=(play.account(stay, earlier=(before,)),))
    assert play.data("access.granted")["reason"] == "expected_visit"


def test_a_lane_with_a_fault_lets_no_one_out_who_has_paid() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    play.person("lock")
    play.pays(stay, 700)
    assert not play.opened()
    case = play.view().case
    assert case is not None and case.charge is not None
    assert case.charge.due == 0


def test_an_answer_waits_for_the_disk() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.journal_waits = True
    with pytest.raises(KeyError):
        play.pays(stay, 700)
    play.commit()
    assert play.replies["r-k1"].status == "done"


def test_a_payment_over_a_restart_counts_and_nothing_moves_at_the_start() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.kept_entry(stay)
    play.leaves(stay)
    play.pays(stay, 700)
    after = play.restarted()
    assert not after.opened()
    after.advance(5_000)
    assert not after.opened()
    assert after.person("open").status == "done"
    assert after.opened() == 1


def test_a_car_that_waits_over_a_restart_pays_and_leaves() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.kept_entry(stay)
    play.leaves(stay)
    case = play.data("access.referred")["case"]
    after = play.restarted()
    after.advance(15_000)
    assert after.view().case is not None
    assert after.person("open").reason == "unpaid"
    after.pays(stay, 700)
    assert after.opened() == 1
    assert after.data("access.granted")["case"] == case
    after.drives_out()
    assert after.data("visit.charged")["due"] == 0


def test_a_grant_over_a_restart_keeps_its_charge() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.kept_entry(stay)
    play.leaves(stay)
    play.pays(stay, 700)
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    after = play.restarted()
    after.advance(200)
    after.set(safety_loop=False)
    after.advance(1_000)
    assert after.data("passage.exited")["charge"] == 700


def test_a_payment_counts_for_what_the_car_was_decided_on_and_not_for_a_card_shown_since() -> None:
    document = charging_site()
    document["lanes"][0] |= {"two_factor": True, "cameras": ["reader-out"]}
    play = ExitPlay(document)
    stay = play.stay(61, found=TEMPORARY)
    play.leaves(stay, found=TEMPORARY)
    plate = {"kind": "plate", "value": "粤B12345", "passes": (TEMPORARY,), "visits": (stay,)}
    play.happens(CredentialRead("reader-out", **plate))
    assert play.data("access.referred")["reason"] == "unpaid"
    play.read("99", passes=())
    play.pays(stay, 700, found=TEMPORARY)
    assert play.data("access.granted")["credential"]["value"] in ("77", "粤B12345")


@pytest.mark.parametrize("restarts", [False, True])
def test_a_persons_refusal_outlasts_a_payment(restarts: bool) -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.kept_entry(stay)
    play.leaves(stay)
    assert play.person("refuse", reason="not_known").status == "done"
    play = play.restarted() if restarts else play
    assert play.pays(stay, 700).status == "done"
    assert play.data("visit.paid")["due"] == 0
    assert not play.opened()
    last = play.view().last_decision
    assert last is not None and last.charge and last.handled
    assert (last.charge.due, last.handled.what) == (0, "refused")
    assert play.person("open").status == "done"
    assert play.opened() == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_refused_car_that_has_paid_does_not_pass_by_what_it_was_refused_with(restarts: bool) -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.kept_entry(stay)
    play.leaves(stay)
    play.person("refuse", reason="not_known")
    play = play.restarted() if restarts else play
    play.pays(stay, 700)
    play.leaves(stay)
    assert not play.opened()
    assert not play.types("access.granted")
    assert play.shown[-1][1]["words"] == "请等待工作人员"
    other = Pass("m2", PassKind.MONTHLY, cards=("88",))
    play.read("88", passes=(other,))
    assert play.opened() == 1


def test_a_car_that_was_only_seen_to_pays_and_leaves() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.leaves(stay)
    assert play.person("seen_to", reason="asks for the way").status == "done"
    play.pays(stay, 700)
    assert play.opened() == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_pass_that_was_blocked_while_its_car_waits_is_not_let_out_by_a_payment(restarts: bool) -> None:
    play = ExitPlay(charging_site(rules=[{"tariff": "visitor"}]))
    stay = play.stay(61, found=TEMPORARY)
    play.kept_entry(stay)
    play.leaves(stay, found=TEMPORARY)
    play = play.restarted() if restarts else play
    assert play.pays(stay, 700, found=Pass("t1", PassKind.BLOCKED, cards=("77",))).status == "done"
    assert play.data("access.denied")["reason"] == "blocked"
    assert not play.opened()


def test_a_plate_of_another_car_that_comes_late_keeps_a_payment_from_letting_its_card_out() -> None:
    document = charging_site()
    document["lanes"][0]["cameras"] = ["reader-out"]
    play = ExitPlay(document)
    stay = play.stay(61, found=TEMPORARY)
    play.leaves(stay, found=TEMPORARY)
    play.advance(10_000)
    other = Pass("m2", PassKind.MONTHLY, plates=("粤B12345",))
    play.happens(CredentialRead("reader-out", "plate", "粤B12345", passes=(other,)))
    assert not play.opened()
    referred = play.data("access.referred")
    assert (referred["reason"], referred["plate_read"]) == ("plate_mismatch", "粤B12345")
    play.pays(stay, 700, found=TEMPORARY)
    assert not play.opened()
    assert play.person("open", reason="papers_seen").status == "done"


def test_the_late_plate_of_a_car_behind_lets_no_unpaid_car_out() -> None:
    """A card without a pass contradicts no plate: nothing is granted by the plate, and the payment counts."""
    document = charging_site()
    document["lanes"][0]["cameras"] = ["reader-out"]
    play = ExitPlay(document)
    stay = play.stay(61)
    play.leaves(stay, registered=False)
    play.advance(10_000)
    other = Pass("m2", PassKind.MONTHLY, plates=("粤B12345",))
    play.happens(CredentialRead("reader-out", "plate", "粤B12345", passes=(other,)))
    assert not play.opened()
    play.pays(stay, 700)
    assert play.opened() == 1


def test_a_late_plate_does_not_hold_up_a_car_whose_own_plate_was_read() -> None:
    document = charging_site()
    document["lanes"][0]["cameras"] = ["reader-out"]
    own = msgspec.structs.replace(TEMPORARY, plates=("粤A00001",))
    play = ExitPlay(document)
    stay = play.stay(61, found=own)
    play.leaves(stay, found=own)
    play.happens(CredentialRead("reader-out", "plate", "粤A00001", passes=(own,), visits=(stay,)))
    play.advance(10_000)
    other = Pass("m2", PassKind.MONTHLY, plates=("粤B12345",))
    play.happens(CredentialRead("reader-out", "plate", "粤B12345", passes=(other,)))
    play.pays(stay, 700, found=own)
    play.advance(1_000)
    assert not play.types("grant.unused")
    assert play.opened() == 1


BLOCKED = Pass("t1", PassKind.BLOCKED, cards=("77",))


def blocked_and_due() -> tuple[ExitPlay, OpenVisit]:
    """A blocked car at an exit, whose stay costs something."""
    play = ExitPlay(charging_site(rules=[{"tariff": "visitor"}]))
    stay = play.stay(61, found=BLOCKED)
    play.leaves(stay, found=BLOCKED)
    assert play.data("access.denied")["reason"] == "blocked"
    return play, stay


@pytest.mark.parametrize("settled", ["paid", "waived", "owed"])
def test_money_does_not_lift_a_block_and_a_named_release_does(settled: str) -> None:
    play, stay = blocked_and_due()
    assert play.person("open", reason="office_confirmed").reason == "unpaid"
    if settled == "paid":
        assert play.pays(stay, 700, found=BLOCKED).status == "done"
    elif settled == "waived":
        assert play.reduces(stay, waives=True, pass_=BLOCKED).status == "done"
    else:
        assert play.person("owe", reason="no money").status == "done"
    assert play.data(f"visit.{settled}")["amount"] == 700
    assert not play.opened()
    assert not play.types("case.released")
    case = play.view().case
    assert case is not None and case.charge is not None
    assert (case.reason, case.missing, case.charge.due) == ("blocked", ("word",), 0)
    assert play.person("open", reason="office_confirmed").status == "done"
    assert play.opened() == 1
    released = play.data("case.released")
    assert (released["by"], released["reason"]) == ("Lin", "office_confirmed")
    play.drives_out()
    assert play.data("passage.exited")["by"] == "Lin"


def test_a_sum_that_is_owed_is_no_word_on_a_plate_that_differs() -> None:
    document = charging_site()
    document["lanes"][0]["cameras"] = ["reader-out"]
    play = ExitPlay(document)
    stay = play.stay(61, found=TEMPORARY)
    other = Pass("m2", PassKind.MONTHLY, plates=("粤B12345",))
    play.leaves(stay, found=TEMPORARY)
    play.happens(CredentialRead("reader-out", "plate", "粤B12345", passes=(other,)))
    assert play.data("access.referred")["reason"] == "plate_mismatch"
    assert play.person("owe", reason="no money").status == "done"
    assert not play.opened()
    assert play.person("open", reason="papers_seen").status == "done"
    assert play.opened() == 1


def test_two_cars_that_end_one_visit_are_charged_once() -> None:
    play = ExitPlay()
    stay = play.stay(61)
    play.pays(stay, 700)
    for _ in range(2):
        play.leaves(stay, after="passage.exited:v1")
        play.drives_out()
        play.advance(900)
        play.lower()
        play.advance(30_000)
    assert len(play.types("passage.exited")) == 2
    assert len(play.types("visit.charged")) == 1
    assert [row.data["charge"] for row in play.rows if row.type == "passage.exited"] == [700, None]
