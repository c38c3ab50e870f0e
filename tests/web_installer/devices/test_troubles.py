"""What a driver says of a device that fails has Chinese words: the sentences are read out of the drivers' sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.words.sentences import trouble
from web.words.texts import words

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("drivers/links", "drivers/buses", "drivers/boards", "drivers/readers", "drivers/printers", "drivers/framing")
FILES = ("drivers/orders.py", "gateway/uplink/mqtt/cameras.py", "gateway/core/plates/messages.py")
REMEDY = re.compile(r"[;:?] ?|was unplugged|cannot be|does not|is gone|out of paper|is busy|has no output")
"""What a sentence about a trouble has: a remedy behind it, or a failure in it."""
NOT = re.compile(r"(is|needs|which|has|0 is) |7; describe")
"""What is said of an option of the site file: `test_messages` has those."""
NONE = (
    "Authorization", "Accept:", "{", "%s", "openssl", "as an ", "as it sends", "is missing beside", "an OSDP reader,",
    "UHFReader18, address", "told unasked", "no frame of this protocol", "data bytes", "is no number of", "not an RTU",
    "not a Modbus", "has more than 24", "a format has", "no bits of a number", "parity line", "could take very long",
    "regular expression", "is not 7", "has no place in", "is no EPC", "does not hold them", "does not fit the data",
    "set up without a key", "give 0 (end it)", "has its key already", "which another", "as d0 is", "in ASCII",
    "give an address", "give name and password", "seems to be", "opened no lane", "the user that runs", "7: 7",
    "maker 7", "there are: 7", "unit 7: a board", "may not be opened", "the line 7", "install mode for another",
    "make them equal", "use each pin once",
    "fits no format", "check the line numbers", "check the pin numbers", "not a picture of", "its plates open no lane",
)  # fmt: skip
"""Fragments of sentences, options, and what is said at other places; the cases below have some of them whole."""


def sentences(path: Path) -> Iterator[str]:
    """The sentences of a module, with a sample in place of each value."""
    tree = ast.parse(path.read_text("utf-8"))
    apart = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    apart |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    declared = [node for node in calls if getattr(node.func, "id", getattr(node.func, "attr", "")) == "Meta"]
    apart |= {id(one) for node in declared for one in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) not in apart and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif id(node) not in apart and isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values)


PATHS = [*(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))), *(ROOT / one for one in FILES)]
SAID = sorted({text for path in PATHS if path.name != "sim.py" for text in sentences(path)})
TROUBLES = [
    text
    for text in SAID
    if text.count(" ") > 2 and REMEDY.search(text) and not NOT.match(text) and not any(n in text for n in NONE)
]


@pytest.mark.parametrize("text", TROUBLES)
def test_a_trouble_has_chinese_words(text: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", trouble(text, words("zh_CN"))), text
    assert trouble(text, words("en")) == text


def test_the_troubles_are_found() -> None:
    assert len(TROUBLES) > 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/dev/ttyUSB0 was unplugged; plug the adapter in again", "/dev/ttyUSB0 被拔掉了;请重新插上"),
        (
            "unit 3 did not answer within 500 ms; check its power, unit number, baud rate and the wires A and B",
            "站号 3 在 500 毫秒内没有应答;请检查电源、站号和波特率、A/B 线",
        ),
        ("unit 3 refuses (code 2): it is busy", "站号 3 拒绝(代码 2):正忙"),
        (
            "osdp-1 does not answer; check power, wiring, `address` and `baudrate`",
            "osdp-1 没有应答;请检查电源、接线、地址和波特率",
        ),
        ("/dev/ttyS0 may not be opened; add the user that runs Gatehouse to the group 'dialout'",
         "没有权限打开 /dev/ttyS0;请把运行 Gatehouse 的用户加入 dialout 组"),
        ("a frame of 30 bits fits no format: 0101", "30 位的数据不符合任何格式:0101"),
        ("what their device says", "what their device says"),
    ],
)  # fmt: skip
def test_a_trouble_keeps_its_values(text: str, said: str) -> None:
    assert trouble(text, words("zh_CN")) == said
