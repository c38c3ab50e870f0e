"""Seals small texts and pictures with AES-256-GCM, by the OpenSSL that Python has loaded already, called directly.

`cryptography` would bring an OpenSSL of its own into the engine, 9 MB. The library is looked for at the first seal, so
an engine that never takes an identity number pays nothing. A sealed value is nonce (12 bytes), content, tag (16).
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

from gateway.core.vocabulary.errors import StorageError

KEY_BYTES = 32
_LIBRARIES = ("libcrypto.so.3", "libcrypto.so.1.1")
_NONCE_BYTES = 12
_TAG_BYTES = 16
_GET_TAG, _SET_TAG = 0x10, 0x11
_TAG_AT = -_TAG_BYTES


class Cipher:
    """Seals and opens by one key; `about` binds a sealed value to its place."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise StorageError(f"the key of the identities has {len(key)} bytes instead of {KEY_BYTES}")
        self._key = key

    def seal(self, content: bytes, about: str) -> bytes:
        """The sealed content, another one each time."""
        nonce = os.urandom(_NONCE_BYTES)
        with _Context(self._key, nonce, about.encode(), sealing=True) as context:
            sealed = context.update(content)
            context.end()
            return nonce + sealed + context.tag()

    def open(self, sealed: bytes, about: str) -> bytes:
        """The content; StorageError when the value was changed, or is of another place or key."""
        nonce, content, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:_TAG_AT], sealed[_TAG_AT:]
        with _Context(self._key, nonce, about.encode(), sealing=False) as context:
            opened = context.update(content)
            context.expect(tag)
            context.end()
            return opened


class _Context:
    """One run of the cipher in libcrypto."""

    def __init__(self, key: bytes, nonce: bytes, about: bytes, *, sealing: bool) -> None:
        lib = self._lib = _library()
        self._handle = lib.EVP_CIPHER_CTX_new()
        _must(lib.EVP_CipherInit_ex(self._handle, lib.EVP_aes_256_gcm(), None, key, nonce, int(sealing)))
        written = ctypes.c_int()
        _must(lib.EVP_CipherUpdate(self._handle, None, ctypes.byref(written), about, len(about)))

    def __enter__(self) -> _Context:
        return self

    def __exit__(self, *_error: object) -> None:
        self._lib.EVP_CIPHER_CTX_free(self._handle)

    def update(self, content: bytes) -> bytes:
        """The other form of the content; GCM gives as many bytes as it takes."""
        made, written = ctypes.create_string_buffer(len(content) or 1), ctypes.c_int()
        _must(self._lib.EVP_CipherUpdate(self._handle, made, ctypes.byref(written), content, len(content)))
        return made.raw[: written.value]

    def expect(self, tag: bytes) -> None:
        """The tag that the content must have."""
        kept = ctypes.create_string_buffer(tag, _TAG_BYTES)
        _must(self._lib.EVP_CIPHER_CTX_ctrl(self._handle, _SET_TAG, _TAG_BYTES, kept))

    def end(self) -> None:
        """All content was given; StorageError where the tag does not fit."""
        rest, written = ctypes.create_string_buffer(_TAG_BYTES), ctypes.c_int()
        _must(self._lib.EVP_CipherFinal_ex(self._handle, rest, ctypes.byref(written)))

    def tag(self) -> bytes:
        """The tag of what was sealed."""
        found = ctypes.create_string_buffer(_TAG_BYTES)
        _must(self._lib.EVP_CIPHER_CTX_ctrl(self._handle, _GET_TAG, _TAG_BYTES, found))
        return found.raw


def _must(done: int) -> None:
    if done != 1:
        raise StorageError("an identity cannot be opened: it was changed, or its key is another one")


@cache
def _library() -> ctypes.CDLL:
    """OpenSSL 1.1.1 or newer with the functions declared; StorageError where there is none."""
    for name in _LIBRARIES:
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise StorageError("there is no libcrypto to seal an identity with; install the package libssl3")


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number, content = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    written = ctypes.POINTER(ctypes.c_int)
    for function, result, arguments in (
        (library.EVP_CIPHER_CTX_new, pointer, ()),
        (library.EVP_CIPHER_CTX_free, None, (pointer,)),
        (library.EVP_aes_256_gcm, pointer, ()),
        (library.EVP_CipherInit_ex, number, (pointer, pointer, pointer, content, content, number)),
        (library.EVP_CipherUpdate, number, (pointer, pointer, written, content, number)),
        (library.EVP_CipherFinal_ex, number, (pointer, pointer, written)),
        (library.EVP_CIPHER_CTX_ctrl, number, (pointer, number, number, pointer)),
    ):
        function.restype, function.argtypes = result, arguments
    return library
