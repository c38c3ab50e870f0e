"""Modbus requests and replies, over RTU and TCP."""

from __future__ import annotations

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, number_of_bytes
from drivers.framing import modbus
from gateway.core.vocabulary.errors import FrameError

_WHAT = {1: "coils", 2: "inputs", 3: "registers", 4: "registers", 5: "coils", 6: "registers", 15: "coils"}


class ModbusDissector(Dissector):
    """One board's requests and replies; `tcp`: with the header of Modbus TCP."""

    joins = False

    def __init__(self, tcp: bool, points: int) -> None:
        """`points`: how many bits of a reply count."""
        self._tcp = tcp
        self._points = points

    def same(self, frame: bytes) -> bytes:
        """Over TCP each frame has a number of its own."""
        return frame[2:] if self._tcp else frame

    def explain(self, way: Way, frame: bytes) -> Meaning:
        try:
            unit, pdu = self._split(frame)
            found = _request(unit, modbus.decode_request(pdu)) if way == "out" else self._reply(unit, pdu)
        except (FrameError, IndexError, ValueError) as error:
            return Meaning("broken", {"why": str(error)}) if way == "in" else number_of_bytes(frame)
        return found

    def _split(self, frame: bytes) -> tuple[int, bytes]:
        if not self._tcp:
            return modbus.decode_rtu(frame)
        found = modbus.split_tcp(frame)
        if found is None:
            raise FrameError("not a whole Modbus TCP frame")
        return found[1], found[2]

    def _reply(self, unit: int, pdu: bytes) -> Meaning:
        function = pdu[0]
        if function & 0x80:
            return Meaning("refused", {"code": pdu[1]})
        if function in modbus.BIT_READS:
            bits = modbus.unpack_bits(pdu[2:])[: self._points or None]
            return Meaning("values", {"unit": unit, "values": "".join(map(str, bits))})
        if function in modbus.REGISTER_READS:
            words = [pdu[at : at + 2].hex() for at in range(2, len(pdu), 2)]
            return Meaning("values", {"unit": unit, "values": " ".join(words)})
        return Meaning("written", {"unit": unit})


def _request(unit: int, request: modbus.Request) -> Meaning:
    what = _WHAT.get(request.function, "registers")
    match request:
        case modbus.Read(_, address, count):
            return Meaning("read", {"unit": unit, "count": count, "what": what, "start": address})
        case modbus.WriteOne(_, address, value):
            return Meaning("write", {"unit": unit, "what": what, "start": address, "value": _value(what, value)})
        case modbus.WriteMany(_, address, values):
            text = " ".join(map(str, values))
            return Meaning("write", {"unit": unit, "what": what, "start": address, "value": text})


def _value(what: str, value: int) -> str:
    if what != "coils":
        return f"{value:04X}"
    return {modbus.COIL_ON: "on", modbus.COIL_OFF: "off"}.get(value, f"{value:04X}")
