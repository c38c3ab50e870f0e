"""Measurements of a gate that works for two months and then wears: its loop holds on, its arm gets slower."""

from __future__ import annotations

import random
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.core.measurements.summary import Summary, summary_of
from gateway.engine.measuring.measuring import day_of
from gateway.store.measurements.ring import DAYS, HOURS, open_for_writing, write_slot

SHANGHAI = ZoneInfo("Asia/Shanghai")
PAST_DAYS, WORN_DAYS = 75, 9


def today() -> int:
    """The number of the site's present day."""
    return (datetime.now(SHANGHAI).date() - date(1970, 1, 1)).days


def write_past(path: Path, lanes: tuple[str, ...] = ("in", "out"), devices: tuple[str, ...] = ("io",)) -> None:
    """Hours of two weeks and days of two months."""
    dice = random.Random(7)
    handle = open_for_writing(path)
    for ago in range(PAST_DAYS):
        write_slot(
            handle, DAYS, today() - ago, _slot(dice, worn=ago < WORN_DAYS, cars=200, lanes=lanes, devices=devices)
        )
    now = int(time.time()) // 3600
    for ago in range(14 * 24):
        worn = today() - day_of(now - ago, SHANGHAI)[0] < WORN_DAYS
        night = (now - ago + 8) % 24 < 5
        write_slot(
            handle, HOURS, now - ago, _slot(dice, worn=worn, cars=0 if night else 20, lanes=lanes, devices=devices)
        )


def _slot(
    dice: random.Random, *, worn: bool, cars: int, lanes: tuple[str, ...], devices: tuple[str, ...]
) -> dict[str, Summary]:
    found: dict[str, Summary | None] = {}
    for number, lane in enumerate(lanes):
        slow = 1.34 if worn and number == 0 else 1.0
        found[f"travel.open:{lane}"] = _of(dice, 2_900 * slow, 120, cars)
        found[f"travel.close:{lane}"] = _of(dice, 3_100, 130, cars)
        found[f"loop:{lane}/approach_loop"] = _of(dice, 6_500, 2_000, cars)
        found[f"loop:{lane}/safety_loop"] = _of(dice, 2_400 * (2.6 if worn and number == 1 else 1), 500, cars)
    for device in devices:
        found[f"errors:{device}"] = _of(dice, 2, 1, 1_000)
        found[f"round_trip:{device}"] = _of(dice, 4_300, 500, 360)
    found["temperature:box"] = _of(dice, 480, 25, 60)
    found["free:box"] = _of(dice, 21_400, 20, 60)
    found["written:box"] = _of(dice, 31_000, 4_000, 1)
    return {name: one for name, one in found.items() if one is not None}


def _of(dice: random.Random, middle: float, spread: float, count: int) -> Summary | None:
    drawn = summary_of(max(0, int(dice.gauss(middle, spread))) for _ in range(min(count, 40)))
    return Summary(count, drawn.low, drawn.middle, drawn.high) if drawn is not None else None
