"""Which files of tests begin first, so that all workers have work until the end.

A file goes to one worker whole (`--dist loadfile`), so a long one that begins late keeps that worker alone when the
others have nothing left to do. The longest of all plays hundreds of made-up hours in processes of the lowest priority,
which take what the rest leave of both cores while it waits for its devices, brokers and browsers.
"""

from __future__ import annotations

LONGEST = (
    "tests/simulation/test_simulate.py",
    "tests/web_guard/test_browser.py",
    "tests/web_guard/test_longest.py",
    "tests/chaos/test_settings_kill.py",
    "tests/bench/test_bench_smoke.py",
    "tests/drivers/test_lost_and_back.py",
    "tests/web_guard/test_gallery.py",
    "tests/web_guard/test_telephones.py",
    "tests/web_guard/test_fingers_and_keys.py",
    "tests/chaos/test_hardware_trouble.py",
    "tests/chaos/test_fuzzed_engine.py",
    "tests/chaos/test_kill.py",
    "tests/cli/demo/test_demo.py",
    "tests/uplink/test_central.py",
    "tests/drivers/boards/test_modbus_bus.py",
    "tests/cli/test_run.py",
    "tests/cli/test_commands.py",
    "tests/uplink/test_delivery.py",
    "tests/web_api/test_with_the_engine.py",
    "tests/drivers/readers/test_uhfreader18.py",
)


def place(nodeid: str) -> int:
    """Where a test's file stands: the longest first, all others after them as they are found."""
    file = nodeid.partition("::")[0]
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
