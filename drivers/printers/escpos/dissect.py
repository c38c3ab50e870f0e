"""What passes on the wire of a printer, for people: the text that is printed, never the codes."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, number_of_bytes
from drivers.printers.escpos import frames

_SHOWN_MAX = 120


class PrintDissector(Dissector):
    """Papers as their text; questions and answers as what they are."""

    joins = False

    def __init__(self, encoding: frames.Encoding) -> None:
        self._encoding = encoding

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:
        """What is sent without the data of codes, which let out."""
        return (frames.hidden(chunk) if way == "out" else chunk,) if chunk else ()

    def explain(self, way: Way, frame: bytes) -> Meaning:
        if way == "in":
            return Meaning("status") if frames.Answers().feed(frame) else number_of_bytes(frame)
        if frame.startswith((frames.DLE_EOT, frames.IS_PRINTED)):
            return Meaning("ask_poll")
        texts = (frames.decode(part.data, self._encoding) for part in frames.parts(frame) if not part.command)
        shown = " ".join("".join(texts).split())
        return Meaning("text", {"text": shown[:_SHOWN_MAX]}) if shown else number_of_bytes(frame)
