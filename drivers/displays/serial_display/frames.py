"""What a lane display says, as bytes: templates become lines, lines become one write; pure.

Displays differ in their control bytes, not in kind, so those are data: bytes before everything, before each line (a
cursor move, a line number), behind each line, and behind everything. A template is a few lines of text with fields in
braces; a line with a field of which nothing is known is left out. The fields are those that any
bystander may see; there is none for a name or a dwelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import FrameError

FIELDS = ("plate", "card", "days_left", "words", "lane", "time")
FIELD_MAX = 64
"""Characters of one value; what is longer is cut before it is laid out."""
_FIELD = re.compile(r"\{(\w*)\}")


class Controls(msgspec.Struct, frozen=True):
    """A display's size and control bytes; `before_line[n]` goes before line n, its last one before all that follow."""

    encoding: str
    width: int
    lines: int
    before: bytes = b""
    before_line: tuple[bytes, ...] = ()
    after_line: bytes = b"\r\n"
    after: bytes = b""


def check_template(lines: Sequence[str], encoding: str) -> None:
    """FrameError when a template has an unknown field or a character that the display has not."""
    for line in lines:
        unknown = sorted(set(_FIELD.findall(line)) - set(FIELDS))
        if unknown:
            raise FrameError(f"has {{{unknown[0]}}}; known fields: {', '.join(FIELDS)}")
        try:
            line.encode(encoding)
        except UnicodeEncodeError as error:
            raise FrameError(f"has {line[error.start]!r}, which {encoding} cannot write") from error


def parse_bytes(text: str) -> bytes:
    """Control bytes from hex digits (`0C`, `1B 40`); FrameError when they are none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise FrameError(f"is {text!r}; write bytes in hex, such as 0C or 1B 40") from None


def fill(template: Sequence[str], message: Mapping[str, Any]) -> list[str]:
    """The lines of a template with the message's values, without those of which a value is missing."""
    values = {field: _plain(message.get(field)) for field in FIELDS}
    return [
        _FIELD.sub(lambda match: values.get(match[1], ""), line)
        for line in template
        if all(values.get(name) for name in _FIELD.findall(line))
    ]


def _plain(value: Any) -> str:
    """A value as text that can do nothing but be read: no control characters, bounded."""
    text = "" if value is None else str(value)
    return "".join(character for character in text[:FIELD_MAX] if character.isprintable())


def cut(line: str, encoding: str, width: int) -> bytes:
    """A line in the display's encoding, cut to its width in columns without cutting a character in two.

    A Chinese character takes two columns, as it takes two bytes in GB 2312; what the display has not becomes `?`.
    """
    cells, used = bytearray(), 0
    for character in line:
        used += 1 if character.isascii() else 2
        if used > width:
            break
        cells += character.encode(encoding, "replace")
    return bytes(cells)


def encode(lines: Sequence[str], controls: Controls) -> bytes:
    """Everything that is written to the display to show these lines."""
    written = bytearray(controls.before)
    for number, line in enumerate(lines[: controls.lines]):
        if controls.before_line:
            written += controls.before_line[min(number, len(controls.before_line) - 1)]
        written += cut(line, controls.encoding, controls.width) + controls.after_line
    return bytes(written + controls.after)
