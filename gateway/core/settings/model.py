"""The types of the settings: site, gateway, devices, lanes, barriers, operators and uplink.

Each setting says here what it means, its bounds and its default; the reference's tables and the installer's forms
follow. In `extra`: `default` is a default in words, `unit` one that the name does not end in, `of` the part of the site
file whose ids it takes, `secret` what is never shown again, `bounds` what a form takes.
`site_file` has their form in the site file and all checks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from gateway.core.charges.charging import Prices
from gateway.core.settings.roles import Role

PLATE_MQTT = "plate-mqtt"
"""The driver of cameras that the uplink process listens to."""
SNAPSHOT_HTTP = "snapshot-http"
"""The driver of cameras that only serve a picture; it has a password of its own."""
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

    point: Annotated[str, Meta(description="`device.output.N` or `device.input.N`, counted from 0")]
    normally: Annotated[
        Literal["open", "closed"], Meta(description="`closed` when the meaning is true while the current is off")
    ] = "open"
    debounce_ms: Annotated[int, Meta(ge=0, le=390, description="a change counts once it has lasted so long")] = 30

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

    id: Annotated[str, Meta(description="the site's id, part of every event's `source` and of MQTT topics")]
    name: Annotated[str, Meta(description="for people", extra={"default": "empty"})] = ""
    timezone: Annotated[str, Meta(description="where days begin and schedules hold", extra={"of": "zones"})] = (
        "Asia/Shanghai"
    )
    locale: Annotated[Literal["en", "zh_CN"], Meta(description="language a new screen starts in: `zh_CN` or `en`")] = (
        "zh_CN"
    )
    expiry_warning_days: Annotated[
        int,
        Meta(ge=0, le=365, description="a warning this many days before a monthly pass ends", extra={"unit": "days"}),
    ] = 10
    capacity: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=1_000_000,
                description="how many cars the car park holds; past it a car without a [place](#groups) of its own is"
                " referred",
                extra={"default": "unlimited", "unit": "cars"},
            ),
        ]
        | None
    ) = None
    stay_h: Annotated[
        int,
        Meta(
            ge=1,
            le=8_784,
            description="a visitor, a temporary pass or an unknown car that is inside for longer has a stay that does"
            " not end, and is [listed](integrator.md#who-is-inside)",
        ),
    ] = 24
    stay_days: Annotated[
        int,
        Meta(ge=1, le=366, description="the same for a monthly pass and the staff", extra={"unit": "days"}),
    ] = 30
    stays_listed_at: Annotated[
        int,
        Meta(
            ge=0,
            le=23,
            description="the hour of the night at which these stays are journaled",
            extra={"unit": "oclock"},
        ),
    ] = 3
    anti_passback: Annotated[
        Literal["off", "soft", "hard"],
        Meta(description="`soft` refers a pass that is already inside (or was never in), `hard` refuses it"),
    ] = "off"
    goods_slip: Annotated[
        bool,
        Meta(
            description="`true`: at an exit a visitor with goods is referred (`slip_missing`) until a guard has matched"
            " the goods with a [release slip](#release-slips) and releases the vehicle"
        ),
    ] = False
    card_bits: Annotated[
        Literal[24, 32, "full"],
        Meta(description="how many low bits of a card are compared: `24`, `32` or `full`"),
    ] = "full"


class TlsFiles(Strict, frozen=True):
    """A certificate with its chain and its private key, as PEM files."""

    cert: Annotated[str, Meta(description="full path of the certificate with its chain, PEM")]
    key: Annotated[str, Meta(description="full path of its private key, PEM")]


class Http(Strict, frozen=True):
    """Where the web process listens, with which certificate, and by which names.

    `tls`: `self` for a certificate that the gateway makes. `trusted_proxies`: addresses and networks of proxies whose
    `X-Forwarded-*` headers count.
    """

    host: Annotated[
        str, Meta(description="the address to listen at; `0.0.0.0` for the whole network, `::` for IPv6 too")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(description="the port that the pages are reached at", extra={"bounds": (1, 65_535)})] = (
        8080
    )
    tls: Annotated[
        Literal["self"] | TlsFiles | None,
        Meta(
            description="`self`: a certificate that the gateway makes and renews, [to be installed](installer.md#https)"
            " on each screen; or `cert` and `key`: full paths of PEM files (the certificate with its chain, and its"
            " private key). `site apply` refuses files that the gateway cannot read",
            extra={"default": "none"},
        ),
    ] = None
    names: Annotated[
        tuple[str, ...],
        Meta(description="host names and addresses beside the usual ones by which the gateway is reached"),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="addresses or networks of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and"
            " `X-Forwarded-Host` are believed"
        ),
    ] = ()


class Retention(Strict, frozen=True):
    """How long journal rows are kept: `days`, `grace_days` more for a consumer that has not confirmed them, and never
    more than `megabytes` of them, the oldest going first. `identity_days`: identity numbers, which are kept apart.
    """

    days: Annotated[
        int,
        Meta(
            ge=1,
            le=3_650,
            description="a row is dropped when it is older than this and every registered consumer has confirmed it",
            extra={"unit": "days"},
        ),
    ] = 365
    grace_days: Annotated[
        int,
        Meta(
            ge=0,
            le=3_650,
            description="this much longer it waits for a consumer that has not confirmed it; then it is dropped",
            extra={"unit": "days"},
        ),
    ] = 90
    megabytes: Annotated[
        int,
        Meta(
            ge=20,
            le=1_000_000,
            description="past this size the oldest rows are dropped at any age, confirmed or not; choose less than the"
            " free space of the SD card",
            extra={"unit": "MB"},
        ),
    ] = 4000
    identity_days: Annotated[
        int,
        Meta(
            ge=1,
            le=365,
            description="the identity number and the signature of a driver [without a card](#no-card-at-the-exit) are"
            " deleted after this time",
            extra={"unit": "days"},
        ),
    ] = 30


class KeptPictures(Strict, frozen=True):
    """How long pictures of cameras are kept: `days`, and never more than `megabytes` of them; the oldest go first."""

    days: Annotated[
        int, Meta(ge=1, le=365, description="a picture is deleted when it is older than this", extra={"unit": "days"})
    ] = 30
    megabytes: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="past this size the oldest pictures are deleted at any age; where the disk has less than 300 MB"
            " left, too",
            extra={"unit": "MB"},
        ),
    ] = 500


class Gateway(Strict, frozen=True):
    """This box."""

    id: Annotated[str, Meta(description="this box; part of every event's `source` and of the MQTT client id")]
    http: Annotated[
        Http, Meta(description="where the web listens and what it answers to, below", extra={"default": ""})
    ] = Http()
    clock: Annotated[
        Literal["kernel", "trusted"],
        Meta(description="`kernel`: sure when the kernel says so; `trusted`: always sure"),
    ] = "kernel"
    journal_wait_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="how long a movement waits for its journal row at most, on a failing disk",
        ),
    ] = 250
    retention: Annotated[Retention, Meta(description="how long the journal is kept, below", extra={"default": ""})] = (
        Retention()
    )
    pictures: Annotated[
        KeptPictures, Meta(description="how long pictures of cameras are kept, below", extra={"default": ""})
    ] = KeptPictures()


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

    cycles: (
        Annotated[int, Meta(ge=1, le=1_000_000_000, description="openings since the data directory was made")] | None
    ) = None
    relay_operations: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=1_000_000_000,
                description="orders to the barrier's outputs since the data directory was made",
            ),
        ]
        | None
    ) = None
    crashes_per_month: (
        Annotated[int, Meta(ge=0, le=1_000, description="crashes in a month of the site's calendar")] | None
    ) = None
    travel_ms: (
        Annotated[int, Meta(ge=300, le=120_000, description="the median of the last 20 whole movements one way")] | None
    ) = None


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
    printer: str | None = None
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

    type: Annotated[
        Literal["shared", "sally_port"],
        Meta(description="`shared`: one barrier for two directions; `sally_port`: never both open"),
    ]
    barriers: Annotated[tuple[str, ...], Meta(description="their ids", extra={"of": "barriers"})]


class Group(Strict, frozen=True):
    """A household, or a firm, with places for so many of its cars; passes name it by their `group`."""

    id: Annotated[str, Meta(description="the text that the passes have as their `group`, to the letter")]
    places: Annotated[
        int,
        Meta(ge=1, le=10_000, description="how many cars of the group have a place", extra={"unit": "cars"}),
    ]


class Operator(Strict, frozen=True):
    """A named person. `pin` is only in a site file that comes in; `pin_hash` is stored."""

    name: Annotated[str, Meta(description="the person, at most 56 characters; journaled as `by`")]
    role: Annotated[Role, Meta(description="what the person may do, below")]
    pin: (
        Annotated[str, Meta(description="4 to 12 digits; stored as `pin_hash`, never shown", extra={"secret": True})]
        | None
    ) = None
    pin_hash: (
        Annotated[str, Meta(description="the PIN as it is stored; never comes out again", extra={"secret": True})]
        | None
    ) = None


class Station(Strict, frozen=True):
    """A booth's own screen, identified by its key. `lanes`: its lanes (none: all); `address`: required besides."""

    id: Annotated[str, Meta(description="in the journal as `station`")]
    name: Annotated[str, Meta(description="for people", extra={"default": "the id"})] = ""
    lanes: Annotated[
        tuple[str, ...],
        Meta(description="ids of the lanes that it stands at", extra={"default": "all", "of": "lanes"}),
    ] = ()
    address: (
        Annotated[
            str,
            Meta(
                description="an IP address or network (`192.168.1.20`, `192.168.1.0/28`) that it must come from as"
                " well",
                extra={"default": "any"},
            ),
        ]
        | None
    ) = None
    printer: (
        Annotated[
            str,
            Meta(
                description="id of the device that prints receipts and tickets here",
                extra={"default": "the lane's", "of": "printers"},
            ),
        ]
        | None
    ) = None

    def stands_at(self, lane: str) -> bool:
        """Whether a person at this screen is at the lane."""
        return not self.lanes or lane in self.lanes


BOOTH = "booth"
"""The id of the machine's own screen if the site file has no stations."""


BrokerPort = Annotated[int, Meta(ge=1, le=65_535, description="its port; 8883 is usual with encryption")]
Encrypted = Annotated[bool, Meta(description="encryption; for all brokers of the list")]
CaFile = Annotated[
    str,
    Meta(
        description="full path of the authority that has signed the broker's certificate, PEM",
        extra={"default": "those of the system"},
    ),
]
CertFile = Annotated[str, Meta(description="full path of this gateway's own certificate, for brokers that ask for one")]
KeyFile = Annotated[str, Meta(description="full path of the private key of `cert`")]
UserName = Annotated[str, Meta(description="who signs in at the broker")]
Password = Annotated[
    str, Meta(description="of `username`; moved to `secrets/` at import, never shown", extra={"secret": True})
]


class Broker(Strict, frozen=True):
    """An MQTT broker. `password` is only in a site file that comes in."""

    host: Annotated[str, Meta(description="the broker's name or IP address")]
    port: BrokerPort = 1883
    tls: Encrypted = False
    ca: CaFile | None = None
    cert: CertFile | None = None
    key: KeyFile | None = None
    username: UserName | None = None
    password: Password | None = None


class Mqtt(Strict, frozen=True):
    """The brokers of central: `host` and `port`, or several in `brokers` as `host:port`. `consumer` owns the cursor."""

    host: (
        Annotated[str, Meta(description="the broker of central: its name or IP address", extra={"default": "required"})]
        | None
    ) = None
    port: BrokerPort = 1883
    brokers: Annotated[
        tuple[str, ...],
        Meta(
            description="instead of `host` and `port`: a list of `host:port`, tried in turn; one that works is kept"
            " until it fails"
        ),
    ] = ()
    consumer: Annotated[
        str,
        Meta(
            description="who gets the events behind the broker; the cursor belongs to this name, so a change of broker"
            " sends nothing twice, and a new name gets everything from the first row"
        ),
    ] = "central"
    tls: Encrypted = False
    ca: CaFile | None = None
    cert: CertFile | None = None
    key: KeyFile | None = None
    username: UserName | None = None
    password: Password | None = None

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

    identity: Annotated[
        Literal["asked", "required"],
        Meta(
            description="`required`: a lane opens from afar (HTTP, MQTT, a browser that is no station of it) only with"
            " `identity_checked` `number_on_file`, `camera` or `post`; else refused with `identity_needed`. The pages"
            " of today take no identity, so from afar they do not offer *Open* then"
        ),
    ] = "asked"


OnSiteH = Annotated[
    int, Meta(ge=1, le=8_760, description="a person is on site within this many hours", extra={"unit": "hours"})
]
MendH = Annotated[int, Meta(ge=1, le=8_760, description="it is mended within this many hours", extra={"unit": "hours"})]


class RepairTimes(Strict, frozen=True):
    """How soon after a repair order is opened a person must be on site, and the fault mended, in hours."""

    on_site_h: OnSiteH
    mend_h: MendH


class Repairs(Strict, frozen=True):
    """The due times of repair orders by their urgency."""

    urgent: Annotated[
        RepairTimes,
        Meta(description="vehicles or people cannot pass safely, or a lane is out of use", extra={"default": "2, 38"}),
    ] = RepairTimes(2, 38)
    normal: Annotated[
        RepairTimes,
        Meta(description="the lane works, but not as it should", extra={"default": "24, 168: a day and a week"}),
    ] = RepairTimes(24, 168)
    planned: Annotated[
        RepairTimes,
        Meta(description="maintenance that has a date", extra={"default": "168, 720: a week and a month"}),
    ] = RepairTimes(168, 720)


DIRECTIONS_MAX, DISPLAY_MAX = 100, 24
BUILDINGS_MAX, UNITS_MAX, UNIT_MAX = 200, 500, 20
PURPOSES_MAX = 16
"""So many are on one page of the guard's screen."""
Way = Annotated[str, Meta(max_length=DIRECTIONS_MAX)]
OnDisplay = Annotated[str, Meta(max_length=DISPLAY_MAX)]


class Spoken(Strict, frozen=True):
    """What the guard says, in both languages; where one is empty the other is shown."""

    en: Annotated[Way, Meta(description="in English", extra={"default": "empty"})] = ""
    zh_CN: Annotated[Way, Meta(description="in Chinese", extra={"default": "empty"})] = ""

    def of(self, locale: str) -> str:
        """In a language, else in the other one."""
        return (self.zh_CN or self.en) if locale == "zh_CN" else (self.en or self.zh_CN)


class Building(Strict, frozen=True):
    """A building that visitors go to. Goods vehicles have a way of their own where one is given."""

    id: Annotated[str, Meta(description="on the guard's screen where it has no name, and in the journal")]
    name: Annotated[str, Meta(max_length=UNIT_MAX, description="for people", extra={"default": "the id"})] = ""
    units: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=UNIT_MAX)], ...],
        Meta(
            max_length=UNITS_MAX,
            description="its units, to choose from; without them the guard types the number",
            extra={"default": "none"},
        ),
    ] = ()
    directions: Annotated[
        Spoken, Meta(description="how a visitor gets there, for the guard to say", extra={"default": ""})
    ] = Spoken()
    goods_directions: Annotated[
        Spoken, Meta(description="the same for goods: loading bay, goods lift", extra={"default": "those of visitors"})
    ] = Spoken()
    display: Annotated[
        OnDisplay,
        Meta(description="where to go, on the lane's display once the arm is up", extra={"default": "empty"}),
    ] = ""
    goods_display: Annotated[
        OnDisplay, Meta(description="the same for goods vehicles", extra={"default": "that of visitors"})
    ] = ""

    def way(self, locale: str, *, goods: bool) -> str:
        """What the guard says, "" for nothing."""
        return (goods and self.goods_directions.of(locale)) or self.directions.of(locale)

    def shown(self, *, goods: bool) -> str:
        """What the lane's display shows, "" for nothing."""
        return (goods and self.goods_display) or self.display


class Purpose(Strict, frozen=True):
    """What holds for visitors who come for one purpose, such as taxis and deliveries."""

    id: Annotated[str, Meta(description="in the journal as `purpose`")]
    called: Annotated[
        Spoken, Meta(description="what the button on the guard's screen says", extra={"default": "the id"})
    ] = Spoken()
    stay_minutes: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=1_440,
                description="so long after the registration the visitor is let in and should have left",
                extra={"default": "the end of the day", "unit": "min"},
            ),
        ]
        | None
    ) = None
    where: Annotated[
        Literal["asked", "needed", "no"],
        Meta(
            description="building and unit: `asked` by the guard's screen, `needed` (refused without), or `no`: then"
            " the purpose is one tap, before any building"
        ),
    ] = "asked"
    goods: Annotated[
        Literal["asked", "yes", "no"],
        Meta(description="whether it brings goods: `asked`: as the guard says, or always `yes` or `no`"),
    ] = "asked"

    def name(self, locale: str) -> str:
        """What one calls it in a language."""
        return self.called.of(locale) or self.id

    def brings_goods(self, said: bool | None) -> bool | None:
        """Whether a visitor brings goods, who says so or not."""
        return said if self.goods == "asked" else self.goods == "yes"


PURPOSES = (
    Purpose("guest", Spoken("Visit", "访客")),
    Purpose("delivery", Spoken("Delivery", "送货")),
    Purpose("courier", Spoken("Courier", "快递外卖")),
    Purpose("taxi", Spoken("Taxi", "出租网约")),
    Purpose("repair", Spoken("Repair", "维修")),
    Purpose("moving", Spoken("House move", "搬家")),
    Purpose("official", Spoken("Official", "公务")),
    Purpose("other", Spoken("Other", "其他")),
)
"""What visitors come for where the site file does not say."""


class Settings(msgspec.Struct, frozen=True):
    """The whole document, checked."""

    site: Site
    gateway: Gateway
    devices: tuple[Device, ...] = ()
    lanes: tuple[Lane, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    operators: tuple[Operator, ...] = ()
    prices: Prices = Prices()
    uplink: Uplink | None = None
    groups: tuple[Group, ...] = ()
    stations: tuple[Station, ...] = ()
    remote_open: RemoteOpen = RemoteOpen()
    repairs: Repairs = Repairs()
    buildings: tuple[Building, ...] = ()
    purposes: tuple[Purpose, ...] = PURPOSES

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

    def printer_at(self, station_id: str, lane_id: str) -> str | None:
        """The printer for a person at that screen: its own, else that of the lane, else of another lane where it is."""
        station, lane = self.station(station_id), self.lane(lane_id)
        here = [one.printer for one in self.lanes if station is not None and station.stands_at(one.id)]
        found = (station.printer if station is not None else None, lane.printer if lane is not None else None, *here)
        return next((one for one in found if one is not None), None)

    def building(self, building_id: str | None) -> Building | None:
        """The building of that id."""
        return next((one for one in self.buildings if one.id == building_id), None)

    def purpose(self, purpose_id: str) -> Purpose | None:
        """What holds for visitors with that purpose; None for a text that the settings do not have."""
        return next((one for one in self.purposes if one.id == purpose_id), None)

    @property
    def needs_uplink(self) -> bool:
        """Whether the uplink process is needed: for central, or for cameras that publish to a broker."""
        return self.uplink is not None or any(device.driver == PLATE_MQTT for device in self.devices)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.timezone)
