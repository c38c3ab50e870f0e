"""Faults of a site file with path, value and remedy; and all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.remedies import Fault, faults
from gateway.core.settings.site_file import checked, parse_settings
from gateway.core.vocabulary.errors import SettingsError
from tests.core.settings.test_settings import DOCUMENT, changed, problems


def told(document: Any) -> list[Fault]:
    return list(faults(problems(document), document))


def test_a_fault_has_its_path_value_and_remedy() -> None:
    [fault] = told(changed("lanes.0.barrier.pulse_ms", 7))
    assert (fault.path, fault.value, fault.remedy) == ("lanes[0].barrier.pulse_ms", 7, "give a number from 50 to 10000")
    assert fault.message == "is 7; give a number from 50 to 10000"


def test_things_in_lists_are_found_by_their_id_too() -> None:
    [fault] = told(changed("lanes.0.barrier.close", "io.output.0"))
    assert (fault.path, fault.value) == ("lanes.in.barrier.close", "io.output.0")


@pytest.mark.parametrize("pin", ["987", "abc", "1" * 40])
def test_a_pin_is_not_told(pin: str) -> None:
    [fault] = told(changed("operators.0.pin", pin))
    assert (fault.path, fault.value) == ("operators[0].pin", None)
    assert pin not in fault.message


def test_what_is_missing_has_no_value_and_a_long_value_is_cut() -> None:
    document = {**DOCUMENT, "site": {"id": "x" * 500}}
    assert len(told(document)[0].value) == 200
    assert told({"site": {"id": "s"}}) == [Fault("gateway", None, "is missing; it is required", "it is required")]
    assert told([])[0].value is None


def test_a_message_without_a_remedy_is_its_own() -> None:
    assert faults([("a[3].b", "is wrong")], {"a": [1]}) == (Fault("a[3].b", None, "is wrong", "is wrong"),)


def test_all_faults_of_one_part_are_told_at_once() -> None:
    document = changed("lanes.0.barrier", {"open": "io.output.0", "colour": 1, "pulse_ms": "x", "grant_ms": 1})
    assert [path for path, _ in problems(document)] == [
        "lanes[0].barrier.colour",
        "lanes[0].barrier.pulse_ms",
        "lanes[0].barrier.grant_ms",
    ]


def test_a_key_that_is_missing_is_told_once_and_ends_the_look_at_its_part() -> None:
    found = problems(changed("lanes.0.barrier", {"open": 7, "closes": 1}))
    assert sorted(path for path, _ in found) == [
        "lanes[0].barrier.closes",
        "lanes[0].barrier.open",
    ]


def test_the_drivers_are_asked_although_a_lane_is_wrong() -> None:
    def check(settings: Any) -> str:
        if settings.devices:
            raise SettingsError([("devices[0].driver", "is unknown; use another")])
        return "checked"

    with pytest.raises(SettingsError) as caught:
        checked(changed("lanes.0.direction", "up"), check)
    assert [path for path, _ in caught.value.problems] == ["lanes[0].direction", "devices[0].driver"]
    with pytest.raises(SettingsError, match="is unknown"):
        checked(DOCUMENT, check)
    with pytest.raises(SettingsError, match="give a JSON object"):
        checked(7, check)
    assert checked({**DOCUMENT, "devices": [], "lanes": []}, check)[1] == "checked"
    assert checked(DOCUMENT, len_of)[0] == parse_settings(DOCUMENT)


def len_of(settings: Any) -> int:
    return len(settings.devices)
