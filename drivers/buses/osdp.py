"""The bus of OSDP readers: one RS-485 line, libosdp on it as the control panel, one thread.

libosdp does the protocol; this bus decides how patient to be. A reader is stale when it leaves a packet unanswered and
lost after three; from then on it is asked once a try, with pauses that grow, so that the others on the line keep their
poll rate. A reader that answers but does not take its key is lost too, and says so. What a reader tells counts only
while the secure channel stands with the reader's own key (unless it is set up without one): libosdp would also speak
plain text, or use the key that every reader is made with.

Install mode is the one exception, for one reader and a limited time: a reader without its key may then receive it under
the factory key. It ends with the first session under the reader's own key.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Protocol

import msgspec

from drivers.base import Health, Message, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links import backoff
from drivers.links import osdp_panel as link
from drivers.links.backoff import Backoff
from drivers.links.serial_port import SerialPort
from drivers.trace import Trace
from drivers.watch import AskedAnew, Watch
from gateway.core.vocabulary.errors import DeviceError, RefusedError
from gateway.core.vocabulary.events import Event, InstallModeEnded, TamperChanged

MS = 1_000_000
TURN_S = 0.005
"""libosdp polls 50 ms after the last answer, if it is called by then."""
ANSWER_MS = 200
"""How long libosdp awaits an answer (OSDP_RESP_TOUT_MS)."""
KEY_RETRY_MS = 10_000
"""A reader that does not take its key may count wrong tries."""
INSTALL_MAX_S = 3_600
WAITING_MAX = 16
"""Messages and requests that may wait for the thread; of more the oldest are dropped."""


class Listener(Protocol):
    """What makes events of a reader's cards and keys, and signals of messages; one per reader."""

    @property
    def rejected(self) -> int:
        """Cards so far that no format took."""

    @property
    def words(self) -> str:
        """What the last of them was, for people."""

    def card(self, data: bytes, length: int) -> Sequence[Event]:
        """A card's bits."""

    def keys(self, data: bytes) -> Sequence[Event]:
        """Key codes."""

    def tick(self) -> Sequence[Event]:
        """What is due by time."""

    def interrupted(self) -> None:
        """The session has ended: what has begun will not be completed by what comes in the next."""

    def status(self, report: bytes) -> tuple[bool, bool]:
        """Whether the reader's housing is open and whether its power fails."""

    def signals(self, message: Message) -> Sequence[link.Led | link.Buzzer]:
        """How a message is shown and sounded."""


class BusReader(msgspec.Struct, frozen=True):
    """A reader as the driver describes it; `key` None: plain text."""

    device: str
    address: int
    key: bytes | None
    listener: Listener


class _Reader:
    """One reader and what the bus remembers about it; belongs to the bus's thread."""

    def __init__(self, index: int, described: BusReader, retry: Backoff, report: Report, trace: Trace) -> None:
        self.index = index
        self.device = described.device
        self.listener = described.listener
        self.secured = described.key is not None
        self.watch = Watch(described.device, report)
        self.retry = retry
        self.trace = trace
        self.retry_ns: int | None = None
        self.asked_ns: int | None = None
        self.tries = 0
        self.linked = False
        self.trusted = False
        self.tampered: bool | None = None
        self.power_fails = False
        self.install_until_ns: int | None = None
        self.refused: set[str] = set()

    @property
    def usable(self) -> bool:
        """Whether what it tells may be believed."""
        return self.linked and (self.trusted or not self.secured)

    def begin(self) -> None:
        """It is greeted anew."""
        self.listener.interrupted()
        self.asked_ns = self.retry_ns = None
        self.linked = self.trusted = False
        self.tries = 0

    def words(self, health: Health) -> Health:
        """Its health with what people should know beside its last error."""
        told = []
        if self.install_until_ns is not None:
            left_s = max(0, self.install_until_ns - time.monotonic_ns()) // 1_000_000_000
            told.append(f"install mode for another {left_s // 60}:{left_s % 60:02} min: it may be given its key")
        if self.tampered:
            told.append("its housing is open; look at the reader")
        if self.power_fails:
            told.append("it reports that its power fails; check its supply")
        if not told:
            return health
        if health.state != "online" and health.last_error:
            told.append(health.last_error)
        return msgspec.structs.replace(health, last_error="; ".join(told))


class OsdpBus(OutputlessBus):
    """All readers of one line.

    Their own outputs are not used: who reaches the wire to a reader must not reach a barrier.
    """

    def __init__(self, key: Hashable, path: str, baudrate: int, readers: Sequence[BusReader], report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = tuple(reader.device for reader in readers)
        self._described = readers
        self._port = SerialPort(path, baudrate)
        self._reopen = backoff.for_wire()
        self._readers = [
            _Reader(index, reader, backoff.for_device(len(readers)), report, self.trace(reader.device))
            for index, reader in enumerate(readers)
        ]
        self._by_address = {one.address: self._readers[index] for index, one in enumerate(readers)}
        self._by_device = {reader.device: reader for reader in self._readers}
        self._panel: link.Panel | None = None
        self._asking: _Reader | None = None
        self._asked_last = self._readers[0]
        self._fault: DeviceError | None = None
        self._jobs: deque[Callable[[], None]] = deque(maxlen=WAITING_MAX)
        self._stopping = False
        self._anew = AskedAnew()

    # ---- for any thread --------------------------------------------------------------------------------------------

    def health(self) -> list[Health]:
        return [reader.words(reader.watch.health) for reader in self._readers]

    def stop(self) -> None:
        self._stopping = True
        self._port.wake()

    def show(self, device: str, message: Message) -> None:
        reader = self._by_device.get(device)
        if reader is not None:
            self._jobs.append(lambda: self._signal(reader, message))
            self._port.wake()

    def install_mode(self, device: str, duration_s: int) -> None:
        reader = self._by_device[device]
        if not reader.secured:
            raise RefusedError(f"{device} is set up without a key (`secure` is false); give it a `key` first")
        if not 0 <= duration_s <= INSTALL_MAX_S:
            raise RefusedError(f"{duration_s} s; give 0 (end it) to {INSTALL_MAX_S} s")
        if duration_s and reader.watch.online:
            raise RefusedError(f"{device} has its key already")
        self._jobs.append(lambda: self._install(reader, duration_s))
        self._port.wake()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self._anew.add(devices)
        self._port.wake()
        return True

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            while not self._stopping:
                self.turns += 1
                if self._anew:
                    self._report_anew(self._anew.take())
                try:
                    self._turn()
                except DeviceError as error:
                    self._gone(error)
                    self._port.read(self._reopen.pause_ms() / 1000)
        finally:
            self._port.dispose()

    def _turn(self) -> None:
        if self._panel is None:
            self._panel = link.Panel([self._on_line(one) for one in self._described], self._send, self._heard)
        if not self._port.is_open:
            self._open(self._panel)
        received = self._port.read(TURN_S)
        if received:
            self._asked_last.trace.heard(received)
            self._panel.take(received)
            self._answered()
        self._panel.refresh()
        self._panel.refresh()  # It decides in one call what it sends in the next.
        if self._fault is not None:
            raise self._fault
        while self._jobs:
            self._jobs.popleft()()
        now_ns = time.monotonic_ns()
        for reader in self._readers:
            self._attend(self._panel, reader, now_ns)

    def _report_anew(self, devices: Collection[str]) -> None:
        for reader in self._readers:
            if reader.device not in devices:
                continue
            reader.watch.tell_anew()
            if reader.tampered is not None:
                self._report(TamperChanged(reader.device, reader.tampered))

    def _on_line(self, described: BusReader) -> link.LineReader:
        return link.LineReader(described.device, described.address, described.key)

    def _open(self, panel: link.Panel) -> None:
        self._fault = None
        self._port.open()
        for reader in self._readers:
            self._greet(panel, reader)

    def _gone(self, error: DeviceError) -> None:
        self._port.close()
        self._asking = None
        for reader in self._readers:
            reader.begin()
            reader.watch.gone(str(error))

    def _greet(self, panel: link.Panel, reader: _Reader) -> None:
        reader.begin()
        panel.restart(reader.index)

    def _attend(self, panel: link.Panel, reader: _Reader, now_ns: int) -> None:
        """What is due for one reader."""
        if reader.asked_ns is not None and now_ns - reader.asked_ns > ANSWER_MS * MS:
            reader.asked_ns = None
            reader.watch.missed(f"{reader.device} does not answer; check power, wiring, `address` and `baudrate`")
        if reader.install_until_ns is not None and now_ns >= reader.install_until_ns:
            self._end_install(panel, reader, "time_over")
        if reader.retry_ns is not None and now_ns >= reader.retry_ns:
            self._greet(panel, reader)
        if reader.usable:
            self._tell(reader.listener.tick())

    # ---- libosdp speaks --------------------------------------------------------------------------------------------

    def _send(self, packet: bytes) -> bool:
        """Put a packet on the line; a lost reader is asked once a try, since every silence costs the others 200 ms."""
        reader = self._by_address.get(link.address_of(packet) or 0)
        if reader is None or self._fault is not None or (reader.watch.lost and reader.tries):
            return False
        try:
            self._port.write(packet)
        except DeviceError as error:
            self._fault = error
            return False
        reader.tries += 1
        reader.asked_ns = time.monotonic_ns()
        self._asking = self._asked_last = reader
        reader.trace.sent(packet)
        return True

    def _answered(self) -> None:
        """Bytes have come, so the reader that was asked is there; the secure channel shows if it is the right one."""
        reader, self._asking = self._asking, None
        if reader is None:
            return
        reader.asked_ns = None
        reader.tries = 0
        if reader.usable:
            reader.watch.answered()

    def _heard(self, index: int, fact: link.Fact) -> None:
        reader = self._readers[index]
        if self._panel is None or self._panel.restarting(index):
            return
        match fact:
            case link.ChannelChanged(active, default_key):
                reader.trusted = active and not default_key
            case link.LinkChanged(True):
                self._linked(self._panel, reader)
            case link.LinkChanged(False):
                self._unlinked(self._panel, reader)
            case link.CommandAnswered(command, False):
                reader.refused.add(command)
            case _ if reader.usable:
                self._told(reader, fact)

    def _linked(self, panel: link.Panel, reader: _Reader) -> None:
        reader.linked = True
        if not reader.usable:
            self._deny(reader, f"{reader.device} speaks in plain text and takes neither its key nor the factory's")
            return
        reader.retry.reset()
        if reader.watch.known:
            reader.watch.answered()
        else:
            reader.watch.restored()
        if reader.install_until_ns is not None:
            self._end_install(panel, reader, "key_set")
        if "status" not in reader.refused:
            self._jobs.append(lambda: self._ask_status(reader))  # It is not online before this call has returned.

    def _unlinked(self, panel: link.Panel, reader: _Reader) -> None:
        """libosdp has given the reader up: a session that broke is begun anew at once, all else after a pause."""
        was_linked, silent = reader.linked, bool(reader.tries)
        reader.linked = reader.trusted = False
        if was_linked and not silent:
            reader.watch.missed(f"the session with {reader.device} broke off; it is begun anew")
            reader.retry_ns = time.monotonic_ns()
        elif not silent:
            self._deny(reader, self._why_denied(panel, reader))
        else:
            reader.watch.gone(f"{reader.device} does not answer; check power, wiring, `address` and `baudrate`")
            reader.retry_ns = time.monotonic_ns() + reader.retry.pause_ms() * MS

    def _deny(self, reader: _Reader, why: str) -> None:
        reader.linked = False
        reader.watch.gone(why)
        reader.retry_ns = time.monotonic_ns() + KEY_RETRY_MS * MS

    def _why_denied(self, panel: link.Panel, reader: _Reader) -> str:
        if not reader.secured:
            return f"{reader.device} answers, but not as an OSDP reader should; check `baudrate` and its settings"
        if not panel.secure_capable(reader.index):
            return f"{reader.device} cannot do secure channel; use another reader, or say `secure`: false"
        return (
            f"{reader.device} answers but does not take its key; give it the key in install mode, "
            "or put the key that it has into the settings"
        )

    def _told(self, reader: _Reader, fact: link.Fact) -> None:
        match fact:
            case link.CardSeen(data, length):
                reader.trace.told("".join(f"{byte:08b}" for byte in data)[:length].encode())
                rejected = reader.listener.rejected
                self._tell(reader.listener.card(data, length))
                reader.watch.noise(reader.listener.rejected - rejected, reader.listener.words)
            case link.KeysPressed(data):
                self._tell(reader.listener.keys(data))
            case link.StatusTold(report):
                self._status(reader, *reader.listener.status(report))

    def _status(self, reader: _Reader, tampered: bool, power_fails: bool) -> None:
        before, reader.tampered = reader.tampered, tampered
        reader.power_fails = power_fails
        if tampered != bool(before):
            self._report(TamperChanged(reader.device, tampered))

    def _ask_status(self, reader: _Reader) -> None:
        """Ask once a session: a housing may have been opened while the reader was away."""
        if self._panel is not None and reader.usable:
            self._panel.ask_status(reader.index)

    # ---- what others ask -------------------------------------------------------------------------------------------

    def _signal(self, reader: _Reader, message: Message) -> None:
        panel = self._panel
        if panel is None or not reader.usable:
            return
        for signal in reader.listener.signals(message):
            if isinstance(signal, link.Led) and "led" not in reader.refused:
                panel.show(reader.index, signal)
            elif isinstance(signal, link.Buzzer) and "buzzer" not in reader.refused:
                panel.sound(reader.index, signal)

    def _install(self, reader: _Reader, duration_s: int) -> None:
        panel = self._panel
        if panel is None:
            return
        if not duration_s:
            self._end_install(panel, reader, "stopped")
        elif reader.usable:
            self._report(InstallModeEnded(reader.device, "has_key"))
        else:
            reader.install_until_ns = time.monotonic_ns() + duration_s * 1000 * MS
            panel.allow_default_key(reader.index, True)
            self._greet(panel, reader)

    def _end_install(self, panel: link.Panel, reader: _Reader, outcome: str) -> None:
        if reader.install_until_ns is None:
            return
        reader.install_until_ns = None
        panel.allow_default_key(reader.index, False)
        if not reader.usable:
            self._greet(panel, reader)
        self._report(InstallModeEnded(reader.device, outcome))
