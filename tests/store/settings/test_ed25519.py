"""Signatures by OpenSSL and by cryptography are the same, and those of the standard."""

from __future__ import annotations

import secrets
import threading

import pytest

from gateway.store.settings import ed25519
from gateway.store.settings.ed25519 import ByCryptography, ByOpenssl, Signer, signer

# RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def by_openssl(seed: bytes) -> Signer:
    library = ed25519._library()
    if library is None:
        pytest.skip("there is no libcrypto here")
    return ByOpenssl(library, seed)


@pytest.mark.parametrize("make", [by_openssl, ByCryptography])
@pytest.mark.parametrize(("seed", "public", "content", "signature"), VECTORS)
def test_the_vectors_of_the_standard(make: type[Signer], seed: str, public: str, content: str, signature: str) -> None:
    key: Signer = make(bytes.fromhex(seed))  # type: ignore[call-arg]
    assert key.public().hex() == public
    assert key.sign(bytes.fromhex(content)).hex() == signature


def test_both_give_the_same_for_any_key() -> None:
    for size in range(50):
        seed, content = secrets.token_bytes(32), secrets.token_bytes(size)
        assert by_openssl(seed).sign(content) == ByCryptography(seed).sign(content)


def test_one_key_signs_in_many_threads() -> None:
    seed = secrets.token_bytes(32)
    key, wanted = signer(seed), ByCryptography(seed).sign(b"x")
    wrong: list[bytes] = []

    def work() -> None:
        wrong.extend(found for _ in range(200) if (found := key.sign(b"x")) != wanted)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="OpenSSL"):
        by_openssl(b"short")


def test_without_the_library_cryptography_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_library", lambda: None)
    assert isinstance(signer(bytes(32)), ByCryptography)


def test_a_library_without_the_functions_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_LIBRARIES", ("libnothing.so.9", "libc.so.6"))
    assert ed25519._library.__wrapped__() is None
