"""When a person's hold ends by itself; the same words over HTTP, MQTT and at the control socket."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

MINUTES_MAX = 24 * 60
COUNT_MAX = 1000


class HoldEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """After this many minutes or vehicles, whichever is first; neither: until a release."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=MINUTES_MAX)] | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=COUNT_MAX)] | None = None

    def document(self) -> dict[str, Any]:
        """As the `detail` of a lane command."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
