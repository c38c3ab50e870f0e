"""Drafts of settings over HTTP and of installers: in memory, few, and not for long, since they may hold secrets."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.vocabulary.errors import NotFoundError
from gateway.core.vocabulary.rows import Who

DRAFTS_MAX = 16
LIFE_S = 3_600


class Draft(msgspec.Struct):
    """One draft; `base`: the version that its author has seen. `version`: the one that it became."""

    id: str
    document: Any
    base: int
    who: Who
    by_token: bool
    made_s: float
    version: int | None = None


class Drafts:
    """The newest drafts; belongs to one thread, but for `version_of`."""

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._drafts: dict[str, Draft] = {}

    def add(self, document: Any, base: int, who: Who, *, by_token: bool) -> Draft:
        """Keep a draft; the oldest goes when there are too many."""
        self._forget()
        draft = Draft(secrets.token_hex(6), document, base, who, by_token, self._mono_s())
        self._drafts[draft.id] = draft
        while len(self._drafts) > DRAFTS_MAX:
            self._drafts.pop(next(iter(self._drafts)))
        return draft

    def get(self, draft: str) -> Draft:
        """A draft; NotFoundError."""
        self._forget()
        found = self._drafts.get(draft)
        if found is None:
            raise self._none(draft)
        return found

    def version_of(self, draft: str) -> int | None:
        """The version that a draft became, None for none yet; NotFoundError. From any thread."""
        found = self._drafts.get(draft)
        if found is None:
            raise self._none(draft)
        return found.version

    def drop(self, draft: str) -> None:
        """Forget a draft."""
        self._drafts.pop(draft, None)

    def _none(self, draft: str) -> NotFoundError:
        return NotFoundError(f"there is no draft {draft!r}; drafts are kept for an hour and not over a restart")

    def _forget(self) -> None:
        since_s = self._mono_s() - LIFE_S
        for name in [one.id for one in self._drafts.values() if one.made_s < since_s]:
            del self._drafts[name]
