"""Goods that leave: the slip of the car first, matched and signed by PIN at the exit that is chosen, in few taps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary.rows import Credential, SlipRegistered
from gateway.store.journal.queries import StoredRow
from gateway.store.projections.state import State
from tests.support.guard_scene import case, decision, lane
from tests.variants import each_of, first_and
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.places.test_rail import go, sheets
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, SIZES, look
from tests.web_installer.axe import findings

pytestmark = pytest.mark.real

UNTIL = "2027-12-31T16:00:00.000Z"
SLIPS: list[dict[str, Any]] = [
    {"slip": "s1", "unit": "7-301", "goods": "自行车", "carrier": "owner"},
    {"slip": "s2", "unit": "4-201", "goods": "钢琴一架,纸箱两个", "plate": "粤B12345", "carrier": "owner"},
    {"slip": "s3", "unit": "2-1502", "goods": "冰箱", "carrier": "other"},
]


def register(booth: Booth) -> None:
    """Three slips in the projections of the site."""
    state = State(booth.directory.state, writer=True)
    told: list[StoredRow] = []
    for number, said in enumerate(SLIPS, state.sequence + 1):
        given = {"plate": None, "until": UNTIL, "confirmed": False, "by": "办公室", "via": "http", "station": None}
        row = SlipRegistered(**{**given, **said})
        text = msgspec.json.encode({"data": row}).decode()
        told.append(StoredRow(number, row.type, row.subject("gw1"), 1_790_000_000_000_000_000, text))
    state.apply(told)
    state.close()


def at_the_exit(booth: Booth) -> None:
    waits = case(
        reason="slip_missing", plates_differ=False, credential=Credential("plate", "粤B12345"), plate_read="粤B12345"
    )
    car = lane(
        "out", approach=True, crossing="waiting", case=waits,
        last_decision=decision("referred", "slip_missing", present=True),
    )  # fmt: skip
    register(booth)
    booth.engine.show(lane("in"), car)
    booth.enter()
    wait_until(lambda: booth.text("#act-lane") == "北门出口")
    go(booth, "more")
    booth.one("#more-slips").click()
    assert sheets(booth) == ["sheet-slips"]
    wait_until(lambda: booth.all("#slip-list .choice"))


def test_the_slip_of_the_car_comes_first_and_is_signed_by_pin(booth: Booth) -> None:
    at_the_exit(booth)
    first = booth.all("#slip-list .choice")[0]
    assert "4-201" in first.text
    assert "粤B 12345" in first.text
    first.click()
    booth.type_pin("#slip-pad", "2468")
    wait_until(lambda: booth.engine.slips)
    [used] = booth.engine.slips
    assert (used["slip"], used["lane"], used["by"], used["plate"]) == ("s2", "out", "林小军", "粤B12345")
    assert used["credential"] == {"kind": "plate", "value": "粤B12345"}
    wait_until(lambda: sheets(booth) == [])


def test_a_wrong_pin_signs_nothing(booth: Booth) -> None:
    at_the_exit(booth)
    booth.all("#slip-list .choice")[0].click()
    booth.type_pin("#slip-pad", "9999")
    wait_until(lambda: "PIN" in booth.text("#answer") or "密码" in booth.text("#answer"))
    assert booth.engine.slips == []
    assert sheets(booth) == ["sheet-slips"]


def test_a_slip_without_the_owners_word_says_so_and_signs_nothing(booth: Booth) -> None:
    at_the_exit(booth)
    last = booth.all("#slip-list .choice")[-1]
    assert "2-1502" in last.text
    last.click()
    assert "业主尚未同意" in booth.text("#slip-facts")
    booth.type_pin("#slip-pad", "2468")
    wait_until(lambda: "业主尚未同意" in booth.text("#answer"))
    assert booth.engine.slips == []


@pytest.mark.parametrize("size", first_and(*SIZES))
@pytest.mark.parametrize(
    ("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night"), ("zh_CN", "night"), ("en", "day"))
)
def test_the_sheet_fits_in_both_languages_and_lights(
    booth: Booth, lang: str, theme: str, size: tuple[int, int]
) -> None:
    booth.size(*size)
    at_the_exit(booth)
    look(booth, theme, lang)
    go(booth, "more")
    booth.one("#more-slips").click()
    wait_until(lambda: booth.all("#slip-list .choice"))
    for chosen in (False, True):
        if chosen:
            booth.all("#slip-list .choice")[0].click()
        booth.shoot(f"slips-{size[0]}-{lang}-{theme}-{chosen}")
        assert booth.script(MEASURE_TARGETS, "#sheet-slips button") == [], (lang, theme)
        assert booth.script(OVERFLOW) == []
        assert booth.script(OUTSIDE) == []
        assert findings(booth.chrome) == [], (lang, theme, chosen)
        assert booth.script(CUT, "#sheet-slips :is(h2, p, button)") == [], (lang, theme, chosen)
