"""Who asked for something, and by which way: a person, the gateway itself, or its schedule."""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.events import AlarmCommandReceived, CommandReceived


class Author(msgspec.Struct, frozen=True):
    """`by` names them; `via` is the way that a person's order came (`CommandReceived`), empty for the gateway itself;
    `station` is the booth's own screen that it came from, None for an order from elsewhere.
    """

    by: str
    via: str = ""
    station: str | None = None

    @property
    def person(self) -> bool:
        """A person, or a program in a person's name: whatever their name is, only they come by a way."""
        return bool(self.via)

    def document(self) -> dict[str, str | None]:
        """As a row of the journal says it."""
        return {"by": self.by or None, "via": self.via or None, "station": self.station}


GATEWAY = Author("gateway")
SCHEDULE = Author("schedule")
NOBODY = Author("")


def author_of(event: CommandReceived | AlarmCommandReceived) -> Author:
    """The author of a command."""
    return Author(event.by, event.via, event.station or None)
