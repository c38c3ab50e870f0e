"""The link to central, since when it is down, and what waits for it."""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.views import UplinkView
from web.guard.scene import Scene

_LINKS = {True: "up", False: "down", None: "unknown"}


class Uplink(msgspec.Struct, frozen=True):
    """`state` is up, down, unknown, or none where no central is set up."""

    state: str
    text: str
    at_ms: int | None
    waiting: str


def uplink(scene: Scene, link: UplinkView) -> Uplink:
    """The link as the top line shows it."""
    said = scene.said
    waiting = link.waiting
    state = _LINKS[link.up] if link.configured else "none"
    small = said("uplink.waiting", n=waiting) if waiting else said("uplink.nothing_waiting")
    since = link.since if state == "down" else None
    return Uplink(
        state, said(f"uplink.{state}"), scene.epoch_ms(since) if since else None, small if state != "none" else ""
    )
