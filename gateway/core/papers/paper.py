"""What a printer puts on paper, whatever its make: a row of items, laid out in columns.

A Chinese character takes two columns. Nothing but printable characters gets onto paper: a control character would be a
command to the printer.
"""

from __future__ import annotations

from typing import Literal

import msgspec

CODE_MAX = 700
"""Characters of a QR code; printers take about a thousand bytes."""
TEXT_MAX = 400
"""Characters of one item."""
BREAKABLE = 2
"""A line is broken at a blank only behind this share (1/2) of its width; else within the word."""

Outcome = Literal["printed", "sent", "paper_out", "cover_open", "fault", "silent", "off", "late", "full"]
"""What became of a paper. `printed`: the printer said so; `sent`: it took the bytes and tells nothing more."""
DONE: tuple[Outcome, ...] = ("printed", "sent")


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A text, broken into lines; `large` is twice as high and wide."""

    text: str
    align: Literal["left", "center"] = "left"
    large: bool = False


class Pair(msgspec.Struct, frozen=True, tag="pair"):
    """What something is called, and its value at the right edge."""

    left: str
    right: str
    large: bool = False


class Rule(msgspec.Struct, frozen=True, tag="rule"):
    """A line across the paper."""


class Code(msgspec.Struct, frozen=True, tag="code"):
    """A QR code in the middle."""

    data: str


Item = Text | Pair | Rule | Code


class Paper(msgspec.Struct, frozen=True):
    """What is printed and cut off as one."""

    items: tuple[Item, ...]


def plain(text: str) -> str:
    """The text without anything that a printer would take for a command, and bounded."""
    return "".join(one for one in text[:TEXT_MAX] if one.isprintable())


def columns(text: str) -> int:
    """How many columns a text takes."""
    return sum(1 if one.isascii() else 2 for one in text)


def lay(item: Text | Pair | Rule, width: int) -> list[str]:
    """An item's lines for so many columns; none is wider."""
    if isinstance(item, Rule):
        return ["-" * width]
    if item.large:
        width //= 2
    if isinstance(item, Text):
        return _broken(plain(item.text), width)
    left, right = plain(item.left), plain(item.right)
    space = width - columns(left) - columns(right)
    if left and space > 0:
        return [left + " " * space + right]
    return [*_broken(left, width), *(" " * (width - columns(line)) + line for line in _broken(right, width))]


def _broken(text: str, width: int) -> list[str]:
    """Lines of at most that width, broken at blanks where there are some."""
    lines: list[str] = []
    while columns(text) > width:
        end = _fitting(text, width)
        blank = text.rfind(" ", 0, end + 1)
        if blank * BREAKABLE > end:
            lines.append(text[:blank].rstrip())
            text = text[blank:].lstrip()
        else:
            lines.append(text[:end])
            text = text[end:].lstrip()
    return [*lines, text] if text or not lines else lines


def _fitting(text: str, width: int) -> int:
    """How many characters from the first on fit; at least one."""
    used = 0
    for number, character in enumerate(text):
        used += columns(character)
        if used > width:
            return max(number, 1)
    return len(text)


def as_text(paper: Paper, width: int) -> str:
    """A paper as plain text, as it stands on paper; a code is left out."""
    return "\n".join(
        line.center(width - (columns(line) - len(line))).rstrip() if _centered(item) else line
        for item in paper.items
        if not isinstance(item, Code)
        for line in lay(item, width)
    )


def _centered(item: Item) -> bool:
    return isinstance(item, Text) and item.align == "center"
