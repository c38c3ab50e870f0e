"""The hardware of many lanes in one thread: a reader on a pseudo-terminal and a Modbus TCP board each, and cars.

A car comes onto the approach loop, its card is read, the arm goes up, the car crosses the safety loop, and the arm is
told to come down. Time is taken as on the one lane of `rig.py`: from the moment at which the frame of the card is
written to the moment at which the write of the opening coil is received.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import random
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.framing import modbus
from drivers.sim.pty_port import PtyPort
from tests.bench.rig import FIRST_CARD, PATIENCE_S, RIG_PRIORITY, Sample, frame

AT_OPEN, AT_CLOSED, APPROACH, SAFETY = range(4)
OPEN, CLOSE = range(2)
POLL_MS = 50
PULSE_MS = 200
READ_AFTER_S, ARM_S, TO_ARM_S, UNDER_ARM_S = 0.2, 0.3, 0.2, 0.4
"""From the approach loop to the card; the arm's way; from the card to the safety loop once the arm is up; on it."""
AUTO_CLOSE_MS = 300
_INPUTS = 8
_READ_INPUTS = modbus.encode_request(modbus.Read(modbus.READ_INPUTS, 0, _INPUTS))
_MBAP_BYTES, _REQUEST_BYTES = 7, 12


class Gate:
    """One lane's reader, board, arm and loops."""

    def __init__(self, hall: Lanes, number: int, folder: Path) -> None:
        self.number = number
        self.reader = PtyPort(folder / f"reader-{number}")
        self.reader.plug()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.inputs = [False] * _INPUTS
        self.inputs[AT_CLOSED] = True
        self.coils = [False] * _INPUTS
        self.polls = 0
        self.cars = 0
        self._hall = hall
        self._shown_ns = 0

    @property
    def port(self) -> int:
        """Where the board listens."""
        return int(self.listener.getsockname()[1])

    # ---- the car ---------------------------------------------------------------------------------------------------

    def car(self) -> None:
        """A car comes, unless the one before is still here."""
        if not self.inputs[AT_CLOSED] or self.inputs[APPROACH]:
            self._hall.missed += 1
            self.inputs[APPROACH] = False
            return
        self.inputs[APPROACH] = True
        self._hall.after(READ_AFTER_S, self._show_card)

    def _show_card(self) -> None:
        self._shown_ns = time.perf_counter_ns()
        self.reader.send(frame(self._hall.card()))

    def written(self, coil: int, on: bool, now_ns: int) -> None:
        """The board takes a coil."""
        self.coils[coil] = on
        if not on:
            return
        if coil == OPEN and self.inputs[AT_CLOSED]:
            if self._shown_ns:
                self._hall.samples.append(Sample(self._shown_ns, now_ns))
                self._shown_ns = 0
            self.inputs[AT_CLOSED] = False
            self._hall.after(ARM_S, self._is_up)
        elif coil == CLOSE and self.inputs[AT_OPEN]:
            self.inputs[AT_OPEN] = False
            self._hall.after(ARM_S, self._is_down)

    def _is_up(self) -> None:
        self.inputs[AT_OPEN] = True
        self._hall.after(TO_ARM_S, self._drives)

    def _drives(self) -> None:
        self.inputs[SAFETY] = True
        self.inputs[APPROACH] = False
        self._hall.after(UNDER_ARM_S, self._is_through)

    def _is_through(self) -> None:
        self.inputs[SAFETY] = False

    def _is_down(self) -> None:
        self.inputs[AT_CLOSED] = True
        self.cars += 1

    # ---- the board -------------------------------------------------------------------------------------------------

    def answer(self, request: bytes, now_ns: int) -> bytes:
        """The reply to one request of Modbus TCP."""
        pdu = request[_MBAP_BYTES:]
        if pdu == _READ_INPUTS:
            self.polls += 1
        if pdu[0] == modbus.WRITE_COIL:
            self.written(pdu[2], pdu[3] == 0xFF, now_ns)
            return request
        bits = self.inputs if pdu[0] == modbus.READ_INPUTS else self.coils
        reply = bytes((pdu[0], 1, sum(bit << place for place, bit in enumerate(bits))))
        return request[:4] + bytes((0, 1 + len(reply), request[6])) + reply

    def close(self) -> None:
        """Unplug."""
        self.reader.unplug()
        self.listener.close()


class Lanes:
    """So many lanes; a context manager that serves only while one of its methods runs."""

    def __init__(self, folder: Path, count: int, passes: int, seed: int = 1) -> None:
        self.passes = passes
        self.samples: list[Sample] = []
        self.missed = 0
        """Cars that found the one before still there."""
        self._chance = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._hurried = False
        self.gates = [Gate(self, number, folder) for number in range(count)]
        for gate in self.gates:
            self._watch(gate.listener, self._accepts(gate))

    def __enter__(self) -> Lanes:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(RIG_PRIORITY))
            self._hurried = True
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        for gate in self.gates:
            gate.close()
        if self._hurried:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

    def card(self) -> int:
        """The card of another resident."""
        return FIRST_CARD + self._chance.randrange(self.passes)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after so long."""
        self._count += 1
        heapq.heappush(self._later, (time.perf_counter_ns() + int(seconds * 1e9), self._count, act))

    # ---- time ------------------------------------------------------------------------------------------------------

    def serve(self, until: Callable[[], object], timeout_s: float = PATIENCE_S, what: str = "the lanes") -> None:
        """Answer requests until the condition holds; TimeoutError when it does not in time."""
        ends_ns = time.perf_counter_ns() + int(timeout_s * 1e9)
        while not until():
            if time.perf_counter_ns() > ends_ns:
                raise TimeoutError(f"{what}: not within {timeout_s:g} s")
            self._turn()

    def serve_for(self, seconds: float) -> None:
        """Answer requests for so long."""
        ends_ns = time.perf_counter_ns() + int(seconds * 1e9)
        self.serve(lambda: time.perf_counter_ns() >= ends_ns, seconds + 5)

    def traffic(self, seconds: float, every_s: float) -> list[Sample]:
        """Cars in all lanes, one each so often, none at the same moment; what their cards gave, once all are gone."""
        self.samples = []
        for gate in self.gates:
            self._cars(gate, self._chance.uniform(0, every_s), every_s, time.perf_counter() + seconds - 0.5)
        self.serve_for(seconds)
        self.serve(lambda: all(gate.inputs[AT_CLOSED] for gate in self.gates), what="an arm stays up")
        return self.samples

    def cars_one_by_one(self, count: int) -> list[Sample]:
        """So many cars in the first lane, each as soon as the one before has gone."""
        self.samples = []
        gate = self.gates[0]
        for _ in range(count):
            gone = gate.cars + 1
            gate.car()
            self.serve(lambda gone=gone: gate.cars >= gone, what=f"the car number {gone} does not get through")  # type: ignore[misc]
            self.serve_for(self._chance.uniform(POLL_MS / 1000, 2 * POLL_MS / 1000))
        return self.samples

    def _cars(self, gate: Gate, first_s: float, every_s: float, last_s: float) -> None:
        def come() -> None:
            gate.car()
            if time.perf_counter() + every_s < last_s:
                self.after(every_s, come)

        self.after(first_s, come)

    def _turn(self) -> None:
        now_ns = time.perf_counter_ns()
        while self._later and self._later[0][0] <= now_ns:
            heapq.heappop(self._later)[2]()
        wait_s = (self._later[0][0] - now_ns) / 1e9 if self._later else 0.01
        for key, _ in self._selector.select(min(0.01, max(0.0, wait_s))):
            key.data()

    # ---- sockets ---------------------------------------------------------------------------------------------------

    def _watch(self, one: socket.socket, act: Callable[[], None]) -> None:
        self._selector.register(one, selectors.EVENT_READ, act)

    def _accepts(self, gate: Gate) -> Callable[[], None]:
        def accept() -> None:
            caller, _ = gate.listener.accept()
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(caller, lambda: self._hear(caller, gate))

        return accept

    def _hear(self, caller: socket.socket, gate: Gate) -> None:
        try:
            received = caller.recv(4096)
        except OSError:
            received = b""
        if not received:
            self._selector.unregister(caller)
            caller.close()
            return
        now_ns = time.perf_counter_ns()
        for start in range(0, len(received), _REQUEST_BYTES):  # requests come whole, and all are as long
            caller.sendall(gate.answer(received[start : start + _REQUEST_BYTES], now_ns))

    # ---- what a site file says of them -----------------------------------------------------------------------------

    def devices(self) -> list[dict[str, Any]]:
        """Readers and boards."""
        readers: list[dict[str, Any]] = [
            {"id": f"reader-{gate.number}", "driver": "rdm6300", "port": str(gate.reader.path)} for gate in self.gates
        ]
        boards = [
            {
                "id": f"io-{gate.number}", "driver": "modbus", "board": "generic", "unit": 1, "poll_ms": POLL_MS,
                "link": {"type": "tcp", "host": "127.0.0.1", "port": gate.port},
            }
            for gate in self.gates
        ]  # fmt: skip
        return readers + boards

    def lanes(self) -> list[dict[str, Any]]:
        """Lanes."""
        return [_lane(gate.number) for gate in self.gates]


def _lane(number: int) -> dict[str, Any]:
    contacts = {"at_open": AT_OPEN, "at_closed": AT_CLOSED, "approach_loop": APPROACH, "safety_loop": SAFETY}
    barrier = {
        "open": f"io-{number}.output.{OPEN}",
        "close": f"io-{number}.output.{CLOSE}",
        **{key: f"io-{number}.input.{place}" for key, place in contacts.items()},
        "pulse_ms": PULSE_MS,
        "travel_time_ms": 1_000,
        "auto_close_ms": AUTO_CLOSE_MS,
    }
    return {"id": f"lane-{number}", "direction": "entry", "readers": [f"reader-{number}"], "barrier": barrier}
