"""AES-256-GCM by libcrypto: the same as `cryptography` gives, and nothing opens that was changed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.vocabulary.errors import StorageError
from gateway.store.identities.cipher import Cipher

KEY = bytes(range(32))


@pytest.mark.parametrize("content", [b"", b"1", b"11010519491231002X", bytes(100_000)])
def test_another_implementation_opens_what_is_sealed_and_the_other_way_round(content: bytes) -> None:
    sealed = Cipher(KEY).seal(content, "p1 number")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"p1 number") == content
    nonce = b"012345678901"
    assert Cipher(KEY).open(nonce + AESGCM(KEY).encrypt(nonce, content, b"p1 number"), "p1 number") == content


def test_the_same_content_is_sealed_otherwise_each_time() -> None:
    assert len({Cipher(KEY).seal(b"x", "p1") for _ in range(20)}) == 20


def test_a_value_that_was_changed_moved_or_cut_is_not_opened() -> None:
    sealed = Cipher(KEY).seal(b"11010519491231002X", "p1 number")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(StorageError, match="cannot be opened"):
            Cipher(KEY).open(bytes(changed), "p1 number")
    for other, about in ((KEY, "p2 number"), (bytes(32), "p1 number")):
        with pytest.raises(StorageError, match="cannot be opened"):
            Cipher(other).open(sealed, about)
    for length in range(len(sealed)):
        with pytest.raises(StorageError):
            Cipher(KEY).open(sealed[:length], "p1 number")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(StorageError, match="31 bytes"):
        Cipher(KEY[:31])
