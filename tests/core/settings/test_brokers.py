"""The brokers of central in the site file."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.model import Mqtt
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SettingsError


def mqtt(**keys: Any) -> Mqtt:
    uplink = parse_settings({"site": {"id": "s"}, "gateway": {"id": "g"}, "uplink": {"mqtt": keys}}).uplink
    assert uplink is not None
    assert uplink.mqtt is not None
    return uplink.mqtt


def faults(**keys: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as error:
        mqtt(**keys)
    return dict(error.value.problems)


def test_one_broker_is_host_and_port() -> None:
    (one,) = mqtt(host="10.0.0.9").each()
    assert (one.host, one.port) == ("10.0.0.9", 1883)
    assert mqtt(host="10.0.0.9").consumer == "central"


def test_several_are_a_list_with_the_consumer_that_owns_the_cursor() -> None:
    found = mqtt(brokers=["a.example:8883", "[fd00::1]:1883"], consumer="hq", tls=True)
    assert [(one.host, one.port, one.tls) for one in found.each()] == [
        ("a.example", 8883, True),
        ("fd00::1", 1883, True),
    ]
    assert found.consumer == "hq"


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({}, "uplink.mqtt.host"),
        ({"host": ""}, "uplink.mqtt.host"),
        ({"brokers": []}, "uplink.mqtt.host"),
        ({"host": "a", "port": 0}, "uplink.mqtt.port"),
        ({"host": "a", "port": 70000}, "uplink.mqtt.port"),
        ({"host": "a", "brokers": ["b:1"]}, "uplink.mqtt.host"),
        ({"port": 1883, "brokers": ["b:1"]}, "uplink.mqtt.port"),
        ({"brokers": ["a:1", "b"]}, "uplink.mqtt.brokers[1]"),
        ({"host": "a", "consumer": "a b"}, "uplink.mqtt.consumer"),
        ({"host": "a", "broker": "b"}, "uplink.mqtt.broker"),
    ],
)
def test_each_fault_is_named_by_its_place(keys: dict[str, Any], path: str) -> None:
    assert path in faults(**keys)


def test_an_entry_that_is_wrong_says_what_is_right() -> None:
    (words,) = faults(brokers=["mqtt://a:1"]).values()
    assert words == "is 'mqtt://a:1'; write host:port, for example 10.0.0.9:1883"
