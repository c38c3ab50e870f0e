"""Every setting has its words in both languages, and no word is left of one that is gone."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from drivers.registry import configure, known
from gateway.core.forms.fields import fields_of
from gateway.core.settings.roles import SCOPES
from gateway.core.settings.site_file import checked
from gateway.core.vocabulary.errors import SettingsError
from tests.core.forms.test_fields import TYPES, each
from web.installer.settings import spoken
from web.words.texts import LOCALES, words

BLOCKS = [{"minutes": 60, "price": 500}]
NIGHT = {"id": "night", "from": "21:00", "until": "07:00", "blocks": BLOCKS}
PLAIN = {"id": "visitor", "currency": "CNY", "blocks": BLOCKS}
FIELDS = [field for kind in TYPES for field in each(fields_of(kind))]


def test_every_declared_text_has_its_chinese_words_and_no_other() -> None:
    defaults = {field.said_default for field in FIELDS if field.said_default not in (None, "", "required")}
    texts = {field.meaning for field in FIELDS} | {text for text in defaults if text}
    texts |= set(SCOPES.values())
    assert texts - set(spoken.chinese()) == set()
    assert set(spoken.chinese()) - texts == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_field_has_a_label_and_every_unit_and_choice_its_word(locale: str) -> None:
    say = words(locale)
    assert {field.name for field in FIELDS if f"setting.{field.name}" not in say} == set()
    assert {field.unit for field in FIELDS if field.unit and f"unit.{field.unit}" not in say} == set()
    roles = {"role"}
    choices = {(one.name, word) for one in FIELDS for word in one.words if one.name not in roles}
    assert {key for key in choices if f"choice.{key[0]}.{key[1]}" not in say} == set()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", known())
def test_every_driver_has_a_name_and_a_sentence(name: str, locale: str) -> None:
    assert f"driver.{name}" in words(locale)
    assert f"driver.words.{name}" in words(locale)


def test_names_are_shown_as_code_and_links_as_their_words() -> None:
    field = msgspec.structs.replace(FIELDS[0], meaning="`soft` refers, see [places](#groups) <b>")
    assert spoken.meaning(field, words("en")) == "<code>soft</code> refers, see places &lt;b&gt;"


def test_a_text_of_another_package_stays_as_it_is() -> None:
    field = msgspec.structs.replace(FIELDS[0], meaning="what their device needs")
    assert "What their device needs" in spoken.meaning(field, words("zh_CN"))


def test_bounds_and_default_are_in_one_line() -> None:
    (days,) = [field for field in FIELDS if field.name == "expiry_warning_days"]
    assert spoken.limits(days, words("en")) == "0 to 365 · Default: 10"
    assert re.search(r"0.*365.*10", spoken.limits(days, words("zh_CN")))


@pytest.mark.parametrize(
    "document",
    [
        {"site": {"id": "a b", "timezone": "Nowhere"}},
        {"gateway": {"id": "g", "http": {"host": "http://x", "port": 99999, "names": ["https://a"]}}},
        {"gateway": {"id": "g", "http": {"trusted_proxies": ["nginx"], "tls": {"cert": "a.pem", "key": "/b.pem"}}}},
        {"gateway": {"id": "g", "retention": {"days": 0}}},
        {"groups": [{"id": " ", "places": 1}, {"id": "a", "places": 1}, {"id": "a", "places": 1}]},
        {"stations": [{"id": "s", "lanes": ["none"], "address": "booth"}]},
        {"uplink": {"mqtt": {"brokers": ["a"], "host": "b"}}},
        {"uplink": {"mqtt": {}}},
        {"interlocks": [{"type": "shared", "barriers": ["none"]}]},
        {"tariffs": [{"id": "a b", "currency": "cny", "blocks": BLOCKS, "periods": [{**NIGHT, "id": ""}]}]},
        {"tariffs": [{**PLAIN, "periods": [{**NIGHT, "until": "25:00"}, {**NIGHT, "id": "b", "weekdays": "never"}]}]},
        {"tariffs": [{**PLAIN, "periods": [{**NIGHT, "from": "24:00"}]}, PLAIN]},
        {"charging": {"rules": [{"tariff": "none"}]}},
        {"calendar": {"country": "China", "holidays": ["2027-02-08"], "workdays": ["2027-02-08"]}},
    ],
)
def test_what_the_checks_find_has_its_chinese_words(document: dict[str, Any]) -> None:
    whole = {"site": {"id": "site"}, "gateway": {"id": "gw1"}, **document}
    with pytest.raises(SettingsError) as wrong:
        checked(whole, lambda settings: configure(settings))
    for path, message in wrong.value.problems:
        assert re.search(r"[\u4e00-\u9fff]", spoken.checked(message, words("zh_CN"))), (path, message)
        assert spoken.checked(message, words("en")) == message


def test_a_default_of_several_lines_is_no_list_of_a_program() -> None:
    (idle,) = [field for field in FIELDS if field.name == "idle"]
    assert spoken.limits(idle, words("en")) == "Default: {words} / {time}"


def test_a_message_without_other_words_stays_as_it_is() -> None:
    assert spoken.checked("is odd; mend it", words("zh_CN")) == "is odd; mend it"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_default_is_said_without_marks(locale: str) -> None:
    shown = [spoken.limits(field, words(locale)) + spoken.unset(field, words(locale)) for field in FIELDS]
    assert [text for text in shown if "`" in text or "](" in text] == []


def test_what_uses_a_device_is_said_by_the_names_of_lanes_and_terminals() -> None:
    site = {"lanes": [{"id": "in", "name": "北门入口"}, {"id": "out"}]}
    paths = ["lanes.in.barrier.at_open", "lanes.in.lights.red", "lanes.in.readers", "lanes.out.barrier.safety_loop"]
    said = spoken.uses(paths, site, words("zh_CN"))
    assert said == ["北门入口: 开到位限位、红灯、读卡器", "out: 防砸地感"]
