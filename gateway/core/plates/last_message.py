"""A camera's message as an installer looks at it: its JSON without what is long or secret, and its picture apart."""

from __future__ import annotations

from typing import Any

import msgspec

TEXT_MAX = 4_000
STRING_MAX = 200
ITEMS_MAX = 200
"""Keys and items that are shown of one message."""
PICTURE_MAX = 1_000_000
"""Characters of a picture in base64; a larger one is not kept."""
SECRETS = ("password", "passwd", "secret", "token", "apikey", "api_key", "authorization")
_STARTS = ("/9j/", "iVBORw0KGgo")
"""How a JPEG and a PNG begin in base64."""


class Looked(msgspec.Struct, frozen=True):
    """The text of a message, and its first picture in base64; empty without one."""

    text: str
    picture: str = ""


class _Look:
    """One look at one message."""

    def __init__(self) -> None:
        self.picture = ""
        self._left = ITEMS_MAX

    def at(self, value: Any, key: str = "") -> Any:
        """A value as it is shown."""
        self._left -= 1
        if self._left < 0:
            return "…"
        if any(secret in key.lower() for secret in SECRETS):
            return "(hidden)"
        if isinstance(value, dict):
            return {str(name)[:STRING_MAX]: self.at(one, str(name)) for name, one in list(value.items())[:ITEMS_MAX]}
        if isinstance(value, list):
            return [self.at(one) for one in value[:ITEMS_MAX]]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> str:
        base64 = value.partition("base64,")[2] if value.startswith("data:image/") else value
        if base64.startswith(_STARTS) and len(base64) > STRING_MAX:
            if not self.picture and len(base64) <= PICTURE_MAX:
                self.picture = base64
            return f"(picture, {len(base64) * 3 // 4 // 1024} kB)"
        return value if len(value) <= STRING_MAX else value[:STRING_MAX] + "…"


def look_at(document: Any) -> Looked:
    """What is shown of a message that could be read."""
    look = _Look()
    shown = look.at(document)
    text = msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()
    return Looked(text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "\n…", look.picture)


def look_at_bytes(raw: bytes) -> Looked:
    """What is shown of a message that is no JSON."""
    text = "".join(
        one if one.isprintable() or one == "\n" else "·" for one in raw[:TEXT_MAX].decode("utf-8", "replace")
    )
    return Looked(text)
