"""Forms that arrived after their session had ended: kept for minutes, for the person and the browser that sent them.

A form carries the token of its session, and each token that was given out is remembered with its person. What is kept
stands in memory alone. PINs and secrets are never kept.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec

KEPT_S = 600
FORMS_MAX = 16
TOKENS_MAX = 256
_SECRET = re.compile(r"(?:^|[.:\]])(?:pin\w*|new_pin|password|passphrase|key|secret|token|code)(?:!drop)?$")


class Parked(msgspec.Struct, frozen=True):
    """One form. `path`: where it was sent; `until_s`: on the clock of the parking."""

    operator: str
    path: str
    fields: tuple[tuple[str, str], ...]
    until_s: float


class Parking:
    """The forms that are kept. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._people: OrderedDict[str, str] = OrderedDict()
        self._forms: OrderedDict[str, Parked] = OrderedDict()

    def given(self, form_token: str, operator: str) -> None:
        """Note whose forms have this token."""
        with self._lock:
            self._people[form_token] = operator
            self._people.move_to_end(form_token)
            while len(self._people) > TOKENS_MAX:
                self._people.popitem(last=False)

    def keep(self, form_token: str, path: str, fields: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
        """Keep a form without its secrets: its key for the browser, and the person; None for a token of no one."""
        with self._lock:
            operator = self._people.get(form_token)
            if operator is None:
                return None
            key = secrets.token_urlsafe(32)
            kept = tuple((name, text) for name, text in fields if name != "csrf" and not _SECRET.search(name))
            self._forms[key] = Parked(operator, path, kept, self._now() + KEPT_S)
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
            return key, operator

    def find(self, key: str, operator: str) -> Parked | None:
        """The form of that key, for its person alone, while it is kept."""
        with self._lock:
            found = self._forms.get(key)
            if found is not None and found.until_s <= self._now():
                del self._forms[key]
                found = None
        return found if found is not None and found.operator == operator else None

    def drop(self, key: str) -> None:
        """Forget a form."""
        with self._lock:
            self._forms.pop(key, None)
