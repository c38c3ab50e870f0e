"""Names that look alike are one name."""

from __future__ import annotations

import pytest

from gateway.store.settings.names import alike


@pytest.mark.parametrize("name", ["Lin", "lin", "LIN", "\uff2c\uff49\uff4e", "L\u200din", "\u2112in"])
def test_names_that_look_alike_are_one(name: str) -> None:
    assert alike(name) == "lin"


@pytest.mark.parametrize(("one", "other"), [("Li  Na", "Li Na"), ("STRASSE", "straße"), ("é", "e\u0301")])
def test_blanks_case_and_accents_are_compared_as_they_look(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize("other", ["Lim", "Lin2", "Li n", "林"])
def test_other_names_are_others(other: str) -> None:
    assert alike(other) != alike("Lin")
