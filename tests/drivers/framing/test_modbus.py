from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import modbus as m
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden

GOLDEN = golden("modbus")
words = st.integers(0, 0xFFFF)
units = st.integers(1, 247)
requests = st.one_of(
    st.builds(m.Read, st.sampled_from([1, 2, 3, 4]), words, st.integers(1, 125)),
    st.builds(m.WriteOne, st.sampled_from([5, 6]), words, words),
    st.builds(m.WriteMany, st.just(15), words, st.lists(st.integers(0, 1), min_size=1, max_size=40).map(tuple)),
    st.builds(m.WriteMany, st.just(16), words, st.lists(words, min_size=1, max_size=10).map(tuple)),
)


def good_reply(request: m.Request) -> m.Reply:
    match request:
        case m.Read(function, _, count):
            bits = (count + 7) // 8 * 8
            return m.Values(function, (1,) * (bits if function in m.BIT_READS else count))
        case m.WriteMany(function, address, values):
            return m.Written(function, address, len(values))
        case _:
            return request


def request_of(vector: dict[str, Any]) -> m.Request:
    if "read" in vector:
        return m.Read(*vector["read"])
    if "write" in vector:
        return m.WriteOne(*vector["write"])
    function, address, values = vector["many"]
    return m.WriteMany(function, address, tuple(values))


@pytest.mark.parametrize("vector", GOLDEN["pdus"], ids=lambda vector: vector["request"])
def test_golden_requests_and_replies(vector: dict[str, Any]) -> None:
    request, sent, received = request_of(vector), bytes.fromhex(vector["request"]), bytes.fromhex(vector["reply"])
    reply = m.Values(request.function, tuple(vector["values"])) if "values" in vector else good_reply(request)
    assert m.encode_request(request) == sent
    assert m.decode_request(sent) == request
    assert m.encode_reply(reply) == received
    assert m.reply_size(sent) == len(received)
    assert m.is_answer(sent, received)


@pytest.mark.parametrize("vector", GOLDEN["refusals"])
def test_golden_refusals(vector: dict[str, Any]) -> None:
    refusal, received = m.Refusal(vector["function"], vector["code"]), bytes.fromhex(vector["reply"])
    assert m.encode_reply(refusal) == received


@pytest.mark.parametrize("vector", GOLDEN["rtu"], ids=lambda vector: vector["frame"])
def test_golden_rtu_frames_both_ways(vector: dict[str, Any]) -> None:
    frame, pdu = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["pdu"])
    assert m.encode_rtu(vector["unit"], pdu) == frame
    assert m.decode_rtu(frame) == (vector["unit"], pdu)


@pytest.mark.parametrize("vector", GOLDEN["tcp"], ids=lambda vector: vector["frame"])
def test_golden_tcp_frames_both_ways(vector: dict[str, Any]) -> None:
    frame, pdu = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["pdu"])
    assert m.encode_tcp(vector["transaction"], vector["unit"], pdu) == frame
    assert m.split_tcp(frame) == (vector["transaction"], vector["unit"], pdu, len(frame))


@given(requests)
def test_every_request_comes_back_as_it_was_and_its_reply_answers_it(request: m.Request) -> None:
    sent = m.encode_request(request)
    assert m.decode_request(sent) == request
    assert m.is_answer(sent, m.encode_reply(good_reply(request)))


@given(requests, units, st.binary(max_size=12))
def test_a_request_is_found_behind_noise(request: m.Request, unit: int, noise: bytes) -> None:
    frame = m.encode_rtu(unit, m.encode_request(request))
    stream, found = noise + frame, []
    while True:
        one, used = m.find_rtu_request(stream)
        if not one:
            break
        found.append(one)
        stream = stream[used:]
    assert frame in found


@given(requests, units, st.binary(max_size=30), st.binary(max_size=30))
def test_a_reply_is_found_in_noise_at_every_offset(request: m.Request, unit: int, before: bytes, after: bytes) -> None:
    sent = m.encode_rtu(unit, m.encode_request(request))
    reply = m.encode_rtu(unit, m.encode_reply(good_reply(request)))
    assert m.find_rtu_reply(sent, before + reply + after) == reply


@given(requests, units)
def test_a_reply_that_is_not_whole_yet_is_not_found(request: m.Request, unit: int) -> None:
    sent = m.encode_rtu(unit, m.encode_request(request))
    reply = m.encode_rtu(unit, m.encode_reply(good_reply(request)))
    assert m.find_rtu_reply(sent, reply[:-1]) == b""


@given(requests, units, units)
def test_the_reply_of_another_unit_is_never_taken(request: m.Request, unit: int, other: int) -> None:
    sent = m.encode_rtu(unit, m.encode_request(request))
    stranger = m.encode_rtu(other, m.encode_reply(good_reply(request)))
    assert bool(m.find_rtu_reply(sent, stranger)) == (unit == other)


def test_a_reply_of_another_length_or_function_is_never_taken() -> None:
    sent = m.encode_rtu(1, m.encode_request(m.Read(m.READ_INPUTS, 0, 16)))
    short = m.encode_rtu(1, m.encode_reply(m.Values(m.READ_INPUTS, (1,) * 8)))
    coils = m.encode_rtu(1, m.encode_reply(m.Values(m.READ_COILS, (1,) * 16)))
    assert m.find_rtu_reply(sent, short + coils) == b""


def test_the_echo_of_another_write_is_never_taken() -> None:
    sent = m.encode_rtu(1, m.encode_request(m.WriteOne(m.WRITE_COIL, 0, m.COIL_ON)))
    other = m.encode_rtu(1, m.encode_request(m.WriteOne(m.WRITE_COIL, 0, m.COIL_OFF)))
    assert m.find_rtu_reply(sent, other) == b""


def test_a_refusal_is_an_answer() -> None:
    sent = m.encode_rtu(1, m.encode_request(m.Read(m.READ_INPUTS, 0, 8)))
    refusal = m.encode_rtu(1, m.encode_reply(m.Refusal(m.READ_INPUTS, m.ILLEGAL_ADDRESS)))
    assert m.find_rtu_reply(sent, refusal) == refusal


@given(requests, units, words, words)
def test_over_tcp_only_the_same_transaction_answers(request: m.Request, unit: int, mine: int, other: int) -> None:
    sent = m.encode_tcp(mine, unit, m.encode_request(request))
    late = m.encode_tcp(other, unit, m.encode_reply(good_reply(request)))
    reply = m.encode_tcp(mine, unit, m.encode_reply(good_reply(request)))
    assert m.find_tcp_reply(sent, late + reply) == reply
    assert bool(m.find_tcp_reply(sent, late)) == (mine == other)
    assert m.find_tcp_reply(sent, reply[:-1]) == b""


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(raw: bytes) -> None:
    frame, used = m.find_rtu_request(raw)
    assert 0 <= used <= len(raw)
    assert frame in raw
    sent = m.encode_rtu(1, m.encode_request(m.Read(1, 0, 8)))
    assert m.find_rtu_reply(sent, raw) in raw
    assert m.find_tcp_reply(m.encode_tcp(1, 1, b"\x01\x00\x00\x00\x08"), raw) in raw
    for decode in (m.decode_request, m.decode_rtu, m.split_tcp):
        try:
            decode(raw)
        except FrameError:
            pass


@given(st.binary(min_size=300, max_size=2_000))
def test_noise_does_not_pile_up_in_the_search_for_a_request(raw: bytes) -> None:
    _, used = m.find_rtu_request(raw)
    assert len(raw) - used <= m.RTU_MAX_BYTES or used > 0


@pytest.mark.parametrize("pdu", ["", "07", "01 00 00 00", "0F 00 00 00 09 01 FF", "10 00 00 00 00 00"])
def test_a_malformed_request_is_refused(pdu: str) -> None:
    with pytest.raises(FrameError):
        m.decode_request(bytes.fromhex(pdu))


def test_another_protocol_behind_an_mbap_header_is_refused() -> None:
    with pytest.raises(FrameError, match="not a Modbus TCP"):
        m.split_tcp(bytes.fromhex("00 01 00 07 00 06 01 04 00 04 00 01"))
