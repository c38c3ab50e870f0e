"""Heads of the journal: the number and the hash of a row, signed by the gateway.

The hash of a row covers its text, so also the hash of the row before it, and so all rows before that. A head that is
kept elsewhere shows whether one of these rows was changed, removed or written again. It is written as
`SEQUENCE:SHA256[:SIGNATURE]`: a decimal number, 64 hex digits, and the signature (Ed25519, base64) of the text before
the second colon.
"""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

from gateway.core.vocabulary.errors import GatehouseError

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})(?::([A-Za-z0-9+/]{86}==))?")


class HeadError(GatehouseError):
    """A head that cannot be read, or was not signed by this gateway."""

    code = "head_invalid"


class Head(msgspec.Struct, frozen=True):
    """A row and its hash in hex; `signature` in base64, empty without one."""

    sequence: int
    hash: str
    signature: str = ""

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is of."""
        return f"{self.sequence}:{self.hash}".encode()

    @property
    def signature_bytes(self) -> bytes:
        """The signature, 64 bytes."""
        return base64.b64decode(self.signature)

    @property
    def text(self) -> str:
        """`SEQUENCE:SHA256[:SIGNATURE]`; empty without a row."""
        if not self.sequence:
            return ""
        return f"{self.sequence}:{self.hash}" + (f":{self.signature}" if self.signature else "")


def with_signature(head: Head, signature: bytes) -> Head:
    """The head with that signature."""
    return Head(head.sequence, head.hash, base64.b64encode(signature).decode())


def parse_head(text: str) -> Head:
    """The head of that text; HeadError."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise HeadError(
            f"{text[:100]!r} is no head; give SEQUENCE:SHA256 or SEQUENCE:SHA256:SIGNATURE as the gateway gave it"
        )
    head = Head(int(found[1]), found[2].lower(), found[3] or "")
    if head.signature:
        try:
            base64.b64decode(head.signature, validate=True)
        except binascii.Error as error:
            raise HeadError(f"the signature in {text[:100]!r} is no base64 ({error})") from error
    return head
