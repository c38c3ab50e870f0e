"""Frames of cards become credentials, one per presentation; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from drivers.framing.presentation import Presentations
from drivers.framing.unread import explain
from gateway.core.vocabulary.events import CredentialRead

QUIET_NS = 500_000_000
"""A frame comes in one piece: after this silence what has begun is none."""


class Frames(Protocol):
    """Finds frames in a stream of bytes; `rejected` counts the damaged ones, `unread` are the bytes of the last."""

    rejected: int
    unread: bytes

    @property
    def begun(self) -> bool:
        """True while bytes wait that are no frame yet."""

    def feed(self, received: bytes) -> Iterable[Any]:
        """Take bytes as they come and return the frames that they complete."""

    def quiet(self) -> None:
        """Nothing came for a while: what has begun will be no frame."""

    def interrupted(self) -> None:
        """The wire was cut: drop the frame that has begun."""


class CardReader:
    """The `Listener` of a reader that sends one frame for each card."""

    def __init__(
        self,
        device: str,
        frames: Frames,
        card_of: Callable[[Any], tuple[str, int]],
        repeat_ms: int,
        mono_ns: Callable[[], int],
    ) -> None:
        """`card_of` gives a frame's card number (decimal) and its bits; `mono_ns` tells CLOCK_MONOTONIC."""
        self._device = device
        self._frames = frames
        self._card_of = card_of
        self._presentations = Presentations(repeat_ms)
        self._mono_ns = mono_ns

    @property
    def rejected(self) -> int:
        """Damaged frames so far, and bytes that were none."""
        return self._frames.rejected

    @property
    def words(self) -> str:
        """What the last bytes were that made no frame; empty while there were none."""
        return explain(self._frames.unread) if self._frames.unread else ""

    @property
    def quiet_ns(self) -> int | None:
        """After this silence `quiet` is due; None when nothing has begun."""
        return QUIET_NS if self._frames.begun else None

    def quiet(self) -> None:
        """Nothing came for that long."""
        self._frames.quiet()

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take bytes as they come: how many frames they completed, and the presentations that began."""
        cards = [self._card_of(frame) for frame in self._frames.feed(received)]
        now_ns = self._mono_ns()
        begun = [(card, bits) for card, bits in cards if self._presentations.begins(card, now_ns)]
        return len(cards), [CredentialRead(self._device, "card", card, bits) for card, bits in begun]

    def interrupted(self) -> None:
        """The wire was cut: drop the frame that has begun."""
        self._frames.interrupted()
