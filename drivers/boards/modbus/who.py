"""Which boards are on a Modbus wire: asked with reads alone (functions 1 to 3), so nothing moves.

Any unit answers a read, if only by a refusal. A board is known when its map fits and something tells it from all
others: a register that only its make has, or points where others have none. Everything else is a generic board.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.base import Questions, Recognised
from drivers.boards.layout import Board, known_boards, load_board
from drivers.framing import modbus as m

GENERIC = "generic"
COUNTS = (8, 16, 4, 2, 1)
"""Numbers of points that are tried, the usual one first."""


def boards(line: Questions) -> Iterator[Recognised]:
    """The boards that answer, one for each unit."""
    for unit in line.units:
        asked = _Unit(line, unit)
        if asked.answers():
            yield _recognised(asked)


class _Unit:
    """One unit that is asked; each question is put once."""

    def __init__(self, line: Questions, unit: int) -> None:
        self.unit = unit
        self._line = line
        self._known: dict[tuple[int, int, int], m.Reply | None] = {}
        self._number = 0

    def answers(self) -> bool:
        """Whether there is such a unit at all."""
        return self._ask(m.READ_COILS, 0, 1) is not None or self._ask(m.READ_INPUTS, 0, 1) is not None

    def values(self, function: int, start: int, count: int) -> tuple[int, ...] | None:
        """What is read there; None when it is refused or not answered."""
        found = self._ask(function, start, count)
        return found.values if isinstance(found, m.Values) else None

    def _ask(self, function: int, start: int, count: int) -> m.Reply | None:
        key = (function, start, count)
        if key not in self._known:
            self._known[key] = self._put(m.Read(function, start, count))
        return self._known[key]

    def _put(self, request: m.Read) -> m.Reply | None:
        pdu = m.encode_request(request)
        if self._line.over == "serial":
            sent = m.encode_rtu(self.unit, pdu)
            frame = self._line.ask(sent, lambda received: m.find_rtu_reply(sent, received))
            answer = frame[1:-2]
        else:
            self._number += 1
            sent = m.encode_tcp(self._number, self.unit, pdu)
            frame = self._line.ask(sent, lambda received: m.find_tcp_reply(sent, received))
            answer = frame[7:]
        return _reply(answer, request) if frame else None


def _reply(pdu: bytes, request: m.Read) -> m.Reply:
    if pdu[0] & 0x80:
        return m.Refusal(pdu[0] & 0x7F, pdu[1])
    if request.function in m.BIT_READS:
        return m.Values(pdu[0], m.unpack_bits(pdu[2:])[: request.count])
    words = tuple(int.from_bytes(pdu[at : at + 2], "big") for at in range(2, len(pdu), 2))
    return m.Values(pdu[0], words)


def _recognised(unit: _Unit) -> Recognised:
    fitting = [name for name in known_boards() if name != GENERIC and _fits(unit, load_board(name))]
    if len(fitting) == 1:
        board = load_board(fitting[0])
        return Recognised({"unit": unit.unit, "board": fitting[0]}, f"unit {unit.unit}: {board.title}")
    outputs, inputs = _count(unit, m.READ_COILS), _count(unit, m.READ_INPUTS)
    words = f"unit {unit.unit}: a board with {outputs} outputs and {inputs} inputs, of a model that cannot be asked for"
    options = {"unit": unit.unit, "board": GENERIC, "outputs": outputs, "inputs": inputs}
    return Recognised(options, words, sure=False)


def _fits(unit: _Unit, board: Board) -> bool:
    """Whether a board's whole map can be read, and something that a generic board has not."""
    out, inputs = board.outputs, board.inputs
    read = m.READ_COILS if out.access == "coil" else m.READ_HOLDING
    states = unit.values(read, out.start, out.count)
    if states is None or (out.access == "register" and not set(states) <= {0, out.reads_on}):
        return False
    contacts = m.READ_INPUTS if inputs.access == "discrete" else m.READ_COILS
    if (unit.values(contacts, inputs.start, inputs.count or 1) is not None) != bool(inputs.count):
        return False
    if board.identity is not None:
        return unit.values(m.READ_HOLDING, board.identity.start, board.identity.count) is not None
    return (out.access == "register" or out.start > 0) and unit.values(m.READ_COILS, 0, 1) is None


def _count(unit: _Unit, function: int) -> int:
    """How many points there are from 0 on; a board that takes any number has the usual one."""
    found = next((count for count in COUNTS if unit.values(function, 0, count) is not None), 0)
    if found == COUNTS[0] and unit.values(function, 0, 2 * found) is not None:
        return found if unit.values(function, 0, 2 * found + 1) is not None else 2 * found
    return found
