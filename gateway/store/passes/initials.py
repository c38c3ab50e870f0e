"""The pinyin initials of a Chinese name: `zxm` for 张小明, also `czj` beside `zzj` for 曾子建.

`initials.json` is made of the table of pypinyin 0.55 (MIT): the first letter of the usual reading of every character of
the basic block and extension A, and the other readings that occur in names. A library with whole readings takes 58 MB.
"""

from __future__ import annotations

from functools import cache
from itertools import islice, product
from pathlib import Path

import msgspec

VARIANTS_MAX = 8
NAME_MAX = 12
"""Characters of a name that are read."""
_FIRST_A, _FIRST_B, _NONE = 0x3400, 0x4E00, "."


class _Data(msgspec.Struct, frozen=True):
    """Of extension A, of the basic block, and readings beside the usual one."""

    a: str
    b: str
    others: dict[str, str]

    def of(self, character: str) -> str:
        """The letters of a character, the usual one first; none if it has no reading."""
        place = ord(character) - _FIRST_B
        if 0 <= place < len(self.b):
            usual = self.b[place]
        else:
            place = ord(character) - _FIRST_A
            usual = self.a[place] if 0 <= place < len(self.a) else _NONE
        return "" if usual == _NONE else usual + self.others.get(character, "")


def initials(name: str) -> tuple[str, ...]:
    """The initials of the Chinese characters of a name, one text for each way to read them; none without such."""
    if name.isascii():
        return ()
    letters = [found for found in map(_data().of, name[:NAME_MAX]) if found]
    if all(len(one) == 1 for one in letters):
        return ("".join(letters),) if letters else ()
    return tuple("".join(way) for way in islice(product(*letters), VARIANTS_MAX))


@cache
def _data() -> _Data:
    return msgspec.json.decode(Path(__file__).with_name("initials.json").read_bytes(), type=_Data)
