"""Heads as text."""

from __future__ import annotations

import base64

import pytest

from gateway.store.journal.heads import Head, HeadError, parse_head, with_signature

HASH = "0123456789abcdef" * 4
SIGNATURE = base64.b64encode(bytes(range(64))).decode()


def test_a_head_is_written_and_read() -> None:
    head = Head(1200, HASH)
    assert head.text == f"1200:{HASH}"
    assert parse_head(head.text) == head
    signed = with_signature(head, bytes(range(64)))
    assert signed.text == f"1200:{HASH}:{SIGNATURE}"
    assert parse_head(f" {signed.text}\n") == signed


def test_what_is_signed_is_the_text_before_the_signature() -> None:
    assert with_signature(Head(7, HASH), b"x" * 64).signed == f"7:{HASH}".encode()


def test_a_hash_may_be_written_in_capitals() -> None:
    assert parse_head(f"7:{HASH.upper()}") == Head(7, HASH)


def test_a_journal_without_rows_has_no_head() -> None:
    assert Head(0, "0" * 64).text == ""


@pytest.mark.parametrize(
    "text",
    ["", "7", f"7:{HASH[:-1]}", f"-7:{HASH}", f"٣:{HASH}", f"{HASH}:7", f"7:{HASH}:", f"7:{HASH}:{SIGNATURE[:-4]}",
     f"7:{HASH}:{SIGNATURE}:{SIGNATURE}", f"7:{HASH}:{'*' * 86}==", f"{'9' * 30}:{HASH}"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(HeadError, match="SEQUENCE:SHA256"):
        parse_head(text)
