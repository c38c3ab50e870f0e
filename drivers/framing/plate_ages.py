"""Whether a plate's message is fresh enough to open, by the camera's own time, and what is wrong in words; pure.

A message may be late because a camera or a network was, or look late because the camera's clock is wrong. Late messages
of one outage have been under way for different times; those of a wrong clock are all off by the same.
"""

from __future__ import annotations

MS = 1_000_000
AHEAD_MS = 30_000
"""A message from further ahead than this is from a camera whose clock is wrong."""
ALIKE_MS = 5_000
"""Ages of a wrong clock differ by no more than this."""
APART_MS = 2_000
"""Messages that came closer together than this may be of one outage, whose ages can be alike."""
_ZONE_MS = 30 * 60_000
_ZONES_MAX = 28
"""Zones lie whole half hours apart, and up to 14 hours from each other on one calendar day."""


class PlateAges:
    """The ages of one camera's messages. Times are CLOCK_MONOTONIC nanoseconds, given by the caller."""

    def __init__(self, max_age_s: int) -> None:
        self._most_ms = max_age_s * 1000
        self._before: tuple[int, int] | None = None

    def wrong(self, age_ms: int, now_ns: int) -> str:
        """Why a message of that age opens no lane; empty when it is fresh."""
        if -AHEAD_MS <= age_ms <= self._most_ms:
            self._before = None
            return ""
        steady = self._is_steady(age_ms, now_ns)
        if age_ms < 0:
            return f"{_clock(age_ms, 'ahead of')}; its plates open no lane until its time is set"
        if steady or _is_zone(age_ms):
            return f"{_clock(age_ms, 'behind')}; its plates open no lane until its time is set"
        return (
            f"a plate came {_span(age_ms)} after it was read and opened no lane (max_age_s is"
            f" {self._most_ms // 1000}): the camera or the network is late, or the camera's clock is behind"
        )

    def _is_steady(self, age_ms: int, now_ns: int) -> bool:
        """Whether the one before was off by the same and came apart from this one."""
        before, self._before = self._before, (age_ms, now_ns)
        if before is None:
            return False
        if now_ns - before[1] < APART_MS * MS:
            self._before = before
            return False
        return abs(age_ms - before[0]) <= ALIKE_MS


def _clock(age_ms: int, how: str) -> str:
    remedy = "its time zone" if _is_zone(age_ms) else "its time server (NTP) and its time zone"
    return f"the camera's clock seems to be {_span(abs(age_ms))} {how} this gateway's: check {remedy}"


def _is_zone(age_ms: int) -> bool:
    """Whether an age is what a wrong time zone makes: whole half hours, and the message's own few seconds."""
    halves, rest_ms = divmod(abs(age_ms) + ALIKE_MS, _ZONE_MS)
    return 2 <= halves <= _ZONES_MAX and rest_ms <= 2 * ALIKE_MS


def _span(ms: int) -> str:
    """A time in words: `12 s`, `5 min`, `3 h 20 min`, `8 days`."""
    minutes = ms // 60_000
    if minutes < 2:
        return f"{ms // 1000} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 2 * 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} days"
