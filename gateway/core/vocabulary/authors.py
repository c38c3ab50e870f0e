"""The author of an order and the way it came: a person, the gateway itself, or its schedule."""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.events import (
    AlarmCommandReceived,
    CommandReceived,
    PictureAsked,
    RepairCommandReceived,
    StayCommandReceived,
    VisitCommandReceived,
)


class Author(msgspec.Struct, frozen=True):
    """`by`: the name. `via`: the way of a person's order (`CommandReceived`), empty for the gateway itself. `station`:
    the booth's own screen, None for an order from elsewhere.
    """

    by: str
    via: str = ""
    station: str | None = None

    @property
    def person(self) -> bool:
        """Whether it is a person, or a program in a person's name: only these have a `via`."""
        return bool(self.via)

    def document(self) -> dict[str, str | None]:
        """The author in a journal row."""
        return {"by": self.by or None, "via": self.via or None, "station": self.station}


GATEWAY = Author("gateway")
SCHEDULE = Author("schedule")
NOBODY = Author("")


def author_of(
    event: CommandReceived
    | AlarmCommandReceived
    | RepairCommandReceived
    | StayCommandReceived
    | VisitCommandReceived
    | PictureAsked,
) -> Author:
    """The author of a command."""
    return Author(event.by, event.via, event.station or None)
