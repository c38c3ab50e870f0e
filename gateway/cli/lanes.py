"""Commands for lanes and devices."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from gateway.cli.care.watch import watch
from gateway.cli.common import (
    EXIT_USAGE,
    EXIT_WRONG,
    Arguments,
    Commands,
    change,
    client_of,
    count,
    data_path,
    failed,
    minutes,
    number,
    show,
    whoami,
)
from gateway.core.vocabulary.errors import RequestError

if TYPE_CHECKING:
    from gateway.control import Client

WAIVERS = ("leader", "emergency")
COUNTS_S = 5.0
"""An order that the engine has not taken within this time is dropped."""
ANSWER_MORE_S = 0.5


def add(commands: Commands) -> None:
    """Add `lane` and `device`."""
    _add_lane(commands)
    _add_device(commands)


def _add_lane(commands: Commands) -> None:
    lane = commands.add(
        "lane",
        "give a lane of the running gateway a command; you must see it, as at the guard's screen",
        _lane,
        """
        gatehouse lane in open --reason "parcel for 4-201"
        gatehouse lane out hold --minutes 30 --reason "house move"
        gatehouse lane in refuse --reason "not expected by anybody"
        gatehouse lane in passed --by Lin --reason "waved through, the arm is off"
        """,
    )
    lane.add_argument("lane", metavar="LANE", help="id of the lane")
    lane.add_argument(
        "order",
        type=_order,
        metavar="ORDER",
        help="open, close, stop, hold, release, lock, unlock, reset, passed, owe, refuse, seen_to, emergency (at an"
        " entry it opens every exit too) or look",
    )
    lane.add_argument("--reason", required=True, metavar="TEXT", help="why, for the journal")
    lane.add_argument("--by", metavar="NAME", help="who gives it (default: the user of this terminal)")
    lane.add_argument("--minutes", type=_hold_minutes, metavar="N", help="hold: end after so many minutes (1 to 1440)")
    lane.add_argument(
        "--waive",
        choices=WAIVERS,
        help="unlock: though points that were touched under the tag are not ticked again; by a leader's word, or in an"
        " emergency",
    )
    lane.add_argument("--count", type=_hold_count, metavar="N", help="hold: end after so many vehicles (1 to 1000)")


def _add_device(commands: Commands) -> None:
    device = commands.group("device", "look after devices")
    watching = device.add(
        "watch",
        "show what a device sends, what was made of it, and why not, until Ctrl-C",
        watch,
        """
        gatehouse device watch cam-in
        gatehouse device watch reader-in --seconds 30 --json
        """,
    )
    watching.add_argument("id", metavar="ID", help="id of the device")
    watching.add_argument("--seconds", type=count, metavar="N", help="end after so many seconds")
    install = device.add(
        "install-mode",
        "for a few minutes let an OSDP reader that does not know its key be given it",
        _install_mode,
        """
        gatehouse device install-mode reader-gate               ten minutes
        gatehouse device install-mode reader-gate --minutes 0   end it
        """,
    )
    install.add_argument("id", metavar="ID", help="id of the reader")
    install.add_argument(
        "--minutes", type=minutes, default=10, metavar="N", help="for how long, 1 to 60; 0 ends it (default: 10)"
    )


def _order(text: str) -> str:
    from gateway.core.lane.people.refusals import COMMANDS

    if text not in COMMANDS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(COMMANDS)}")
    return text


def _hold_minutes(text: str) -> int:
    from gateway.core.lane.modes.hold_end import MINUTES_MAX

    return int(number(text, int, 1, MINUTES_MAX))


def _hold_count(text: str) -> int:
    from gateway.core.lane.modes.hold_end import COUNT_MAX

    return int(number(text, int, 1, COUNT_MAX))


def _lane(arguments: Arguments) -> int:
    import secrets

    from gateway.core.lane.modes.hold_end import HoldEnd

    end = HoldEnd(arguments.minutes, arguments.count)
    if end != HoldEnd() and arguments.order != "hold":
        wrong = RequestError(f"--minutes and --count are for hold, not for {arguments.order}")
        return failed(arguments, wrong, str(wrong), EXIT_USAGE)
    if arguments.waive and arguments.order != "unlock":
        wrong = RequestError(f"--waive is for unlock, not for {arguments.order}")
        return failed(arguments, wrong, str(wrong), EXIT_USAGE)
    client = client_of(data_path(arguments))
    exits = _exits_opened(client, arguments.lane) if arguments.order == "emergency" else []
    answer = client.call(
        "lane.command",
        timeout_s=COUNTS_S + ANSWER_MORE_S,
        expires_mono_ns=time.monotonic_ns() + int(COUNTS_S * 1e9),
        request=f"cli:{secrets.token_hex(8)}",
        lane=arguments.lane,
        command=arguments.order,
        by=arguments.by or whoami(),
        via="cli",
        reason=arguments.reason,
        detail={"waive": arguments.waive} if arguments.waive else end.document(),
    )
    done = answer["status"] == "done"
    text = f"{arguments.lane}: {arguments.order} {answer['status']} {answer['reason']}".rstrip()
    if done and exits:
        text, answer = f"{text}, opened too: {', '.join(exits)}", {**answer, "exits": exits}
    show(arguments, answer, text)
    return 0 if done else EXIT_WRONG


def _exits_opened(client: Client, lane_id: str) -> list[str]:
    """The exits that an emergency at this lane opens too, by name."""
    from gateway.core.vocabulary.views import Snapshot
    from web.guard.orders.may import exits_opened

    try:
        lanes = client.state(Snapshot).lanes
    except RequestError:  # of an engine of another version: an emergency does not wait for that
        return []
    found = next((lane for lane in lanes if lane.id == lane_id), None)
    return exits_opened(found, lanes) if found is not None else []


def _install_mode(arguments: Arguments) -> int:
    done = change(arguments, "device.install_mode", device=arguments.id, minutes=arguments.minutes)
    text = f"{arguments.id}: install mode for {arguments.minutes} min; `gatehouse events --follow` tells how it ends"
    show(arguments, done, text if arguments.minutes else f"{arguments.id}: install mode is ended")
    return 0
