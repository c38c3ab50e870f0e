"""What passes between the gateway and a UHPPOTE controller."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.boards.uhppote import frames
from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard, number_of_bytes
from gateway.core.vocabulary.errors import FrameError

_ASKS = {frames.STATUS: "ask_poll", frames.GET_CONTROLLER: "ask_identity"}


class UhppoteDissector(Dissector):
    """Questions out, answers in; one message is one frame."""

    joins = False

    def __init__(self, form: frames.Format) -> None:
        """`form`: how the controller numbers cards."""
        self._form = form

    def same(self, frame: bytes) -> bytes:
        """A status has the time in it."""
        if len(frame) != frames.LENGTH or frame[1] != frames.STATUS:
            return frame
        return bytes(0 if at in frames.CLOCK_BYTES else byte for at, byte in enumerate(frame))

    def explain(self, way: Way, frame: bytes) -> Meaning:
        try:
            function, _, content = frames.split(frame)
        except FrameError as error:
            return Meaning("broken", {"why": str(error)}) if way == "in" else number_of_bytes(frame)
        return _asked(function, content) if way == "out" else self._told(function, content)

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        try:
            function, _, content = frames.split(frame)
        except FrameError:
            return ()
        if function not in (frames.STATUS, frames.GET_RECORD) or not _is_swipe(content):
            return ()
        number = self._number(content)
        return (RawCard(int(number.value), number.bits or 32),)

    def _number(self, content: bytes) -> frames.CardNumber:
        return frames.card_number(int.from_bytes(content[8:12], "little"), self._form)

    def _told(self, function: int, content: bytes) -> Meaning:
        if function == frames.STATUS:
            doors, buttons, inputs = content[20:24], content[24:28], content[42]
            shown = "".join(str(int(bool(one))) for one in (*doors, *buttons, inputs & 2, inputs & 1))
            if _is_swipe(content):
                return Meaning("inputs_card", {"values": shown, "number": self._number(content).value})
            return Meaning("inputs", {"values": shown})
        if function == frames.GET_RECORD and _is_swipe(content):
            number = self._number(content)
            return Meaning("card", {"number": number.value, "bits": number.bits or 32})
        if function == frames.GET_CONTROLLER:
            return Meaning("identity")
        return Meaning("taken")


def _asked(function: int, content: bytes) -> Meaning:
    if function == frames.OPEN_DOOR:
        return Meaning("output", {"number": content[0], "value": "on"})
    return Meaning(_ASKS[function]) if function in _ASKS else Meaning("command", {"code": f"{function:02X}"})


def _is_swipe(content: bytes) -> bool:
    return frames.what(content[19]) in frames.CARD_SWIPES
