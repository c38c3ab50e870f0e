"""Cash is offered where the site takes it; elsewhere the button says why not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.core.charges.charging import Charging, Method
from tests.core.charges.exits import ExitPlay
from web.guard.pay.model import pay
from web.guard.scene import Scene
from web.words.texts import words


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
@pytest.mark.parametrize(
    ("methods", "cash", "by_code"),
    [
        (Charging().methods, True, True),
        (("cash",), True, False),
        (("qr",), False, True),
        (("external",), False, True),
        ((), False, False),
    ],
)
def test_cash_is_offered_where_the_site_takes_it(
    methods: tuple[Method, ...], cash: bool, by_code: bool, locale: str
) -> None:
    play = ExitPlay()
    play.leaves(play.stay(61))
    said = words(locale)
    found = pay(Scene(said, lambda _id: None, UTC, datetime.now(UTC), methods=methods), play.view())
    assert found is not None
    assert found.why == ("" if cash else said("refused.method_not_taken"))
    assert bool(found.by_code) is by_code
