"""What a frame means: a kind from a closed table with its figures, in English here and in every language on screens."""

from __future__ import annotations

import msgspec

MEANINGS = {
    "bytes": "{count} bytes",
    "broken": "broken frame: {why}",
    "text": "“{text}”",
    "hidden": "keys or secret, {count} bytes, hidden",
    "card": "card {number}, {bits} bits",
    "card_bits": "card with {bits} bits",
    "tag": "tag {number}",
    "tags": "{count} tags: {numbers}",
    "no_tag": "no tag in the field",
    "ask_tags": "asks for tags",
    "ask_identity": "asks who is there",
    "identity": "says who it is",
    "ask_poll": "asks for news",
    "nothing_new": "nothing new",
    "secured": "encrypted",
    "session": "secure session is made",
    "light": "sets the light",
    "sound": "sets the buzzer",
    "status": "reports its state",
    "taken": "taken",
    "refused": "refused, code {code}",
    "command": "command {code}",
    "read": "unit {unit}: reads {count} {what} from {start}",
    "values": "unit {unit}: {values}",
    "write": "unit {unit}: sets {what} {start} to {value}",
    "written": "unit {unit}: done",
    "inputs": "inputs {values}",
    "inputs_card": "inputs {values}, last card {number}",
    "output": "output {number}: {value}",
}
"""Kind -> English text. `what` is `coils`, `inputs`, `registers`; `value` of a coil or output is `on` or `off`."""


class Meaning(msgspec.Struct, frozen=True):
    """One frame's meaning; `figures` fill the text of its kind."""

    kind: str
    figures: dict[str, str | int] = {}

    @property
    def words(self) -> str:
        """In English."""
        return MEANINGS[self.kind].format(**self.figures)


class RawCard(msgspec.Struct, frozen=True):
    """So many bits, the first sent uppermost; `framed`: with parity bits that a Wiegand format explains.

    `text`: what a device sends that sends text.
    """

    bits: int
    count: int
    framed: bool = False
    text: str = ""


def number_of_bytes(frame: bytes) -> Meaning:
    """Where nothing more is known."""
    return Meaning("bytes", {"count": len(frame)})
