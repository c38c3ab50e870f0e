"""Every message that a check of the settings can give has Chinese words: the messages are read out of the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.settings.marks import Mark, refusal
from web.installer.settings import spoken
from web.words.texts import words

ROOT = Path(__file__).resolve().parents[3]
CHECKS = (
    "gateway/core/settings/site_file.py", "gateway/core/settings/explain.py", "gateway/core/charges/charging.py",
    "gateway/core/charges/tariff.py", "gateway/core/vocabulary/schedule.py", "gateway/core/people/texts.py",
    "gateway/store/settings/planning.py", "gateway/store/settings/versions.py", "gateway/store/calendar/country.py",
    "gateway/check/front.py", "gateway/engine/settings/changes.py", "drivers/registry.py", "drivers/boards/layout.py",
    "drivers/framing/text_lines.py", "drivers/framing/wiegand.py", "drivers/displays/serial_display/frames.py",
    "drivers/readers/osdp/frames.py",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "drivers").glob("*/*/__init__.py"))),
)  # fmt: skip
BEGINS = re.compile(
    r"(is|names|holds|has|needs|could|ends|ended|begins|expected|parity line|0 is|cannot be|hold for|not 4) "
)
ELSEWHERE = (
    "is no number of", "says that there is no plate", "is no reader information", "is no card number", "is not {",
    "has more than 24 bits", "parity of the line", "the 7s of 7",
)  # fmt: skip
"""What drivers say of bytes and not of the site file, and a message whose side is written in."""
BUILDERS = {"is 7", "is 77", "is 7; 7", "is missing; 7"}
SAMPLE = "7"


def texts(path: str) -> Iterator[str]:
    """The texts of a module that are no docstrings, with a sample in place of each value."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    apart = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    apart |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(one) for node in ast.walk(tree) if _declares(node) for one in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else SAMPLE for one in node.values)


def _declares(node: ast.AST) -> bool:
    """Whether a call declares a field: its text is a meaning and no fault."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Meta"


MESSAGES = sorted({text for path in CHECKS for text in texts(path) if BEGINS.match(text) and " " in text})
FAULTS = [text for text in MESSAGES if text not in BUILDERS and not any(one in text for one in ELSEWHERE)]


@pytest.mark.parametrize("message", FAULTS)
def test_a_message_of_a_check_has_chinese_words(message: str) -> None:
    said = spoken.checked(message, words("zh_CN"))
    assert re.search(r"[\u4e00-\u9fff]", said), message
    assert spoken.checked(message, words("en")) == message


def test_the_messages_are_found() -> None:
    assert len(FAULTS) > 60


@pytest.mark.parametrize("mode", ["locked", "crashed", "held"])
def test_a_mark_that_would_be_lost_has_chinese_words(mode: str) -> None:
    said = spoken.checked(refusal([Mark("in", mode, "Lin", "oil")]), words("zh_CN"))
    assert "Lin" in said
    assert not re.search(r"[a-z]{4,}", said.replace("Lin", ""))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("is 3; give a text in quotes or an object", "是 3;请给文字(带引号),或请给一个对象"),
        ("is 'a\u200b'; it holds a control character (U+200B at place 2); take it out",
         "是 'a\u200b';第 2 个字符是控制字符(U+200B),请去掉"),
        ("is the port of a device with another driver (devices[3])", "这个端口已被另一种驱动的设备占用(devices[3])"),
        ("is '('; it needs a group that is named value, such as (?P<value>[0-9]+)",
         "是 '(';要有一个名为 value 的分组,例如 (?P<value>[0-9]+)"),
    ],
)  # fmt: skip
def test_a_message_within_a_message_is_said_too(message: str, said: str) -> None:
    assert spoken.checked(message, words("zh_CN")) == said
