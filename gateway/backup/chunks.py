"""The outer form of a backup: two header lines, then sealed chunks.

A chunk is its length (4 bytes, big-endian) and so many bytes: up to 64 KiB of content and 16 bytes of seal. With a
passphrase the seal is that of ChaCha20-Poly1305, and the content is encrypted; its key is made by scrypt. Without one
the seal is the beginning of a SHA-256: it finds damage, not forgery. Each seal covers the header, the number of the
chunk and whether it is the last one, so that chunks cannot be cut off, moved or left out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from typing import IO, Protocol

import msgspec

from gateway.core.vocabulary.errors import BackupError

MAGIC = b"gatehouse backup 1\n"
CHUNK_BYTES = 64 * 1024
SEAL_BYTES = 16
HEADER_MAX = 4096
N, R, P = 2**16, 8, 2
"""scrypt: 64 MiB of memory and half a second on a desk machine."""
_N_MAX, _R_MAX, _P_MAX = 2**20, 16, 16
_SALT_BYTES = 16
_NONCE_BYTES = 12


class Scrypt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the key is made from the passphrase; `salt` and `check` are hex, `check` tells a wrong passphrase."""

    salt: str
    check: str
    n: int
    r: int
    p: int


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second line: `cipher` is `none` or `chacha20-poly1305`."""

    cipher: str
    scrypt: Scrypt | None = None


class Sealer(Protocol):
    """Seals and opens chunks."""

    def seal(self, nonce: bytes, content: bytes) -> bytes:
        """The content and its seal."""

    def unseal(self, nonce: bytes, sealed: bytes) -> bytes:
        """The content; ValueError when the seal does not fit."""


class Plain:
    """Seals with a checksum."""

    def __init__(self, header: bytes) -> None:
        self._start = hashlib.sha256(header)

    def seal(self, nonce: bytes, content: bytes) -> bytes:
        """The content and its seal."""
        return content + self._sum(nonce, content)

    def unseal(self, nonce: bytes, sealed: bytes) -> bytes:
        """The content; ValueError when the seal does not fit."""
        content = sealed[:-SEAL_BYTES]
        if not hmac.compare_digest(sealed[-SEAL_BYTES:], self._sum(nonce, content)):
            raise ValueError("checksum")
        return content

    def _sum(self, nonce: bytes, content: bytes) -> bytes:
        found = self._start.copy()
        found.update(nonce)
        found.update(content)
        return found.digest()[:SEAL_BYTES]


class Encrypted:
    """Seals with ChaCha20-Poly1305; loaded only when a passphrase is used."""

    def __init__(self, key: bytes, header: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._cipher = ChaCha20Poly1305(key)
        self._header = header
        self._wrong = InvalidTag

    def seal(self, nonce: bytes, content: bytes) -> bytes:
        """The encrypted content and its seal."""
        return self._cipher.encrypt(nonce, content, self._header)

    def unseal(self, nonce: bytes, sealed: bytes) -> bytes:
        """The content; ValueError when the seal does not fit."""
        try:
            return self._cipher.decrypt(nonce, sealed, self._header)
        except self._wrong:
            raise ValueError("seal") from None


class Writer:
    """Writes the header and chunks; `close` writes the last chunk."""

    def __init__(self, file: IO[bytes], passphrase: str = "") -> None:
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        header, self._sealer = _fresh(passphrase)
        self.size = file.write(header)

    def write(self, content: bytes) -> None:
        """Take content; whole chunks are written."""
        self._waiting += content
        while len(self._waiting) > CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the rest as the last chunk."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, content: bytes, *, last: bool) -> None:
        sealed = self._sealer.seal(_nonce(self._number, last), content)
        self._file.write(len(sealed).to_bytes(4, "big"))
        self._file.write(sealed)
        self.size += 4 + len(sealed)
        self._number += 1


def read_header(file: IO[bytes]) -> tuple[Header, bytes]:
    """The header and its bytes; BackupError when this is no backup, or one of a later form."""
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        if magic.startswith(b"gatehouse backup "):
            raise BackupError("this backup was made by a newer Gatehouse; restore it with that version")
        raise BackupError("this is no backup of Gatehouse; `gatehouse backup FILE` makes one")
    line = file.readline(HEADER_MAX)
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        header = Header("")
    fits = header.cipher == ("none" if header.scrypt is None else "chacha20-poly1305")
    if not line.endswith(b"\n") or not fits or not _bearable(header.scrypt):
        raise BackupError("the first lines of the backup are damaged; take another backup")
    return header, magic + line


def chunks(file: IO[bytes], header: Header, raw: bytes, passphrase: str = "") -> Iterator[bytes]:
    """The content behind the header, chunk by chunk; BackupError names what is wrong.

    Nothing behind the first damage is given out. The iterator ends only behind a last chunk that was the end.
    """
    sealer = _known(header, raw, passphrase)
    number = 0
    while True:
        begin = file.tell()
        sealed = _sealed(file, begin)
        content, last = _opened(sealer, number, sealed, begin)
        yield content
        number += 1
        if last:
            break
    if file.read(1):
        raise BackupError("the backup goes on behind its end: the file was changed; take another backup")


def _sealed(file: IO[bytes], begin: int) -> bytes:
    start = file.read(4)
    length = int.from_bytes(start, "big")
    if len(start) == 4 and not SEAL_BYTES <= length <= CHUNK_BYTES + SEAL_BYTES:
        raise _damaged(begin, begin + 4)
    sealed = file.read(length) if len(start) == 4 else b""
    if len(start) < 4 or len(sealed) < length:
        raise BackupError("the backup is cut off: it ends in the middle; take another backup")
    return sealed


def _opened(sealer: Sealer, number: int, sealed: bytes, begin: int) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return sealer.unseal(_nonce(number, last), sealed), last
        except ValueError:
            continue
    raise _damaged(begin, begin + 4 + len(sealed))


def _damaged(begin: int, end: int) -> BackupError:
    return BackupError(f"the backup is damaged within its bytes {begin + 1:,} to {end:,}; take another backup")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + bytes([last])


def _fresh(passphrase: str) -> tuple[bytes, Sealer]:
    """The header of a new backup, and its sealer."""
    if not passphrase:
        raw = _written(Header("none"))
        return raw, Plain(raw)
    salt = os.urandom(_SALT_BYTES)
    key, check = _keys(passphrase, salt, N, R, P)
    raw = _written(Header("chacha20-poly1305", Scrypt(salt.hex(), check.hex(), N, R, P)))
    return raw, Encrypted(key, raw)


def _known(header: Header, raw: bytes, passphrase: str) -> Sealer:
    """The sealer of an existing backup; BackupError for a wrong passphrase."""
    if header.scrypt is None:
        return Plain(raw)
    if not passphrase:
        raise BackupError("the backup is encrypted: give its passphrase")
    how = header.scrypt
    key, check = _keys(passphrase, bytes.fromhex(how.salt), how.n, how.r, how.p)
    if not hmac.compare_digest(check.hex(), how.check):
        raise BackupError("this is not the passphrase of this backup")
    return Encrypted(key, raw)


def _keys(passphrase: str, salt: bytes, n: int, r: int, p: int) -> tuple[bytes, bytes]:
    """The key, and what tells that the passphrase is right."""
    made = hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=48)
    return made[:32], made[32:]


def _bearable(how: Scrypt | None) -> bool:
    """Whether work and memory are within bounds: a header of a stranger must not eat the machine."""
    if how is None:
        return True
    power = 1 < how.n <= _N_MAX and how.n & (how.n - 1) == 0
    sizes = 1 <= how.r <= _R_MAX and 1 <= how.p <= _P_MAX
    return power and sizes and _is_hex(how.salt) and _is_hex(how.check)


def _is_hex(text: str) -> bool:
    try:
        return 8 <= len(bytes.fromhex(text)) <= 64
    except ValueError:
        return False


def _written(header: Header) -> bytes:
    return MAGIC + msgspec.json.encode(header) + b"\n"
