"""One contact: what it says now, what it has settled at, and since when it bounces."""

from __future__ import annotations

from gateway.core.settings.contacts import contact_of
from gateway.core.settings.model import Point
from gateway.core.vocabulary.turn import NS_PER_MS

CHATTER_MS = 350


class Contact:
    """An input by its name in the site file; `base` is that name without a number or a lane."""

    __slots__ = (
        "_bouncing_ns", "_calm_ns", "_doubted", "_glitch_ns", "_inverted", "_raw", "_settled",
        "at_once", "base", "debounce_ms", "device", "index", "name", "point",
    )  # fmt: skip

    def __init__(self, name: str, point: Point) -> None:
        self.name = name
        self.point = point.point
        self.base = name.split(".")[0]
        self.device, self.index = point.device, point.index
        kind = contact_of(name)
        self.at_once, self.debounce_ms = kind.at_once, kind.debounce_ms(point.debounce_ms)
        self._inverted = point.normally == "closed"
        self._raw: bool | None = None
        self._settled: bool | None = None
        self._bouncing_ns: int | None = None
        self._calm_ns = 0
        self._glitch_ns = 0
        self._doubted = False

    @property
    def raw(self) -> bool | None:
        """What it says at this instant, settled or not."""
        return self._raw

    @property
    def settled(self) -> bool | None:
        """What it has settled at; None while its board is lost."""
        return self._settled

    @property
    def believed(self) -> bool | None:
        """What it has settled at; a doubted detector is not believed to be free."""
        return None if self._doubted and not self._settled else self._settled

    def was_glitch(self, since_ns: int) -> bool:
        """Whether what made it active at that moment was shorter than its debounce time."""
        return self._glitch_ns == since_ns

    def calm_by(self, now_ns: int) -> bool:
        """Whether it bounced, and its debounce time is over."""
        return self._bouncing_ns is not None and self._calm_ns <= now_ns

    def read(self, value: bool, now_ns: int) -> tuple[bool, bool]:
        """A reading: whether the settled meaning is new now, and whether the contact has begun to bounce."""
        meaning = value != self._inverted
        if self._raw is None:
            self._raw = self._settled = meaning
            return True, False
        if meaning == self._raw:
            return False, False
        self._raw = meaning
        if self._bouncing_ns is None:
            self._bouncing_ns = now_ns
        self._calm_ns = now_ns + self.debounce_ms * NS_PER_MS
        return False, True

    def chatters(self, now_ns: int) -> bool:
        """Whether it has bounced for too long; the time is counted anew from now."""
        began_ns = self._bouncing_ns
        if began_ns is None or now_ns - began_ns < CHATTER_MS * NS_PER_MS:
            return False
        self._bouncing_ns = now_ns
        return True

    def active_at_once(self) -> bool:
        """It counts as active though it has not settled; True when that is new."""
        if self._settled is True:
            return False
        self._settled = True
        return True

    def settle(self) -> bool:
        """What it says now is calm; True when its settled meaning is new."""
        if self._raw is None:
            return False
        began_ns, self._bouncing_ns = self._bouncing_ns, None
        if self._raw == self._settled:
            return False
        ended_ns = self._calm_ns - self.debounce_ms * NS_PER_MS
        if began_ns is not None and ended_ns - began_ns < self.debounce_ms * NS_PER_MS:
            self._glitch_ns = began_ns
        # A full on and off has been seen: the detector works.
        self._doubted = self._doubted and self._raw
        self._settled = self._raw
        return True

    def lose(self) -> bool:
        """Its board is lost; True when it was known."""
        known = self._raw is not None
        self._raw = self._settled = self._bouncing_ns = None
        return known

    def doubt(self) -> None:
        """Its detector may have tuned out what stands on it."""
        self._doubted = True

    def believe(self) -> None:
        """A person has looked: its detector is believed again."""
        self._doubted = False
