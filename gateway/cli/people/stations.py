"""The command for booths' own screens."""

from __future__ import annotations

from gateway.cli.common import Arguments, Commands, change, remark, show


def add(commands: Commands) -> None:
    """Add `station`."""
    station = commands.group("station", "tell a booth's own screen from every other browser")
    key = station.add(
        "key",
        "make the key of a station, to be typed at its own screen; it is shown once",
        _key,
        "gatehouse station key booth-north",
    )
    key.add_argument("id", metavar="ID", help="id of the station in the site file")


def _key(arguments: Arguments) -> int:
    made = change(arguments, "station.key", station=arguments.id)
    show(arguments, made, made["key"])
    remark(
        arguments, "type it at that screen, on the page /station; it is shown only now, and the key before it is void"
    )
    return 0
