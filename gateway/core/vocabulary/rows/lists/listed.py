"""Lists of vehicles: watched and hazardous ones, put there by people until an end; and watched ones that were seen."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import By, Credential, Direction, LaneRow, Row, Shown, Station, Via, one_of, says


class ListedRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about one entry of a list of vehicles."""

    subjects: ClassVar[str] = "listed/<entry>"

    entry: Annotated[str, says("id of an entry of a list of vehicles")]

    def subject(self, _gateway: str, /) -> str:
        return f"listed/{self.entry}"


class ListedAdded(ListedRow, frozen=True, kw_only=True, gc=False):
    """A vehicle was put on a list, by its plate or card, until an end."""

    type: ClassVar[str] = "listed.added"

    list_: Annotated[
        str,
        one_of("`watch`: let through, and the control room notified; `hazardous`: refused at entries",
               "watch", "hazardous"),
    ] = field(name="list")  # fmt: skip
    credential: Annotated[Credential, says("the plate or card of the vehicle")]
    reason: Annotated[str, says("why, in words")]
    until: Annotated[str, says("until then; it ends by itself")]
    by: By
    via: Via
    station: Station


class ListedRemoved(ListedRow, frozen=True, kw_only=True, gc=False):
    """A vehicle was taken off a list before the end."""

    type: ClassVar[str] = "listed.removed"

    by: By
    via: Via
    station: Station


class WatchSeen(LaneRow, frozen=True, kw_only=True, gc=False):
    """A watched vehicle was read; it is let through or not as any other, and nothing at the lane shows this."""

    type: ClassVar[str] = "watch.seen"

    direction: Direction
    entry: Annotated[str, says("id of an entry of a list of vehicles")]
    credential: Shown
