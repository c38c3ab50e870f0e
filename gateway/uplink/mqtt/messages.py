"""Messages of the link in types of our own, so that only `connection` uses paho's."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from gateway.core.vocabulary.rows.base import says


class Outgoing(msgspec.Struct, frozen=True):
    """A message to the broker, QoS 1, with its full topic. A `batch` of events has its content type and the mark
    `historical`; an answer has its `correlation` and the number of the message that it `answers`."""

    topic: str
    payload: bytes
    retain: bool = False
    batch: bool = False
    historical: bool = False
    correlation: bytes | None = None
    answers: int = 0


class Incoming(msgspec.Struct, frozen=True):
    """A message from the broker; `retained`: it was published with the retain flag, now or earlier.

    `number`: unique in this process; the broker gets its PUBACK by `Link.done`.
    """

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str = ""
    correlation: bytes | None = None
    number: int = 0


class Ack(msgspec.Struct, frozen=True, gc=False):
    """The PUBACK for one message; `refused` says why the broker did not take it, empty if it did."""

    mid: int
    refused: str = ""


class Limits(msgspec.Struct, frozen=True):
    """The broker's limits from CONNACK: unacknowledged messages, bytes in one packet."""

    receive_maximum: int = 65_535
    packet_bytes: int = 268_435_455


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the gateway is online. The last will has `online` alone."""

    online: Annotated[bool, says("whether the gateway is connected")]
    version: Annotated[str | UnsetType, says("version of Gatehouse")] = UNSET
    journal: Annotated[str | UnsetType, says("id of the journal")] = UNSET
    engine: Annotated[
        bool | UnsetType, says("false: no process decides at the gate; lanes and alarms are as last known")
    ] = UNSET
    since: Annotated[str | UnsetType | None, says("since when the connection is as it is")] = UNSET
    head: Annotated[
        str | UnsetType,
        says("signed head `SEQUENCE:SHA256:SIGNATURE` of the last row that the broker has acknowledged; keep it"),
    ] = UNSET
    key: Annotated[str | UnsetType, says("public key of the signature: Ed25519, base64 as in a PEM file")] = UNSET


class Topics(msgspec.Struct, frozen=True):
    """The gateway's topics, all below one prefix."""

    prefix: str

    @classmethod
    def of(cls, site: str, gateway: str) -> Topics:
        """The topics of a gateway at a site."""
        return cls(f"gatehouse/{site}/{gateway}")

    @property
    def status(self) -> str:
        """Retained: online or not; also the last will."""
        return f"{self.prefix}/status"

    @property
    def events(self) -> str:
        """The journal, in batches."""
        return f"{self.prefix}/events"

    @property
    def commands(self) -> str:
        """In: commands to lanes."""
        return f"{self.prefix}/commands"

    @property
    def passes(self) -> str:
        """In: changes to passes."""
        return f"{self.prefix}/passes"

    @property
    def visits(self) -> str:
        """In: visitors who are announced or cancelled."""
        return f"{self.prefix}/visits"

    @property
    def payments(self) -> str:
        """In: payments for visits."""
        return f"{self.prefix}/payments"

    @property
    def slips(self) -> str:
        """In: release slips that are registered, confirmed or cancelled."""
        return f"{self.prefix}/slips"

    @property
    def confirmed(self) -> str:
        """In: the last event that a consumer has stored."""
        return f"{self.prefix}/confirmed"

    @property
    def replies(self) -> str:
        """Answers to orders without a response topic."""
        return f"{self.prefix}/replies"

    def alarm(self, alarm: str) -> str:
        """Retained: one alarm."""
        return f"{self.prefix}/alarms/{alarm}"

    def lane(self, lane: str) -> str:
        """Retained: one lane."""
        return f"{self.prefix}/state/lanes/{lane}"
