"""The country's holidays: by a child process, once a year, kept as data, and never in the engine itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.events import Event, HolidaysKnown
from gateway.engine.visits.holidays import COMMAND, Holidays
from gateway.store.visits.holidays import read_days
from tests.engine.visits.paying import paying_site

NOW_NS = 1_790_000_000_000_000_000  # in September 2026


def holidays(path: Path, country: str | None, *command: str) -> tuple[Holidays, list[Event]]:
    site: dict[str, Any] = {**paying_site(), "calendar": {"country": country}} if country else paying_site()
    told: list[Event] = []
    made = Holidays(
        parse_settings(site), path / "holidays.json", told.append, lambda: NOW_NS, command=command or COMMAND
    )
    return made, told


def test_a_child_works_the_days_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "holidays", raising=False)
    made, told = holidays(tmp_path, "CN")
    made._look()
    (known,) = told
    assert isinstance(known, HolidaysKnown)
    assert "2026-10-01" in known.holidays
    assert known.workdays
    kept = read_days(tmp_path / "holidays.json")
    assert kept is not None and (kept.country, kept.years) == ("CN", (2025, 2026, 2027))
    again, told = holidays(tmp_path, "CN", sys.executable, "-c", "raise SystemExit(9)")
    again._look()
    assert told == [known]
    assert "holidays" not in sys.modules


def test_another_country_is_worked_out_anew(tmp_path: Path) -> None:
    first, _ = holidays(tmp_path, "CN")
    first._look()
    made, told = holidays(tmp_path, "DE")
    made._look()
    (known,) = told
    assert isinstance(known, HolidaysKnown)
    assert "2026-10-03" in known.holidays and "2026-10-02" not in known.holidays


def test_without_a_country_nothing_is_asked(tmp_path: Path) -> None:
    made, told = holidays(tmp_path, None, sys.executable, "-c", "raise SystemExit(9)")
    made._look()
    assert told == []


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "print('nonsense')"])
def test_a_child_that_fails_leaves_the_days_of_the_site_file(tmp_path: Path, code: str) -> None:
    made, told = holidays(tmp_path, "CN", sys.executable, "-c", code)
    with pytest.raises(ValueError):
        made._look()
    assert told == []
    (tmp_path / "holidays.json").write_text("{")
    assert read_days(tmp_path / "holidays.json") is None
