"""Ed25519 signatures with the OpenSSL that Python has loaded already for TLS and hashes, called directly.

`cryptography` brings an OpenSSL of its own, which costs each process that signs 9 MB; this costs 1 MB in the uplink and
in the web. Where no such library is found `cryptography` signs. Ed25519 is deterministic: both give the same bytes, and
a test compares them. Commands check signatures with `cryptography`.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Protocol

_LIBRARIES = ("libcrypto.so.3", "libcrypto.so.1.1")
_NID_ED25519 = 1087
_SIGNATURE_BYTES = 64
_KEY_BYTES = 32


class Signer(Protocol):
    """A private key, safe to use from several threads."""

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""

    def public(self) -> bytes:
        """The public key, 32 bytes."""


def signer(seed: bytes) -> Signer:
    """The private key of these 32 bytes."""
    library = _library()
    return ByCryptography(seed) if library is None else ByOpenssl(library, seed)


class ByOpenssl:
    """The key as an object of libcrypto, kept for good."""

    def __init__(self, library: ctypes.CDLL, seed: bytes) -> None:
        self._lib = library
        self._key = library.EVP_PKEY_new_raw_private_key(_NID_ED25519, None, seed, len(seed))
        if not self._key:
            raise ValueError("OpenSSL does not take the key")

    def sign(self, content: bytes) -> bytes:
        """The signature; ValueError if OpenSSL refuses."""
        context = self._lib.EVP_MD_CTX_new()
        try:
            found = ctypes.create_string_buffer(_SIGNATURE_BYTES)
            size = ctypes.c_size_t(_SIGNATURE_BYTES)
            begun = self._lib.EVP_DigestSignInit(context, None, None, None, self._key)
            if begun != 1 or self._lib.EVP_DigestSign(context, found, ctypes.byref(size), content, len(content)) != 1:
                raise ValueError("OpenSSL does not sign")
            return found.raw
        finally:
            self._lib.EVP_MD_CTX_free(context)

    def public(self) -> bytes:
        """The public key; ValueError if OpenSSL refuses."""
        found = ctypes.create_string_buffer(_KEY_BYTES)
        size = ctypes.c_size_t(_KEY_BYTES)
        if self._lib.EVP_PKEY_get_raw_public_key(self._key, found, ctypes.byref(size)) != 1:
            raise ValueError("OpenSSL gives no public key")
        return found.raw


class ByCryptography:
    """The key as an object of `cryptography`."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, content: bytes) -> bytes:
        """The signature."""
        return self._key.sign(content)

    def public(self) -> bytes:
        """The public key."""
        return self._key.public_key().public_bytes_raw()


@cache
def _library() -> ctypes.CDLL | None:
    """OpenSSL 1.1.1 or newer with the functions declared; None where there is none."""
    for name in _LIBRARIES:
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, size, content = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    sizes = ctypes.POINTER(ctypes.c_size_t)
    for function, result, arguments in (
        (library.EVP_PKEY_new_raw_private_key, pointer, (ctypes.c_int, pointer, content, size)),
        (library.EVP_PKEY_get_raw_public_key, ctypes.c_int, (pointer, content, sizes)),
        (library.EVP_MD_CTX_new, pointer, ()),
        (library.EVP_MD_CTX_free, None, (pointer,)),
        (library.EVP_DigestSignInit, ctypes.c_int, (pointer, pointer, pointer, pointer, pointer)),
        (library.EVP_DigestSign, ctypes.c_int, (pointer, content, sizes, content, size)),
    ):
        function.restype, function.argtypes = result, arguments
    return library
