"""Pinyin initials of names, and the table that they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.store.passes import initials as module
from gateway.store.passes.initials import VARIANTS_MAX, initials

TABLE = json.loads(Path(module.__file__).with_name("initials.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("张小明", ("zxm",)), ("欧阳娜娜", ("oynn",)), ("陳大文", ("cdw",)), ("吕布", ("lb",)), ("䶮", ("y",)),
        ("曾子建", ("czj", "zzj")), ("单雄信", ("dxx", "sxx")), ("重庆", ("zq", "cq")),
        ("Wang Fang", ()), ("", ()), ("さくら", ()), ("Li 雷 (1)", ("l",)), ("𠮷田", ("t",)),
    ],
)  # fmt: skip
def test_a_name_has_its_initials_in_each_way_to_read_it(name: str, found: tuple[str, ...]) -> None:
    assert initials(name) == found


def test_a_name_that_can_be_read_in_many_ways_has_a_few() -> None:
    assert len(initials("重长曾单" * 3)) == VARIANTS_MAX


def test_the_table_has_a_letter_or_none_for_each_character() -> None:
    assert (len(TABLE["a"]), len(TABLE["b"])) == (0x4DC0 - 0x3400, 0xA000 - 0x4E00)
    assert set(TABLE["a"] + TABLE["b"]) <= set("abcdefghijklmnopqrstuvwxyz.")
    assert TABLE["b"].count(".") < 100
    assert all(len(character) == 1 and letters.isalpha() for character, letters in TABLE["others"].items())
