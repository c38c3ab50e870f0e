"""The rows of the form: each terminal with its wire, the points to choose from, its live state and its findings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec

from gateway.core.settings.contacts import QUICK_MS, contact_of
from gateway.core.wiring.boards import Board
from gateway.core.wiring.learning import ASKS
from gateway.core.wiring.terminals import SEVERAL_MAX, Side, Terminal, terminal_of
from gateway.core.wiring.wires import Document, Wire, lanes_of, paths_of, wires_of
from web.installer.lanes.boards import Points
from web.installer.lanes.posted import DEBOUNCE_MAX
from web.installer.lanes.said import Finding, point_words
from web.words.texts import Words


class Choice(msgspec.Struct, frozen=True):
    """A point to choose, with its words."""

    point: str
    words: str


class Group(msgspec.Struct, frozen=True):
    """The points of one device."""

    words: str
    choices: tuple[Choice, ...]


class Row(msgspec.Struct, frozen=True):
    """One terminal of the form. `path`, `named`: where faults of the checks point. `on`: electrical, None: not known.

    `number`: which of several wires of the terminal; `spare`: the empty place behind them.
    """

    terminal: Terminal
    name: str
    number: int
    wire: Wire | None
    path: str
    named: str
    groups: tuple[Group, ...]
    on: bool | None
    findings: tuple[Finding, ...]
    spare: bool = False

    @property
    def active(self) -> bool | None:
        """The meaning of its state now."""
        return None if self.wire is None or self.on is None else self.wire.means(self.on)

    @property
    def shown(self) -> bool:
        """Whether it is shown at once; the others are folded away."""
        return self.wire is not None or bool(self.findings) or self.terminal.moves

    @property
    def asks(self) -> str:
        """What the lesson asks for; empty for outputs, which are not learned."""
        return ASKS[self.terminal.key] if self.terminal.side == "input" else ""

    @property
    def debounce_max(self) -> int:
        """The longest debounce time that has an effect; 0 for outputs, which have none."""
        if self.terminal.side == "output":
            return 0
        return QUICK_MS if contact_of(self.terminal.key).quick else DEBOUNCE_MAX


class Sheet:
    """Makes the rows of one lane of the draft."""

    def __init__(
        self, site: Document, lane: str, boards: dict[str, Board], told: Points, findings: dict[str, list[Finding]]
    ) -> None:
        self._site = site
        self._lane = lane
        self._boards = boards
        self._levels = told.levels
        self._findings = findings
        self._paths = paths_of(site, lane)

    def rows(self, terminal: Terminal, say: Words) -> Iterator[Row]:
        """The wires of a terminal; of one that takes several with an empty place behind them."""
        here: list[Wire | None] = [*self._wires.get(terminal.name, [])]
        if not here or (terminal.several and len(here) < SEVERAL_MAX):
            here.append(None)
        for number, wire in enumerate(here):
            yield self._row(terminal, number, wire, say)

    def _row(self, terminal: Terminal, number: int, wire: Wire | None, say: Words) -> Row:
        key = terminal.key if number == 0 else f"{terminal.key}.{number}"
        named = f"lanes.{self._lane}.barrier" if terminal.of == "barrier" else f"lanes.{self._lane}"
        name = terminal.name if number == 0 else f"{terminal.name}.{number}"
        return Row(
            terminal=terminal,
            name=name,
            number=number,
            wire=wire,
            path=f"{self._paths.get(terminal.of, '')}.{key}",
            named=f"{named}.{key}",
            groups=self._choices(terminal.side, wire, say),
            on=self._levels.get(wire.point) if wire is not None else None,
            findings=tuple(self._findings.get(name, ())),
            spare=wire is None and number > 0,
        )

    @cached_property
    def _wires(self) -> dict[str, list[Wire]]:
        found: dict[str, list[Wire]] = {}
        for wire in wires_of(self._site, self._lane):
            found.setdefault(terminal_of(wire.terminal).name, []).append(wire)
        return found

    # ---- points to choose from; the same for all terminals of a side

    def _choices(self, side: Side, wire: Wire | None, say: Words) -> tuple[Group, ...]:
        """The points of a side; one that the wire has and no board has is kept, so that nothing is lost."""
        groups = self._groups(say)[side]
        known = {choice.point for group in groups for choice in group.choices}
        if wire is None or not wire.point or wire.point in known:
            return groups
        return (*groups, Group(say("installer.lanes.board.gone"), (Choice(wire.point, wire.point),)))

    def _groups(self, say: Words) -> dict[Side, tuple[Group, ...]]:
        if not hasattr(self, "_made"):
            sides: tuple[Side, ...] = ("input", "output")
            self._made: dict[Side, tuple[Group, ...]] = {
                side: tuple(self._group(board, side, say) for board in self._boards.values() if board.points(side))
                for side in sides
            }
        return self._made

    def _group(self, board: Board, side: Side, say: Words) -> Group:
        state = say.first(f"installer.lanes.board.{board.state or 'not_running'}", "installer.lanes.board.lost")
        return Group(f"{board.id} · {state}", tuple(self._choice(point, say) for point in board.points(side)))

    def _choice(self, point: str, say: Words) -> Choice:
        words, owners = point_words(point, say), self._taken.get(point)
        return Choice(point, f"{words} · {say.listed(owners)}" if owners else words)

    @cached_property
    def _taken(self) -> dict[str, list[str]]:
        """The lanes of each point that has a wire."""
        found: dict[str, list[str]] = {}
        for lane in [str(one.get("id")) for one in lanes_of(self._site)]:
            for wire in wires_of(self._site, lane):
                owners = found.setdefault(wire.point, [])
                owners += [lane] if lane not in owners else []
        return found
