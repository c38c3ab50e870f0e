"""The page of health: what it says in words, its curves, what is due."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from gateway.core.measurements.series import KINDS
from gateway.core.measurements.summary import Summary
from gateway.core.vocabulary.views import RepairsView
from gateway.store.measurements.store import MeasurementWriter
from tests.engine.settings.conftest import Box
from tests.web_installer.conftest import Desk
from tests.web_installer.health.past import today, write_past
from web.front.tls import own_certificate
from web.installer.health.curves import HEIGHT, WIDTH, bounds, picture
from web.installer.health.due import Diary, certificate_until
from web.installer.health.model import Book
from web.installer.health.page import PATH
from web.installer.health.units import UNITS
from web.words.texts import LOCALES, words

NOW = datetime(2026, 9, 21, 15, 0, tzinfo=UTC)


def one(value: int, spread: int = 0) -> Summary:
    return Summary(10, value - spread, value, value + spread)


@pytest.fixture
def measured(box: Box) -> None:
    """Two months of measurements; the first arm has become slow, the loop of the second holds on."""
    write_past(box.directory.measurements)


# ---- the page


def test_a_new_gateway_says_that_nothing_is_measured_yet(ana: Desk) -> None:
    assert "Nothing is measured yet." in ana.text(PATH)


def test_a_slow_arm_and_a_loop_that_holds_on_are_said_in_words(ana: Desk, measured: None) -> None:
    text = ana.text(PATH)
    assert re.search(r"in: the arm opens slower, 3\.\d s instead of 2\.9 s \(\+3\d %\)\. Look at springs", text)
    assert re.search(r"out, loop under the arm: it stays occupied longer", text)
    assert "out: the arm opens slower" not in text


def test_a_gate_that_is_as_it_was_is_said_to_be_usual(ana: Desk, box: Box) -> None:
    MeasurementWriter(box.directory.measurements).add(0, today(), [0], {"travel.open:in": one(2_900)})
    text = ana.text(PATH)
    assert "Nothing is unusual" in text
    assert "Nothing is measured yet." not in text


def test_the_time_that_is_drawn_begins_with_what_is_known() -> None:
    known = {"travel.open:in": {990: one(1), 1_000: one(2)}}
    shown = Book(words("en"), {}, known, {}, 1_000, today(), long=False)
    assert shown.axis(NOW.date()).first == "19 Sep"
    longer = {"travel.open:in": {900: one(1)}}
    shown = Book(words("en"), {}, longer, {}, 1_000, today(), long=False)
    assert shown.axis(NOW.date()).first == "17 Sep"


def test_the_curves_are_drawn_on_the_box_within_their_frame(ana: Desk, measured: None) -> None:
    body = ana.get(PATH).get_data(as_text=True)
    drawings = re.findall(r"<svg class=\"health-svg\".*?</svg>", body, re.S)
    assert len(drawings) >= 6
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.attrib["aria-label"]
        for shape in root:
            for x, y in re.findall(r"([\d.]+),([\d.]+)", shape.attrib.get("points", "")):
                assert 0 <= float(x) <= WIDTH
                assert 0 <= float(y) <= HEIGHT
    assert "style=" not in body


def test_a_device_has_the_curves_of_its_link(ana: Desk, measured: None) -> None:
    body = ana.get(f"{PATH}/devices/io").get_data(as_text=True)
    assert body.count('<svg class="health-svg"') == 2
    assert "Round trip" in body
    assert ana.get(f"{PATH}/devices/radar").status_code == 404
    assert f'href="{PATH}/devices/io"' in ana.get(PATH).get_data(as_text=True)


def test_two_years_are_drawn_by_day(ana: Desk, measured: None) -> None:
    body = ana.get(f"{PATH}?of=years").get_data(as_text=True)
    assert 'href="/installer/health?of=years" aria-current="true"' in body
    assert "polyline" in body


def test_a_guard_and_an_auditor_may_look(client: FlaskClient, measured: None) -> None:
    assert Desk(client, "Lin").get(PATH).status_code == 200


def test_a_page_without_an_engine_still_shows_what_was_measured(ana: Desk, measured: None, box: Box) -> None:
    box.stop()
    ana.held.live.stop()
    text = ana.text(PATH)
    assert "The engine does not run" in text
    assert "the arm opens slower" in text


# ---- curves


def test_a_gap_is_not_joined_and_a_lone_point_is_a_dot() -> None:
    points = {1: one(10), 2: one(20), 9: one(30), 20: one(5), 21: one(6)}
    drawn = picture({"loop": points}, range(0, 24), 3, str)
    assert drawn is not None
    (line,) = drawn.series
    assert (len(line.lines), len(line.dots)) == (2, 1)


def test_what_is_outside_of_the_time_is_not_drawn() -> None:
    assert picture({"loop": {1: one(10)}}, range(5, 24), 3, str) is None
    assert picture({}, range(5), 3, str) is None


@pytest.mark.parametrize(
    ("least", "most", "low", "high"),
    [(0, 0, 0, 1), (2_910, 3_190, 2_900, 3_200), (0, 97, 0, 100), (5, 5, 5, 6), (4_980, 5_120, 4_980, 5_120)],
)
def test_the_axis_ends_at_round_numbers_around_the_values(least: int, most: int, low: int, high: int) -> None:
    assert bounds(least, most) == (low, high)
    assert low <= least <= most <= high


@pytest.mark.parametrize("seed", range(20))
def test_values_of_any_size_are_within_their_axis(seed: int) -> None:
    least = (seed * 7_919) % 100_000
    most = least + (seed * 104_729) % 1_000_000
    low, high = bounds(least, most)
    assert low <= least <= most <= high
    assert low < high


# ---- words


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_unit_its_title_and_its_sentences(kind: str, locale: str) -> None:
    said, declared = words(locale), KINDS[kind]
    assert declared.unit in UNITS
    assert UNITS[declared.unit](1_500)
    if declared.worse is not None:
        assert f"installer.health.unusual.{kind}" in said
    if declared.limit is not None:
        assert f"installer.health.unusual.{kind}.beyond" in said
    if declared.of == "box":
        assert f"installer.health.kind.{kind}" in said


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("ms", 2_940, "2.9 s"), ("us", 4_260, "4.3 ms"), ("permille", 5, "0.5 %"), ("tenth_degree", 453, "45 °C"),
        ("mv", 5_080, "5.08 V"), ("mb", 21_400, "21.4 GB"), ("mb", 400, "400 MB"), ("kb_per_h", 31_000, "31.0 MB/h"),
        ("kb_per_h", 12, "12 kB/h"), ("percent", 30, "30 %"),
    ],
)  # fmt: skip
def test_values_are_said_in_the_units_of_people(unit: str, value: int, text: str) -> None:
    assert UNITS[unit](value) == text


def test_what_is_no_longer_in_the_settings_is_not_unusual() -> None:
    days = {f"errors:{device}": {today() - ago: Summary(100, 900, 900, 900) if ago < 7 else Summary(100, 0, 0, 0)
                                 for ago in range(60)} for device in ("io", "gone")}  # fmt: skip
    document = {"devices": [{"id": "io"}]}
    book = Book(words("en"), document, {}, days, 0, today(), long=False)
    assert book.unusual() == ["io: more errors on its line, 90 % instead of 0 %. Look at plug, cable and termination."]


# ---- due


def diary(locale: str = "en") -> Diary:
    return Diary(words(locale), NOW)


@pytest.mark.parametrize(("count", "tone"), [(800, "ok"), (901, "warn"), (1_000, "warn"), (1_001, "bad")])
def test_a_service_is_due_when_its_counter_has_passed_the_limit(count: int, tone: str) -> None:
    (due,) = diary().services("North in", {"cycles": 1_000, "travel_ms": 3_000}, {"cycles": count})
    assert (due.tone, due.what) == (tone, "Service of North in: openings")


@pytest.mark.parametrize(
    ("state", "tone"), [("synced", "ok"), ("holdover", "warn"), ("unset", "bad"), (None, "bad")]
)  # fmt: skip
def test_a_clock_that_is_not_sure_is_due(state: str | None, tone: str) -> None:
    assert diary().clock(state).tone == tone


@pytest.mark.parametrize(
    ("ago", "tone", "words_"), [(0.2, "ok", "made today"), (3, "ok", "3 days old"), (9, "warn", "9 days old")]
)
def test_a_backup_is_due_after_a_week(tmp_path: Path, ago: float, tone: str, words_: str) -> None:
    mark = tmp_path / "backed-up"
    mark.touch()
    at = (NOW - timedelta(days=ago)).timestamp()
    os.utime(mark, (at, at))
    assert (diary().backup(mark).tone, diary().backup(mark).how) == (tone, words_)
    assert diary().backup(tmp_path / "never").how == "no backup was made yet"


@pytest.mark.parametrize(
    ("open_", "late", "tone"), [(0, 0, "ok"), (2, 0, "warn"), (2, 1, "bad")]
)  # fmt: skip
def test_open_repairs_lead_to_their_page(open_: int, late: int, tone: str) -> None:
    due = diary().repairs(RepairsView(open=open_), late)
    assert (due.tone, due.href) == (tone, "/installer/repairs")


def test_the_end_of_a_certificate_is_read_from_its_file(tmp_path: Path) -> None:
    own_certificate.make_sure(tmp_path, ("gate.example",))
    until = certificate_until(tmp_path / own_certificate.CERTIFICATE)
    assert until is not None
    assert 390 < (until - datetime.now(UTC)).days < 400
    due = Diary(words("en"), until - timedelta(days=10)).certificate(tmp_path / own_certificate.CERTIFICATE, own=False)
    assert (due.tone, due.how) == ("warn", "10 days left")
    due = Diary(words("en"), until + timedelta(days=2)).certificate(tmp_path / own_certificate.CERTIFICATE, own=True)
    assert due.tone == "bad"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_read_is_due(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "cert.pem"
    if content is not None:
        path.write_text(content)
    assert diary().certificate(path, own=False).tone == "bad"
    assert diary().certificate(None, own=False).tone == "warn"


def test_a_backup_leaves_its_mark(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "gate.backup"
    line = [sys.executable, "-m", "gateway", "backup", str(file), "--data", str(box.directory.path)]
    done: Any = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.time() - box.directory.backed_up.stat().st_mtime < 60
