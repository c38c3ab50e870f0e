"""`gatehouse check`: validates settings, tries each device, and says in words what each lane does without.

Trying a device opens its port, asks, and moves nothing: a bus only reads its outputs back at its start. A running
engine owns the ports and is asked instead; only devices that it does not have in the same form (of a site file that is
not installed yet) are tried here.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from drivers.base import Bus, DeviceConfig, Health
from drivers.registry import configure, open_buses
from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.model import Barrier, Direction, Lane, Retention, Settings
from gateway.core.settings.site_file import parse_settings, warnings
from gateway.core.vocabulary.errors import GatehouseError, SettingsError
from gateway.core.vocabulary.events import Event
from gateway.store.journal.reader import JournalReader
from gateway.store.times import rfc3339

TRY_S = 2.0
_STOP_S = 4.0
_Told = TypeVar("_Told")


class DeviceFound(msgspec.Struct, frozen=True):
    """How a device answered; `asked` is `wire` if it was tried here, `engine` if the running engine reported it."""

    id: str
    driver: str
    state: str
    asked: str
    error: str = ""

    @property
    def fine(self) -> bool:
        """Whether it answers."""
        return self.state == "online"


class LaneFound(msgspec.Struct, frozen=True):
    """A lane, and in words what it does without."""

    id: str
    name: str
    without: tuple[str, ...]


class JournalFound(msgspec.Struct, frozen=True):
    """Size of the journal and free space of its disk in bytes, and the time of its oldest row (empty: no row)."""

    rows: int
    used_bytes: int
    free_bytes: int
    oldest: str


class Report(msgspec.Struct, frozen=True):
    """The findings of a check; `problems` and `warnings` are (path, message).

    `shared`: the lane of each reader that several lanes name. `places`: what keeps cars from being counted.
    """

    problems: tuple[tuple[str, str], ...] = ()
    devices: tuple[DeviceFound, ...] = ()
    lanes: tuple[LaneFound, ...] = ()
    shared: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    journal: JournalFound | None = None
    retention: Retention | None = None
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def fine(self) -> bool:
        """Whether there is no problem."""
        return not self.problems and all(device.fine for device in self.devices)


def check(
    document: Any, running: dict[str, dict[str, Any]], installed: Settings | None, journal: Path | None = None
) -> Report:
    """Check a settings document. `running`: the engine's devices by id; `installed`: the settings it runs with.

    `journal` is the file of the journal, if there is one.
    """
    try:
        settings = parse_settings(document)
        configs = configure(settings)
    except SettingsError as error:
        return Report(problems=tuple(error.problems))
    except GatehouseError as error:
        return Report(problems=(("", str(error)),))
    known = {device.id: device for device in installed.devices} if installed else {}
    asked = {
        device.id: running[device.id]
        for device in settings.devices
        if device.id in running and known.get(device.id) == device
    }
    tried = try_devices([config for config in configs if config.id not in asked], TRY_S)
    return Report(
        devices=tuple(_device(config, tried, asked) for config in configs),
        lanes=tuple(
            LaneFound(lane.id, lane.name, without(lane, settings.barrier(lane.barrier))) for lane in settings.lanes
        ),
        shared=shared(settings),
        places=uncounted(settings),
        journal=_journal(journal) if journal is not None and journal.exists() else None,
        retention=settings.gateway.retention,
        warnings=warnings(settings),
    )


def journal_words(found: JournalFound, rules: Retention) -> list[str]:
    """Size and retention of the journal, and a warning if its disk is smaller than its bound."""
    used, free = found.used_bytes / 1e6, found.free_bytes / 1e6
    since = f" since {found.oldest[:10]}" if found.oldest else ""
    last_day = rules.days + rules.grace_days
    words = [
        f"journal: {found.rows} rows{since}, {used:.0f} of at most {rules.megabytes} MB; a row goes after {rules.days}"
        f" days, or {last_day} while a consumer has not confirmed it"
    ]
    if used + free < rules.megabytes:
        words.append(f"  - the disk has {free:.0f} MB left, less than that; lower gateway.retention.megabytes")
    return words


def _journal(path: Path) -> JournalFound | None:
    disk = os.statvfs(path.parent)
    reader = JournalReader(path)
    try:
        oldest = reader.page(0, 1)
        first, last = reader.first_sequence(), reader.last_sequence()
        since = rfc3339(oldest[0].wall_ns) if oldest else ""
        return JournalFound(last - first + 1, reader.used_bytes(), disk.f_bavail * disk.f_frsize, since)
    except GatehouseError:
        return None  # that is the task of `verify`
    finally:
        reader.close()


def _device(config: DeviceConfig, tried: dict[str, Health], asked: dict[str, dict[str, Any]]) -> DeviceFound:
    if config.id in asked:
        told = asked[config.id]
        return DeviceFound(config.id, config.driver, told["state"], "engine", told.get("last_error") or "")
    health = tried.get(config.id)
    if health is None:
        return DeviceFound(config.id, config.driver, "lost", "wire", "its driver told nothing")
    late = "" if health.state == "online" else f"no answer within {TRY_S:g} s"
    return DeviceFound(config.id, config.driver, health.state, "wire", health.last_error or late)


# ---- trying devices ------------------------------------------------------------------------------------------------


class _Trial:
    """A bus that is tried. An exception in a driver, which may be of another package, is a finding."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._fault = ""
        self._thread = threading.Thread(target=self._guarded, args=(bus.run,), name=f"check {bus.key}", daemon=True)
        self._thread.start()

    def health(self) -> list[Health]:
        """The health of its devices; all are bad if the driver has failed."""
        told = [] if self._fault else self._guarded(self._bus.health)
        return [_failed(device, self._fault) for device in self._bus.devices] if self._fault else told or []

    def stop(self) -> None:
        """Ask the bus to end."""
        self._guarded(self._bus.stop)

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join(_STOP_S)

    def _guarded(self, work: Callable[[], _Told]) -> _Told | None:
        try:
            return work()
        except Exception as error:
            self._fault = self._fault or _words(error)
            return None


def try_devices(configs: Sequence[DeviceConfig], try_s: float) -> dict[str, Health]:
    """Open all buses, wait until each device is online or time is over, close them; moves nothing."""
    heard = threading.Event()

    def report(_event: Event) -> None:
        heard.set()

    buses, found = _opened(configs, report)
    trials = [_Trial(bus) for bus in buses]
    deadline = time.monotonic() + try_s
    while True:
        told = {health.device: health for trial in trials for health in trial.health()}
        left_s = deadline - time.monotonic()
        if left_s <= 0 or all(health.state == "online" for health in told.values()):
            break
        heard.wait(min(left_s, 0.1))
        heard.clear()
    for trial in trials:
        trial.stop()
    for trial in trials:
        trial.join()
    return found | told


def _opened(configs: Sequence[DeviceConfig], report: Callable[[Event], None]) -> tuple[list[Bus], dict[str, Health]]:
    """The buses, and the devices whose driver fails before opening a bus."""
    try:
        return open_buses(configs, report), {}
    except Exception:
        faults: dict[str, Health] = {}
        for config in configs:
            try:
                open_buses([config], report)
            except Exception as error:
                faults[config.id] = _failed(config.id, _words(error))
        if not faults:
            raise
        return open_buses([config for config in configs if config.id not in faults], report), faults


def _failed(device: str, words: str) -> Health:
    return Health(device, "lost", time.time_ns(), last_error=words)


def _words(error: Exception) -> str:
    if isinstance(error, GatehouseError):
        return str(error)
    return f"its driver failed ({type(error).__name__}: {error}); tell who made it"


# ---- what a lane does without --------------------------------------------------------------------------------------


def without(lane: Lane, barrier: Barrier) -> tuple[str, ...]:
    """What the lane cannot do because a contact is missing, one sentence each."""
    found = [*_closing(barrier), *_measuring(barrier), *_contacts(barrier), *_seeing(barrier)]
    if not lane.readers:
        found.append("no reader: opens by the guard and by remote command only")
    if barrier.stop is None and barrier.control != "hold":
        found.append("no stop output: stop the arm at the barrier itself")
    if lane.siren is None:
        found.append("no siren: a crash sounds at the control room and on the screen only")
    return tuple(found)


def shared(settings: Settings) -> tuple[str, ...]:
    """For each reader or camera of several lanes: which lane gets its reads, in one or two sentences."""
    found = []
    for device in settings.devices:
        lanes = [lane for lane in settings.lanes if device.id in (*lane.readers, *lane.cameras)]
        if len(lanes) > 1:
            kind = "camera" if any(device.id in lane.cameras for lane in lanes) else "reader"
            names = _listed([lane.id for lane in lanes])
            found.append(f"{kind} {device.id} of lanes {names}: {_belongs(settings, lanes)}")
    return tuple(found)


def _belongs(settings: Settings, lanes: Sequence[Lane]) -> str:
    without = [lane.id for lane in lanes if settings.barrier(lane.barrier).approach_loop is None]
    if len(without) == len(lanes):
        return (
            "what it reads belongs to the lane that is chosen on the booth's screen, else the guard decides"
            " (lane_unclear); none of these lanes has an approach loop that tells where a car waits"
        )
    words = (
        "what it reads belongs to the lane where a car waits on its approach loop, else to the lane that is chosen on"
        " the booth's screen, else the guard decides (lane_unclear)"
    )
    if not without:
        return words
    which = f"{without[0]} has" if len(without) == 1 else f"{_listed(without)} have"
    return f"{words}; {which} no approach loop, so there a car is only known by the screen"


def _listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def uncounted(settings: Settings) -> tuple[str, ...]:
    """Why cars at a site with places are not counted correctly, one sentence each."""
    if not settings.groups and settings.site.capacity is None:
        return ()
    directions = {lane.direction for lane in settings.lanes}
    if Direction.EXIT not in directions:
        return ("no exit lane: no car is seen to leave, and taken places stay taken",)
    return ()


def _closing(barrier: Barrier) -> list[str]:
    if barrier.close_by != "gateway":
        return [f"close_by is {barrier.close_by}: the gateway never closes by itself"]
    if barrier.safety_by == "gateway" and not barrier.safety:
        return ["no safety loop: never closes by itself; the barrier or the guard closes"]
    if barrier.close is None and barrier.control == "pulse":
        return ["no close output: the barrier or the guard closes"]
    return []


def _measuring(barrier: Barrier) -> list[str]:
    found = []
    if barrier.at_open is None and barrier.at_closed is None:
        found.append("no limit switches: the arm's position is presumed; 'forced' and 'obstructed' are not seen")
    elif barrier.at_open is None:
        found.append("no open limit: open is presumed after the travel time")
    elif barrier.at_closed is None:
        found.append("no closed limit: closed is presumed after the travel time; 'forced' is not seen")
    return found


def _contacts(barrier: Barrier) -> list[str]:
    wired = barrier.contacts
    return [contact.without for name, contact in CONTACTS.items() if contact.without and name not in wired]


def _seeing(barrier: Barrier) -> list[str]:
    if barrier.safety and barrier.approach_loop is not None:
        return []
    if barrier.safety:
        return ["no approach loop: a car that reads and backs off is recorded late; passages are inferred"]
    if barrier.approach_loop is not None:
        return ["approach loop only: a passage is inferred when it clears while the arm is open"]
    return ["no loop: a passage is inferred from each granted opening"]
