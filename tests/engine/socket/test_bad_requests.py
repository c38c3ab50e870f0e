"""Requests that nobody sane would send, on a whole engine: each is answered in words, and the engine goes on.

GATEHOUSE_SEED repeats a run.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
from typing import Any

import pytest

from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary.errors import GatehouseError
from tests.support.engine import Running

REQUESTS = 600
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**18, -(10**18), 10**30, 1.5, 1e308, "", "x", "a" * 5_000, "\x00", "\u202e", "京A12345",
    "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z", [], ["x"], {},
    {"minutes": "x"}, {"minutes": -5}, {"minutes": 10**30}, {"count": 1.5}, {"a": {"b": [1, {"c": None}]}},
)  # fmt: skip
FAR = "2099-01-01T00:00:00Z"
OPS: dict[str, dict[str, tuple[Any, ...]]] = {
    "lane.command": {
        "request": ODD, "lane": ("in", "out", "no"), "command": (*COMMANDS, "zap"), "by": ("Lin", ""),
        "via": ("guard", "browser", "http", "mqtt", "cli"), "reason": ("", "why"), "expires_at": (None, FAR),
        "station": ("", "booth"), "present": (True, False), "expires_mono_ns": (0, 1, 10**18), "case": ("", "c1"),
        "detail": ({}, *[one for one in ODD if isinstance(one, dict)]),
    },
    "alarm.command": {
        "request": ODD, "alarm": ("a1",), "verb": ("acknowledge", "verify", "shelve", "unshelve", "close", "zap"),
        "by": ("Lin",), "reason": ("", "x"), "finding": ("", "real", "zz"), "until": (None, FAR, ODD[18]),
        "via": ("", "guard", "browser"), "station": ("", "booth"),
    },
    "passes.put": {
        "pass": ({"id": "p1", "kind": "temporary"}, {"id": "p1", "kind": "monthly", "cards": ["1"]}),
        "if_revision": (None, 0, 1), "by": ("o",),
    },
    "passes.delete": {"pass_id": ("p1",), "if_revision": (None, 1), "by": ("o",)},
    "passes.code": {"pass_id": ("p1",), "until": ("", "2099-01-01", FAR), "by": ("o",)},
    "passes.batch": {"passes": ([{"id": "p1", "kind": "staff"}], [{"id": 1}], [1]), "by": ("o",)},
    "journal.note": {"type": ("operator.signed_in",), "data": ODD},
    "device.install_mode": {"device": ("io", "no"), "minutes": (0, 5, 61), "by": ("o",)},
    "station.key": {"station": ("booth", "no"), "by": ("o",)},
    "copy.take": {"what": ("backup", "support", "all"), "by": ("o",)},
    "media.take": {"device": ("io", "no"), "by": ("o",)},
    "media.view": {"media": (*ODD, "20261130T000000250Z_cam"), "reason": ("", "fight", "x" * 101), "by": ("o",)},
    "operator.list": {},
    "operator.add": {"name": ODD, "role": ("guard", "king"), "pin_hash": ODD, "by": ("o",)},
    "operator.set_pin": {"name": ODD, "pin_hash": ODD, "by": ("o",)},
    "operator.set_role": {"name": ODD, "role": ("guard", "king"), "by": ("o",)},
    "operator.remove": {"name": ODD, "also_last": (True, False, 1), "by": ("o",)},
    "operator.unlock": {"name": ODD, "by": ("o",), "station": (None, "booth", 1)},
    "operator.failed": {
        "operator": (None, "Lin", *ODD), "by": (None,), "station": (None, "booth"), "address": ("", "x" * 101, "\n"),
        "wait_s": (0, -1, 10**9),
    },
    "setup.code": {"by": ("o",)},
    "setup.finish": {"code": ODD, "form": ODD, "pin_hash": ODD, "via": ("browser", "mqtt")},
    "token.create": {"name": ("n",), "scopes": (["events:read"], ["zz"], []), "by": ("o",), "expires_at": ("", FAR)},
    "token.list": {},
    "media.keep": {"device": "cam", "picture": "AAAA"},
    "token.revoke": {"name": ("n",), "by": ("o",)},
    "uplink.report": {"up": (True, False), "reason": ("",), "waiting": (0, -5, 10**18), "since": (None, "x", FAR)},
    "credential": {
        "device": ("reader-in", "io"), "kind": ("card", "plate", "qr", "pin"), "value": ("1", "京A12345", "0" * 40),
        "confidence": (0, 50, 100), "age_ms": (None, 0, -(10**15), 10**15, 10**18), "wrong": ("", "late"),
    },
    "device.link": {"device": ("reader-in", "no"), "up": (True, False), "words": ("",)},
    "ping": {},
    "state": {},
}  # fmt: skip


def asked(dice: random.Random, running: Running) -> tuple[str, dict[str, Any]]:
    """An op with its parameters, some of them odd, missing or too many."""
    op = dice.choice(list(OPS))
    params = {key: dice.choice(values) for key, values in OPS[op].items()}
    if "request" in params:
        params["request"] = str(dice.randrange(10**6))
    if op == "alarm.command" and (alarms := running.client.call("state")["alarms"]):
        params["alarm"] = dice.choice(alarms)["alarm"]
    for key in list(params):
        chance = dice.random()
        if chance < 0.08:
            params[key] = dice.choice(ODD)
        elif chance < 0.1:
            del params[key]
    if dice.random() < 0.03:
        params["extra"] = 1
    return op, params


def test_every_request_is_answered_in_words_and_the_engine_goes_on(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    seed = os.environ.get("GATEHOUSE_SEED") or secrets.token_hex(4)
    print(f"GATEHOUSE_SEED={seed}")
    dice = random.Random(seed)
    caplog.set_level(logging.ERROR)
    for _ in range(REQUESTS):
        if dice.random() < 0.1:
            running.bus.set(**{dice.choice(("at_open", "at_closed", "safety", "detached")): dice.random() < 0.5})
        op, params = asked(dice, running)
        try:
            running.client.call(op, timeout_s=60.0, **params)
        except GatehouseError as error:
            assert "see its log" not in str(error), f"{op} {params}"
            assert error.code != "engine_unreachable", f"{op} {params}"
    assert not running.engine.failure
    assert not running.engine.ended.is_set()
    assert running.client.call("ping")["ready"]
    assert running.engine._stores.reader.verify().rows > 1


FORGED = "Lin\n12:00:00 engine INFO: in by Wei is done"


@pytest.mark.parametrize(
    ("op", "params", "key"),
    [
        ("lane.command", {"request": "r", "lane": "in", "command": "stop", "by": FORGED, "via": "guard"}, "by"),
        ("lane.command", {"request": "r", "lane": "in\u202e", "command": "stop", "by": "L", "via": "guard"}, "lane"),
        (
            "lane.command",
            {"request": "r", "lane": "in", "command": "open", "by": "L", "via": "guard", "reason": "\x1b[2J"},
            "reason",
        ),
        (
            "lane.command",
            {"request": "r", "lane": "in", "command": "open", "by": "L", "via": "guard", "reason": "tel 13800138000"},
            "reason",
        ),
        ("alarm.command", {"request": "r", "alarm": "a1", "verb": "close", "by": FORGED}, "by"),
        ("alarm.command", {"request": "r", "alarm": "a1", "verb": "close", "by": "L", "reason": "x\r"}, "reason"),
        ("passes.delete", {"pass_id": "p1", "by": FORGED}, "by"),
        ("journal.note", {"type": "operator.signed_in", "data": {"by": FORGED}}, "by"),
        ("token.create", {"name": FORGED, "scopes": ["events:read"], "by": "L"}, "name"),
        ("credential", {"device": "reader-in", "kind": "qr", "value": FORGED}, "value"),
    ],
)
def test_a_text_that_could_forge_a_line_is_refused_by_its_key(
    running: Running, op: str, params: dict[str, Any], key: str
) -> None:
    with pytest.raises(GatehouseError, match=rf"\b{key} ") as refused:
        running.client.call(op, **params)
    assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value)


def test_the_words_of_another_machine_become_one_line(running: Running) -> None:
    running.client.call("uplink.report", up=False, reason="quota\nexceeded\x1b[2J", waiting=0)
    assert running.client.call("state")["uplink"]["reason"] == "quota exceeded [2J"
