"""The site file: checks the installer's document and turns it into `Settings`.

`parse_settings` takes the JSON object and returns a `Settings`, or raises `SettingsError` with all problems, each with
path, value and remedy. Unknown keys are errors. `drivers.registry` checks the options of a device.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.charging import Prices
from gateway.core.charges.charging import read as read_prices
from gateway.core.people.texts import unprintable
from gateway.core.settings.contacts import contact_of, contacts_of
from gateway.core.settings.documents import (
    BarrierDocument,
    LaneDocument,
    LaneKeys,
    LightsDocument,
    PointText,
    SignalsDocument,
)
from gateway.core.settings.explain import explain, kind_of, without
from gateway.core.settings.model import (
    BUILDINGS_MAX,
    OUTPUTS,
    PURPOSES,
    PURPOSES_MAX,
    Barrier,
    Building,
    Device,
    Gateway,
    Group,
    Http,
    Interlock,
    Lane,
    Lights,
    Mqtt,
    Operator,
    Point,
    Purpose,
    RemoteOpen,
    Repairs,
    RepairTimes,
    Settings,
    Signals,
    Site,
    Station,
    TlsFiles,
    Uplink,
    host_and_port,
)
from gateway.core.vocabulary.errors import PassError, SettingsError
from gateway.core.vocabulary.schedule import parse_schedule

PIN_PATTERN = re.compile(r"[0-9]{4,12}")
ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")

TOP_KEYS = (
    "site", "gateway", "devices", "lanes", "barriers", "interlocks", "groups", "operators", "stations", "tariffs",
    "charging", "calendar", "uplink", "remote_open", "repairs", "buildings", "purposes",
)  # fmt: skip
_FAULTS_MAX = 20
"""Faults that are reported for one part of the document."""
_HABITS = (
    "control", "close_by", "external_open", "pulse_ms", "travel_time_ms", "auto_close_ms", "grant_ms",
    "max_cycles_per_h", "service_limits",
)  # fmt: skip
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_DECIMAL = re.compile(r"[0-9]{1,3}")
_V4_PARTS, _V4_PART_MAX = 4, 255
_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+")
_HOST_MAX, _HOST_LABEL = 253, re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_V6_GROUPS, _V6_GROUP = 8, re.compile(r"[0-9A-Fa-f]{1,4}")
_POINT_PATTERN = re.compile(r"([A-Za-z0-9_-]{1,64})\.(input|output)\.(\d{1,3})")


class _Reader:
    """Walks the document and collects all problems."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def wrong(self, path: str, message: str) -> None:
        self.problems.append((path, message))

    def convert(self, value: Any, kind: Any, path: str) -> Any:
        """The value as a struct; None after noting a problem that leaves none.

        msgspec tells one fault at a time: a key that is wrong is noted and left out, and the rest is looked at.
        """
        gone: set[str] = set()
        for _ in range(_FAULTS_MAX):
            try:
                return msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                where, message = explain(error, value, kind)
            if where in gone:
                return None
            self.wrong(path + where, message)
            gone.add(where)
            value = without(value, where)
        return None

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
            self.wrong(key, f"is {kind_of(value)}; give a list")
            return []
        return value

    def each(self, document: dict[str, Any], key: str, kind: Any) -> Any:
        """The entries of a section as structs, without the wrong ones."""
        found = (self.convert(raw, kind, f"{key}[{n}]") for n, raw in enumerate(self.section(document, key)))
        return tuple(one for one in found if one is not None)

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
        raise SettingsError([("", f"the document is {kind_of(document)}; give a JSON object")])
    if unwritten := list(_unwritten(document)):
        raise SettingsError(unwritten)
    for key in document:
        if key not in TOP_KEYS:
            reader.wrong(key, f"is not a known key; known here: {', '.join(TOP_KEYS)}")
    site = _required(reader, document, "site", Site)
    gateway = _required(reader, document, "gateway", Gateway)
    devices = _devices(reader, document)
    lanes, barriers = _lanes(reader, document)
    interlocks: tuple[Interlock, ...] = reader.each(document, "interlocks", Interlock)
    groups: tuple[Group, ...] = reader.each(document, "groups", Group)
    operators: tuple[Operator, ...] = reader.each(document, "operators", Operator)
    stations: tuple[Station, ...] = reader.each(document, "stations", Station)
    uplink = None
    if document.get("uplink") is not None:
        uplink = reader.convert(document["uplink"], Uplink, "uplink")
    remote_open = reader.convert(document.get("remote_open", {}), RemoteOpen, "remote_open") or RemoteOpen()
    repairs = reader.convert(document.get("repairs", {}), Repairs, "repairs") or Repairs()
    buildings: tuple[Building, ...] = reader.each(document, "buildings", Building)
    purposes: tuple[Purpose, ...] = reader.each(document, "purposes", Purpose)
    reader.section(document, "tariffs")
    if site is not None:
        _check_site(reader, site)
    if gateway is not None:
        _check_gateway(reader, gateway)
    _check_groups(reader, groups)
    _check_buildings(reader, buildings)
    _check_purposes(reader, purposes)
    _check_operators(reader, operators)
    _check_stations(reader, stations, lanes, devices)
    if uplink is not None and uplink.mqtt is not None:
        _check_mqtt(reader, uplink.mqtt, document["uplink"]["mqtt"])
    _check_repairs(reader, repairs)
    _check_links(reader, devices, lanes, barriers, interlocks)
    prices = read_prices(document, _Reader().convert)[0]
    if reader.problems or site is None or gateway is None:
        raise SettingsError(reader.problems)
    return Settings(
        site,
        gateway,
        devices,
        lanes,
        barriers,
        interlocks,
        operators,
        prices,
        uplink,
        groups,
        stations,
        remote_open,
        repairs,
        buildings,
        purposes or PURPOSES,
    )


def checked(document: Any, check: Callable[[Settings], Any]) -> tuple[Settings, Any]:
    """The settings, and what `check` returns for them: it has what only the drivers know.

    Raises SettingsError with the problems of both, also of the devices of a document whose lanes are wrong. Refuses
    control characters in texts that people see, hosts that are none, and tariffs that cannot be meant, too; a document
    that is stored already may hold some, and must not keep the gates from working.
    """
    try:
        settings = parse_settings(document)
        if more := [
            *_controls(document),
            *_wrong_hosts(settings),
            *_wrong_prices(document),
            *_wrong_purposes(settings),
        ]:
            raise SettingsError(more)
    except SettingsError as error:
        known = {path for path, _ in error.problems}
        more = [one for one in _of_devices(document, check) if one[0] not in known]
        raise SettingsError([*error.problems, *more]) from None
    return settings, check(settings)


def prices_of(document: Any) -> tuple[Prices, ZoneInfo]:
    """What stays cost by a site file, and its time zone; SettingsError names what is wrong with these alone."""
    if not isinstance(document, dict):
        raise SettingsError([("", f"the document is {kind_of(document)}; give a JSON object")])
    parts = {key: document[key] for key in ("site", "tariffs", "charging", "calendar") if key in document}
    settings, _ = checked({**parts, "gateway": {"id": "gateway"}}, lambda _: None)
    return settings.prices, settings.zone


def _wrong_prices(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with tariffs, charging and calendar."""
    reader = _Reader()
    _, faults = read_prices(document, reader.convert)
    return [*reader.problems, *faults]


def _wrong_purposes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Rules of charging for purposes that there are not."""
    known = [one.id for one in settings.purposes]
    for number, rule in enumerate(settings.prices.charging.rules):
        if rule.purpose is not None and rule.purpose not in known:
            there = ", ".join(known)
            yield (
                f"charging.rules[{number}].purpose",
                f"is {rule.purpose!r}; there is no such purpose (there are: {there})",
            )


def _wrong_hosts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Hosts that are neither a name nor an address; "" of the web means all addresses."""
    http, mqtt = settings.gateway.http, settings.uplink.mqtt if settings.uplink else None
    if http.host and not is_host(http.host):
        yield (
            "gateway.http.host",
            f"is {http.host!r}; give a name or IP address of this machine (0.0.0.0: all), without http:// and port",
        )
    if mqtt is not None and mqtt.host and not is_host(mqtt.host):
        yield (
            "uplink.mqtt.host",
            f"is {mqtt.host!r}; give the broker's name or IP address alone, without mqtt:// and port",
        )


def is_host(text: str) -> bool:
    """Whether the text is the name of a host or an IP address; an IPv6 address may name its interface (`%eth0`)."""
    address, _, interface = text.partition("%")
    if ":" in address:
        return "/" not in address and _is_address(address) and ("%" not in text or bool(interface))
    if not text.strip(".0123456789"):
        return "/" not in text and _is_address(text)
    return len(text) <= _HOST_MAX and all(_HOST_LABEL.fullmatch(one) for one in text.removesuffix(".").split("."))


def _of_devices(document: Any, check: Callable[[Settings], Any]) -> list[tuple[str, str]]:
    """What the drivers find wrong with the devices alone."""
    devices = document.get("devices") if isinstance(document, dict) else None
    try:
        check(parse_settings({"site": {"id": "site"}, "gateway": {"id": "gateway"}, "devices": devices or []}))
    except SettingsError as error:
        return error.problems
    return []


def warnings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Accepted settings that have no effect, by path."""
    prices = settings.prices
    if prices.tariffs and not prices.charging.rules:
        return (("tariffs", "hold for nobody, so everything is free: say in charging.rules who pays by which"),)
    return ()


def _controls(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts with control characters, but for the options of devices, which may name bytes of a wire."""
    devices = [{key: one[key] for key in ("id", "driver", "name") if key in one} for one in document.get("devices", [])]
    for path, text in _texts({**document, "devices": devices}):
        if wrong := unprintable(text):
            yield path, f"is {text!r}; it {wrong}"


def _unwritten(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts that no file, screen or wire can hold: with NUL, or with half a surrogate pair."""
    for path, text in _texts(document):
        if _NO_TEXT.search(text):
            yield path, f"is {text!r}; it holds a character that is no text, leave it out"


def _texts(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """All texts of a document with their paths."""
    waiting: list[tuple[str, Any]] = [(str(key), value) for key, value in document.items()]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting += [(f"{path}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{number}]", each) for number, each in enumerate(value)]


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
            reader.wrong(path, f"is {kind_of(raw)}; give an object with id and driver")
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
    written = reader.convert(raw, BarrierDocument, path)
    if written is None:
        return None
    barrier_id = barrier_id or written.id
    if barrier_id is None:
        reader.wrong(f"{path}.id", "is missing; a barrier that stands apart needs an id")
        return None
    reader.identifier(barrier_id, f"{path}.id")
    contacts = _contacts(reader, written, "barrier", path)
    outputs: dict[str, Any] = {key: reader.point(getattr(written, key), "output", f"{path}.{key}") for key in OUTPUTS}
    if outputs["open"] is None:
        return None
    values: dict[str, Any] = {key: getattr(written, key) for key in _HABITS}
    return Barrier(id=barrier_id, contacts=contacts, safety_by=written.safety, **values, **outputs)


def _contacts(
    reader: _Reader, written: Any, owner: Literal["barrier", "lane"], path: str
) -> dict[str, tuple[Point, ...]]:
    """The points of the contacts that are wired, by their key in the site file."""
    found: dict[str, tuple[Point, ...]] = {}
    for key in contacts_of(owner):
        raw = getattr(written, key)
        each = raw if isinstance(raw, list) else ([] if raw is None else [raw])
        points = [reader.point(one, "input", f"{path}.{key}") for one in each]
        if wired := tuple(point for point in points if point is not None):
            found[key] = wired
    return found


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
        written = reader.convert(raw, LaneDocument, path)
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
        lanes.append(_lane(reader, written, barrier_id, path))
    reader.unique([(lane.id, f"lanes[{n}].id") for n, lane in enumerate(lanes)])
    reader.unique(paths)
    return tuple(lanes), tuple(barriers)


def _lane(reader: _Reader, written: LaneKeys, barrier_id: str, path: str) -> Lane:
    return Lane(
        id=written.id,
        name=written.name or written.id,
        direction=written.direction,
        barrier=barrier_id,
        readers=written.readers,
        siren=reader.point(written.siren, "output", f"{path}.siren"),
        cameras=written.cameras,
        displays=written.displays,
        printer=written.printer,
        two_factor=written.two_factor,
        free_flow=reader.schedule(written.free_flow, f"{path}.free_flow"),
        contacts=_contacts(reader, written, "lane", path),
        lights=_lights(reader, written.lights, f"{path}.lights"),
        signals=_signals(reader, written.signals, f"{path}.signals"),
    )


def _lights(reader: _Reader, written: LightsDocument, path: str) -> Lights:
    return Lights(
        reader.point(written.red, "output", f"{path}.red"),
        reader.point(written.green, "output", f"{path}.green"),
    )


def _signals(reader: _Reader, written: SignalsDocument, path: str) -> Signals:
    return Signals(
        reader.point(written.granted, "output", f"{path}.granted"),
        reader.point(written.denied, "output", f"{path}.denied"),
        written.pulse_ms,
    )


def _check_site(reader: _Reader, site: Site) -> None:
    reader.identifier(site.id, "site.id")
    try:
        ZoneInfo(site.timezone)
    except (ValueError, OSError, KeyError):
        reader.wrong(
            "site.timezone",
            f"is {site.timezone!r}; use a name such as Asia/Shanghai or Europe/Berlin",
        )


def _check_gateway(reader: _Reader, gateway: Gateway) -> None:
    reader.identifier(gateway.id, "gateway.id")
    if not 0 <= gateway.http.port <= 65535:
        reader.wrong("gateway.http.port", f"is {gateway.http.port}; give a port from 1 to 65535")
    _check_front(reader, gateway.http)


def _check_front(reader: _Reader, http: Http) -> None:
    if isinstance(http.tls, TlsFiles):
        for key, path in (("cert", http.tls.cert), ("key", http.tls.key)):
            if not path.startswith("/"):
                reader.wrong(
                    f"gateway.http.tls.{key}",
                    f"is {path!r}; give the full path of a PEM file, such as /etc/gatehouse/{key}.pem",
                )
    for number, proxy in enumerate(http.trusted_proxies):
        if not _is_address(proxy):
            reader.wrong(
                f"gateway.http.trusted_proxies[{number}]",
                f"is {proxy!r}; give the IP address of the proxy, or its network such as 192.168.1.0/28",
            )
    for number, name in enumerate(http.names):
        if not _HOST_NAME.fullmatch(name):
            reader.wrong(
                f"gateway.http.names[{number}]",
                f"is {name!r}; give a name or IP address alone, such as gate.example.org, without http:// and port",
            )


def _check_groups(reader: _Reader, groups: tuple[Group, ...]) -> None:
    """Check the groups. A group's id is free text, as the passes have it; a group without passes does no harm."""
    reader.unique([(group.id, f"groups[{n}].id") for n, group in enumerate(groups)])
    for number, group in enumerate(groups):
        if not group.id.strip():
            reader.wrong(f"groups[{number}].id", "is empty; write the group as the passes name it, for example 12-3")


def _check_buildings(reader: _Reader, buildings: tuple[Building, ...]) -> None:
    reader.unique([(building.id, f"buildings[{n}].id") for n, building in enumerate(buildings)])
    if len(buildings) > BUILDINGS_MAX:
        reader.wrong("buildings", f"has {len(buildings)} entries; give at most {BUILDINGS_MAX}")
    for number, building in enumerate(buildings):
        reader.identifier(building.id, f"buildings[{number}].id")
        reader.unique([(unit, f"buildings[{number}].units[{n}]") for n, unit in enumerate(building.units)])


def _check_purposes(reader: _Reader, purposes: tuple[Purpose, ...]) -> None:
    reader.unique([(purpose.id, f"purposes[{n}].id") for n, purpose in enumerate(purposes)])
    if len(purposes) > PURPOSES_MAX:
        reader.wrong("purposes", f"has {len(purposes)} entries; give at most {PURPOSES_MAX}")
    for number, purpose in enumerate(purposes):
        reader.identifier(purpose.id, f"purposes[{number}].id")


def _check_operators(reader: _Reader, operators: tuple[Operator, ...]) -> None:
    reader.unique([(operator.name, f"operators[{n}].name") for n, operator in enumerate(operators)])
    for number, operator in enumerate(operators):
        path = f"operators[{number}].pin"
        if operator.pin is None and operator.pin_hash is None:
            reader.wrong(path, "is missing; give 4 to 12 digits")
        elif operator.pin is not None and not PIN_PATTERN.fullmatch(operator.pin):
            reader.wrong(path, "is not 4 to 12 digits")


def _check_mqtt(reader: _Reader, mqtt: Mqtt, written: dict[str, Any]) -> None:
    path = "uplink.mqtt"
    if not mqtt.brokers and not mqtt.host:
        reader.wrong(f"{path}.host", "is missing; give the broker's name or address, or a list in `brokers`")
    for key in ("host", "port"):
        if mqtt.brokers and key in written:
            reader.wrong(f"{path}.{key}", "is given besides `brokers`; leave it out")
    for number, text in enumerate(mqtt.brokers):
        try:
            host_and_port(text)
        except ValueError:
            reader.wrong(f"{path}.brokers[{number}]", f"is {text[:80]!r}; write host:port, for example 10.0.0.9:1883")
    reader.identifier(mqtt.consumer, f"{path}.consumer")


def _check_stations(
    reader: _Reader, stations: tuple[Station, ...], lanes: tuple[Lane, ...], devices: tuple[Device, ...]
) -> None:
    reader.unique([(station.id, f"stations[{n}].id") for n, station in enumerate(stations)])
    known = {lane.id for lane in lanes}
    there = {device.id for device in devices}
    for number, station in enumerate(stations):
        path = f"stations[{number}]"
        if station.printer is not None and station.printer not in there:
            reader.wrong(f"{path}.printer", f"is {station.printer!r}; there is no such device")
        reader.identifier(station.id, f"{path}.id")
        for place, lane in enumerate(station.lanes):
            if lane not in known:
                reader.wrong(f"{path}.lanes[{place}]", f"is {lane!r}; there is no such lane")
        if station.address is not None and not _is_address(station.address):
            reader.wrong(
                f"{path}.address",
                f"is {station.address!r}; give an IP address such as 192.168.1.20, or a network such as 192.168.1.0/28",
            )


def _is_address(text: str) -> bool:
    """Whether the text is an IP address or network, IPv4 or IPv6."""
    address, slash, length = text.partition("/")
    parts = address.split(".")
    if len(parts) == _V4_PARTS:
        right = all(_DECIMAL.fullmatch(part) and int(part) <= _V4_PART_MAX for part in parts)
        longest = 8 * _V4_PARTS
    else:
        groups = [group for half in address.split("::") for group in half.split(":") if half]
        whole = len(groups) < _V6_GROUPS if "::" in address else len(groups) == _V6_GROUPS
        right = whole and address.count("::") <= 1 and all(_V6_GROUP.fullmatch(group) for group in groups)
        longest = 16 * _V6_GROUPS
    return right and (not slash or (_DECIMAL.fullmatch(length) is not None and int(length) <= longest))


def _check_repairs(reader: _Reader, repairs: Repairs) -> None:
    for urgency in repairs.__struct_fields__:
        times: RepairTimes = getattr(repairs, urgency)
        if times.mend_h < times.on_site_h:
            reader.wrong(
                f"repairs.{urgency}.mend_h",
                f"is {times.mend_h}; give at least the {times.on_site_h} hours of on_site_h",
            )


def _check_links(
    reader: _Reader,
    devices: tuple[Device, ...],
    lanes: tuple[Lane, ...],
    barriers: tuple[Barrier, ...],
    interlocks: tuple[Interlock, ...],
) -> None:
    """Check references between sections; `taken` maps an output to its meaning."""
    known = {device.id for device in devices}
    by_lane = {lane.barrier: f"lanes.{lane.id}.barrier" for lane in lanes}
    taken: dict[str, str] = {}
    for barrier in barriers:
        base = by_lane.get(barrier.id, f"barriers.{barrier.id}")
        _check_points(reader, known, barrier, base)
        for key, point in barrier.outputs().items():
            _take(reader, taken, point, f"{base}.{key}")
        _check_arm(reader, barrier, base)
    for lane in lanes:
        _check_devices(reader, known, lane)
        _check_points(reader, known, lane, f"lanes.{lane.id}")
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


def _check_points(reader: _Reader, known: set[str], owner: Barrier | Lane, base: str) -> None:
    for key, point in (*owner.outputs().items(), *owner.inputs().items()):
        if point.device not in known:
            reader.wrong(f"{base}.{key}", f"is {point.point!r}; there is no device {point.device!r}")


def _check_devices(reader: _Reader, known: set[str], lane: Lane) -> None:
    for key in ("readers", "cameras", "displays"):
        for number, device in enumerate(getattr(lane, key)):
            if device not in known:
                reader.wrong(f"lanes.{lane.id}.{key}[{number}]", f"is {device!r}; there is no such device")
    if lane.printer is not None and lane.printer not in known:
        reader.wrong(f"lanes.{lane.id}.printer", f"is {lane.printer!r}; there is no such device")


def _check_arm(reader: _Reader, barrier: Barrier, base: str) -> None:
    """Two contacts of the arm on one input, or one on the input of a loop, would contradict each other."""
    owners: dict[tuple[str, str], str] = {}
    for key, point in barrier.inputs().items():
        owner = owners.setdefault((point.point, point.normally), key)
        if owner != key and (contact_of(owner).of_arm or contact_of(key).of_arm):
            reader.wrong(
                f"{base}.{key}",
                f"is {point.point!r}, which {base}.{owner} uses already; give each its own input",
            )


def _take(reader: _Reader, taken: dict[str, str], point: Point, path: str) -> None:
    if point.point in taken:
        reader.wrong(
            path,
            f"is {point.point!r}, which {taken[point.point]} uses already; give each its own output",
        )
    taken.setdefault(point.point, path)
