"""The car that waits for a person's word, side by side with its pass."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from gateway.core.vocabulary.views import Case as Waiting
from gateway.core.vocabulary.views import LaneView
from web.guard.lane.car import credential_text
from web.guard.orders.may import by_hand, why_not
from web.guard.scene import Scene, refusal
from web.words.texts import masked, plate_as_written


class Deed(msgspec.Struct, frozen=True):
    """What a person may do with the car; `why` it is off, "" while it is on."""

    command: str
    label: str
    on: bool
    why: str


class Case(msgspec.Struct, frozen=True):
    """`read` is the plate that the camera read, `plates` are those of the pass; `differ` when they are not the same.

    `visit`: at an exit, the stay whose vehicle may have been pictured when it came.
    """

    id: str
    verdict: str
    word: str
    reason: str
    read: str
    shown: str
    plates: str
    differ: bool
    holder: str
    unit: str
    kind: str
    several: bool
    missing: str
    release: Deed
    refuse: Deed
    seen_to: Deed
    visit: str = ""


def case(scene: Scene, lane: LaneView) -> Case | None:
    """The car that waits at a lane, None for none."""
    waiting = lane.case
    if waiting is None:
        return None
    said, pass_ = scene.said, scene.pass_of(waiting.pass_)
    verdict, reason, credential, read = waiting.verdict, waiting.reason, waiting.credential, waiting.plate_read
    return Case(
        id=waiting.id,
        verdict=verdict or "",
        word=said(f"verdict.{verdict}") if verdict else said("case.waits"),
        reason=said.first(f"reason.{reason}", "reason.other", code=reason) if reason else "",
        read=plate_as_written(read) if read else "",
        shown=credential_text(scene, credential) if credential and credential.kind != "plate" else "",
        plates=said.listed([plate_as_written(one) for one in pass_.plates]) if pass_ else "",
        differ=waiting.plates_differ,
        holder=(masked(pass_.holder) if reason == "blocked" else pass_.holder) if pass_ else "",
        unit=pass_.unit if pass_ else "",
        kind=said.first(f"kind.{waiting.kind}", "kind.none"),
        several=pass_ is not None and len(pass_.plates) > 1,
        missing=said("case.missing") if "second_proof" in waiting.missing else "",
        release=_deed(scene, lane, "passed" if by_hand(scene, lane) else "open"),
        refuse=_deed(scene, lane, "refuse"),
        seen_to=_deed(scene, lane, "seen_to"),
        visit=_visit(lane, waiting),
    )


def _visit(lane: LaneView, waiting: Waiting) -> str:
    return "" if waiting.visit is UNSET or lane.direction != "exit" else str(waiting.visit)


def _deed(scene: Scene, lane: LaneView, command: str) -> Deed:
    code = why_not(scene, lane, command)
    label = "release_case" if command == "open" else command
    return Deed(command, scene.said(f"case.{label}"), code is None, "" if code is None else refusal(scene.said, code))
