"""The settings document: what is right is taken, and what is wrong is named with its path, its value and the remedy."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.settings.model import Direction, Group, Http, Point, Purpose
from gateway.core.settings.site_file import checked, parse_settings
from gateway.core.vocabulary.errors import SettingsError

DOCUMENT: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court", "timezone": "Asia/Shanghai", "locale": "zh_CN"},
    "gateway": {"id": "gw1", "http": {"host": "127.0.0.1", "port": 8080}, "clock": "kernel", "journal_wait_ms": 250},
    "devices": [
        {"id": "reader-in", "driver": "rdm6300", "port": "/dev/ttyUSB0", "baudrate": 9600},
        {"id": "io", "driver": "modbus", "board": "generic", "link": {"type": "tcp", "host": "::1", "port": 502}},
    ],
    "lanes": [
        {
            "id": "in",
            "direction": "entry",
            "readers": ["reader-in"],
            "barrier": {
                "open": "io.output.0",
                "close": "io.output.1",
                "at_closed": {"point": "io.input.1", "normally": "closed"},
                "safety_loop": ["io.input.2", "io.input.3"],
            },
        }
    ],
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    "uplink": {"mqtt": {"host": "127.0.0.1", "port": 1883}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with one thing changed, by a path such as `lanes.0.barrier.open`."""
    document = copy.deepcopy(DOCUMENT)
    *way, last = path.split(".")
    here: Any = document
    for step in way:
        here = here[int(step)] if step.isdigit() else here[step]
    here[int(last) if last.isdigit() else last] = value
    return document


def problems(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(document)
    return caught.value.problems


def test_a_right_document_is_taken_with_its_defaults() -> None:
    settings = parse_settings(DOCUMENT)
    lane = settings.lanes[0]
    barrier = settings.barrier(lane.barrier)
    assert (lane.name, lane.direction, barrier.id) == ("in", Direction.ENTRY, "in")
    assert (barrier.pulse_ms, barrier.grant_ms, barrier.close_by) == (500, 20_000, "gateway")
    assert [point.point for point in barrier.safety] == ["io.input.2", "io.input.3"]
    assert settings.site.expiry_warning_days == 10
    assert settings.devices[0].options == {"port": "/dev/ttyUSB0", "baudrate": 9600}


def test_a_normally_closed_point_means_the_opposite() -> None:
    barrier = parse_settings(DOCUMENT).barriers[0]
    assert barrier.at_closed is not None
    assert barrier.at_closed.means(False) is True
    assert barrier.open.means(True) is True


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        ("sites", {}, "sites", "not a known key"),
        ("site.colour", "red", "site.colour", "not a known key"),
        ("lanes.0.barrier.opens", "io.output.0", "lanes[0].barrier.opens", "not a known key"),
        ("lanes.0.barrier.close", "io.output.0", "lanes.in.barrier.close", "give each its own output"),
        ("lanes.0.barrier.open", "io.input.0", "lanes[0].barrier.open", "an output is needed here"),
        ("lanes.0.barrier.open", "relay 1", "lanes[0].barrier.open", "write a point as"),
        ("lanes.0.barrier.open", "nix.output.0", "lanes.in.barrier.open", "there is no device 'nix'"),
        ("lanes.0.barrier.pulse_ms", 1, "lanes[0].barrier.pulse_ms", "from 50 to 10000"),
        ("lanes.0.barrier.at_open", "io.input.2", "lanes.in.barrier.safety_loop", "give each its own input"),
        ("lanes.0.barrier.arm_detached", "io.input.3", "lanes.in.barrier.safety_loop.1", "give each its own input"),
        ("lanes.0.barrier", "far", "lanes[0].barrier", "there is no such barrier"),
        ("lanes.0.readers", ["nobody"], "lanes.in.readers[0]", "there is no such device"),
        ("lanes.0.displays", ["nobody"], "lanes.in.displays[0]", "there is no such device"),
        ("lanes.0.cameras", ["nobody"], "lanes.in.cameras[0]", "there is no such device"),
        ("lanes.0.printer", "nobody", "lanes.in.printer", "there is no such device"),
        ("stations", [{"id": "west", "printer": "nobody"}], "stations[0].printer", "there is no such device"),
        ("lanes.0.panic", "io.output.5", "lanes[0].panic", "an input is needed here"),
        ("lanes.0.lights", {"blue": "io.output.4"}, "lanes[0].lights.blue", "not a known key"),
        ("lanes.0.lights", {"red": "io.input.4"}, "lanes[0].lights.red", "an output is needed here"),
        ("lanes.0.lights", {"red": "nix.output.4"}, "lanes.in.lights.red", "there is no device 'nix'"),
        ("lanes.0.lights", {"red": "io.output.0"}, "lanes.in.lights.red", "give each its own output"),
        ("lanes.0.signals", {"denied": "io.output.1"}, "lanes.in.signals.denied", "give each its own output"),
        ("lanes.0.signals", {"granted": "io.output.4", "pulse_ms": 20}, "lanes[0].signals.pulse_ms", "50 to 10000"),
        ("lanes.0.siren", "io.output.0", "lanes.in.siren", "give each its own output"),
        ("lanes.0.barrier.service_limits", {"opens": 1}, "lanes[0].barrier.service_limits.opens", "not a known key"),
        ("lanes.0.barrier.service_limits", {"cycles": 0}, "lanes[0].barrier.service_limits.cycles", "from 1 to"),
        ("lanes.0.direction", "sideways", "lanes[0].direction", 'is \'sideways\'; use one of "entry", "exit"'),
        ("repairs", {"now": {"on_site_h": 1, "mend_h": 2}}, "repairs.now", "not a known key"),
        ("repairs", {"urgent": {"on_site_h": 2}}, "repairs.urgent.mend_h", "is missing"),
        ("repairs", {"urgent": {"on_site_h": 0, "mend_h": 2}}, "repairs.urgent.on_site_h", "from 1 to 8760"),
        ("repairs", {"urgent": {"on_site_h": 4, "mend_h": 2}}, "repairs.urgent.mend_h", "at least the 4 hours"),
        (
            "lanes.0.barrier.safety_loop",
            3,
            "lanes[0].barrier.safety_loop",
            "give a text in quotes or an object or a list",
        ),
        ("lanes.0.two_factor", None, "lanes[0].two_factor", "is null; give true or false"),
        ("lanes.0.free_flow", ["mon-fri"], "lanes[0].free_flow", "is a list; give a text in quotes"),
        ("site.card_bits", "24", "site.card_bits", "is '24'; use one of 24, 32, \"full\""),
        ("site.capacity", True, "site.capacity", "is true; give a whole number"),
        ("site.capacity", 0, "site.capacity", "is 0; give a number from 1 to"),
        ("groups", {}, "groups", "give a list"),
        ("groups", [{"id": "12-3"}], "groups[0].places", "it is required"),
        ("groups", [{"id": "12-3", "places": 0}], "groups[0].places", "is 0; give a number from 1 to 10000"),
        ("groups", [{"id": "12-3", "places": "2"}], "groups[0].places", "is '2'; give a whole number"),
        ("groups", [{"id": "a", "places": 2}, {"id": "a", "places": 3}], "groups[1].id", "every id is used once"),
        ("groups", [{"id": " ", "places": 2}], "groups[0].id", "write the group as the passes name it"),
        ("groups", [{"id": "a", "bays": 2}], "groups[0].bays", "not a known key; known here: id, places"),
        ("site.locale", "x" * 5000, "site.locale", "x'...; use one of"),
        ("gateway.http", {"hots": "a"}, "gateway.http.hots", "known here: host, port, tls, names, trusted_proxies"),
        (
            "uplink",
            {"mqtt": {"host": "a", "password": 1234}},
            "uplink.mqtt.password",
            "is a number; give a text in quotes",
        ),
        ("site.name", "North\0Court", "site.name", "holds a character that is no text"),
        ("devices.0.port", "/dev/\ud800", "devices[0].port", "holds a character that is no text"),
        ("operators.0.pin", "２４６８", "operators[0].pin", "4 to 12 digits"),
        ("site.timezone", "Mars/Base", "site.timezone", "use a name such as Asia/Shanghai"),
        ("site.id", "north court", "site.id", "letters, digits"),
        ("operators.0.pin", "12", "operators[0].pin", "4 to 12 digits"),
        ("operators.0.role", "boss", "operators[0].role", "is 'boss'; use one of \"guard\", "),
        ("gateway.http.port", 99999, "gateway.http.port", "from 1 to 65535"),
        ("gateway.http", {"tls": "mine"}, "gateway.http.tls", "is 'mine'; "),
        ("gateway.http", {"tls": {"cert": "/a.pem"}}, "gateway.http.tls.key", "is missing"),
        ("gateway.http", {"tls": {"cert": "a.pem", "key": "/b.pem"}}, "gateway.http.tls.cert", "give the full path"),
        ("gateway.http", {"tls": {"cert": "/a.pem", "key": "b.pem"}}, "gateway.http.tls.key", "give the full path"),
        ("gateway.http", {"trusted_proxies": ["nginx"]}, "gateway.http.trusted_proxies[0]", "IP address of the proxy"),
        (
            "gateway.http",
            {"trusted_proxies": ["10.0.0.1", "10.0.0.0/99"]},
            "gateway.http.trusted_proxies[1]",
            "network",
        ),
        ("gateway.http", {"names": ["https://gate"]}, "gateway.http.names[0]", "without http:// and port"),
        ("gateway.http", {"names": ["gate:8080"]}, "gateway.http.names[0]", "without http:// and port"),
        ("gateway.http", {"names": ["a", "*.gate"]}, "gateway.http.names[1]", "give a name or IP address alone"),
        ("gateway.http", {"names": "gate"}, "gateway.http.names", "give a list"),
        ("devices.0.id", "io", "devices[1].id", "every id is used once"),
        ("devices.0", "reader", "devices[0]", "give an object"),
        ("devices", {}, "devices", "give a list"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_remedy(path: str, value: Any, where: str, words: str) -> None:
    found = problems(changed(path, value))
    assert any(place == where and words in message for place, message in found), found


def test_one_switch_wired_the_other_way_round_may_tell_of_both_ends() -> None:
    parse_settings(changed("lanes.0.barrier.at_open", "io.input.1"))
    several = changed("lanes.0.barrier.approach_loop", "io.input.2")
    parse_settings(several)


def test_a_group_is_named_as_the_passes_name_it() -> None:
    settings = parse_settings(changed("groups", [{"id": "12栋 3单元 502", "places": 2}]))
    assert settings.groups == (Group("12栋 3单元 502", 2),)
    assert parse_settings(DOCUMENT).groups == ()


def test_all_mistakes_are_found_at_once() -> None:
    document = changed("site.colour", "red")
    document["lanes"][0]["barrier"]["open"] = "relay"
    document["operators"][0]["pin"] = "x"
    assert len(problems(document)) >= 3


def test_two_lanes_may_share_one_barrier_that_stands_apart() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["barriers"] = [{"id": "north", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0]["barrier"] = "north"
    document["lanes"].append({"id": "out", "direction": "exit", "barrier": "north"})
    settings = parse_settings(document)
    assert [lane.barrier for lane in settings.lanes] == ["north", "north"]


def test_two_barriers_on_one_coil_are_an_error() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["lanes"].append({**copy.deepcopy(document["lanes"][0]), "id": "in2"})
    found = problems(document)
    assert (
        "lanes.in2.barrier.open",
        "is 'io.output.0', which lanes.in.barrier.open uses already; give each its own output",
    ) in found


def test_two_lanes_may_share_a_siren_and_nothing_else() -> None:
    document = copy.deepcopy(DOCUMENT)
    out = {"id": "out", "direction": "exit", "barrier": {"open": "io.output.5"}}
    document["lanes"][0] |= {"siren": "io.output.6", "lights": {"red": "io.output.7"}}
    document["lanes"].append({**out, "siren": "io.output.6"})
    assert [lane.siren for lane in parse_settings(document).lanes] == [Point("io.output.6")] * 2
    document["lanes"][1]["lights"] = {"red": "io.output.7"}
    assert [path for path, _ in problems(document)] == ["lanes.out.lights.red"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(path=st.sampled_from(["site", "gateway", "devices", "lanes", "lanes.0", "lanes.0.barrier", "operators", "uplink",
                             "barriers", "interlocks", "groups", "tariffs", "lanes.0.barrier.safety_loop",
                             "devices.0.id"]),
       value=json_values)  # fmt: skip
def test_garbage_anywhere_is_a_settings_error_and_never_anything_else(path: str, value: Any) -> None:
    try:
        parse_settings(changed(path, value))
    except SettingsError as error:
        assert error.problems


@pytest.mark.parametrize("key", ["", ".", ".0", "a.b", "[0]", "a[0].b", "`", "a`b", "名", " "])
@pytest.mark.parametrize("path", ["site", "gateway", "lanes.0", "lanes.0.barrier", "uplink"])
def test_an_unknown_key_of_any_characters_is_one_fault(path: str, key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(changed(path, {"id": "one", key: None}))
    assert any("is not a known key" in words for _, words in refused.value.problems)


# ---- stations


@pytest.mark.parametrize("uplink", [None, {"mqtt": {"host": "127.0.0.1"}}])
@pytest.mark.parametrize("cameras", [[], [{"id": "camera", "driver": "plate-mqtt"}]])
def test_an_uplink_is_needed_for_central_or_for_a_camera_at_a_broker(
    uplink: dict[str, Any] | None, cameras: list[dict[str, Any]]
) -> None:
    document = {**copy.deepcopy(DOCUMENT), "uplink": uplink}
    document["devices"] += cameras
    settings = parse_settings({key: value for key, value in document.items() if value is not None})
    assert settings.needs_uplink == bool(uplink or cameras)


def test_a_station_stands_at_its_lanes_and_without_any_at_all() -> None:
    settings = parse_settings({**DOCUMENT, "stations": [{"id": "north", "lanes": ["in"], "address": "10.1.0.0/28"}]})
    north = settings.station("north")
    assert north is not None and north.stands_at("in") and not north.stands_at("out")
    assert settings.station("booth") is None
    everywhere = parse_settings({**DOCUMENT, "stations": [{"id": "north"}]}).station("north")
    assert everywhere is not None and everywhere.stands_at("out")


def test_without_stations_the_machines_own_screen_is_one_for_all_lanes() -> None:
    booth = parse_settings(DOCUMENT).station("booth")
    assert booth is not None and booth.stands_at("in")


@pytest.mark.parametrize(
    ("station", "path", "words"),
    [
        ({"id": "no blanks"}, "stations[0].id", "use 1 to 64 letters"),
        ({"id": "north", "lanes": ["in", "west"]}, "stations[0].lanes[1]", "'west'; there is no such lane"),
        ({"id": "north", "address": "booth.local"}, "stations[0].address", "give an IP address"),
        ({"id": "north", "key": "1"}, "stations[0].key", "not a known key"),
    ],
)
def test_a_station_that_is_not_right_is_named_with_what_is_wrong(
    station: dict[str, Any], path: str, words: str
) -> None:
    ((found, message),) = problems({**DOCUMENT, "stations": [station]})
    assert found == path and words in message


def test_two_stations_of_one_id_are_one_too_many() -> None:
    assert problems({**DOCUMENT, "stations": [{"id": "north"}, {"id": "north"}]})[0][0] == "stations[1].id"


@pytest.mark.parametrize(
    "address", ["10.0.0.9", "10.0.0.0/24", "::1", "fe80::1/64", "2001:db8:0:1:2:3:4:5", "2001:db8::/32", "::"]
)
def test_a_station_may_be_tied_to_an_address_or_a_network(address: str) -> None:
    assert (
        parse_settings({**DOCUMENT, "stations": [{"id": "north", "address": address}]}).stations[0].address == address
    )


@pytest.mark.parametrize(
    "address",
    ["", "10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/", "1::2::3", "12345::", ":::", "1:2:3", "::1/129", "::g"],
)
def test_what_is_no_address_ties_a_station_to_nothing(address: str) -> None:
    assert problems({**DOCUMENT, "stations": [{"id": "north", "address": address}]})[0][0] == "stations[0].address"


@pytest.mark.parametrize(
    "http",
    [
        {"tls": "self"},
        {"tls": {"cert": "/etc/gatehouse/cert.pem", "key": "/etc/gatehouse/key.pem"}},
        {"trusted_proxies": ["127.0.0.1", "192.168.1.0/28", "fd00::/8"]},
        {"names": ["gate.example.org", "gate", "GATE_1.local", "192.168.1.5", "fd00::5"]},
    ],
)
def test_a_front_that_is_right_is_taken(http: dict[str, Any]) -> None:
    found = parse_settings(changed("gateway.http", http)).gateway.http
    assert msgspec.to_builtins(found) == msgspec.to_builtins(msgspec.convert(http, Http))
    assert found != Http()


@pytest.mark.parametrize(
    "host",
    ["", "0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1%eth0", "localhost", "gate-1.example.org", "booth_pc", "a."],
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert checked(changed("gateway.http", {"host": host}), lambda _: None)[0].gateway.http.host == host


@pytest.mark.parametrize(
    "host",
    [
        "not a host",
        "http://gate",
        "gate:80",
        "300.1.1.1",
        "1.2.3",
        "10.0.0.0/8",
        "::1/64",
        "1:2",
        "-a",
        "a..b",
        "a" * 64,
        "fe80::1%",
        "\u95e8",
        " ",
        ".",
    ],
)
def test_what_is_no_host_is_named_with_the_remedy(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked(changed("gateway.http", {"host": host}), lambda _: None)
    assert [path for path, _ in caught.value.problems] == ["gateway.http.host"]
    assert "give a name or IP address" in caught.value.problems[0][1]
    assert parse_settings(changed("gateway.http", {"host": host})), "what is stored already does not stop the gates"


def test_a_broker_is_a_host_too() -> None:
    with pytest.raises(SettingsError, match=r"uplink\.mqtt\.host: is 'mqtt://a'; give the broker's name"):
        checked(changed("uplink", {"mqtt": {"host": "mqtt://a"}}), lambda _: None)


BUILDING = {"id": "b3", "name": "3栋", "units": ["1201"], "directions": {"zh_CN": "直行左转"}, "display": "3栋 左转"}


@pytest.mark.parametrize(
    ("buildings", "path", "words"),
    [
        ([BUILDING, {"id": "b3"}], "buildings[1].id", "every id is used once"),
        ([{"id": "3 栋"}], "buildings[0].id", "use 1 to 64 letters"),
        ([{**BUILDING, "units": ["a", "a"]}], "buildings[0].units[1]", "every id is used once"),
        ([{**BUILDING, "floors": 3}], "buildings[0].floors", "not a known key"),
        ([{"name": "3栋"}], "buildings[0].id", "it is required"),
        ([{**BUILDING, "display": "x" * 25}], "buildings[0].display", "length <= 24"),
        ([{"id": f"b{n}"} for n in range(201)], "buildings", "give at most 200"),
    ],
)
def test_a_wrong_building_is_named(buildings: list[Any], path: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(changed("buildings", buildings))
    assert any(where == path and words in said for where, said in caught.value.problems), caught.value.problems


def test_the_way_for_goods_is_that_of_visitors_where_it_has_none() -> None:
    found = parse_settings(changed("buildings", [BUILDING])).building("b3")
    assert found is not None
    assert (found.way("en", goods=True), found.shown(goods=True)) == ("直行左转", "3栋 左转")


@pytest.mark.parametrize(
    ("purposes", "path", "words"),
    [
        ([{"id": "taxi"}, {"id": "taxi"}], "purposes[1].id", "every id is used once"),
        ([{"id": "a taxi"}], "purposes[0].id", "use 1 to 64 letters"),
        ([{"id": "taxi", "stay_minutes": 0}], "purposes[0].stay_minutes", "from 1 to 1440"),
        ([{"id": "taxi", "where": "maybe"}], "purposes[0].where", "maybe"),
        ([{"id": "taxi", "price": 3}], "purposes[0].price", "not a known key"),
        ([{"id": f"p{n}"} for n in range(17)], "purposes", "give at most 16"),
    ],
)
def test_a_wrong_purpose_is_named(purposes: list[Any], path: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(changed("purposes", purposes))
    assert any(where == path and words in said for where, said in caught.value.problems), caught.value.problems


def test_a_charge_for_a_purpose_that_there_is_not_is_refused() -> None:
    rules = {"rules": [{"tariff": None, "purpose": "taxi"}]}
    checked(changed("charging", rules), lambda _: None)
    document = {**changed("charging", rules), "purposes": [{"id": "delivery"}]}
    with pytest.raises(SettingsError, match=r"charging\.rules\[0\]\.purpose: is 'taxi'; there is no such purpose"):
        checked(document, lambda _: None)


def test_what_visitors_come_for_has_a_name_in_both_languages_where_the_site_says_nothing() -> None:
    found = parse_settings(changed("buildings", [])).purposes
    assert len(found) == 8
    assert [one.id for one in found if not (one.called.en and one.called.zh_CN)] == []
    own = parse_settings(changed("purposes", [{"id": "taxi", "called": {"zh_CN": "出租车"}}]))
    taxi = own.purpose("taxi")
    assert taxi is not None and own.purpose("guest") is None
    assert (taxi.name("en"), taxi.name("zh_CN")) == ("出租车", "出租车")


@pytest.mark.parametrize(
    ("rule", "said", "brings"),
    [("asked", None, None), ("asked", True, True), ("yes", None, True), ("yes", False, True), ("no", True, False)],
)
def test_a_purpose_says_whether_goods_are_brought(rule: Any, said: bool | None, brings: bool | None) -> None:
    assert Purpose("taxi", goods=rule).brings_goods(said) is brings
