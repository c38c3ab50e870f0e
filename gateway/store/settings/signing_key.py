"""The gateway's signing key: an Ed25519 key in `secrets/`, made once, used for heads of the journal and nothing else.

The file is PEM (PKCS #8), as `openssl` reads it. The engine never signs; the uplink, the web and commands do. Making
the key needs only random bytes.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import secrets
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError
from gateway.store.files import write_atomically
from gateway.store.journal.heads import Head, HeadError, with_signature
from gateway.store.settings.ed25519 import Signer, signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

log = logging.getLogger(__name__)

# RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo.
_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC = bytes.fromhex("302a300506032b6570032100")
_SEED_BYTES = 32


class SigningKey:
    """The key of one gateway, loaded at its first use."""

    def __init__(self, path: Path, *, makes: bool = False) -> None:
        """`path` is `secrets/journal-key.pem`. `makes`: a missing key is made when it is needed.

        A command must not make it, since the services may run as another user.
        """
        self._path = path
        self._makes = makes
        self._key: Signer | None = None
        self._failed = ""

    def make(self) -> None:
        """Make the key unless there is one; StorageError. Two processes may do so at once: one key stays."""
        if self._path.exists():
            return
        fresh = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        write_atomically(fresh, _pem("PRIVATE KEY", _PRIVATE + secrets.token_bytes(_SEED_BYTES)))
        try:
            with suppress(FileExistsError):
                os.link(fresh, self._path)
        finally:
            fresh.unlink()

    @property
    def public(self) -> PublicKey:
        """The public key; DataDirectoryError if the key cannot be read."""
        return PublicKey(self._loaded().public())

    def signed(self, head: Head) -> Head:
        """The head with a signature, or without one while the key cannot be read; the first failure is logged."""
        if not head.sequence:
            return head
        try:
            return with_signature(head, self._loaded().sign(head.signed))
        except GatehouseError as error:
            if str(error) != self._failed:
                self._failed = str(error)
                log.warning("heads of the journal are handed out without a signature: %s", error)
            return head

    def _loaded(self) -> Signer:
        if self._key is None:
            self._key = signer(self._seed())
        return self._key

    def _seed(self) -> bytes:
        if self._makes:
            self.make()
        try:
            return _unwrapped(self._path.read_bytes(), _PRIVATE)
        except (OSError, ValueError) as error:
            raise DataDirectoryError(f"{self._path} cannot be read ({error})") from error


class PublicKey:
    """The public half; `str` is its base64 form, which stands between the two lines of a PEM file."""

    def __init__(self, raw: bytes) -> None:
        """32 bytes."""
        self._raw = raw

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """The key of a base64 text or of a PEM file's content; HeadError."""
        try:
            return cls(_unwrapped(text.encode(), _PUBLIC))
        except ValueError as error:
            raise HeadError(
                "this is no public key of a gateway; give the base64 text that `gatehouse verify` prints, or a PEM file"
            ) from error

    def __str__(self) -> str:
        return base64.b64encode(_PUBLIC + self._raw).decode()

    def check(self, head: Head) -> bool:
        """Whether the head's signature was made with this key."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._loaded().verify(head.signature_bytes, head.signed)
        except InvalidSignature:
            return False
        return True

    def _loaded(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self._raw)


def _pem(label: str, content: bytes) -> bytes:
    lines = textwrap.wrap(base64.b64encode(content).decode(), 64)
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()


def _unwrapped(content: bytes, prefix: bytes) -> bytes:
    """The 32 bytes of a key in PEM or bare base64; ValueError."""
    lines = [line.strip() for line in content.splitlines() if not line.startswith(b"-----")]
    try:
        found = base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error as error:
        raise ValueError(f"it is no base64: {error}") from error
    if not found.startswith(prefix) or len(found) != len(prefix) + _SEED_BYTES:
        raise ValueError("it is no Ed25519 key")
    return found[len(prefix) :]
