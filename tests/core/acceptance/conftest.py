"""An acceptance on a fake clock: two ends tick, sign and take back."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary import events
from gateway.core.vocabulary.commands import Reply
from tests.core.playbook import Playbook

NAMES = {"installer": "Zhou", "control_room": "Wu"}


class Bench(Playbook):
    """A site at which two ends tick points."""

    def end(self, what: str, end: str, point: str = "", lane: str = "in", **more: Any) -> Reply:
        """One end acts on a sheet."""
        self._count += 1
        given = {"by": NAMES.get(end, "Somebody"), "via": "browser", **more}
        self.happens(events.AcceptanceReceived(f"a{self._count}", lane, what, end, point=point, **given))
        return self.replies[f"a{self._count}"]

    def both(self, *points: str, lane: str = "in") -> None:
        """Both ends tick these points."""
        for point in points:
            for end in NAMES:
                reply = self.end("tick", end, point, lane)
                assert reply.status == "done", (point, reply)

    def all_ticked(self, lane: str = "in") -> Bench:
        """Both ends tick every point of a lane."""
        self.both(*(point.id for point in self.sheet(lane).points), lane=lane)
        return self

    def handed_over(self, lane: str = "in") -> Bench:
        """A lane that both ends have ticked and signed."""
        self.all_ticked(lane)
        for end in NAMES:
            assert self.end("sign", end, lane=lane).status == "done"
        return self

    def sheet(self, lane: str = "in") -> Any:
        """The sheet of a lane, with what is measured now."""
        self._count += 1
        self.happens(events.AcceptanceAsked(f"a{self._count}", lane))
        found = self.replies[f"a{self._count}"].acceptance
        assert found is not None
        return found

    def point(self, point: str, lane: str = "in") -> Any:
        """One point of a sheet."""
        return next(one for one in self.sheet(lane).points if one.id == point)

    def restarted(self, *args: Any, **more: Any) -> Bench:
        """The run after this one was killed."""
        again = super().restarted(*args, **more)
        again.__class__ = Bench
        assert isinstance(again, Bench)
        return again
