"""What is kept and what becomes a mark."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway.support.mask import Mask
from gateway.support.personal import Words, of_secrets
from tests.support.kept_rows import kept_rows

IDS = ("in", "io", "reader-in", "north-court", "gw1", "booth", "modbus")
MARK = re.compile(r"[a-z_]+:[0-9a-f]{6}")


def mask(*known: str) -> Mask:
    return Mask(known, IDS, ("10.0.0.9", "fd00::9"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time", "2026-12-01T03:08:30.123Z"), ("valid_until", "2026-12-01"), ("lane", "in"), ("reason", "valid_pass"),
        ("type", "gatehouse.access.granted"), ("source", "/sites/north-court/gateways/gw1"), ("subject", "lanes/in"),
        ("id", "k3x9q2m4p7ab.1200"), ("prevhash", "ab" * 32), ("sequence", "00000000000000001200"),
        ("open", "io.output.4"), ("by", "gateway"), ("by", None), ("days_left", 3), ("count", 123_456_789),
        ("state", "ready"), ("host", "10.0.0.9"),
        ("address", "10.0.0.9"), ("address", "fd00::9"), ("address", "127.0.0.1"), ("host", "0.0.0.0"),
        ("port", "/dev/serial/by-path/pci-0000:00:14.0"), ("timezone", "Asia/Shanghai"), ("driver", "modbus"),
        ("version", "0.1.0"), ("datacontenttype", "application/json"), ("verdict", "referred"), ("note", ""),
        ("cause", "settle"), ("what", "no_such_code"),
    ],
)  # fmt: skip
def test_what_is_harmless_is_kept(key: str, value: Any) -> None:
    assert mask().json({key: value}) == {key: value}


def test_options_of_drivers_are_kept_in_settings() -> None:
    site = {"devices": [{"id": "io", "driver": "modbus", "unit": 1, "parity": "even", "pin": 17, "name": "Wang"}]}
    [device] = mask().settings(site)["devices"]
    assert (device["unit"], device["parity"], device["pin"]) == (1, "even", 17)
    assert MARK.fullmatch(device["name"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("by", "Lin"), ("by", "lin"), ("decided_by", "王秀英"), ("holder", "in"), ("phone", "13900000012"),
        ("pass", "p7"), ("plate", "粤B12345"), ("reason", "parcel for Wang"), ("reason", "zhang"),
        ("note", "2026-12-01"), ("group", "12-3"),
        ("pin_hash", "scrypt$16384$8$1$x$y"), ("password", "geheim"), ("token", "gh_abc"), ("key", "00112233"),
        ("words", "hello"), ("subject", "passes/p7"), ("subject", "operators/Lin"), ("what_is_new", "Wang Fang"),
        ("host", "Wang Fang"), ("port", "/home/wang/secret"), ("unit", 501), ("phone", 13900000012), ("id", "Wang"),
        ("address", "192.0.2.2"), ("address", "2001:db8::2"), ("address", "fe80::1%eth0"), ("host", "192.0.2.2"),
        ("version", "192.0.2.2"), ("address", "::ffff:192.0.2.2"), ("what", "192.0.2.2/32"),
        ("via", "[2001:db8::2]:80"),
    ],
)  # fmt: skip
def test_what_may_be_personal_becomes_a_mark(key: str, value: Any) -> None:
    [shown] = mask().json({key: value}).values()
    assert str(value) not in json.dumps(shown, ensure_ascii=False)
    assert MARK.search(shown)


def test_a_credential_keeps_its_kind() -> None:
    shown = mask().json({"credential": {"kind": "card", "value": "472288"}})
    assert re.fullmatch(r"card:[0-9a-f]{6}", shown["credential"]["value"])
    assert shown["credential"]["kind"] == "card"


def test_one_value_has_one_mark_in_a_bundle_and_another_in_the_next() -> None:
    one, other = mask(), mask()
    digits = {one.json({key: "p7"})[key][-6:] for key in ("pass", "visit")}
    assert len(digits) == 1
    assert digits != {other.json({"pass": "p7"})["pass"][-6:]}


def test_keys_that_are_data_are_masked_too() -> None:
    assert "Wang Fang" not in str(mask().json({"Wang Fang": 1, "472288": 2}))


@pytest.mark.parametrize(
    "secret",
    ["gh_-ewQ4-RvbX2CoF24ThojJJmwjmeD9REDyxkMl0YN6vI", "13900000012", "+86 139 0000 0012", "粤B12345", "AB12CDE",
     "K7QM-3XPD", "王秀英", "472288", "wang@example.com", "5076483", "U3lzdGVtIG9mIGEgc2VjcmV0IGtleTE=",
     "0011223344556677889900aabbccddeeff", "192.0.2.2", "2001:db8::2", "fe80::a:1", "::ffff:192.0.2.2",
     "2001:db8:1:2:3:4:5:6"],
)  # fmt: skip
def test_a_log_line_loses_what_looks_personal(secret: str) -> None:
    line = f"2026-12-01T03:08:30+0000 box gatehouse[12]: reader-in read {secret}, took 12 ms from 10.0.0.9"
    shown = mask().text(line)
    assert secret not in shown
    assert shown.startswith("2026-12-01T03:08:30+0000 box gatehouse[12]: reader-in read ")
    assert shown.endswith(", took 12 ms from 10.0.0.9")


@pytest.mark.parametrize(
    "text", ["at 12:30:45 in", "from fd00::9, 127.0.0.1 and ::1", "f::call and x::y", "00:1b:44:11"]
)
def test_times_and_addresses_of_the_settings_stay_in_a_log_line(text: str) -> None:
    assert mask().text(text) == text


def test_known_names_go_wherever_they_are() -> None:
    known = mask("Wang Fang", "王芳", "Lin", "geheim")
    for text in ("for Wang Fang.", "给王芳开门", "Lin said", "password=geheim;", "xgeheimx"):
        shown = known.text(text)
        assert not any(name in shown for name in ("Wang Fang", "王芳", "Lin", "geheim"))
    assert known.text("Linda in the lane") == "Linda in the lane"


def test_the_id_of_a_lane_is_shown_though_somebody_has_that_name() -> None:
    assert mask("in").text("lane in is ready") == "lane in is ready"


@pytest.mark.parametrize("row", [row.text for row in kept_rows()][::7])
def test_a_row_stays_readable_and_loses_who_and_what(row: str) -> None:
    event = json.loads(row)
    ids = {str(event["data"].get(key)) for key in ("lane", "barrier", "device")} | {"north-court", "gw1"}
    shown = Mask((), ids).json(event)
    assert {key: shown[key] for key in ("type", "time", "id", "source")} == {
        key: event[key] for key in ("type", "time", "id", "source")
    }
    for key in ("pass", "plate", "by", "decided_by"):
        value = event["data"].get(key)
        if isinstance(value, str) and value not in ("gateway", "central", ""):
            assert shown["data"][key] != value


def test_words_of_a_text_are_found_also_without_blanks() -> None:
    words = Words()
    words.add("给王芳开门 and Wang-Fang (p7)")
    assert all(words.may_hold(text) for text in ("王芳", "Wang Fang", "p7", "给王芳开门 now"))
    assert not any(words.may_hold(text) for text in ("李强", "Li Qiang", "p8", "", "--"))


def test_secrets_are_known_by_their_files(tmp_path: Any) -> None:
    (tmp_path / "site.json").write_text('{"uplink.mqtt.password": "geheim!"}')
    (tmp_path / "raw.key").write_bytes(b"\xff\x00raw")
    (tmp_path / "deep").mkdir()
    assert "geheim!" in of_secrets(tmp_path)
    assert of_secrets(tmp_path / "missing") == set()
