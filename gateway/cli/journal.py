"""`gatehouse events` and `gatehouse pictures`: the rows of the journal, and the pictures that belong to one."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.cli.common import Arguments, Commands, count, data_path, opened, say, show, wants_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gateway.store.journal.queries import StoredRow


def add(commands: Commands) -> None:
    """Add `events` and `pictures`."""
    events = commands.add(
        "events",
        "read the journal",
        _events,
        """
        gatehouse events --last 20
        gatehouse events --last 5 --type alarm.raised --follow
        gatehouse events --type access.denied --type alarm.raised
        gatehouse events --format json --after k3x9q2m4p7ab.1200     one event a line, as stored
        """,
    )
    events.add_argument("--after", default="", metavar="ID", help="only what came after the event with this id")
    events.add_argument(
        "--last", type=count, metavar="N", help="only the newest N rows (of the types that are asked for)"
    )
    events.add_argument("--follow", action="store_true", help="wait for more until Ctrl-C")
    events.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="T",
        help="only this type, such as access.denied; may be repeated",
    )
    events.add_argument(
        "--format",
        choices=("table", "json", "csv"),
        help="table for people in site time, json as stored, csv for spreadsheets (default: table)",
    )
    pictures = commands.add(
        "pictures",
        "name the pictures that the cameras of a lane sent about the time of an event",
        _pictures,
        "gatehouse pictures k3x9q2m4p7ab.1200 --within 20",
    )
    pictures.add_argument("id", metavar="ID", help="id of the event, as `gatehouse events --format json` has it")
    pictures.add_argument(
        "--within", type=count, default=10, metavar="S", help="so many seconds before and after (default: 10)"
    )


def _pictures(arguments: Arguments) -> int:
    from gateway.core.vocabulary.errors import NotFoundError
    from gateway.store.journal.reader import JournalReader
    from gateway.store.media.pictures import Pictures
    from gateway.store.times import rfc3339

    directory, settings = opened(data_path(arguments))
    reader = JournalReader(directory.journal)
    row = next(iter(reader.page(reader.cursor(arguments.id).sequence - 1, 1)), None)
    if row is None or row.event()["id"] != arguments.id:
        raise NotFoundError(f"there is no event {arguments.id!r} in the journal")
    cameras = {one for lane in settings.lanes if lane.id == row.data().get("lane") for one in lane.cameras}
    found = Pictures(directory.media).around(row.wall_ns, arguments.within, cameras)
    items = [{"file": str(one.path), "device": one.device, "at": rfc3339(one.wall_ns)} for one in found]
    text = "\n".join(f"{one['at']}  {one['device']}  {one['file']}" for one in items)
    show(arguments, {"items": items}, text or "no picture")
    return 0


def _events(arguments: Arguments) -> int:
    from gateway.store.journal.reader import JournalReader

    directory, settings = opened(data_path(arguments))
    reader = JournalReader(directory.journal)
    cursor = reader.cursor(arguments.after)
    if (arguments.after or not arguments.last) and (gap := reader.gap_after(cursor)):
        say(f"rows after {arguments.after} are missing: {gap}")
    write = _event_writer("json" if wants_json(arguments) else arguments.format or "table", settings.zone)
    types = [name.removeprefix("gatehouse.") for name in arguments.type]
    sequence = cursor.sequence
    if arguments.last:
        sequence = max(sequence, reader.before_newest(arguments.last, types))
    while True:
        page = reader.page(sequence, 500, types)
        for row in page:
            write(row)
        sys.stdout.flush()
        if page:
            sequence = page[-1].sequence
        elif not arguments.follow:
            return 0
        else:
            time.sleep(0.2)


def _event_writer(form: str, zone: ZoneInfo) -> Callable[[StoredRow], None]:
    """Prints rows one by one: json as stored, csv and table with local time."""
    if form == "json":
        return lambda row: print(row.text)
    import csv

    from gateway.cli.show import clean, padded
    from gateway.store.times import local_time

    def when(row: StoredRow) -> str:
        return local_time(row.wall_ns, zone).isoformat(" ", "milliseconds")

    if form == "csv":
        out = csv.writer(sys.stdout)
        out.writerow(("id", "time", "type", "subject", "data"))

        def write_csv(row: StoredRow) -> None:
            event = row.event()
            data = json.dumps(row.data(), ensure_ascii=False)
            out.writerow((event["id"], event["time"], event["type"], row.subject, data))

        return write_csv

    def write_line(row: StoredRow) -> None:
        told = " ".join(f"{key}={_short(value)}" for key, value in row.data().items() if value not in (None, ""))
        cells = (str(row.sequence), when(row)[:23], row.type, row.subject, clean(told))
        print(padded(cells, (7, 23, 19, 18, 0)))

    return write_line


def _short(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
