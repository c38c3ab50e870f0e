"""The site file of a story's lanes."""

from __future__ import annotations

from typing import Any

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.simulation.story.happenings import Story
from gateway.simulation.world.board import OUTPUTS
from gateway.simulation.world.gate import INPUTS, LANE_INPUTS
from gateway.simulation.world.side import DESK

_MONEY: dict[str, Any] = {
    "tariffs": [
        {
            "id": "all",
            "currency": "CNY",
            "free_minutes": 10,
            "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 200}],
            "day_cap": 3000,
        }
    ],
    "charging": {"leave_minutes": 3, "rules": [{"tariff": "all"}]},
}
_BARRIER_KEYS = ("control", "external_open", "close_by")


def settings_of(story: Story) -> Settings:
    """The site file of a story's shape."""
    lanes = [_lane(number, barrier_of(story, number), shape) for number, shape in enumerate(story.lanes)]
    homes = {barrier_of(story, number) for number in range(len(story.lanes))}
    readers = [f"{kind}{number}" for kind in ("reader", "camera") for number in range(len(story.lanes))] + [DESK]
    doors = [f"barrier{number}" for number in sorted(homes) if story.lanes[number].get("sally_port")]
    interlocks = [{"type": "sally_port", "barriers": doors}] if len(doors) > 1 else []
    return parse_settings(
        {
            "site": {"id": "simulated", **story.site, **({"goods_slip": True} if story.office else {})},
            "gateway": {"id": "sim"},
            "devices": [
                {"id": name, "driver": "noop"} for name in (*(f"io{home}" for home in sorted(homes)), *readers)
            ],
            "barriers": [_barrier(number, story.lanes[number]) for number in sorted(homes)],
            "lanes": lanes,
            "interlocks": interlocks,
            **(_MONEY if story.money else {}),
        }
    )


def barrier_of(story: Story, number: int) -> int:
    """The number of the lane whose barrier a lane leads past: its own, or that of the lane before it."""
    return number - 1 if number and story.lanes[number].get("shares") else number


def _barrier(number: int, shape: dict[str, Any]) -> dict[str, Any]:
    """One barrier of the site file."""
    without = (*shape.get("without", ()), *(() if shape.get("shared") else ("clear_loop",)), *LANE_INPUTS)
    wired: dict[str, Any] = {name: _input(number, name) for name in INPUTS if name not in without}
    outputs = OUTPUTS[:3] if shape.get("control", "pulse") == "pulse" else OUTPUTS[:1]
    wired |= {name: f"io{number}.output.{n}" for n, name in enumerate(outputs)}
    wired |= {key: shape[key] for key in _BARRIER_KEYS if key in shape}
    return {"id": f"barrier{number}", "travel_time_ms": max(300, int(shape["travel_ms"])), **wired}


def _lane(number: int, home: int, shape: dict[str, Any]) -> dict[str, Any]:
    """One lane of the site file; `home` is the number of its barrier."""
    fitted: tuple[str, ...] = ("exit_button",) if shape.get("button_only") else ()
    if shape.get("fire"):
        fitted += ("fire",)
    lane = {
        "id": f"lane{number}",
        "direction": shape["direction"],
        "readers": readers_of(number, shape),
        "barrier": f"barrier{home}",
        **{name: _input(home, name) for name in fitted},
    }
    if number == home:
        lane["siren"] = f"io{number}.output.3"
    if shape.get("two_factor"):
        lane |= {"two_factor": True}
    if shape.get("two_factor") or shape.get("camera"):
        lane |= {"cameras": [f"camera{number}"]}
    return lane


def readers_of(number: int, shape: dict[str, Any]) -> list[str]:
    """The readers of a lane: its own, and perhaps the one on the desk."""
    own = [] if shape.get("button_only") else [f"reader{number}"]
    return [*own, DESK] if shape.get("desk") else own


def _input(number: int, name: str) -> str:
    return f"io{number}.input.{INPUTS.index(name)}"
