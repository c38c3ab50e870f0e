"""What is declared once is what the rest of the core follows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.core.access.rules import RULES
from gateway.core.alarms.desk import Alarm
from gateway.core.alarms.kinds import KINDS
from gateway.core.alarms.lifecycle import ROWS, TABLE, AlarmState, Verb, past
from gateway.core.lane.people.refusals import TABLE as REFUSALS
from gateway.core.settings import contacts, documents, site_file
from gateway.core.settings.contacts import CONTACTS, ContactKind, Trouble
from gateway.core.vocabulary.errors import SettingsError
from gateway.core.vocabulary.reasons import Reason, Refusal, Verdict
from tests.core.playbook import INPUTS, Playbook, site_document

CORE = Path(__file__).resolve().parents[3] / "gateway" / "core"
# Decided by people, by the exit button, or where the rules are not asked.
NOT_BY_RULE = {
    Reason.OPERATOR, Reason.REMOTE, Reason.EMERGENCY, Reason.FAULT, Reason.LANE_UNCLEAR, Reason.CLOCK_UNSET,
    Reason.NO_CREDENTIAL,
}  # fmt: skip


def test_the_rules_give_each_reason_the_verdicts_that_it_declares() -> None:
    given: dict[Reason, set[Verdict]] = {}
    for rule in RULES:
        given.setdefault(rule.reason, set()).add(rule.verdict)
    assert given == {reason: set(reason.verdicts) for reason in Reason if reason not in NOT_BY_RULE}


def test_every_reason_and_every_refusal_has_its_meaning() -> None:
    assert [one for one in (*Reason, *Refusal) if not one.meaning] == []


def test_a_code_is_found_by_its_text() -> None:
    assert Reason("expired") is Reason.EXPIRED
    assert Refusal("no_case") is Refusal.NO_CASE
    assert f"{Refusal.FIRE}" == "fire"


def test_every_check_of_a_command_refuses_with_a_declared_code() -> None:
    assert all(isinstance(code, Refusal) for checks in REFUSALS.values() for code, _ in checks)


def test_every_refusal_that_is_declared_is_used() -> None:
    sources = "".join(path.read_text("utf-8") for path in CORE.rglob("*.py") if path.name != "reasons.py")
    used = {Refusal[name] for name in re.findall(r"Refusal\.([A-Z_]+)", sources)}
    by_state = {Refusal(f"alarm_{state.name.lower()}") for state in AlarmState if state is not AlarmState.CLOSED}
    assert set(Refusal) - used - by_state == {Refusal.NOT_FOUND}


@pytest.mark.parametrize("state", [one for one in AlarmState if one is not AlarmState.CLOSED])
def test_an_alarm_that_refuses_has_a_code_for_its_state(state: AlarmState) -> None:
    assert Refusal(f"alarm_{state.name.lower()}").meaning


def test_every_alarm_that_is_raised_is_of_a_declared_kind() -> None:
    raised: set[str] = set()
    for path in CORE.rglob("*.py"):
        raised |= set(re.findall(r'raise_(?:alarm)?\(\s*turn,\s*"(\w+)"', path.read_text("utf-8")))
    assert len(raised) > 10
    assert raised <= set(KINDS)


def test_a_state_of_an_alarm_is_set_in_one_place() -> None:
    places = [
        (path.name, line.strip())
        for path in (CORE / "alarms").rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\.state\s*=(?!=)", line)
    ]
    assert places == [("desk.py", "self.state = self.next(verb)")]


def test_every_verb_has_its_row() -> None:
    assert set(ROWS) == set(Verb)
    assert past(Verb.TAKE_OUT) == "shelved"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("state", TABLE)
def test_only_a_person_or_another_alarm_closes_what_a_person_must_close(
    state: AlarmState, active: bool, kind: str
) -> None:
    for verb in TABLE[state]:
        alarm = Alarm("a1", "key", kind, state, "", "", active=active)
        alarm.change(verb)
        closes = alarm.state is AlarmState.CLOSED and state is not AlarmState.CLOSED
        if closes and KINDS[kind].by_person:
            assert verb in (Verb.CLOSE, Verb.JOIN)
        if closes and verb is Verb.ACKNOWLEDGE:
            assert not active


# ---- contacts


@pytest.fixture
def with_ice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact that one declaration adds."""
    ice = ContactKind("barrier", "ice on the arm", trouble=Trouble("water", "ice", {"reason": "ice"}), without="no ice")
    monkeypatch.setitem(CONTACTS, "ice", ice)
    document = documents.with_contacts("BarrierDocument", documents.BarrierKeys, "barrier")
    monkeypatch.setattr(site_file, "BarrierDocument", document)


@pytest.mark.usefixtures("with_ice")
def test_a_contact_that_is_declared_is_wired_debounced_and_alarmed() -> None:
    play = Playbook(site_document(ice=f"io.input.{INPUTS.index('panic')}"))
    play.set(settle_ms=20, panic=True)
    assert play.alarms() == []
    play.advance(20)
    (alarm,) = play.alarms()
    assert (alarm["kind"], alarm["detail"]) == ("water", {"reason": "ice"})
    play.set(panic=False)
    assert play.alarms()[0]["state"] == "returned-unacknowledged"
    play.person("lock", reason="ice")
    assert play.alarms()[0]["state"] == "out of service"


def test_a_contact_that_is_not_declared_is_an_unknown_key() -> None:
    with pytest.raises(SettingsError, match="ice"):
        Playbook(site_document(ice="io.input.9"))


def test_every_contact_has_its_meaning_and_its_alarm_exists() -> None:
    assert [name for name, contact in CONTACTS.items() if not contact.meaning] == []
    assert {contact.trouble.alarm for contact in CONTACTS.values() if contact.trouble} <= set(KINDS)


def test_a_contact_means_trouble_or_has_its_case_in_the_lane() -> None:
    sources = "".join(path.read_text("utf-8") for path in (CORE / "lane").rglob("*.py"))
    assert [name for name in CONTACTS if name not in contacts.TROUBLES and f'"{name}"' not in sources] == []


def test_what_comes_first_of_one_instant_is_a_torn_arm_then_who_is_under_it() -> None:
    urgent = [name for name in CONTACTS if CONTACTS[name].urgency != contacts.LAST]
    assert sorted(urgent, key=lambda name: CONTACTS[name].urgency) == ["arm_detached", "safety_loop", "approach_loop"]


@pytest.mark.parametrize("name", CONTACTS)
def test_a_quick_contact_waits_30_ms_at_most(name: str) -> None:
    longest = 30 if name in ("arm_detached", "fire", "exit_button", "panic") else 300
    assert CONTACTS[name].debounce_ms(300) == longest
    assert CONTACTS[name].debounce_ms(5) == 5
