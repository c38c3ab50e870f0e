"""What the terminal gets: columns that line up, nothing that a terminal would obey, and progress only for long work."""

from __future__ import annotations

import pytest

from gateway.cli import show


class TestTables:
    def test_a_chinese_character_takes_two_columns(self) -> None:
        assert (show.width("王a"), show.width("ab")) == (3, 2)

    def test_columns_line_up_and_lines_end_without_blanks(self) -> None:
        assert show.table(("id", "name"), [("1", "王秀英"), ("22", "")]) == "id  name\n1   王秀英\n22"

    @pytest.mark.parametrize("text", ["\x1b[31mred", "two\nlines", "bell\a"])
    def test_control_characters_reach_no_terminal(self, text: str) -> None:
        assert show.clean(text).isprintable()


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The time in seconds, to be moved by the test."""
        now = [0.0]
        monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
        return now

    def test_short_work_shows_nothing(self, clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        progress = show.Progress("rows")
        clock[0] = 0.9
        progress(1000)
        progress.end()
        assert capsys.readouterr() == ("", "")

    def test_long_work_counts_up_on_stderr(self, clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        progress = show.Progress("rows")
        clock[0] = 1.5
        progress(2_000, 8_000)
        assert capsys.readouterr() == ("", "rows: 2,000 of 8,000 (25 %)\n")

    def test_a_log_is_not_flooded(self, clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
        progress = show.Progress("rows")
        for tenth in range(110):
            clock[0] = 1 + tenth / 10
            progress(tenth)
        assert len(capsys.readouterr().err.splitlines()) == 3
