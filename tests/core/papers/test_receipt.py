from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.core.charges.price import Line
from gateway.core.lane.signs.sign import sum_words
from gateway.core.papers.paper import as_text, columns
from gateway.core.papers.receipt import Receipt, Settlement, receipt_paper, runs, short_text

ZONE = ZoneInfo("Asia/Shanghai")
IN = datetime(2026, 12, 1, 1, 5, tzinfo=UTC)


def block(hour: int, amount: int = 500, what: str = "block") -> Line:
    start = IN + timedelta(hours=hour)
    return Line(what, start, start + timedelta(hours=1), None, amount)  # type: ignore[arg-type]


RECEIPT = Receipt(
    number="4711",
    site="北苑小区",
    visit="v1",
    plate="粤B12345",
    entered=IN,
    until=IN + timedelta(hours=4),
    minutes=240,
    lines=(block(0), block(1), block(2, 200), block(3, -100, "cap")),
    amount=1100,
    currency="CNY",
    settled=(Settlement("waived", 100), Settlement("cash", 1000)),
    leave_by=IN + timedelta(hours=4, minutes=15),
    by="Lin",
    at=IN + timedelta(hours=4),
)


def test_a_receipt_says_what_was_paid_for_which_stay_to_whom() -> None:
    assert as_text(receipt_paper(RECEIPT, ZONE, "zh_CN"), 32).splitlines() == [
        "            北苑小区",
        "            停车收据",
        "-" * 32,
        "编号                        4711",
        "车牌                    粤B12345",
        "入场            2026-12-01 09:05",
        "计费至          2026-12-01 13:05",
        "停留时长                4小时0分",
        "-" * 32,
        "09:05-11:05 2x5.00         10.00",
        "11:05-12:05                 2.00",
        "封顶减免                   -1.00",
        "应收 CNY   11.00",
        "免收                        1.00",
        "现金                       10.00",
        "-" * 32,
        "收款人                       Lin",
        "打印时间        2026-12-01 13:05",
        "请于此前离场    2026-12-01 13:20",
        "          祝您一路平安",
    ]


def test_equal_lines_that_follow_each_other_are_one_and_the_sum_stays() -> None:
    found = runs(RECEIPT.lines)
    assert [len(same) for same in found] == [2, 1, 1]
    assert sum(line.amount for same in found for line in same) == RECEIPT.amount


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_a_receipt_fits_the_narrow_roll_whatever_was_settled(locale: str) -> None:
    for how in ("cash", "qr", "external", "waived", "owed"):
        one = msgspec.structs.replace(RECEIPT, settled=(Settlement(how, 1100),), due=300, plate=None)
        lines = as_text(receipt_paper(one, ZONE, locale), 32).splitlines()
        assert all(columns(line) <= 32 for line in lines)


def test_what_proves_a_payment_counts_money_alone() -> None:
    assert short_text(RECEIPT, ZONE, "en").splitlines()[1::4] == ["No. 4711", "Paid 10.00 CNY"]


@pytest.mark.parametrize(
    ("due", "currency", "english", "chinese"),
    [
        (1250, "CNY", "Pay 12.50 CNY", "请缴费12.50元"),
        (300, "JPY", "Pay 300 JPY", "请缴费300 JPY"),
        (99999, "CNY", "Pay 999.99 CNY", "请缴费999.99元"),
    ],
)
def test_the_sum_on_a_display_fits_16_columns(due: int, currency: str, english: str, chinese: str) -> None:
    assert (sum_words(due, currency, "en"), sum_words(due, currency, "zh_CN")) == (english, chinese)
    assert columns(english) <= 16
    assert columns(chinese) <= 16
