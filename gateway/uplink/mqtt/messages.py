"""What crosses the link, in words of our own, so that only `mqtt.py` speaks paho's."""

from __future__ import annotations

import msgspec


class Outgoing(msgspec.Struct, frozen=True):
    """A message to the broker, QoS 1; `topic` is whole. A `batch` of events carries its content type, and is
    marked when it is `historical`; an answer carries its `correlation`."""

    topic: str
    payload: bytes
    retain: bool = False
    batch: bool = False
    historical: bool = False
    correlation: bytes | None = None


class Incoming(msgspec.Struct, frozen=True):
    """A message from the broker; `retained` is true for one that was published as retained, whenever that was."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str = ""
    correlation: bytes | None = None


class Ack(msgspec.Struct, frozen=True, gc=False):
    """The broker's answer to one message of ours; `refused` is empty when it took it, else says why in words."""

    mid: int
    refused: str = ""


class Limits(msgspec.Struct, frozen=True):
    """What the broker said in CONNACK: messages it takes unacknowledged, bytes in one packet."""

    receive_maximum: int = 65_535
    packet_bytes: int = 268_435_455


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
    def replies(self) -> str:
        """Answers to those who named no response topic."""
        return f"{self.prefix}/replies"

    def alarm(self, alarm: str) -> str:
        """Retained: one alarm."""
        return f"{self.prefix}/alarms/{alarm}"

    def lane(self, lane: str) -> str:
        """Retained: one lane."""
        return f"{self.prefix}/state/lanes/{lane}"
