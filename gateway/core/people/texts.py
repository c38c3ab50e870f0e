"""Free texts of people: the reason of an order, a name, the holder of a pass.

A text is shown on one line of a screen, a terminal and a log. Control characters could forge a line there, and marks of
writing direction could change how one reads, so both are refused. Zero-width joiners are needed to write some languages
and stay. A text that goes into the journal is short and holds no long run of digits: that would be the number of a
telephone, of an identity card or of a bank card.
"""

from __future__ import annotations

import re

TEXT_MAX = 100
"""Characters of a free text."""
NAME_MAX = 56
"""Characters of an operator's name, which must fit on the smallest screen."""
DIGITS_MAX = 7
"""Digits in a row."""

# C0, DEL and C1; soft hyphen; marks and overrides of direction; line and paragraph separators; invisible operators,
# zero-width blanks, tags and annotations; halves of surrogate pairs and noncharacters.
FORBIDDEN = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff"
)
_FORBIDDEN = re.compile(f"[{FORBIDDEN}]")
_DIGITS = re.compile(rf"\d{{{DIGITS_MAX + 1},}}")


def unprintable(text: str) -> str:
    """What is wrong with a line of text, and the remedy; "" when nothing is."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return ""
    return f"holds a control character (U+{ord(found[0]):04X} at place {found.start() + 1}); take it out"


def wrong_text(text: str, most: int = TEXT_MAX) -> str:
    """What is wrong with a free text for the journal, and the remedy; "" when nothing is."""
    if len(text) > most:
        return f"has {len(text)} characters; write at most {most}"
    if _DIGITS.search(text):
        return (
            f"holds more than {DIGITS_MAX} digits in a row; the journal keeps no numbers of telephones or identity"
            " cards, leave them out"
        )
    return unprintable(text)


def wrong_name(name: str, most: int = NAME_MAX) -> str:
    """What is wrong with the name of an operator or a token, and the remedy; "" when nothing is."""
    if not name.strip():
        return "is empty; write one"
    if name != name.strip():
        return "begins or ends with a blank; take it out"
    if not name[0].isalnum():
        return f"begins with {name[0]!r}; begin it with a letter or a digit"
    return wrong_text(name, most)


def on_one_line(text: str) -> str:
    """A text of another machine, for a log, a row or a screen: each forbidden character becomes a blank."""
    return _FORBIDDEN.sub(" ", text)
