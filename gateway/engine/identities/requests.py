"""Types of control requests about drivers without a card."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, ClassVar, Literal

import msgspec

from gateway.core.identities.documents import NUMBER_MAX
from gateway.core.vocabulary.errors import RequestError
from gateway.core.vocabulary.events import StayCommandReceived
from gateway.engine.socket.requests import INT_MAX, Change, Key, Name, Params, Reason, Via, Word


class IdentityTake(Change, frozen=True, kw_only=True):
    """identities.take: the same `request` is answered with the person of the first time"""

    lines: ClassVar[tuple[str, ...]] = ("by", "lane", "visit", "station")

    request: Key
    lane: Word
    kind: Word
    number: Annotated[str, msgspec.Meta(max_length=2 * NUMBER_MAX)]
    visit: Word = ""
    station: Word = ""


class IdentityAnswer(Change, frozen=True, kw_only=True):
    """identities.answer: what the office says of the driver"""

    lines: ClassVar[tuple[str, ...]] = ("by", "person", "said_by", "station")

    person: Word
    confirmed: bool
    how: Literal["phone", "page"]
    said_by: Name = ""
    station: Word = ""


class IdentitySign(Change, frozen=True, kw_only=True):
    """identities.sign: the drawn signature, a PNG in base64"""

    lines: ClassVar[tuple[str, ...]] = ("by", "person", "station")

    person: Word
    drawing: str
    station: Word = ""

    @property
    def png(self) -> bytes:
        """The picture; RequestError when it is no base64."""
        try:
            return base64.b64decode(self.drawing, validate=True)
        except ValueError:
            raise RequestError("drawing is no base64") from None


class IdentityReveal(Change, frozen=True, kw_only=True):
    """identities.reveal: `agreed_by` is the leader whose PIN was given"""

    lines: ClassVar[tuple[str, ...]] = ("by", "person", "agreed_by", "station")
    written: ClassVar[tuple[str, ...]] = ("reason",)

    person: Word
    reason: Reason
    agreed_by: Name
    station: Word = ""


class StayCommand(Params, frozen=True, kw_only=True):
    """stay.command: a person releases or refuses a car without a card, of the driver `person`"""

    lines: ClassVar[tuple[str, ...]] = ("by", "lane", "visit", "person", "station")
    written: ClassVar[tuple[str, ...]] = ("reason",)

    request: Key
    lane: Word
    verb: Literal["release", "refuse"]
    person: Word
    by: Name
    via: Via
    reason: Reason
    visit: Word = ""
    station: Word = ""
    present: bool = False
    expires_mono_ns: Annotated[int, msgspec.Meta(ge=0, le=INT_MAX)] = 0

    def digest(self) -> str:
        """The digest of a repeated request: its content, without way and expiry."""
        said = [self.lane, self.verb, self.person, self.reason, self.visit]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()

    def event(self) -> StayCommandReceived:
        """The event for the core."""
        return StayCommandReceived(
            self.request, self.lane, self.verb, self.by, self.via, self.reason, self.person, self.visit, self.station,
            self.present, self.expires_mono_ns,
        )  # fmt: skip


class IdentityList(Params, frozen=True):
    """identities.list"""

    open_only: bool = False


class IdentityLook(Params, frozen=True):
    """identities.look"""

    lines: ClassVar[tuple[str, ...]] = ("person",)

    person: Word
