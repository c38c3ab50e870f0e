"""Fuzzing of every codec: random bytes and damaged true ones, in pieces as wires deliver them.

    python -m tests.drivers.fuzz --bytes 100000000 --seed 7

Each codec, and each driver that can be listened to, takes about that many bytes (default: $GATEHOUSE_FUZZ_BYTES, else a
million). Whatever comes, it must not raise, must hoard nothing, and must read the true frame behind the noise. A fault
names the codec, the seed and the last bytes. `test_fuzz.py` runs a short one with every test run.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from drivers.boards.uhppote import frames as uhppote
from drivers.boards.uhppote.dissect import UhppoteDissector
from drivers.displays.serial_display import Screen, SerialDisplayOptions
from drivers.framing import em4100, modbus
from drivers.framing.gpio_events import LINE_EVENT, Events, encode_event
from drivers.framing.modbus.answers import RtuAnswers, TcpAnswers
from drivers.framing.plate_reads import PlateReads
from drivers.framing.text_lines import LineDecoder
from drivers.framing.wiegand import Card, PinPad, edges, parse_format
from drivers.framing.wiegand import Decoder as WiegandDecoder
from drivers.links.uhppote import messages
from drivers.printers.escpos import frames as escpos
from drivers.readers.hid import frames as keyboard
from drivers.readers.osdp import frames as osdp
from drivers.readers.uhfreader18 import frames as uhfreader18
from drivers.readers.wiegand import WiegandOptions, WiegandReader
from gateway.core.papers.paper import Code, Pair, Paper, Text
from gateway.core.plates.messages import PlateMapping, PlateSeen, find_plate
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.events import CredentialRead
from gateway.store.passes.codes import PassCode, read_code, write_code
from tests.drivers.conftest import golden_of
from tests.drivers.walk import HEARD, OURS, SAMPLE, device, listener, vectors

DEFAULT_BYTES = 1_000_000
CHUNK_BYTES = 1 << 16
KEPT_MAX_BYTES = 1 << 16
"""What a codec may hold back after any noise, pickled: a few frames, never the noise."""
MISSED = 20
"""Frames that may be lost behind noise: a length in the noise may promise more than one frame."""
HOUR_NS = 3_600_000_000_000
Feed = Callable[[bytes], Any]


class Fuzzed(msgspec.Struct):
    """One codec: how bytes go in, true bytes to damage, and a proof that it still reads."""

    name: str
    feed: Feed
    true: Sequence[bytes]
    alive: Callable[[], bool]
    kept: Callable[[], int] = lambda: 0


def _em4100() -> Fuzzed:
    decoder = em4100.Decoder()
    frame = em4100.encode(bytes.fromhex("01000734E0"))
    return Fuzzed(
        "em4100",
        decoder.feed,
        [frame],
        lambda: decoder.feed(frame)[-1:] == [bytes.fromhex("01000734E0")],
        lambda: len(decoder._window),
    )


def _uhfreader18() -> Fuzzed:
    decoder = uhfreader18.Decoder(range(4))
    frame = bytes.fromhex("1100EE002000708C2B380B2D00000000E056")
    listed = uhfreader18.Response(2, uhfreader18.INVENTORY, 1, uhfreader18.tags_data(["E200001991010123"] * 3))

    def feed(raw: bytes) -> None:
        for response in decoder.feed(raw):
            try:
                uhfreader18.tags_of(response)
                uhfreader18.info_of(response)
            except GatehouseError:
                pass

    def alive() -> bool:
        return uhfreader18.decode_response(frame) in [*decoder.feed(frame), *decoder.quiet()]

    return Fuzzed(
        "uhfreader18", feed, [frame, uhfreader18.encode_response(listed)], alive, lambda: len(decoder._waiting)
    )


def _text_lines() -> Fuzzed:
    decoder = LineDecoder()
    return Fuzzed(
        "text_lines",
        decoder.feed,
        [b"000734E0\r\n", "京A12345,98\n".encode()],
        lambda: decoder.feed(b"\r\n472288\r\n")[-1:] == ["472288"],
        lambda: len(decoder._begun),
    )


def _wiegand() -> Fuzzed:
    """Each byte is an edge or a pause: the two highest bits say which, the others how long."""
    decoder, pad = WiegandDecoder(parse_format("auto")), PinPad(3_000_000_000)
    at_ns = 0
    frame = parse_format("26")[0].frame(472288)

    def feed(raw: bytes) -> None:
        nonlocal at_ns
        stamped = []
        for byte in raw:
            at_ns += (byte & 0x3F) * (20_000 if byte >> 6 else 200_000)
            stamped.append(((0, 1, 0, -1)[byte >> 6] if byte != 0xFF else 1, at_ns))
        for found in decoder.feed(stamped):
            if hasattr(found, "key"):
                pad.press(found.key, at_ns)

    def alive() -> bool:
        nonlocal at_ns
        at_ns += 10_000_000
        found = decoder.feed(edges(frame, at_ns)) + decoder.tick(at_ns + 100_000_000)
        at_ns += 100_000_000
        return bool(found) and getattr(found[-1], "number", "") == "472288"

    true = bytes(0x40 | 50 if bit == "1" else 0x80 | 50 for bit in frame)
    return Fuzzed("wiegand", feed, [true + b"\x3f"], alive, lambda: len(pad._digits) + decoder._count)


def _gpio_events() -> Fuzzed:
    """The kernel's structures, damaged; then a true frame through the whole reader."""
    events = Events((17, 18))
    reader = WiegandReader("w", WiegandOptions(17, 18))
    frames = (parse_format("26")[0].frame(number) for number in range(1 << 24))
    true = b"".join(encode_event(at * 1_000_000, 17 + at % 2, at) for at in range(40))

    def feed(raw: bytes) -> None:
        for wire, at_ns in events.feed(raw):
            assert wire in (-1, 0, 1) and at_ns >= 0

    def alive() -> bool:
        stamped = edges(next(frames), 10**12)
        raw = b"".join(encode_event(at_ns, 17 + wire, number) for number, (wire, at_ns) in enumerate(stamped))
        reader.feed(b"", 10**15)
        fresh = WiegandReader("w", WiegandOptions(17, 18))
        return len(fresh.feed(raw, 10**15)[1]) == 1

    assert len(true) % LINE_EVENT.size == 0
    return Fuzzed("gpio_events", feed, [true], alive)


def _modbus() -> Fuzzed:
    request = bytes.fromhex("010100000008")
    asked = modbus.encode_rtu(1, request[1:])
    reply = modbus.encode_rtu(1, bytes((1, 1, 0x55)))
    tcp_asked, tcp_reply = modbus.encode_tcp(7, 1, request[1:]), modbus.encode_tcp(7, 1, bytes((1, 1, 0x55)))

    def feed(raw: bytes) -> None:
        for start in range(0, len(raw), 256):
            piece = raw[start : start + 256]
            modbus.find_rtu_reply(asked, piece)
            modbus.find_rtu_request(piece)
            for answers, sent in ((RtuAnswers(), asked), (TcpAnswers(), tcp_asked)):
                assert answers.find(sent, piece) in piece
                assert bool(answers.seen(sent, piece)) is bool(piece)
            for take in (partial(modbus.find_tcp_reply, tcp_asked, piece), partial(modbus.split_tcp, piece)):
                try:
                    take()
                except GatehouseError:
                    pass

    def alive() -> bool:
        return modbus.find_rtu_reply(asked, reply) == reply and modbus.find_tcp_reply(tcp_asked, tcp_reply) == tcp_reply

    return Fuzzed("modbus", feed, [asked, reply, tcp_asked, tcp_reply], alive)


def _osdp() -> Fuzzed:
    """What libosdp hands over: cards of any length, keys, status reports."""
    reader = osdp.CardDecoder("auto")
    true, length = osdp.card_bits(parse_format("26")[0].frame(472288))

    def feed(raw: bytes) -> None:
        for start in range(0, len(raw), 66):
            piece = raw[start : start + 66]
            reader.read(piece[2:], int.from_bytes(piece[:2], "big") % 600)
            assert set(osdp.keys_of(piece)) <= set("0123456789*#")
            osdp.status_of(piece)

    return Fuzzed("osdp", feed, [true], lambda: reader.read(true, length) == Card("472288", 24))


def _display() -> Fuzzed:
    screen = Screen(SerialDisplayOptions("/dev/x"))

    def feed(raw: bytes) -> None:
        for start in range(0, len(raw), 64):
            text = raw[start : start + 64].decode("utf-8", "replace")
            shown = screen.encode({"verdict": "granted", "plate": text, "words": text[::-1], "days_left": len(text)})
            assert len(shown) <= 1 + 4 * 18

    return Fuzzed("display", feed, ["京A12345 请通行".encode()], lambda: True)


def _escpos() -> Fuzzed:
    """What a printer sends, papers with any text, and the stream that the far end takes apart."""
    answers, look = escpos.Answers(), escpos.Look()

    def feed(raw: bytes) -> None:
        for kind, byte in answers.feed(raw):
            assert kind == "printed" or escpos.trouble(escpos.OFFLINE, byte) in ("", "paper_out", "cover_open", "fault")
        for start in range(0, len(raw), 256):
            piece = raw[start : start + 256]
            assert len(escpos.hidden(piece)) == len(piece)
            assert b"".join(part.data for part in escpos.parts(piece)) == piece
            text = piece.decode("utf-8", "replace")
            written = escpos.encode(Paper((Text(text), Pair(text, text[::-1]), Code(text))), look)
            assert all(escpos.whole(part) for part in escpos.parts(written))

    def alive() -> bool:
        return ("state", 0x12) in answers.feed(b"\x12" * 4)

    true = escpos.encode(Paper((Text("停车 5.00"), Code("GH1A"))), look)
    return Fuzzed("escpos", feed, [true, b"\x12\x00", escpos.ask(escpos.ROLL)], alive)


def _formats() -> Fuzzed:
    """Descriptions of Wiegand formats, which people write."""

    def feed(raw: bytes) -> None:
        for start in range(0, len(raw), 96):
            try:
                parse_format(raw[start : start + 96].decode("ascii", "replace"))
            except GatehouseError:
                pass

    true = b"PFFFFFFFFNNNNNNNNNNNNNNNNP EXXXXXXXXXXXX............. .............XXXXXXXXXXXXO"
    return Fuzzed("wiegand_formats", feed, [true], lambda: True)


def _keyboard() -> Fuzzed:
    decoder = keyboard.KeyDecoder()
    at_ns = 0

    def alive() -> bool:
        nonlocal at_ns
        at_ns += 2 * keyboard.GAP_NS
        return decoder.feed(keyboard.typed("472288", at_ns)) == ["472288"]

    true = keyboard.typed("0000472288") + keyboard.typed("GH1 x")
    return Fuzzed("keyboard", decoder.feed, [true], alive, lambda: len(decoder._typed))


def _pass_codes() -> Fuzzed:
    """QR codes: what is not the true code, letter by letter, is none."""
    key, code = bytes(range(32)), PassCode("v-1", 1_795_881_600, "0123456789ab")
    text = write_code(key, code)

    def feed(raw: bytes) -> None:
        for start in range(0, len(raw), len(text)):
            piece = raw[start : start + len(text)].decode("utf-8", "replace")
            assert read_code(key, piece) is None or piece.strip().upper() == text

    return Fuzzed("pass_codes", feed, [text.encode()], lambda: read_code(key, text) == code)


def _camera() -> Fuzzed:
    """What a camera pushes: JSON or not, a plate or none, and the reads of one car after another."""
    reads, mapping = PlateReads(50, 95, 500, 5000), PlateMapping("a.0.plate", "a.0.sure")
    at_ns = 0

    def feed(raw: bytes) -> None:
        nonlocal at_ns
        for start in range(0, len(raw), 48):
            at_ns += 100_000_000
            piece = raw[start : start + 48]
            try:
                seen = find_plate(msgspec.json.decode(piece), mapping)
            except (msgspec.DecodeError, UnicodeDecodeError, GatehouseError):
                seen = PlateSeen(piece.decode("utf-8", "replace"), 60.0)
            assert len(reads.take(seen.plate, seen.confidence, at_ns)) <= 2

    def alive() -> bool:
        nonlocal at_ns
        at_ns += 10_000_000_000
        return [one.plate for one in reads.take("京A·12345", 99, at_ns)][-1:] == ["京A12345"]

    true = '{"a": [{"plate": "京A12345", "sure": 0.97}]}'.encode()
    return Fuzzed("plates", feed, [true], alive, lambda: len(reads._presentations._last_seen))


def _uhppote() -> Fuzzed:
    """What a controller answers, whole or not, through all its readers; and what its wire shows to people."""
    dissector = UhppoteDissector("26")
    readers = (
        messages.status, messages.record, messages.door_is, messages.door_set, messages.opened, messages.host_controls,
        messages.clock_is, messages.controller,
    )  # fmt: skip

    def feed(raw: bytes) -> None:
        uhppote.find_controller(raw)
        for start in range(0, len(raw), messages.LENGTH):
            piece = raw[start : start + messages.LENGTH]
            for reader in readers:
                try:
                    reader(piece)
                except GatehouseError:
                    pass
            dissector.explain("in", piece)
            dissector.cards(piece)
            dissector.same(piece)

    true = [bytes.fromhex(one["bytes"]) for one in golden_of("uhppote") if one["direction"] == "response"]
    return Fuzzed("uhppote", feed, true, lambda: messages.status(true[2]).last == 57)


class Clock:
    """A clock that stands until it is set."""

    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def _driver(name: str) -> Fuzzed:
    """A model's bytes on their way to credentials; its golden bytes are damaged, and noise may cost `MISSED` frames."""
    driver, options, clock = OURS[name], device(name).options, Clock()
    found = listener(name, clock)
    assert found is not None
    value = next(
        (read[1] for one in vectors(name) if not one.one_way and not one.options for read in one.reads), SAMPLE
    )
    true = driver.encode(value, options)

    def alive() -> bool:
        clock.now_ns += HOUR_NS
        return any(
            [event.value for event in found.feed(true)[1] if isinstance(event, CredentialRead)][-1:] == [value]
            for _ in range(MISSED + 1)
        )

    golden = [one.sent for one in vectors(name)]
    return Fuzzed(name, found.feed, [true, *golden], alive, lambda: len(pickle.dumps(found)))


CODECS: tuple[Callable[[], Fuzzed], ...] = (
    _em4100,
    _uhfreader18,
    _text_lines,
    _wiegand,
    _gpio_events,
    _modbus,
    _osdp,
    _display,
    _escpos,
    _formats,
    _keyboard,
    _pass_codes,
    _camera,
    _uhppote,
    *(partial(_driver, name) for name in HEARD),
)


def name_of(make: Callable[[], Fuzzed]) -> str:
    """A codec's name, or a driver's."""
    return f"driver {make.args[0]}" if isinstance(make, partial) else make.__name__.lstrip("_")  # type: ignore[attr-defined]


def noise(dice: random.Random, true: Sequence[bytes], count: int) -> Iterator[bytes]:
    """About `count` bytes in pieces: pure noise, true bytes with damage, and true bytes cut anywhere."""
    made = 0
    while made < count:
        whole = b"".join(_piece(dice, true) for _ in range(64))
        for piece in _cut(dice, whole):
            made += len(piece)
            yield piece


def _piece(dice: random.Random, true: Sequence[bytes]) -> bytes:
    raw = bytearray(dice.choice(true))
    match dice.randrange(6):
        case 0:
            return dice.randbytes(dice.randrange(256))
        case 1:
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        case 2:
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        case 3:
            del raw[dice.randrange(len(raw))]
        case 4:
            raw[dice.randrange(len(raw)) : 0] = dice.randbytes(dice.randrange(8))
    return bytes(raw)


def _cut(dice: random.Random, whole: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(whole):
        size = dice.choice((1, 2, 7, 16, 64, 256, 1024, 4096))
        yield whole[at : at + size]
        at += size


def fuzz(make: Callable[[], Fuzzed], count: int, seed: int) -> tuple[str, int, float]:
    """Feed one codec; returns its name, the bytes fed and the processor seconds of the codec alone."""
    fuzzed, dice = make(), random.Random(seed)
    fed, spent_s, checked, recent = 0, 0.0, 0, b""
    for piece in noise(dice, fuzzed.true, count):
        recent = (recent + piece)[-512:]
        began = time.process_time()
        try:
            fuzzed.feed(piece)
        except Exception as error:
            raise AssertionError(f"{fuzzed.name} raised {error!r}; seed {seed}, after {recent.hex()}") from error
        spent_s += time.process_time() - began
        fed += len(piece)
        if fed - checked >= CHUNK_BYTES:
            checked = fed
            assert fuzzed.kept() <= KEPT_MAX_BYTES, f"{fuzzed.name} hoards; seed {seed}"
            assert fuzzed.alive(), f"{fuzzed.name} is deaf; seed {seed}, after {recent.hex()}"
    assert fuzzed.alive(), f"{fuzzed.name} is deaf; seed {seed}, after {recent.hex()}"
    return fuzzed.name, fed, spent_s


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when every codec has survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.drivers.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bytes", type=int, default=int(os.environ.get("GATEHOUSE_FUZZ_BYTES", DEFAULT_BYTES)))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--codec", help="only this one")
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}, {asked.bytes:,} bytes for each codec")
    for make in CODECS:
        if asked.codec in (None, name_of(make)):
            name, fed, spent_s = fuzz(make, asked.bytes, asked.seed)
            print(f"{name:16} {fed:>13,} bytes {fed / max(spent_s, 1e-9):>13,.0f} bytes/s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
