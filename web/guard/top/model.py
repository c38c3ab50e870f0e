"""The link to central, since when it is down, and what waits for it."""

from __future__ import annotations

import msgspec

from web.guard.scene import Facts, Scene

_LINKS = {True: "up", False: "down", None: "unknown"}


class Uplink(msgspec.Struct, frozen=True):
    """`state` is up, down, unknown, or none where no central is set up."""

    state: str
    text: str
    at_ms: int | None
    waiting: str


def uplink(scene: Scene, facts: Facts) -> Uplink:
    """The link as the top line shows it."""
    said = scene.said
    waiting = int(facts.get("waiting") or 0)
    state = _LINKS[facts.get("up")] if facts.get("configured") else "none"
    small = said("uplink.waiting", n=waiting) if waiting else said("uplink.nothing_waiting")
    since = facts.get("since") if state == "down" else None
    return Uplink(
        state, said(f"uplink.{state}"), scene.epoch_ms(since) if since else None, small if state != "none" else ""
    )
