"""The serial ports of this machine, each by the path that stays the same at a replug."""

from __future__ import annotations

from pathlib import Path

from serial.tools import list_ports

BY_PATH = Path("/dev/serial/by-path")


def serial_ports(by_path: Path = BY_PATH) -> list[str]:
    """All ports with hardware behind them, in order; a port of a USB adapter by its place."""
    lasting = {str(link.resolve()): str(link) for link in sorted(by_path.iterdir())} if by_path.is_dir() else {}
    # The ports of a board's own chip (ttyS0 to ttyS31 on a PC) have no hardware id where nothing is behind them.
    found = [port.device for port in list_ports.comports() if port.hwid and port.hwid != "n/a"]
    return sorted({*lasting.values(), *(lasting.get(str(Path(one).resolve()), one) for one in found)})


def same_port(one: str, other: str) -> bool:
    """Whether two paths lead to one port."""
    return Path(one).resolve() == Path(other).resolve()
