"""The machine itself: temperature, supply voltage, what the disk has written, its wear and its free space.

Everything comes from files of the kernel; what a machine does not tell is left out. A Raspberry Pi 4 tells its
temperature and whether the supply was too low, most boards with eMMC tell the wear of it, an SD card tells none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SYS = Path("/sys")
_SUPPLY = ("vin", "supply", "vcc", "vdd_5v", "5v", "12v", "in_voltage")
_SECTOR_BYTES = 512
_WEAR_STEP = 10
_PERMILLE = 1000


class Box:
    """Reads the machine; `sys` and `data` are folders, so that a test has its own machine."""

    def __init__(self, data: Path, sys: Path = SYS) -> None:
        self._data = data
        self._sys = sys

    def values(self) -> Iterator[tuple[str, int]]:
        """Kind and value of each measurement that the machine has now."""
        for kind, value in (
            ("temperature", self._temperature()),
            ("voltage", self._voltage()),
            ("under_voltage", self._under_voltage()),
            ("free", self._free_mb()),
            ("wear", self._wear()),
        ):
            if value is not None:
                yield kind, value

    def written_kb(self) -> int | None:
        """What the disk of the data directory has written since its start; None when it is not known."""
        fields = (_text(self._disk() / "stat") or "").split()
        return int(fields[6]) * _SECTOR_BYTES // 1024 if len(fields) > 6 and fields[6].isdigit() else None

    def _temperature(self) -> int | None:
        """The warmest zone, in tenths of a degree."""
        zones = (_number(path) for path in sorted(self._sys.glob("class/thermal/thermal_zone*/temp")))
        found = [one for one in zones if one is not None]
        return max(found) // 100 if found else None

    def _voltage(self) -> int | None:
        """The supply in millivolts, where a sensor's label names it."""
        for label in sorted(self._sys.glob("class/hwmon/hwmon*/in*_label")):
            if any(word in (_text(label) or "").lower() for word in _SUPPLY):
                found = _number(label.with_name(label.name.replace("_label", "_input")))
                if found is not None:
                    return found
        return None

    def _under_voltage(self) -> int | None:
        """1000 while the supply is too low, by the Pi's own alarm."""
        for name in sorted(self._sys.glob("class/hwmon/hwmon*/name")):
            if _text(name) == "rpi_volt":
                alarm = _number(name.with_name("in0_lcrit_alarm"))
                return None if alarm is None else _PERMILLE * (alarm > 0)
        return None

    def _free_mb(self) -> int | None:
        try:
            found = os.statvfs(self._data)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize // 1_000_000

    def _wear(self) -> int | None:
        """The share of an eMMC's life that is used, in percent and steps of ten: the worse of its two parts."""
        words = (_text(self._disk() / "device" / "life_time") or "").split()
        try:
            steps = [int(word, 16) for word in words]
        except ValueError:
            return None
        worst = max(steps, default=0)
        return worst * _WEAR_STEP if worst else None

    def _disk(self) -> Path:
        """The folder of the disk that the data directory is on."""
        try:
            device = self._data.stat().st_dev
        except OSError:
            return self._sys / "nothing"
        part = self._sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
        whole = part.resolve()
        return whole.parent if (whole / "partition").exists() else whole


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    try:
        return int(text) if text else None
    except ValueError:
        return None
