"""`/metrics` as Prometheus' own tool sees it."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.clients.conftest import Whole
from tests.clients.debian import program

pytestmark = pytest.mark.real


def kinds(text: str) -> dict[str, str]:
    """The kind of each family."""
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_promtool_finds_nothing(whole: Whole) -> None:
    tool = program("promtool", "prometheus")
    told = subprocess.run(
        tool.argv("check", "metrics"), input=whole.get("/metrics"), capture_output=True, env=tool.environment()
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, b"")


def test_what_can_fall_is_a_gauge_and_what_only_grows_is_a_counter(whole: Whole) -> None:
    text = whole.get("/metrics").decode()
    found = kinds(text)
    assert found["gatehouse_journal_sequence"] == found["gatehouse_journal_first_sequence"] == "gauge"
    for name, kind in found.items():
        assert (kind == "counter") == name.endswith("_total"), name
    families = set(re.findall(r"^(gatehouse_\w+?)(?:{| )", text, re.M))
    assert families <= set(found)
