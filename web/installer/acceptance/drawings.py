"""Drawn signatures: personal data, so that they are kept here and never in the journal, and can be deleted.

Each has an id, which the journal names. One that no sheet needs goes a day after it was drawn.
"""

from __future__ import annotations

import base64
import binascii
import struct
import time
from collections.abc import Collection
from secrets import token_urlsafe

from web.platform.webdb import WebDatabase

PNG_MAX = 100_000
SIDE_MAX = 2000
DAY_S = 86_400
_HEAD = "data:image/png;base64,"
_MAGIC = b"\x89PNG\r\n\x1a\n"


class DrawingError(ValueError):
    """What was sent is no drawing: a PNG of at most 100 kB and 2000 pixels a side."""


def decoded(text: str) -> bytes:
    """The PNG in the text that a page sends; DrawingError."""
    if not text.startswith(_HEAD) or len(text) > PNG_MAX * 4 // 3 + len(_HEAD) + 4:
        raise DrawingError("not a PNG, or too large")
    try:
        png = base64.b64decode(text.removeprefix(_HEAD), validate=True)
    except binascii.Error as error:
        raise DrawingError("not base64") from error
    if len(png) < 33 or not png.startswith(_MAGIC) or png[12:16] != b"IHDR":
        raise DrawingError("not a PNG")
    width, height = struct.unpack(">II", png[16:24])
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise DrawingError("too many pixels")
    return png


class Drawings:
    """The drawings in `web.db`."""

    def __init__(self, database: WebDatabase) -> None:
        self._database = database

    def add(self, png: bytes) -> str:
        """Keep a drawing; returns its id."""
        media = token_urlsafe(12)
        self._database.rows("INSERT INTO drawing VALUES(?, ?, ?)", media, int(time.time()), png)
        return media

    def get(self, media: str) -> bytes | None:
        """The PNG; None for one that was deleted."""
        found = self._database.rows("SELECT png FROM drawing WHERE media = ?", media)
        return bytes(found[0][0]) if found else None

    def present(self, media: str | None) -> bool:
        """Whether a drawing is kept."""
        return bool(media) and bool(self._database.rows("SELECT 1 FROM drawing WHERE media = ?", media))

    def delete(self, media: str) -> None:
        """Delete a drawing."""
        self._database.rows("DELETE FROM drawing WHERE media = ?", media)

    def sweep(self, needed: Collection[str]) -> None:
        """Delete what no signature that counts needs, once it is a day old."""
        old = self._database.rows("SELECT media FROM drawing WHERE drawn_s < ?", int(time.time()) - DAY_S)
        for (media,) in old:
            if media not in needed:
                self.delete(str(media))
