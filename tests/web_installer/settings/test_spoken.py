"""Every setting has its words in both languages, and no word is left of one that is gone."""

from __future__ import annotations

import re

import msgspec
import pytest

from drivers.registry import known
from gateway.core.forms.fields import fields_of
from gateway.core.settings.roles import SCOPES
from tests.core.forms.test_fields import TYPES, each
from web.installer.settings import spoken
from web.words.texts import LOCALES, words

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
