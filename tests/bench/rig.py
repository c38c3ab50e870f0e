"""The bench rig: a reader and a board on pseudo-terminals in one thread, the same for the product and for a floor.

Time is taken here: from the moment at which a card frame is written to the moment at which the write of the opening
coil is received. The board answers at once, and its barrier obeys: it leaves its lower limit when the coil is switched
on, is up at the next poll, and comes down when its pulse is over. It does so for every pulse, also for one that comes
late: an arm that stayed half-way would be a fault of the lane, and no later card would open it.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drivers.framing import em4100, modbus
from drivers.sim.pty_port import PtyPort
from tests.bench.disk import settle

OPEN_ON = bytes((1, 5, 0, 0, 0xFF, 0))
OPEN_OFF = bytes((1, 5, 0, 0, 0, 0))
AT_OPEN, AT_CLOSED, ARM_DETACHED = 0, 1, 4
POLL_MS = 20
PULSE_MS = 50
RIG_PRIORITY = 50
BITS_A_BYTE = 10
"""8N1: start, eight bits, stop."""
TRIES = 3
PATIENCE_S = 10.0
SETTLE_S = 120.0
FIRST_CARD = 1_000_000


class Sample(NamedTuple):
    """One card: when its frame was written, and when the opening coil's write came (perf_counter_ns)."""

    shown_ns: int
    opened_ns: int

    @property
    def latency_us(self) -> float:
        """From frame to coil."""
        return (self.opened_ns - self.shown_ns) / 1000


class Rig:
    """The hardware of one lane. With a `baudrate` the board takes as long as on a wire of that speed, else no time."""

    def __init__(self, folder: Path, seed: int = 1, baudrate: int = 0) -> None:
        self.reader = PtyPort(folder / "reader")
        self.board = PtyPort(folder / "board")
        self.reader.plug()
        self.board.plug()
        self.inputs = [False] * 8
        self.inputs[AT_CLOSED] = True
        self.coils = [False] * 8
        self.missed = 0
        self.baudrate = baudrate
        self._byte_ns = BITS_A_BYTE * 10**9 // baudrate if baudrate else 0
        self._on_the_wire: deque[tuple[int, bytes]] = deque()
        self._hurried = False
        self.opened_ns = 0
        self.closed_ns = 0
        self.told_ns = 0
        """When the present inputs were first sent to whoever polls; 0 while nobody has asked."""
        self.explain: Callable[[], str] = lambda: ""
        """What whoever is measured has to say when it does not do what the rig waits for."""
        self.help: Callable[[], None] | None = None
        """The guard who opens for whoever is measured; a floor has none."""
        self._chance = random.Random(seed)
        self._cards: list[int] = []
        self._poll = select.poll()
        self._poll.register(self.board.fileno(), select.POLLIN)
        self._replies: dict[tuple[bytes, bytes], bytes] = {}

    def close(self) -> None:
        """Unplug everything; what is measured next in this process is no hardware and gets no priority."""
        self.reader.unplug()
        self.board.unplug()
        if self._hurried:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

    def hurry(self) -> None:
        """Real-time priority where it may be had: what stands for hardware does not wait for a processor."""
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(RIG_PRIORITY))
            self._hurried = True

    # ---- the wire --------------------------------------------------------------------------------------------------

    def serve(self, until: Callable[[], object], timeout_s: float = PATIENCE_S, what: str = "the rig") -> None:
        """Answer requests until the condition holds; TimeoutError when it does not in time."""
        ends_ns = time.perf_counter_ns() + int(timeout_s * 1e9)
        while not until():
            if time.perf_counter_ns() > ends_ns:
                raise TimeoutError(f"{what}: not within {timeout_s:g} s\n{self.explain()}")
            while self._on_the_wire and self._on_the_wire[0][0] <= time.perf_counter_ns():
                self.board.send(self._on_the_wire.popleft()[1])
            if self._poll.poll(1):
                self._answer()

    def serve_for(self, seconds: float) -> None:
        """Answer requests for so long."""
        ends_ns = time.perf_counter_ns() + int(seconds * 1e9)
        self.serve(lambda: time.perf_counter_ns() >= ends_ns, seconds + 5)

    def settle(self, folder: Path) -> None:
        """`disk.settle` in a thread, since whoever is measured goes on polling."""
        syncing = threading.Thread(target=settle, args=(folder,), name="settle")
        syncing.start()
        self.serve(lambda: not syncing.is_alive(), SETTLE_S, "the disk has still to write")

    def _answer(self) -> None:
        request = self.board.receive()
        now_ns = time.perf_counter_ns()
        if len(request) != 8:
            return  # a request arrives whole on a pseudo-terminal, or it is no request
        function = request[1]
        now_ns += len(request) * self._byte_ns
        if function == modbus.WRITE_COIL:
            self._reply(request, now_ns)
            self._written(request[:6], now_ns)
        elif function == modbus.READ_INPUTS:
            self._reply(self._bits(request, self.inputs), now_ns)
            self.told_ns = self.told_ns or now_ns
            self._move_on()
        elif function == modbus.READ_COILS:
            self._reply(self._bits(request, self.coils), now_ns)

    def _reply(self, data: bytes, heard_ns: int) -> None:
        """A reply to a request whose last byte was heard then; on a slow wire it has arrived when its own last has."""
        if self._byte_ns:
            self._on_the_wire.append((heard_ns + len(data) * self._byte_ns, data))
        else:
            self.board.send(data)

    def _written(self, order: bytes, now_ns: int) -> None:
        self.coils[order[3]] = order[4] == 0xFF
        if order == OPEN_ON:
            self.opened_ns = now_ns
            self.set(at_closed=False)
        elif order == OPEN_OFF:
            self.closed_ns = now_ns
            self._move_on()

    def _move_on(self) -> None:
        """The arm's next step, once its last one has been told."""
        if not self.told_ns or self.inputs[AT_CLOSED]:
            return
        if not self.inputs[AT_OPEN]:
            self.set(at_open=True)
        elif not self.coils[0]:
            self.set(at_open=False, at_closed=True)

    def _bits(self, request: bytes, bits: list[bool]) -> bytes:
        key = (request, bytes(bits))
        if key not in self._replies:
            pdu = modbus.encode_reply(modbus.Values(request[1], tuple(int(bit) for bit in bits)))
            self._replies[key] = modbus.encode_rtu(request[0], pdu)
        return self._replies[key]

    def set(self, **contacts: bool) -> None:
        """Change contacts: at_open, at_closed, arm_detached."""
        numbers = {"at_open": AT_OPEN, "at_closed": AT_CLOSED, "arm_detached": ARM_DETACHED}
        for name, value in contacts.items():
            self.inputs[numbers[name]] = value
        self.told_ns = 0

    # ---- one passage -----------------------------------------------------------------------------------------------

    def passage(self, card: int) -> Sample:
        """A card opens the barrier, which closes again."""
        self.opened_ns = self.closed_ns = 0
        shown_ns = time.perf_counter_ns()  # before the write, which may wake somebody who takes this processor at once
        self.reader.send(frame(card))
        self.serve(lambda: self.opened_ns, what=f"no coil for card {card}")
        sample = Sample(shown_ns, self.opened_ns)
        self.finish()
        # A random pause of one to two periods, so that cards come at every point between two polls alike.
        self.serve_for(self._chance.uniform(POLL_MS / 1000, 2 * POLL_MS / 1000))
        return sample

    def finish(self) -> None:
        """The rest of a passage: the arm goes up and comes down."""
        self.serve(lambda: self.closed_ns, what="the pulse has no end")
        self.serve(lambda: self.inputs[AT_CLOSED] and self.told_ns, what="nobody polls")

    def passages(self, count: int, passes: int) -> list[Sample]:
        """So many passages, each with a card that was not used lately.

        The rig's barrier does not wait for whoever is measured: on a machine that is so busy that a process stands
        still for longer than an arm moves, a movement is missed, and the lane rightly waits for a person. Such a card
        gives no sample and is counted in `missed`; the guard opens, and another is shown.
        """
        return [self._some_passage(passes) for _ in range(count)]

    def _some_passage(self, passes: int) -> Sample:
        for _ in range(TRIES - 1):
            try:
                return self.passage(self.card(passes))
            except TimeoutError:
                self.missed += 1
                self._be_helped()
        return self.passage(self.card(passes))

    def _be_helped(self) -> None:
        """The arm comes to rest and the guard opens it once, as for a car that the lane was not sure of."""
        self.serve_for(2.0)
        if self.help is None:
            return
        self.opened_ns = self.closed_ns = 0
        guard = threading.Thread(target=self.help, name="guard")
        guard.start()
        self.serve(lambda: not guard.is_alive(), what="the guard gets no answer")
        with contextlib.suppress(TimeoutError):  # the next card tells whether it has helped
            self.serve(lambda: self.opened_ns, 5.0)
            self.finish()

    def card(self, passes: int) -> int:
        """Another of so many cards, in no order; none comes again before all were used."""
        if not self._cards:
            self._cards = self._chance.sample(range(FIRST_CARD, FIRST_CARD + passes), min(passes, 20_000))
        return self._cards.pop()

    def first_decision(self, passes: int, timeout_s: float = 60.0) -> int:
        """Hold one card after another to the reader until the barrier opens; perf_counter_ns of the coil's write."""
        self.opened_ns = self.closed_ns = 0
        shown_ns = 0

        def present() -> object:
            nonlocal shown_ns
            now_ns = time.perf_counter_ns()
            if now_ns - shown_ns > 15_000_000:
                shown_ns = now_ns
                self.reader.send(frame(self.card(passes)))
            return self.opened_ns

        self.serve(present, timeout_s, "no first decision")
        decided_ns = self.opened_ns
        self.finish()
        self._serve_the_rest()
        return decided_ns

    def _serve_the_rest(self) -> None:
        """Cards that were held up while the first one was on its way have opened the barrier as well."""
        for _ in range(3):
            self.opened_ns = self.closed_ns = 0
            self.serve_for(0.1)
            if self.opened_ns:
                self.finish()


def frame(card: int) -> bytes:
    """The RDM6300 frame of a card."""
    return em4100.encode(b"\x01" + card.to_bytes(4, "big"))
