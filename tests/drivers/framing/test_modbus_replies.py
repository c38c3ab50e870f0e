from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import modbus as m
from drivers.framing.modbus.answers import RtuAnswers, TcpAnswers

READ = bytes.fromhex("01 02 00 00 00 08 79 CC")
READ_ANSWER = m.encode_rtu(1, bytes.fromhex("02 01 05"))
WRITE = bytes.fromhex("01 05 00 00 FF 00 8C 3A")
"""Its acknowledgement is the same again (Modbus Application Protocol V1.1b3, 6.5; a public report of an echo)."""


def knowing_an_echo() -> RtuAnswers:
    answers = RtuAnswers()
    assert answers.find(READ, READ + READ_ANSWER) == READ_ANSWER
    return answers


def test_an_echo_that_a_read_has_shown_is_no_acknowledgement_of_a_write() -> None:
    answers = knowing_an_echo()
    assert answers.find(WRITE, WRITE) == b""
    assert answers.find(WRITE, WRITE + WRITE[:5]) == b""
    assert answers.find(WRITE, WRITE + WRITE) == WRITE


def test_without_an_echo_a_write_is_acknowledged_by_the_same_frame() -> None:
    answers = RtuAnswers()
    assert answers.find(READ, READ_ANSWER) == READ_ANSWER
    assert answers.find(WRITE, WRITE) == WRITE


def test_an_adapter_whose_echo_was_switched_off_is_believed_again() -> None:
    answers = knowing_an_echo()
    answers.opened()
    assert answers.find(READ, READ_ANSWER) == READ_ANSWER
    assert answers.find(WRITE, WRITE) == WRITE


def test_an_answer_that_is_known_from_before_hides_no_echo_and_no_other_answer() -> None:
    answers = RtuAnswers()
    changed = m.encode_rtu(1, bytes.fromhex("02 01 04"))
    assert [answers.find(READ, READ_ANSWER) for _ in range(2)] == [READ_ANSWER] * 2
    assert answers.find(READ, READ) == b""
    assert answers.find(WRITE, WRITE) == b""
    assert answers.find(READ, READ + READ_ANSWER) == READ_ANSWER
    assert answers.find(WRITE, WRITE) == b""
    assert answers.find(READ, READ_ANSWER) == READ_ANSWER
    assert answers.find(WRITE, WRITE) == WRITE
    assert answers.find(READ, changed) == changed
    assert answers.find(READ, READ_ANSWER + b"\xff") == READ_ANSWER


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (READ, "hears what it sends itself"),
        (m.encode_rtu(5, bytes.fromhex("02 01 05")), "unit 5 answered in its place"),
        (READ + m.encode_rtu(5, bytes.fromhex("02 01 05")), "unit 5 answered in its place"),
        (m.encode_rtu(1, bytes.fromhex("01 01 05")), "does not fit"),
        (b"\x00\xff\x80\x13", "bytes came that make no answer: 00 FF 80 13"),
        (b"", ""),
    ],
)
def test_what_came_on_a_line_instead_of_an_answer_is_named(received: bytes, says: str) -> None:
    found = RtuAnswers()
    assert found.find(READ, received) == b""
    assert says in found.seen(READ, received)


def test_unit_0_is_answered_by_whatever_board_is_there() -> None:
    asked = m.encode_rtu(0, bytes.fromhex("03 40 00 00 01"))
    answer = m.encode_rtu(1, bytes.fromhex("03 02 00 01"))
    assert RtuAnswers().find(asked, answer) == answer


# ---- TCP -----------------------------------------------------------------------------------------------------------

ASKED = m.encode_tcp(9, 1, bytes.fromhex("03 00 00 00 08"))
FOREIGN = bytes.fromhex("00 02 00 00 00 13 01 03 10") + bytes(16)
"""The head of an answer from a public report of a gateway that counts by itself."""


def test_a_gateway_with_numbers_of_its_own_is_understood() -> None:
    assert TcpAnswers().find(ASKED, FOREIGN) == FOREIGN


def test_an_answer_that_is_known_from_before_counts_only_with_our_number() -> None:
    answers = TcpAnswers()
    ours = ASKED[:2] + FOREIGN[2:]
    assert [answers.find(ASKED, ours) for _ in range(3)] == [ours] * 3
    assert answers.find(ASKED, FOREIGN) == b""
    later = b"\x00\x0a" + ASKED[2:]
    assert answers.find(later, ours) == b""
    assert answers.find(later, later[:2] + FOREIGN[2:]) == later[:2] + FOREIGN[2:]


def test_a_gateway_that_has_answered_with_our_number_must_go_on_with_it_until_the_next_connection() -> None:
    answers = TcpAnswers()
    ours = ASKED[:2] + FOREIGN[2:]
    assert answers.find(ASKED, ours) == ours
    assert answers.find(ASKED, FOREIGN) == FOREIGN
    for _ in range(2):
        assert answers.find(ASKED, FOREIGN + ours) == ours
    assert answers.find(ASKED, FOREIGN) == b""
    assert "another request" in answers.seen(ASKED, FOREIGN)
    answers.opened()
    assert answers.find(ASKED, FOREIGN) == FOREIGN


@pytest.mark.parametrize("unit", [0, 255])
@given(other=st.integers(0, 255))
def test_units_0_and_255_are_whatever_is_at_the_end_of_the_connection(unit: int, other: int) -> None:
    asked = m.encode_tcp(7, unit, bytes.fromhex("02 00 00 00 08"))
    answer = m.encode_tcp(7, other, bytes.fromhex("02 01 05"))
    assert TcpAnswers().find(asked, answer) == answer


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (m.encode_rtu(1, bytes.fromhex("03 10") + bytes(16)), "choose the link type rtu-tcp"),
        (m.encode_tcp(9, 5, bytes.fromhex("03 10") + bytes(16)), "unit 5 answered in its place"),
        (m.encode_tcp(9, 1, bytes.fromhex("01 01 05")), "does not fit"),
        (b"HTTP/1.1 400 Bad Request\r\n", "a web server is there"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08", "no Modbus TCP came: 01 02 03"),
        (b"", ""),
    ],
)
def test_what_came_over_tcp_instead_of_an_answer_is_named(received: bytes, says: str) -> None:
    found = TcpAnswers()
    assert found.find(ASKED, received) == b""
    assert says in found.seen(ASKED, received)


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(raw: bytes) -> None:
    for answers, sent in ((RtuAnswers(), READ), (RtuAnswers(), WRITE), (TcpAnswers(), ASKED)):
        assert answers.find(sent, raw) in raw
        assert bool(answers.seen(sent, raw)) is bool(raw)
