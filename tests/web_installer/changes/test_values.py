"""Values of a difference are said in the words of their forms, in the language of the page."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from drivers.catalogue import catalogue
from drivers.registry import configure
from gateway.core.forms.sheets import Catalogue
from gateway.core.settings.difference import NEW_SECRET, changes
from gateway.core.settings.site_file import TOP_KEYS, checked
from tests.web_installer.settings.conftest import SITE
from web.installer.changes.values import TYPES, Speaker, Value
from web.words.texts import words

KNOWN: Catalogue = msgspec.convert(msgspec.to_builtins(catalogue()), Catalogue)


def said(locale: str, **parts: Any) -> dict[str, tuple[Value | None, Value | None]]:
    """What changed parts of the site file are said as, old and new, by their paths."""
    after = {**SITE, **parts}
    checked(after, lambda settings: tuple(configure(settings)))
    speaker = Speaker((after, SITE), words(locale), lambda: KNOWN)
    found = changes(SITE, after)
    return {one.path: (speaker.value(one.path, one.old), speaker.value(one.path, one.new)) for one in found}


def test_a_whole_new_device_is_said_field_by_field() -> None:
    board = {"id": "io2", "driver": "modbus", "board": "generic", "unit": 3, "outputs": 4}
    board["link"] = {"type": "serial", "port": "/dev/ttyUSB0", "baudrate": 9600}
    (old, new) = said("zh_CN", devices=[*SITE["devices"], board])["devices.io2"]
    assert old is None
    assert new is not None
    rows = dict(new.rows)
    assert rows["编号"] == "io2"
    assert rows["板型"] == "generic"
    assert re.search(r"[\u4e00-\u9fff]", rows["驱动"])
    assert rows["连接"].startswith("串口")
    assert "速率 9600 比特/秒" in rows["连接"]
    assert "{" not in "".join(rows.values())


def test_a_key_of_a_new_device_is_never_said() -> None:
    reader = {"id": "osdp-2", "driver": "osdp", "port": "/dev/ttyUSB1", "key": "fedcba9876543210" * 2}
    (_, new) = said("en", devices=[*SITE["devices"], reader])["devices.osdp-2"]
    assert new is not None
    assert dict(new.rows)["Key"] == "(given)"


def test_a_new_lane_is_said_with_its_barrier() -> None:
    lane = {"id": "out", "name": "North out", "direction": "exit", "barrier": {"open": "io.output.1"}}
    (_, new) = said("zh_CN", lanes=[*SITE["lanes"], lane])["lanes.out"]
    assert new is not None
    rows = dict(new.rows)
    assert rows["方向"] == "出"
    assert "抬杆 io.output.1" in rows["道闸"]
    assert "脉冲 500 毫秒" in rows["道闸"]
    assert "{" not in "".join(rows.values())


@pytest.mark.parametrize(
    ("parts", "path", "old", "new"),
    [
        ({"site": {**SITE["site"], "anti_passback": "soft"}}, "site.anti_passback", "关闭", "软:转保安核对"),
        ({"charging": {"methods": ["cash"]}}, "charging.methods", "现金、扫码、其他系统", "现金"),
        (
            {"charging": {"owed_limit": 500}, "tariffs": [{**SITE["tariffs"][0], "currency": "JPY"}]},
            "charging.owed_limit",
            None,
            "500",
        ),
        (
            {"tariffs": [{**SITE["tariffs"][0], "day_cap": 4550}]},
            "tariffs.visitor.day_cap",
            "30.00",
            "45.50",
        ),
        (
            {"tariffs": [{**SITE["tariffs"][0], "blocks": [{"minutes": 30, "price": 150}]}]},
            "tariffs.visitor.blocks",
            "时长 60 分钟、价格 5.00; 时长 60 分钟、价格 2.00",
            "时长 30 分钟、价格 1.50",
        ),
        ({"groups": [{"id": "12-3", "places": 3}, *SITE["groups"][1:]]}, "groups.12-3.places", "2 辆", "3 辆"),
        ({"repairs": {"urgent": {"on_site_h": 1, "mend_h": 38}}}, "repairs.urgent.on_site_h", "2 小时", "1 小时"),
    ],
)
def test_a_value_is_said_with_its_words_and_its_unit(
    parts: dict[str, Any], path: str, old: str | None, new: str
) -> None:
    assert said("zh_CN", **parts)[path] == (Value(old) if old else None, Value(new))


def test_every_part_of_the_site_file_has_its_fields() -> None:
    assert set(TOP_KEYS) - set(TYPES) == {"devices"}


def test_a_new_password_is_a_new_one() -> None:
    assert Speaker((SITE,), words("zh_CN"), lambda: KNOWN).value("uplink.mqtt.password", NEW_SECRET) == Value("(新的)")


def test_without_the_drivers_the_options_of_a_device_are_said_as_they_are() -> None:
    speaker = Speaker((SITE,), words("en"), Catalogue)
    value = speaker.value("devices.x", {"id": "x", "driver": "modbus", "unit": 3})
    assert value is not None
    assert ("unit", "3") in value.rows
