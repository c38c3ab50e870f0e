"""Made-up stories of a lane, the same ones each time, and what the core does in them step by step.

A story is a shape (how the barrier is fitted) and a seed. Its steps are what happens at a gate: whole passages, cars
that turn back, glitches, people's commands, lost boards, a slow journal, kills. `kept` is what the core did at each
step when somebody last looked, as digests; the test tells the first step that comes out differently, in full.

`python -m tests.core.stories` keeps what the core does now: after a change of behaviour that is meant, and looked at.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import INPUTS, MONTHLY, Playbook, as_sent, site_document, written

KEPT = Path(__file__).parents[1] / "golden" / "stories.json"
SEEDS = range(1, 11)
STEPS = 70
ENDS_SOON = Pass(
    id="p2", kind=PassKind.MONTHLY, cards=("77",), plates=("沪B77777",), valid_until="2026-09-27", bay="B12"
)
OVER = Pass(id="p3", kind=PassKind.MONTHLY, cards=("88",), valid_until="2026-09-01")
BLOCKED = Pass(id="p4", kind=PassKind.BLOCKED, cards=("99",))
STAFF = Pass(id="p5", kind=PassKind.STAFF, cards=("55",), plates=("苏E55555",), schedule="mon-fri 08:00-23:00")
CARDS: dict[str, tuple[Pass, ...]] = {
    "472288": (MONTHLY,), "77": (ENDS_SOON,), "88": (OVER,), "99": (BLOCKED,), "55": (STAFF,), "9": (),
}  # fmt: skip
PLATES: dict[str, tuple[Pass, ...]] = {
    "京A12345": (MONTHLY,), "沪B77777": (ENDS_SOON,), "苏E55555": (STAFF,), "粤Z99999": (),
}  # fmt: skip
EXTRAS = {"mains": "io.input.5", "hand": "io.input.6", "fault": "io.input.8"}
OUTWARD = ((1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (0, 0, 0))
"""The loop beyond, the safety loop and the approach loop under a car that leaves."""
LIMITS = {"cycles": 5, "relay_operations": 9, "crashes_per_month": 0, "travel_ms": 1500}


def _fitted(**barrier: Any) -> dict[str, Any]:
    """One entry with everything a lane can have, but for what a shape takes away."""
    document = site_document(**{**EXTRAS, "service_limits": LIMITS, "max_cycles_per_h": 12, **barrier})
    document["devices"] += [{"id": "sign", "driver": "noop"}, {"id": "cam", "driver": "plate-http"}]
    document["lanes"][0] |= {
        "fire": "io.input.7", "panic": "io.input.9", "displays": ["sign"], "cameras": ["cam"],
        "lights": {"red": "io.output.4", "green": "io.output.5"},
        "signals": {"granted": "io.output.6", "denied": "io.output.7"},
    }  # fmt: skip
    return document


def _shared() -> dict[str, Any]:
    """An entry and an exit past one barrier; the loop beyond the arm is the exit's approach loop."""
    document = _fitted(clear_loop="io.input.6", hand=None, arm_detached=None)
    document["barriers"] = [{"id": "north", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0]["barrier"] = "north"
    document["lanes"].append({
        "id": "out", "name": "Out", "direction": "exit", "readers": ["reader-out"], "barrier": "north",
        "exit_button": "io.input.4",
    })  # fmt: skip
    return document


def _site(document: dict[str, Any], lane: dict[str, Any] | None = None, **site: Any) -> dict[str, Any]:
    document["site"] |= site
    document["lanes"][0] |= lane or {}
    return document


SHAPES: dict[str, Callable[[], dict[str, Any]]] = {
    "all fitted": _fitted,
    "no approach loop": lambda: _fitted(approach_loop=None),
    "no open switch": lambda: _fitted(at_open=None),
    "no closed switch": lambda: _fitted(at_closed=None),
    "no switches": lambda: _fitted(at_open=None, at_closed=None, arm_detached=None),
    "no loops": lambda: _fitted(safety_loop=None, approach_loop=None, close_by="barrier"),
    "one button": lambda: _fitted(control="step", stop=None, close=None),
    "held output": lambda: _fitted(control="hold", close=None, stop=None),
    "fobs expected": lambda: _fitted(external_open="expected", arm_detached=None),
    "two proofs": lambda: _site(_fitted(), {"two_factor": True}),
    "hard anti-passback": lambda: _site(_fitted(), {"free_flow": "mon 22:20-22:40"}, anti_passback="hard", capacity=2),
    "shared": _shared,
}


class Told(Playbook):
    """A playbook that tells what the core did since it was asked last."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.lines: list[str] = []
        super().__init__(*given, **more)

    def _carry_out(self, command: commands.Command) -> None:
        match command:
            case commands.Append():
                row = written(command, self.settings.gateway.id)
                self.lines.append(f"row {row.type} {row.subject} {_text(row.data)}")
            case commands.PulseOutput() | commands.SetOutput():
                self.lines.append(f"output {command.output} {'on' if command.active else 'off'}")
            case commands.ShowOnDevice():
                self.lines.append(f"shown {command.device} {_text(command.message)}")
            case commands.Reply():
                self.lines.append(f"reply {command.status} {command.reason}")
            case commands.Log():
                self.lines.append(f"log {command.level} {command.message}")
        super()._carry_out(command)

    def tell(self) -> str:
        """Rows, outputs, messages and replies since the last time; what runs and what people see now."""
        lines, self.lines = self.lines, []
        due_ms = sorted(
            (due - self.mono_ns) // 1_000_000 for due, number, timer in self._heap if self._runs(timer, number)
        )
        return "\n".join([*lines, f"timers {due_ms}", f"seen {_text(self._shown())}"])

    def _shown(self) -> dict[str, Any]:
        """What the core shows, without the ages that the engine adds."""
        core = as_sent(self.site.snapshot())
        for lane in core["lanes"]:
            del lane["measured_at"], lane["age_ms"]
        return core

    def _runs(self, timer: Any, number: int) -> bool:
        return self._timers.get(timer) == number


def _text(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, sort_keys=True)


Step = tuple[str, Callable[[Told], None]]


def _obey(play: Told) -> None:
    """The arm does what it was told last."""
    state = play.lane()["arm"]
    requested = play.lane()["requested"]
    way = requested["command"] if requested else {"rising": "open", "lowering": "close"}.get(state)
    if way in ("open", "hold"):
        play.rise()
    elif way == "close":
        play.lower()


def _step(dice: random.Random) -> Step:
    """One thing that happens at a gate; whole passages more often than nonsense."""
    card, plate = dice.choice(sorted(CARDS)), dice.choice(sorted(PLATES))
    device = dice.choice(("reader-in", "reader-in", "reader-out"))
    lane = dice.choice(("in", "in", "out"))
    contact = dice.choice(("approach_loop", "safety_loop", "at_open", "at_closed", "arm_detached", "mains", "hand",
                           "fire", "fault", "panic"))  # fmt: skip
    value = dice.random() < 0.5
    ms = dice.choice((20, 40, 400, 710, 1510, 3010, 5000, 10_010, 20_010, 61_000, 301_000))
    command = dice.choice(("open", "open", "close", "stop", "hold", "release", "release", "lock", "unlock", "reset",
                           "passed", "emergency", "refuse", "seen_to", "look"))  # fmt: skip
    via = dice.choice(("guard", "guard", "guard", "mqtt"))
    verb = dice.choice(("acknowledge", "verify", "shelve", "unshelve", "close"))
    detail = dice.choice(({}, {}, {"minutes": 3}, {"count": 2}))
    steps: list[tuple[int, Step]] = [
        (10, ("a resident", lambda play: _passage(play, card))),
        (10, (f"card {card} at {device}", lambda play: play.read(card, CARDS[card], device=device))),
        (4, (f"plate {plate}", lambda play: _plate(play, plate, dice.choice((0, 500, 9000))))),
        (3, (f"tag {card} from afar", lambda play: _tag(play, card, value))),
        (10, ("the arm obeys", _obey)),
        (5, ("a car goes out", lambda play: _goes_out(play, card))),
        (6, ("a car drives through", lambda play: play.drive_through())),
        (8, (f"{contact} {value}", lambda play: play.set(**{contact: value}))),
        (4, (f"{contact} glitches", lambda play: _glitch(play, contact, not value))),
        (4, ("the car comes or goes", lambda play: play.set(approach_loop=value))),
        (8, (f"{ms} ms pass", lambda play: play.advance(ms))),
        (10, (f"{command} at {lane}", lambda play: _command(play, command, lane, via, detail, value))),
        (3, (f"alarms: {verb}", lambda play: _alarms(play, verb))),
        (9, ("people put it right", _put_right)),
        (1, ("the board is lost", lambda play: play.happens(events.DeviceLost("io", "no answer")))),
        (1, ("the board is silent", lambda play: play.happens(events.DeviceStale("io")))),
        (3, ("the board is back", lambda play: play.restored())),
        (1, ("the journal is slow", lambda play: setattr(play, "journal_waits", True))),
        (2, ("the journal is quick", _commit)),
        (1, ("an order fails", lambda play: _fail(play))),
        (1, ("the board swallows", lambda play: setattr(play, "board_swallows", value))),
        (1, (f"uplink {value}", lambda play: play.happens(events.UplinkChanged(value, "test")))),
        (1, (f"storage {value}", lambda play: _storage(play, value))),
        (1, (f"tampered {value}", lambda play: play.happens(events.TamperChanged("reader-in", value)))),
        (1, (f"clock {value}", lambda play: _clock(play, value))),
        (1, ("a screen shows in", lambda play: play.happens(events.LaneChosen("booth", "in")))),
    ]
    return dice.choices([step for _, step in steps], [weight for weight, _ in steps])[0]


def _passage(play: Told, card: str) -> None:
    play.set(approach_loop=True)
    play.read(card, CARDS[card])
    _obey(play)
    if play.lane()["arm"] == "open":
        play.drive_through()
        play.advance(900)
        _obey(play)


def _goes_out(play: Told, card: str) -> None:
    """Over the loops from beyond; the loop there is the board's input 6."""
    play.electrical[6] = True
    play.set()
    play.read(card, CARDS[card], device="reader-out")
    _obey(play)
    for clear, safety, approach in OUTWARD:
        play.electrical[6] = bool(clear)
        play.set(safety_loop=bool(safety), approach_loop=bool(approach))
        play.advance(400)
    play.advance(900)
    _obey(play)


def _put_right(play: Told) -> None:
    """The board is mended, the arm is whole and down, and the guard gives the lane back to traffic."""
    play.board_swallows = False
    _commit(play)
    play.set(**{name: name in ("at_closed", "mains") for name in INPUTS[:6]})
    play.restored()
    for command in ("unlock", "reset", "release"):
        play.person(command, station="booth")
    play.advance(11_000)


def _plate(play: Told, plate: str, age_ms: int) -> None:
    play.happens(events.CredentialRead("cam", "plate", plate, 0, PLATES[plate], age_ms=age_ms))


def _tag(play: Told, card: str, again: bool) -> None:
    play.happens(events.CredentialRead("reader-in", "card", card, 96, CARDS[card], long_range=True, again=again))


def _glitch(play: Told, contact: str, value: bool) -> None:
    """Away and back for less than its debounce time, or restless for half a second."""
    before = play.electrical[INPUTS.index(contact)]
    for n in range(12 if value else 1):
        play.set(settle_ms=20, **{contact: not before if n % 2 == 0 else before})
    play.set(**{contact: before})


def _command(play: Told, command: str, lane: str, via: str, detail: dict[str, Any], named: bool) -> None:
    known = {one.id for one in play.site.snapshot().lanes}
    lane = lane if lane in known else "in"
    case = play.lane(lane)["case"]
    far = {"via": "mqtt", "expires_wall_ns": play.wall_ns + 10**10} if via == "mqtt" else {"station": "booth"}
    named_case = {"case": case["case"]} if case and named and "case" in case else {}
    play.person(command, lane=lane, detail=detail, **far, **named_case)


def _alarms(play: Told, verb: str) -> None:
    for alarm in play.alarms()[:3]:
        until_ns = play.wall_ns + 120 * 10**9
        play.alarm(verb, alarm["alarm"], reason="mended tomorrow", finding="real", until_wall_ns=until_ns)


def _commit(play: Told) -> None:
    play.journal_waits = False
    play.commit()


def _fail(play: Told) -> None:
    for device, output, token in list(play._ordered)[-1:]:
        play._ordered.clear()
        play.happens(events.OutputFailed(device, output, token, "no answer"))


def _storage(play: Told, degraded: bool) -> None:
    part = "projections" if degraded else "journal"
    for event in (events.StorageDegraded("disk full", part), events.StorageRestored(3, 0, part)):
        play.happens(event)


def _clock(play: Told, unset: bool) -> None:
    play.clock = ClockState.UNSET if unset else ClockState.SYNCED
    play.happens(events.ClockChanged(play.clock, 0))


def played(shape: str, seed: int) -> Iterator[tuple[str, str]]:
    """The steps of a story, each with what the core did; after two thirds the run is killed and the next one begins."""
    dice = random.Random(f"{shape} {seed}")
    play = Told(SHAPES[shape]())
    yield "the run begins", play.tell()
    for number in range(STEPS):
        if number == 2 * STEPS // 3:
            play = _killed(play)
            yield "killed and begun again", play.tell()
        name, happens = _step(dice)
        happens(play)
        yield name, play.tell()


def _killed(play: Told) -> Told:
    after = Told(play.document, play.memory(), start=False, wall_ns=play.wall_ns + 3 * 10**9, run=play.run + 1)
    after.kept[:0] = play.kept
    after.electrical = list(play.electrical)
    after.restored()
    return after


def digest(told: str) -> str:
    """Six characters are enough to see that a step came out differently."""
    return hashlib.sha256(told.encode()).hexdigest()[:6]


def kept() -> dict[str, str]:
    """`shape seed` -> the digests of its steps, as they were when they were kept."""
    found: dict[str, str] = json.loads(KEPT.read_text("utf-8"))
    return found


def main() -> None:
    """Keep what the core does now."""
    stories = {
        f"{shape} {seed}": " ".join(digest(told) for _, told in played(shape, seed))
        for shape in SHAPES
        for seed in SEEDS
    }
    KEPT.write_text(json.dumps(stories, indent=0) + "\n", "utf-8")
    print(f"kept {len(stories)} stories in {KEPT.name}")


if __name__ == "__main__":
    main()
