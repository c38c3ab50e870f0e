"""`If-Match` and `If-None-Match` of a request, by RFC 9110: an entity tag is the revision in quotes.

Both are lists of tags, or `*`. `If-Match` is compared strongly, so a weak tag (`W/"3"`) matches nothing there.
"""

from __future__ import annotations

import re

import msgspec
from flask import request

from gateway.core.vocabulary.errors import RevisionConflictError
from web.api.requests import refuse
from web.platform.problems import Problem

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"|([0-9]{1,18})')
_LIST = re.compile(rf"(?:{_TAG.pattern})(?:[ \t]*,[ \t]*(?:{_TAG.pattern}))*")
_DIGITS_MAX = 18
Tags = frozenset[int] | None


class Conditions(msgspec.Struct, frozen=True):
    """What a request asks of the present revision. None: not asked; `any`: of `*`."""

    match: Tags = None
    none_match: Tags = None
    match_any: bool = False
    none_match_any: bool = False

    def __bool__(self) -> bool:
        """Whether anything is asked."""
        return self.match is not None or self.none_match is not None or self.match_any or self.none_match_any

    def allow(self, revision: int) -> bool:
        """Whether `If-Match` holds; revision 0: there is nothing."""
        if self.match_any:
            return revision > 0
        return self.match is None or revision in self.match

    def is_known(self, revision: int) -> bool:
        """Whether `If-None-Match` names this revision: a read has nothing new, a change is refused."""
        if self.none_match_any:
            return revision > 0
        return self.none_match is not None and revision in self.none_match

    def failed(self, pass_id: str, revision: int) -> Problem:
        """The 412."""
        now = f"is at revision {revision}" if revision else "is not there"
        return refuse(f"Pass {pass_id} {now}; read it again and repeat the change.", RevisionConflictError.code, 412)


def conditions_of() -> Conditions:
    """The conditions of this request; 400 for a header that is none."""
    match, match_any = _tags("If-Match", strong=True)
    none_match, none_match_any = _tags("If-None-Match", strong=False)
    return Conditions(match, none_match, match_any, none_match_any)


def etag(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


def _tags(name: str, *, strong: bool) -> tuple[Tags, bool]:
    text = ", ".join(request.headers.getlist(name)).strip()
    if name not in request.headers or text == "*":
        return None, text == "*"
    if not _LIST.fullmatch(text):
        raise refuse(f'{name} is {text[:40]!r}; give the ETag as it was answered, such as "3", or *')
    found: set[int] = set()
    for tag in _TAG.finditer(text):
        value = tag[2] if tag[3] is None else tag[3]
        known = value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX
        if known and not (strong and tag[1]):
            found.add(int(value))
    return frozenset(found - {0}), False
