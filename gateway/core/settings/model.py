"""The types of the settings: site, gateway, devices, lanes, barriers, operators and uplink.

`site_file` has their form in the site file and all checks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.settings.roles import Role

PLATE_MQTT = "plate-mqtt"
"""The driver of cameras that the uplink process listens to."""
OUTPUTS = ("open", "stop", "close")
"""A barrier's output points by their key in the site file."""


class Direction(StrEnum):
    """The direction of a lane: into the site or out of it."""

    ENTRY = "entry"
    EXIT = "exit"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of the document: unknown keys are errors."""


class Point(Strict, frozen=True):
    """One contact or relay. With `normally: closed` the meaning is true while the current is off."""

    point: str
    normally: Literal["open", "closed"] = "open"
    debounce_ms: int = 30

    @property
    def device(self) -> str:
        """The device the point belongs to."""
        return self.point.split(".")[0]

    @property
    def side(self) -> str:
        """`input` or `output`."""
        return self.point.split(".")[1]

    @property
    def index(self) -> int:
        """The number of the input or output at its device, from 0."""
        return int(self.point.split(".")[2])

    def means(self, electrical: bool) -> bool:
        """The meaning of an electrical state, and the electrical state of a meaning."""
        return electrical != (self.normally == "closed")

    def left_on(self, device: str, outputs: tuple[bool, ...]) -> bool:
        """Whether this output of that device reads back as active."""
        return self.device == device and self.index < len(outputs) and self.means(outputs[self.index])


class Site(Strict, frozen=True):
    """The estate."""

    id: str
    name: str = ""
    timezone: str = "Asia/Shanghai"
    locale: Literal["en", "zh_CN"] = "zh_CN"
    expiry_warning_days: int = 10
    capacity: int | None = None
    anti_passback: Literal["off", "soft", "hard"] = "off"
    card_bits: Literal[24, 32, "full"] = "full"


class TlsFiles(Strict, frozen=True):
    """A certificate with its chain and its private key, as PEM files."""

    cert: str
    key: str


class Http(Strict, frozen=True):
    """Where the web process listens, with which certificate, and by which names.

    `tls`: `self` for a certificate that the gateway makes. `trusted_proxies`: addresses and networks of proxies whose
    `X-Forwarded-*` headers count.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    tls: TlsFiles | Literal["self"] | None = None
    trusted_proxies: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Retention(Strict, frozen=True):
    """How long journal rows are kept: `days`, `grace_days` more for a consumer that has not confirmed them, and never
    more than `megabytes` of them, the oldest going first.
    """

    days: int = 365
    grace_days: int = 90
    megabytes: int = 4000


class Gateway(Strict, frozen=True):
    """This box."""

    id: str
    http: Http = Http()
    clock: Literal["kernel", "trusted"] = "kernel"
    journal_wait_ms: int = 250
    retention: Retention = Retention()


class Device(msgspec.Struct, frozen=True):
    """A device; `options` are for its driver, which checks them."""

    id: str
    driver: str
    name: str
    options: dict[str, Any]


class Lights(msgspec.Struct, frozen=True):
    """A lane's traffic light; a lamp may be missing."""

    red: Point | None = None
    green: Point | None = None


class Signals(msgspec.Struct, frozen=True):
    """Outputs for the lamp and buzzer of a reader: granted, denied, and the length of a pulse."""

    granted: Point | None = None
    denied: Point | None = None
    pulse_ms: int = 300


class ServiceLimits(Strict, frozen=True):
    """When a barrier is due for service; None: no limit. `travel_ms`: median of the last 20 movements one way."""

    cycles: int | None = None
    relay_operations: int | None = None
    crashes_per_month: int | None = None
    travel_ms: int | None = None


class Barrier(msgspec.Struct, frozen=True):
    """The terminals and behaviour of a barrier. The `id` of an inline barrier is that of its lane."""

    id: str
    open: Point
    stop: Point | None = None
    close: Point | None = None
    contacts: dict[str, tuple[Point, ...]] = {}
    control: str = "pulse"
    close_by: str = "gateway"
    external_open: str = "forced"
    safety_by: str = "gateway"
    pulse_ms: int = 500
    travel_time_ms: int = 3000
    auto_close_ms: int = 1500
    grant_ms: int = 20000
    max_cycles_per_h: int | None = None
    service_limits: ServiceLimits = ServiceLimits()

    def outputs(self) -> dict[str, Point]:
        """The output points by their key in the site file."""
        return {k: p for k in OUTPUTS if (p := getattr(self, k)) is not None}

    def inputs(self) -> dict[str, Point]:
        """The input points by their key in the site file (`safety_loop`, `safety_loop.1`, ... for a list)."""
        return _inputs(self.contacts)

    @property
    def at_open(self) -> Point | None:
        """The limit switch of the open arm."""
        return _first(self.contacts, "at_open")

    @property
    def at_closed(self) -> Point | None:
        """The limit switch of the closed arm."""
        return _first(self.contacts, "at_closed")

    @property
    def approach_loop(self) -> Point | None:
        """The loop in front of the arm."""
        return _first(self.contacts, "approach_loop")

    @property
    def safety(self) -> tuple[Point, ...]:
        """The safety inputs under the arm."""
        return self.contacts.get("safety_loop", ())


def _first(contacts: dict[str, tuple[Point, ...]], name: str) -> Point | None:
    found = contacts.get(name)
    return found[0] if found else None


def _inputs(contacts: dict[str, tuple[Point, ...]]) -> dict[str, Point]:
    return {
        name if number == 0 else f"{name}.{number}": point
        for name, points in contacts.items()
        for number, point in enumerate(points)
    }


class Lane(msgspec.Struct, frozen=True):
    """One direction of travel past one barrier.

    `two_factor`: a card and a plate of the same pass are both needed. `free_flow`: weekly windows in which the arm is
    held open (rush hours), as a pass's schedule is written.
    """

    id: str
    name: str
    direction: Direction
    barrier: str
    readers: tuple[str, ...] = ()
    siren: Point | None = None
    cameras: tuple[str, ...] = ()
    displays: tuple[str, ...] = ()
    two_factor: bool = False
    free_flow: str = ""
    contacts: dict[str, tuple[Point, ...]] = {}
    lights: Lights = Lights()
    signals: Signals = Signals()

    def inputs(self) -> dict[str, Point]:
        """The lane's own input points by their key in the site file."""
        return _inputs(self.contacts)

    def outputs(self) -> dict[str, Point]:
        """The lane's own output points by their path in the site file."""
        lights, signals = self.lights, self.signals
        found = {
            "siren": self.siren,
            "lights.red": lights.red,
            "lights.green": lights.green,
            "signals.granted": signals.granted,
            "signals.denied": signals.denied,
        }
        return {key: point for key, point in found.items() if point is not None}


class Interlock(Strict, frozen=True):
    """Barriers that must not move together: `shared` by two directions, or a `sally_port`."""

    type: Literal["shared", "sally_port"]
    barriers: tuple[str, ...]


class Group(Strict, frozen=True):
    """A household, or a firm, with places for so many of its cars; passes name it by their `group`."""

    id: str
    places: int


class Operator(Strict, frozen=True):
    """A named person. `pin` is only in a site file that comes in; `pin_hash` is stored."""

    name: str
    role: Role
    pin: str | None = None
    pin_hash: str | None = None


class Station(Strict, frozen=True):
    """A booth's own screen, identified by its key. `lanes`: its lanes (none: all); `address`: required besides."""

    id: str
    name: str = ""
    lanes: tuple[str, ...] = ()
    address: str | None = None

    def stands_at(self, lane: str) -> bool:
        """Whether a person at this screen is at the lane."""
        return not self.lanes or lane in self.lanes


BOOTH = "booth"
"""The id of the machine's own screen if the site file has no stations."""


class Broker(Strict, frozen=True):
    """An MQTT broker. `password` is only in a site file that comes in."""

    host: str
    port: int = 1883
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    username: str | None = None
    password: str | None = None


class Mqtt(Strict, frozen=True):
    """The brokers of central: `host` and `port`, or several in `brokers` as `host:port`. `consumer` owns the cursor."""

    host: str | None = None
    port: int = 1883
    brokers: tuple[str, ...] = ()
    consumer: str = "central"
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    username: str | None = None
    password: str | None = None

    def each(self) -> tuple[Broker, ...]:
        """The brokers in the order in which they are tried; ValueError for an entry that is not `host:port`."""
        places = [host_and_port(text) for text in self.brokers] or [(self.host or "", self.port)]
        return tuple(
            Broker(host, port, self.tls, self.ca, self.cert, self.key, self.username, self.password)
            for host, port in places
        )


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of `host:port` or `[IPv6]:port`; ValueError."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    known = bare and not set(bare) & set(" /@[]") and (":" not in bare or bare != host)
    if not known or not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ValueError(f"{text!r} is not host:port")
    return bare, int(port)


class Uplink(Strict, frozen=True):
    """How central is reached."""

    mqtt: Mqtt | None = None


class RemoteOpen(Strict, frozen=True):
    """What opening a lane from afar needs: an identity that was checked, `asked` for or `required`."""

    identity: Literal["asked", "required"] = "asked"


class Settings(msgspec.Struct, frozen=True):
    """The whole document, checked."""

    site: Site
    gateway: Gateway
    devices: tuple[Device, ...] = ()
    lanes: tuple[Lane, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    operators: tuple[Operator, ...] = ()
    tariffs: tuple[dict[str, Any], ...] = ()
    uplink: Uplink | None = None
    groups: tuple[Group, ...] = ()
    stations: tuple[Station, ...] = ()
    remote_open: RemoteOpen = RemoteOpen()

    def lane(self, lane_id: str) -> Lane | None:
        """The lane of that id."""
        return next((lane for lane in self.lanes if lane.id == lane_id), None)

    def barrier(self, barrier_id: str) -> Barrier:
        """The barrier of that id; KeyError when there is none (never after `parse_settings`)."""
        for barrier in self.barriers:
            if barrier.id == barrier_id:
                return barrier
        raise KeyError(barrier_id)

    def station(self, station_id: str) -> Station | None:
        """The station of that id; without `stations` the machine's own screen, for all lanes."""
        known = self.stations or (Station(BOOTH),)
        return next((one for one in known if one.id == station_id), None)

    @property
    def needs_uplink(self) -> bool:
        """Whether the uplink process is needed: for central, or for cameras that publish to a broker."""
        return self.uplink is not None or any(device.driver == PLATE_MQTT for device in self.devices)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.timezone)
