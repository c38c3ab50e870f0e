"""axe-core in a page of the browser: what it finds against people who cannot see, or use no pointer."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

SERIOUS = ("serious", "critical")


def source() -> str:
    """The script of axe-core; skips the test without it."""
    found = find_spec("axe_core_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs axe-core-python")
    return Path(next(iter(found.submodule_search_locations)), "axe.min.js").read_text("utf-8")


def findings(chrome: webdriver.Chrome) -> list[str]:
    """Serious findings of the page that is open, each with where it is."""
    # By the browser itself: a page's policy lets no foreign script in.
    chrome.execute_cdp_cmd("Runtime.evaluate", {"expression": source()})
    code = """
        const done = arguments[0];
        axe.run(document, {resultTypes: ["violations"]}).then((told) => done(told.violations.map((one) => ({
          id: one.id, impact: one.impact, where: one.nodes.map((node) => node.html.slice(0, 200))}))));
    """
    told: list[dict[str, Any]] = chrome.execute_async_script(code)
    return [f"{one['id']}: {where}" for one in told if one["impact"] in SERIOUS for where in one["where"]]
