"""What people with the right to it, and central, see of a list of vehicles."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class ListedView(View, frozen=True, kw_only=True, gc=False):
    """An entry of a list of vehicles."""

    entry: Annotated[str, says("id of the entry")]
    list_: Annotated[str, one_of("the list", "watch", "hazardous")] = field(name="list")
    kind: Annotated[str, one_of("what the vehicle is known by", "plate", "card")]
    value: Annotated[str, says("the plate, or the number of the card")]
    reason: Annotated[str, says("why, in words")]
    until: Annotated[str, says("until then")]
    by: Annotated[str | None, says("who put it there")] = None
