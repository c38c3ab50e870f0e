"""Who may enter a page of the installer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gateway.core.settings.roles import Right
from web.people.auth import require_operator

_View = TypeVar("_View", bound=Callable[..., Any])


def door(right: Right, *, keeps: bool = False) -> Callable[[_View], _View]:
    """Only for operators whose role has the right.

    Without a session a page leads to `/sign-in`, a script gets 401; another role gets 403. Unsafe requests need the
    form's token, which the application checks before any view. `keeps`: a form that arrives after its session had ended
    is kept through the sign-in, for views that only keep what was typed in a draft.
    """
    return require_operator(right, keeps=keeps)
