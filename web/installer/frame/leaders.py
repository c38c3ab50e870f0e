"""A leader's word on a page: chosen by name, given by PIN."""

from __future__ import annotations

from gateway.core.settings.roles import Right, roles_with
from web.guard.scene import refusal
from web.people import auth
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services


def leaders(right: Right) -> list[str]:
    """Who can give it."""
    return [one.name for one in services().site.operators().values() if one.role in roles_with(right)]


def not_agreed(leader: str, pin: str, right: Right) -> str:
    """Why the word does not count, in words; "" when it does."""
    try:
        auth.confirm_pin_of(leader, pin, roles_with(right))
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        code = "pin_locked" if problem.code == "too_many_attempts" else "pin_wrong_wait" if wait_s else "pin_wrong"
        return refusal(look.said(), code, seconds=wait_s)
    return ""
