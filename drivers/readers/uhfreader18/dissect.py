"""What passes between the gateway and a UHFReader18."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard
from drivers.readers.uhfreader18 import frames
from gateway.core.vocabulary.errors import FrameError

_ASKS = {frames.INVENTORY: "ask_tags", frames.INFO: "ask_identity"}
_TAGS_SHOWN = 4


class UhfDissector(Dissector):
    """Questions out, answers and unasked tags in."""

    def explain(self, way: Way, frame: bytes) -> Meaning:
        try:
            return _asked(frame) if way == "out" else _answered(frame)
        except FrameError as error:
            return Meaning("broken", {"why": str(error)}) if way == "in" else super().explain(way, frame)

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        try:
            tags = frames.tags_of(frames.decode_response(frame))
        except FrameError:
            return ()
        return [RawCard(0, 0, text=tag) for tag in tags[:_TAGS_SHOWN]]


def _asked(frame: bytes) -> Meaning:
    _, command, _ = frames.decode_request(frame)
    return Meaning(_ASKS[command]) if command in _ASKS else Meaning("command", {"code": f"{command:02X}"})


def _answered(frame: bytes) -> Meaning:
    told = frames.decode_response(frame)
    if told.command == frames.INFO and told.status == frames.OK:
        return Meaning("identity")
    if told.status in frames.TROUBLE:
        return Meaning("refused", {"code": f"{told.status:02X}"})
    tags = frames.tags_of(told)
    if len(tags) == 1:
        return Meaning("tag", {"number": tags[0]})
    if tags:
        return Meaning("tags", {"count": len(tags), "numbers": " ".join(tags[:_TAGS_SHOWN])})
    return Meaning("no_tag" if told.command == frames.INVENTORY else "taken")
