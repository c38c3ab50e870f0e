"""The settings document: one site, its gateway, devices, lanes, barriers, operators and uplink.

`parse_settings` takes the plain JSON object and returns a `Settings` or raises `SettingsError` with every problem
found, each with its path, the value and what would be right. Unknown keys are errors. The options of a device
beside `id`, `driver` and `name` belong to its driver and are checked by `drivers.registry`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import PassError, SettingsError
from gateway.core.schedule import parse_schedule

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")
ROLES = ("guard", "leader", "control_room", "office", "installer", "auditor")
PLATE_MQTT = "plate-mqtt"
"""The driver whose cameras the uplink process listens to."""
Role = Literal["guard", "leader", "control_room", "office", "installer", "auditor"]


class Direction(StrEnum):
    """Which way a lane leads: into the site or out of it."""

    ENTRY = "entry"
    EXIT = "exit"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of the document: unknown keys are errors."""


class Point(Strict, frozen=True):
    """One contact or relay: `normally: closed` means that the meaning is true while the current is off."""

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
        """What an electrical state says about this point; and the electrical state that says a meaning."""
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


class Http(Strict, frozen=True):
    """Where the web process listens."""

    host: str = "127.0.0.1"
    port: int = 8080


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
    """A device: what its driver needs beyond id, driver and name stands in `options`, checked by the driver."""

    id: str
    driver: str
    name: str
    options: dict[str, Any]


class Lights(msgspec.Struct, frozen=True):
    """A lane's traffic light; a lamp may be missing."""

    red: Point | None = None
    green: Point | None = None


class Signals(msgspec.Struct, frozen=True):
    """What a reader's own lamp and buzzer are wired to: an output for *come in*, one for *no*, and how long."""

    granted: Point | None = None
    denied: Point | None = None
    pulse_ms: int = 300


class ServiceLimits(Strict, frozen=True):
    """When a barrier is due for service; None: nobody asks. `travel_ms` is one way's, the median of the last 20."""

    cycles: int | None = None
    relay_operations: int | None = None
    crashes_per_month: int | None = None
    travel_ms: int | None = None


class Barrier(msgspec.Struct, frozen=True):
    """A barrier's terminals and habits; times in milliseconds. `id` of an inline barrier is its lane's id."""

    id: str
    open: Point
    stop: Point | None = None
    close: Point | None = None
    at_open: Point | None = None
    at_closed: Point | None = None
    safety: tuple[Point, ...] = ()
    approach_loop: Point | None = None
    clear_loop: Point | None = None
    arm_detached: Point | None = None
    fault: Point | None = None
    hand: Point | None = None
    mains: Point | None = None
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
        return {k: p for k in ("open", "stop", "close") if (p := getattr(self, k)) is not None}

    def inputs(self) -> dict[str, Point]:
        """The input points by their key in the site file (`safety_loop`, `safety_loop.1`, ... for the list)."""
        names = _INPUTS
        found = {k: p for k in names if (p := getattr(self, k)) is not None}
        for number, point in enumerate(self.safety):
            found["safety_loop" if number == 0 else f"safety_loop.{number}"] = point
        return found


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
    exit_button: Point | None = None
    fire: Point | None = None
    cameras: tuple[str, ...] = ()
    displays: tuple[str, ...] = ()
    two_factor: bool = False
    free_flow: str = ""
    panic: Point | None = None
    lights: Lights = Lights()
    signals: Signals = Signals()

    def inputs(self) -> dict[str, Point]:
        """The lane's own input points by their key in the site file."""
        return {k: p for k in ("exit_button", "fire", "panic") if (p := getattr(self, k)) is not None}

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


class Operator(Strict, frozen=True):
    """A named person. `pin` stands only in a site file on its way in; stored is `pin_hash`."""

    name: str
    role: Role
    pin: str | None = None
    pin_hash: str | None = None


class Mqtt(Strict, frozen=True):
    """The broker of central. `password` stands only in a site file on its way in."""

    host: str
    port: int = 1883
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    username: str | None = None
    password: str | None = None


class Uplink(Strict, frozen=True):
    """How central is reached."""

    mqtt: Mqtt | None = None


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

    def lane(self, lane_id: str) -> Lane | None:
        """The lane of that id."""
        return next((lane for lane in self.lanes if lane.id == lane_id), None)

    def barrier(self, barrier_id: str) -> Barrier:
        """The barrier of that id; KeyError when there is none (never after `parse_settings`)."""
        for barrier in self.barriers:
            if barrier.id == barrier_id:
                return barrier
        raise KeyError(barrier_id)

    @property
    def needs_uplink(self) -> bool:
        """Whether there is anything for the uplink process: central, or cameras that publish to a broker."""
        return self.uplink is not None or any(device.driver == PLATE_MQTT for device in self.devices)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.timezone)


PointText = str | Point


class _BarrierDocument(Strict, frozen=True):
    """A barrier as written in the site file."""

    open: PointText
    id: str | None = None
    stop: PointText | None = None
    close: PointText | None = None
    at_open: PointText | None = None
    at_closed: PointText | None = None
    safety_loop: PointText | list[PointText] | None = None
    approach_loop: PointText | None = None
    clear_loop: PointText | None = None
    arm_detached: PointText | None = None
    fault: PointText | None = None
    hand: PointText | None = None
    mains: PointText | None = None
    control: Literal["pulse", "hold", "step"] = "pulse"
    close_by: Literal["gateway", "barrier", "guard"] = "gateway"
    external_open: Literal["expected", "forced"] = "forced"
    safety: Literal["gateway", "controller"] = "gateway"
    pulse_ms: int = 500
    travel_time_ms: int = 3000
    auto_close_ms: int = 1500
    grant_ms: int = 20000
    max_cycles_per_h: int | None = None
    service_limits: ServiceLimits = ServiceLimits()


class _LightsDocument(Strict, frozen=True):
    """`lanes[].lights` as written in the site file."""

    red: PointText | None = None
    green: PointText | None = None


class _SignalsDocument(Strict, frozen=True):
    """`lanes[].signals` as written in the site file."""

    granted: PointText | None = None
    denied: PointText | None = None
    pulse_ms: int = 300


class _LaneDocument(Strict, frozen=True):
    """A lane as written in the site file; `barrier` is a document inline or the id of one that stands apart."""

    id: str
    direction: Direction
    barrier: dict[str, Any] | str
    name: str = ""
    readers: list[str] = []
    siren: PointText | None = None
    exit_button: PointText | None = None
    fire: PointText | None = None
    cameras: list[str] = []
    displays: list[str] = []
    two_factor: bool = False
    free_flow: str = ""
    panic: PointText | None = None
    lights: _LightsDocument = _LightsDocument()
    signals: _SignalsDocument = _SignalsDocument()


_TOP_KEYS = (
    "site", "gateway", "devices", "lanes", "barriers", "interlocks", "operators", "tariffs", "uplink",
)  # fmt: skip
# What a number may be, so that a slip of the keyboard cannot make an arm wait an hour. (low, high), inclusive.
_BOUNDS: dict[str, tuple[int, int]] = {
    "expiry_warning_days": (0, 365),
    "capacity": (1, 1_000_000),
    "journal_wait_ms": (0, 10_000),
    "days": (1, 3_650),
    "grace_days": (0, 3_650),
    "megabytes": (20, 1_000_000),
    "debounce_ms": (0, 390),
    "pulse_ms": (50, 10_000),
    "travel_time_ms": (300, 60_000),
    "auto_close_ms": (0, 600_000),
    "grant_ms": (1_000, 600_000),
    "max_cycles_per_h": (1, 10_000),
    "cycles": (1, 1_000_000_000),
    "relay_operations": (1, 1_000_000_000),
    "crashes_per_month": (0, 1_000),
    "travel_ms": (300, 120_000),
}
_OUTPUTS = ("open", "stop", "close")
_INPUTS = ("at_open", "at_closed", "approach_loop", "clear_loop", "arm_detached", "fault", "hand", "mains")
_HABITS = (
    "control", "close_by", "external_open", "pulse_ms", "travel_time_ms", "auto_close_ms", "grant_ms",
    "max_cycles_per_h", "service_limits",
)  # fmt: skip
_POINT_PATTERN = re.compile(r"([A-Za-z0-9_-]{1,64})\.(input|output)\.(\d{1,3})")


class _Reader:
    """Walks the document and collects every problem instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def wrong(self, path: str, message: str) -> None:
        self.problems.append((path, message))

    def convert(self, value: Any, kind: Any, path: str) -> Any:
        """Convert to a struct; None after a problem was noted."""
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            where, message = _explain(error, value, kind)
            self.wrong(path + where, message)
            return None

    def bounds(self, struct: Any, path: str) -> None:
        for key in struct.__struct_fields__:
            number = getattr(struct, key)
            if key in _BOUNDS and isinstance(number, int):
                low, high = _BOUNDS[key]
                if not low <= number <= high:
                    self.wrong(f"{path}.{key}", f"is {number}; give a number from {low} to {high}")

    def identifier(self, value: str, path: str) -> None:
        if not ID_PATTERN.fullmatch(value):
            self.wrong(path, f"is {value!r}; use 1 to 64 letters, digits, '-' or '_'")

    def point(self, value: PointText | None, side: str, path: str) -> Point | None:
        if value is None:
            return None
        point = Point(value) if isinstance(value, str) else value
        match = _POINT_PATTERN.fullmatch(point.point)
        if match is None:
            self.wrong(
                path,
                f"is {point.point!r}; write a point as device.{side}.N, for example io.{side}.0",
            )
            return None
        if match[2] != side:
            self.wrong(
                path,
                f"is {point.point!r}; an {side} is needed here, for example {match[1]}.{side}.{match[3]}",
            )
            return None
        self.bounds(point, path)
        return point

    def schedule(self, value: str, path: str) -> str:
        try:
            parse_schedule(value)
        except PassError as error:
            self.wrong(path, str(error))
        return value

    def section(self, document: dict[str, Any], key: str) -> list[Any]:
        value = document.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, f"is {_kind(value)}; give a list")
            return []
        return value

    def unique(self, ids: list[tuple[str, str]]) -> None:
        seen: dict[str, str] = {}
        for value, path in ids:
            if value in seen:
                self.wrong(path, f"is {value!r}, which {seen[value]} has already; every id is used once")
            seen.setdefault(value, path)


def parse_settings(document: Any) -> Settings:
    """Check a settings document and return it typed; raises SettingsError with all problems found."""
    reader = _Reader()
    if not isinstance(document, dict):
        raise SettingsError([("", f"the document is {_kind(document)}; give a JSON object")])
    for key in document:
        if key not in _TOP_KEYS:
            reader.wrong(key, f"is not a known key; known here: {', '.join(_TOP_KEYS)}")
    site = _required(reader, document, "site", Site)
    gateway = _required(reader, document, "gateway", Gateway)
    devices = _devices(reader, document)
    lanes, barriers = _lanes(reader, document)
    interlocks = tuple(
        found
        for n, raw in enumerate(reader.section(document, "interlocks"))
        if (found := reader.convert(raw, Interlock, f"interlocks[{n}]")) is not None
    )
    operators = tuple(
        found
        for n, raw in enumerate(reader.section(document, "operators"))
        if (found := reader.convert(raw, Operator, f"operators[{n}]")) is not None
    )
    uplink = None
    if document.get("uplink") is not None:
        uplink = reader.convert(document["uplink"], Uplink, "uplink")
    tariffs = tuple(reader.section(document, "tariffs"))
    if site is not None:
        _check_site(reader, site)
    if gateway is not None:
        _check_gateway(reader, gateway)
    _check_operators(reader, operators)
    _check_links(reader, devices, lanes, barriers, interlocks)
    if reader.problems or site is None or gateway is None:
        raise SettingsError(reader.problems)
    return Settings(site, gateway, devices, lanes, barriers, interlocks, operators, tariffs, uplink)


def _required(reader: _Reader, document: dict[str, Any], key: str, kind: Any) -> Any:
    if key not in document:
        reader.wrong(key, "is missing; it is required")
        return None
    return reader.convert(document[key], kind, key)


def _devices(reader: _Reader, document: dict[str, Any]) -> tuple[Device, ...]:
    found: list[Device] = []
    for number, raw in enumerate(reader.section(document, "devices")):
        path = f"devices[{number}]"
        if not isinstance(raw, dict):
            reader.wrong(path, f"is {_kind(raw)}; give an object with id and driver")
            continue
        bad = False
        for key in ("id", "driver"):
            if not isinstance(raw.get(key), str):
                reader.wrong(f"{path}.{key}", "is missing or not a text; it is required")
                bad = True
        if bad:
            continue
        reader.identifier(raw["id"], f"{path}.id")
        options = {k: v for k, v in raw.items() if k not in ("id", "driver", "name")}
        found.append(Device(raw["id"], raw["driver"], str(raw.get("name", "")), options))
    reader.unique([(device.id, f"devices[{n}].id") for n, device in enumerate(found)])
    return tuple(found)


def _barrier(reader: _Reader, raw: Any, barrier_id: str | None, path: str) -> Barrier | None:
    written = reader.convert(raw, _BarrierDocument, path)
    if written is None:
        return None
    barrier_id = barrier_id or written.id
    if barrier_id is None:
        reader.wrong(f"{path}.id", "is missing; a barrier that stands apart needs an id")
        return None
    reader.identifier(barrier_id, f"{path}.id")
    reader.bounds(written, path)
    reader.bounds(written.service_limits, f"{path}.service_limits")
    loops = written.safety_loop
    several = loops if isinstance(loops, list) else ([] if loops is None else [loops])
    safety = [reader.point(raw_point, "input", f"{path}.safety_loop") for raw_point in several]
    points: dict[str, Any] = {
        key: reader.point(getattr(written, key), "output" if key in _OUTPUTS else "input", f"{path}.{key}")
        for key in _OUTPUTS + _INPUTS
    }
    if points["open"] is None:
        return None
    values: dict[str, Any] = {key: getattr(written, key) for key in _HABITS}
    return Barrier(
        id=barrier_id,
        safety=tuple(point for point in safety if point is not None),
        safety_by=written.safety,
        **values,
        **points,
    )


def _lanes(reader: _Reader, document: dict[str, Any]) -> tuple[tuple[Lane, ...], tuple[Barrier, ...]]:
    barriers: list[Barrier] = []
    paths: list[tuple[str, str]] = []
    for number, raw in enumerate(reader.section(document, "barriers")):
        barrier = _barrier(reader, raw, None, f"barriers[{number}]")
        if barrier is not None:
            barriers.append(barrier)
            paths.append((barrier.id, f"barriers[{number}].id"))
    lanes: list[Lane] = []
    for number, raw in enumerate(reader.section(document, "lanes")):
        path = f"lanes[{number}]"
        written = reader.convert(raw, _LaneDocument, path)
        if written is None:
            continue
        reader.identifier(written.id, f"{path}.id")
        barrier_id = written.barrier if isinstance(written.barrier, str) else written.id
        if isinstance(written.barrier, dict):
            barrier = _barrier(reader, written.barrier, written.id, f"{path}.barrier")
            if barrier is not None:
                barriers.append(barrier)
                paths.append((barrier.id, f"{path}.barrier"))
        elif all(barrier.id != barrier_id for barrier in barriers):
            reader.wrong(f"{path}.barrier", f"is {barrier_id!r}; there is no such barrier")
        lanes.append(
            Lane(
                id=written.id,
                name=written.name or written.id,
                direction=written.direction,
                barrier=barrier_id,
                readers=tuple(written.readers),
                siren=reader.point(written.siren, "output", f"{path}.siren"),
                exit_button=reader.point(written.exit_button, "input", f"{path}.exit_button"),
                fire=reader.point(written.fire, "input", f"{path}.fire"),
                cameras=tuple(written.cameras),
                displays=tuple(written.displays),
                two_factor=written.two_factor,
                free_flow=reader.schedule(written.free_flow, f"{path}.free_flow"),
                panic=reader.point(written.panic, "input", f"{path}.panic"),
                lights=_lights(reader, written.lights, f"{path}.lights"),
                signals=_signals(reader, written.signals, f"{path}.signals"),
            )
        )
    reader.unique([(lane.id, f"lanes[{n}].id") for n, lane in enumerate(lanes)])
    reader.unique(paths)
    return tuple(lanes), tuple(barriers)


def _lights(reader: _Reader, written: _LightsDocument, path: str) -> Lights:
    return Lights(
        reader.point(written.red, "output", f"{path}.red"),
        reader.point(written.green, "output", f"{path}.green"),
    )


def _signals(reader: _Reader, written: _SignalsDocument, path: str) -> Signals:
    reader.bounds(written, path)
    return Signals(
        reader.point(written.granted, "output", f"{path}.granted"),
        reader.point(written.denied, "output", f"{path}.denied"),
        written.pulse_ms,
    )


def _check_site(reader: _Reader, site: Site) -> None:
    reader.identifier(site.id, "site.id")
    reader.bounds(site, "site")
    try:
        ZoneInfo(site.timezone)
    except (ValueError, OSError, KeyError):
        reader.wrong(
            "site.timezone",
            f"is {site.timezone!r}; use a name such as Asia/Shanghai or Europe/Berlin",
        )


def _check_gateway(reader: _Reader, gateway: Gateway) -> None:
    reader.identifier(gateway.id, "gateway.id")
    reader.bounds(gateway, "gateway")
    reader.bounds(gateway.retention, "gateway.retention")
    if not 0 <= gateway.http.port <= 65535:
        reader.wrong("gateway.http.port", f"is {gateway.http.port}; give a port from 1 to 65535")


def _check_operators(reader: _Reader, operators: tuple[Operator, ...]) -> None:
    reader.unique([(operator.name, f"operators[{n}].name") for n, operator in enumerate(operators)])
    for number, operator in enumerate(operators):
        path = f"operators[{number}].pin"
        if operator.pin is None and operator.pin_hash is None:
            reader.wrong(path, "is missing; give 4 to 12 digits")
        elif operator.pin is not None and not re.fullmatch(r"\d{4,12}", operator.pin):
            reader.wrong(path, "is not 4 to 12 digits")


def _check_links(
    reader: _Reader,
    devices: tuple[Device, ...],
    lanes: tuple[Lane, ...],
    barriers: tuple[Barrier, ...],
    interlocks: tuple[Interlock, ...],
) -> None:
    known = {device.id for device in devices}
    by_lane = {lane.barrier: f"lanes.{lane.id}.barrier" for lane in lanes}
    taken: dict[str, str] = {}
    for barrier in barriers:
        base = by_lane.get(barrier.id, f"barriers.{barrier.id}")
        for key, point in (*barrier.outputs().items(), *barrier.inputs().items()):
            if point.device not in known:
                reader.wrong(f"{base}.{key}", f"is {point.point!r}; there is no device {point.device!r}")
        for key, point in barrier.outputs().items():
            _take(reader, taken, point, f"{base}.{key}")
    for lane in lanes:
        for key in ("readers", "cameras", "displays"):
            for number, device in enumerate(getattr(lane, key)):
                if device not in known:
                    reader.wrong(f"lanes.{lane.id}.{key}[{number}]", f"is {device!r}; there is no such device")
        for key, point in (*lane.inputs().items(), *lane.outputs().items()):
            if point.device not in known:
                reader.wrong(f"lanes.{lane.id}.{key}", f"is {point.point!r}; there is no device {point.device!r}")
        for key, point in lane.outputs().items():
            # One siren may serve several lanes; everything else has its own output.
            if key != "siren" or not taken.get(point.point, "siren").endswith("siren"):
                _take(reader, taken, point, f"lanes.{lane.id}.{key}")
            taken.setdefault(point.point, f"lanes.{lane.id}.{key}")
    names = {barrier.id for barrier in barriers}
    for number, interlock in enumerate(interlocks):
        for name in interlock.barriers:
            if name not in names:
                reader.wrong(f"interlocks[{number}].barriers", f"names {name!r}; there is no such barrier")


def _take(reader: _Reader, taken: dict[str, str], point: Point, path: str) -> None:
    if point.point in taken:
        reader.wrong(
            path,
            f"is {point.point!r}, which {taken[point.point]} uses already; give each its own output",
        )
    taken.setdefault(point.point, path)


_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")
_AT = re.compile(r" - at `\$([^`]*)`")
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}


def _kind(value: Any) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def _explain(error: msgspec.ValidationError, value: Any, kind: Any) -> tuple[str, str]:
    """Turn msgspec's message into (path below here, words for an installer)."""
    text = str(error)
    at = _AT.search(text)
    path = at[1] if at else ""
    message = _AT.sub("", text)
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        fields = getattr(kind, "__struct_fields__", ())
        known = f"; known here: {', '.join(fields)}" if fields and not path else ""
        return f"{path}.{unknown[1]}", f"is not a known key{known}"
    if "missing required field" in message:
        field = message.split("`")[1]
        return f"{path}.{field}", "is missing; it is required"
    bad = value
    for step in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        try:
            bad = bad[step[0]] if step[0] else bad[int(step[1])]
        except (KeyError, IndexError, TypeError):
            break
    shown = f"is {bad!r}; " if isinstance(bad, str | int | float | bool) else ""
    return path, shown + message[:1].lower() + message[1:]
