"""Leaders whose word a request names: of the people of the settings, one who has the right to give it.

PINs are checked where they are typed, in the web process; the engine sees none. It does not take every name for that: a
name that belongs to none of its leaders agrees to nothing, whichever program asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gateway.core.settings.roles import Right, roles_with
from gateway.core.vocabulary.errors import RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.engine.identities.requests import IdentityReveal
from gateway.engine.socket.requests import LaneCommand, Params
from gateway.engine.visits.requests import VisitWaive


class Leaders:
    """Call `must_agree` in a thread that may wait for the disk."""

    def __init__(self, people: Callable[[], Iterable[Mapping[str, str]]]) -> None:
        """`people`: names and roles as they are now; it reads a file."""
        self._people = people

    def must_agree(self, asked: Params) -> None:
        """RefusedError when the request needs a leader's word, and names a person who cannot give it."""
        word = word_of(asked)
        if word is None:
            return
        name, right = word
        roles = {role.value for role in roles_with(right)}
        having = {one["name"] for one in self._people() if one["role"] in roles}
        # A site without leaders is not stuck: there everyone has their right, as on the screens.
        if having and name not in having:
            raise RefusedError(f"{name!r} is no leader of this site; let a leader agree", code=Refusal.LEADER_NEEDED)


def word_of(asked: Params) -> tuple[str, Right] | None:
    """Whose word a request names, and the right that it needs; None for one that needs none."""
    if isinstance(asked, VisitWaive):
        return asked.leader or asked.by, Right.EXCUSE
    if isinstance(asked, IdentityReveal):
        return asked.agreed_by, Right.WAIVE
    if isinstance(asked, LaneCommand) and asked.command == "owe" and asked.detail.get("leader"):
        return str(asked.detail["leader"]), Right.EXCUSE
    if isinstance(asked, LaneCommand) and asked.detail.get("waive") == "leader" and asked.via != "cli":
        return asked.by, Right.WAIVE
    return None
