"""A row's text: the CloudEvents JSON exactly as it is sent, with the hash of the row before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.store.times import to_the_second

if TYPE_CHECKING:
    from gateway.store.journal.writer import Row

Stored = tuple[int, int, int, str, str, bytes, str]
"""The columns of `rows`, in their order."""
_ZEROS = ["0" * (20 - digits) for digits in range(21)]  # before a sequence of so many digits


class Composer:
    """Writes the rows of one journal, source and boot."""

    def __init__(self, journal_id: str, source: str, boot_id: str) -> None:
        """`source` as the events have it."""
        self._encode = msgspec.json.Encoder().encode
        self._head = f'{{"specversion":"1.0","id":"{journal_id}.'
        self._middle = _middle_maker(source, self._encode)
        self._boot_text = self._encode(boot_id).decode()

    def compose(self, rows: Sequence[Row], sequence: int, previous: str) -> list[Stored]:
        """The rows behind `sequence`, whose hash is `previous`; the hot loop, so it is written out flat."""
        head, middle, boot, encode = self._head, self._middle, self._boot_text, self._encode
        made: list[Stored] = []
        for row in rows:
            sequence += 1
            number = str(sequence)
            second, rest_ns = divmod(row.wall_ns, 1_000_000_000)
            text = (
                f"{head}{number}{middle(row.type, row.subject)}"
                f'{to_the_second(second)}.{rest_ns // 1_000_000:03d}Z"'
                f',"datacontenttype":"application/json","sequence":"{_ZEROS[len(number)]}{number}"'
                f',"bootid":{boot},"uptimens":"{row.mono_ns}","clockstate":"{row.clock._value_}"'
                f',"prevhash":"{previous}","data":{encode(row.data).decode()}}}'
            )
            digest = sha256(text.encode()).digest()
            previous = digest.hex()
            made.append((sequence, row.wall_ns, row.mono_ns, row.type, row.subject, digest, text))
        return made


def _middle_maker(source: str, encode: Any) -> Any:
    @lru_cache(maxsize=4096)
    def middle(kind: str, subject: str) -> str:
        """The text between the sequence and the time: it repeats, so it is cached."""
        named = encode(f"gatehouse.{kind}").decode()
        return f'","source":{encode(source).decode()},"type":{named},"subject":{encode(subject).decode()},"time":"'

    return middle
