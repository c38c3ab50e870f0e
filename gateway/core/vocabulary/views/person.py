"""What people see of a driver without a card; the number is masked."""

from __future__ import annotations

from typing import Annotated

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class PersonView(View, frozen=True, kw_only=True, gc=False):
    """A driver without a card, and how far the check is."""

    person: Annotated[str, says("id of the person")]
    visit: Annotated[str | None, says("id of the visit that the car is of, null when none was found")]
    lane: Annotated[str, says("id of the exit where the car stands")]
    kind: Annotated[str, says("kind of the document")]
    state: Annotated[
        str, one_of("how far the check is", "asked", "confirmed", "declined", "signed", "released", "refused")
    ]
    at: Annotated[str, says("when the number was taken")]
    by: Annotated[str, says("who took it")]
    how: Annotated[str | None, says("how the office was asked, null before it answered")]
    said_by: Annotated[str | None, says("who of the office answered, null when not said")]
    masked: Annotated[str, says("the number with only its last characters shown")]
    signed: Annotated[bool, says("whether the driver has signed")]
