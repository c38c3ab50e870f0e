"""Every text exists in both languages, and everything the contract names has words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from gateway.core.alarms.kinds import KINDS
from gateway.core.alarms.lifecycle import AlarmState
from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.modes.notices import Notice
from gateway.core.lane.people.refusals import COMMANDS, TABLE
from gateway.core.settings.roles import Role
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows.barrier import ServiceLimit
from web.guard.home.page import SCRIPT_WORDS
from web.platform.pages import SCRIPT_WORDS as ALWAYS
from web.words.texts import LOCALES, files, masked, plate_as_written, texts, words

WEB = Path(__file__).parents[2] / "web"
CONTRACT_REASONS = """
    valid_pass operator remote emergency unknown_credential blocked not_yet_valid expired outside_schedule wrong_lane
    already_inside not_inside plate_mismatch car_park_full places_full unpaid hazardous_load seen_elsewhere lane_locked
    lane_fault clock_unset
""".split()  # noqa: SIM905
CONTRACT_ALARMS = """
    crash struck_vehicle forced tailgating obstructed stuck tamper duress panic intrusion fire water power video_lost
    device_lost uplink_lost clock_unsure storage_degraded
""".split()  # noqa: SIM905
STATES = """
    ready opening open passing closing held stopped locked crashed fire interrupted fault unknown
""".split()  # noqa: SIM905
ARMS = ["closed", "rising", "open", "lowering", "between", "stopped", "unknown"]
MODES = ["held", "fire", "crashed", "locked", "interrupted"]


def test_both_languages_have_the_same_keys() -> None:
    assert texts("en").keys() == texts("zh_CN").keys()


def test_both_languages_fill_in_the_same_values() -> None:
    english, chinese = texts("en"), texts("zh_CN")
    holes = re.compile(r"\{(\w+)\}")
    unequal = [key for key in english if set(holes.findall(english[key])) != set(holes.findall(chinese[key]))]
    assert unequal == []


def test_no_text_is_empty() -> None:
    assert [(locale, key) for locale in LOCALES for key, text in texts(locale).items() if not text.strip()] == []


def test_a_room_has_the_same_keys_in_both_languages() -> None:
    english, chinese = ({path.name: set(json.loads(path.read_text("utf-8"))) for path in files(one)} for one in LOCALES)
    assert english == chinese


@pytest.mark.parametrize("locale", LOCALES)
def test_a_key_stands_once_in_one_file(locale: str) -> None:
    pairs: list[Any] = []
    for path in files(locale):
        pairs += json.loads(path.read_text("utf-8"), object_pairs_hook=list)
    assert len(pairs) == len(dict(pairs))


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_the_contract_names_has_words(locale: str) -> None:
    wanted = [f"reason.{code}" for code in {*CONTRACT_REASONS, *Reason}]
    wanted += [f"alarm.{kind}" for kind in {*CONTRACT_ALARMS, *KINDS}]
    wanted += [f"todo.{kind}" for kind in {*CONTRACT_ALARMS, *KINDS}]
    variants = [f"{name}.{variant}" for name, kind in KINDS.items() for variant in kind.variants]
    wanted += [f"{what}.{variant}" for what in ("alarm", "todo") for variant in variants]
    wanted += [f"state.{state}" for state in STATES]
    wanted += [f"arm.{arm}" for arm in {*ARMS, *ArmState}]
    wanted += [f"mode.{mode}" for mode in MODES]
    wanted += [f"verdict.{verdict}" for verdict in Verdict]
    wanted += [f"role.{role}" for role in Role]
    wanted += [f"{what}.{command}" for what in ("cmd", "requested") for command in COMMANDS]
    wanted += [f"{what}.{notice}" for what in ("notice", "do") for notice in get_args(Notice)]
    wanted += [f"due.{what}" for what in get_args(ServiceLimit)]
    assert [key for key in wanted if key not in words(locale)] == []


def test_a_short_form_stands_for_a_text_that_exists() -> None:
    known = texts("en").keys()
    assert [key for key in known if key.startswith("brief.") and key.removeprefix("brief.") not in known] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_verdict_has_a_sentence_to_say(locale: str) -> None:
    assert [verdict for verdict in Verdict if f"say.{verdict}" not in words(locale)] == []
    assert [code for code in Reason if f"say.denied.{code}" not in words(locale)] == [
        Reason.VALID_PASS,
        Reason.EXPECTED_VISIT,
        Reason.PAID,
        Reason.OPERATOR,
        Reason.REMOTE,
        Reason.EMERGENCY,
        Reason.NO_CREDENTIAL,
        Reason.CLOCK_UNSET,
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_why_a_button_is_off_has_words(locale: str) -> None:
    codes = {code for checks in TABLE.values() for code, _ in checks}
    assert [code for code in sorted(codes) if f"why.{code}" not in words(locale)] == []
    assert [code for code in sorted(codes) if f"refused.{code}" not in words(locale)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_alarm_state_has_words(locale: str) -> None:
    names = {AlarmState.RETURNED: "returned", AlarmState.OUT_OF_SERVICE: "out_of_service"}
    assert [one for one in AlarmState if f"alarm.state.{names.get(one, one)}" not in words(locale)] == []


def test_every_key_that_pages_and_script_name_exists() -> None:
    known = texts("en")
    named: set[str] = set()
    for path in [*WEB.rglob("*.html"), *WEB.rglob("*.js")]:
        named |= set(re.findall(r"""say\(["']([a-z_]+\.[a-z_.]+[a-z])["'][,)]""", path.read_text("utf-8")))
    assert len(named) > 30
    assert sorted(named - known.keys()) == []


def test_every_key_that_the_script_names_goes_to_the_page() -> None:
    script = "\n".join(path.read_text("utf-8") for room in ("guard", "parts") for path in (WEB / room).rglob("*.js"))
    named = set(re.findall(r"""say\(["']([a-z_.]+)["']""", script))
    named |= set(re.findall(r'"((?:hold\.end|case|answer|refused)\.[a-z_]+)"', script))
    assert len(named) > 40
    assert sorted(one for one in named if not one.startswith((*SCRIPT_WORDS, *ALWAYS))) == []


def test_a_mainland_plate_is_written_with_its_gap() -> None:
    assert plate_as_written("粤B12345") == "粤B 12345"
    assert plate_as_written("粤BD12345") == "粤B D12345"
    assert plate_as_written("AB-123") == "AB-123"


def test_a_masked_name_tells_no_more_than_its_first_letter() -> None:
    assert masked("王建国") == "王**"
    assert masked("") == ""


def test_a_text_with_a_value_that_nobody_gave_still_reads() -> None:
    assert words("en")("bay") == "Bay "
