"""The pending case: one car in front of a lane, what it has shown, the decision, and what is missing.

A car is one case from its first read until it has gone: its approach loop is free again, the granted vehicle is under
the arm, or, without a loop, nothing was read for a while. Card and plate of one case give one decision; if they differ,
a person compares. A denied or referred car waits for a person, whose act (release, refusal, passed by hand, seen to) is
bound to the case.
"""

from __future__ import annotations

import datetime
from typing import Any, Literal

import msgspec

from gateway.core.access import plates
from gateway.core.access.rules import Decision
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import CredentialRead, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.turn import NS_PER_MS

Missing = Literal["second_proof", "word"]
RELEASE_REASONS = (
    "resident_known", "papers_seen", "office_confirmed", "visitor_expected", "camera_misread", "other_car_of_household",
    "other",
)  # fmt: skip
"""Reasons of a person who releases a car or waves it through by hand; own words are accepted too."""
REFUSE_REASONS = ("not_known", "not_expected", "turned_back", "papers_missing", "office_refused", "other")
"""Reasons of a person who turns a car away; own words are accepted too."""
NOT_STATED = "not_stated"
READS_MAX = 16
TOLD_MAX = 32
TOGETHER_MS = 10_000
"""Without a loop, a card and a plate within this time are of one car."""
GONE_MS = 3000
"""A vehicle that comes under the arm within this time after the loop was left is the one that left it."""
LEFT_MS = 5000
"""A vehicle that left the loop this long ago and is not under the arm has backed off."""
CASE_MS = 120_000
"""Without a loop, a car counts as present for this long after its last read."""
UNNAMED_MS = 20_000
"""A car that was read and is not on the loop counts as present for this long, for orders without a case too."""
NOT_ITS_FAULT = (Reason.SEEN_ELSEWHERE, Reason.LANE_LOCKED, Reason.LANE_FAULT, Reason.LANE_UNCLEAR, Reason.FAULT)
"""Refusals that do not concern the vehicle in front."""


class PendingCase(msgspec.Struct):
    """One car in front of a lane. `decision` None: one proof was read, the other is missing.

    `credential` and `visit` are those of the last decision; `grant` is the id of the grant that the decision gave.
    """

    id: str
    at: str
    seen_ns: int
    reads: list[CredentialRead] = msgspec.field(default_factory=list)
    told: set[tuple[str, str, str]] = msgspec.field(default_factory=set)
    named: bool = False
    decision: Decision | None = None
    credential: dict[str, str] | None = None
    visit: OpenVisit | None = None
    grant: str | None = None
    handled: bool = False
    """A person has decided the case, or seen to it."""

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What is missing before this car may pass."""
        if self.decision is None:
            return ("second_proof",)
        return () if self.handled or self.decision.verdict is Verdict.GRANTED else ("word",)

    @property
    def pass_id(self) -> str | None:
        """The id of the car's pass, if known."""
        found = self.decision.pass_ if self.decision else self._only_pass()
        return found.id if found else None

    @property
    def kind(self) -> str | None:
        """The kind of this pass."""
        found = self.decision.pass_ if self.decision else self._only_pass()
        return found.kind.value if found else None

    @property
    def plate(self) -> str | None:
        """The plate that was read, else the only plate of the pass."""
        read = self.plate_read
        found = self.decision.pass_ if self.decision else self._only_pass()
        return read or (found.plates[0] if found and len(found.plates) == 1 else None)

    @property
    def plate_read(self) -> str | None:
        """The plate that a camera read of this car."""
        read = next((read.value for read in reversed(self.reads) if read.kind == "plate"), None)
        if read is None and self.credential is not None and self.credential["kind"] == "plate":
            return self.credential["value"]  # read in an earlier run
        return read

    def _only_pass(self) -> Any:
        passes = self.reads[-1].passes if self.reads else ()
        return passes[0] if len(passes) == 1 else None

    def is_of(self, other: PendingCase) -> bool:
        """Whether two cases are of one car: the same pass, or a credential that both have shown."""
        mine = {(one.kind, one.value) for one in self.reads}
        same_pass = self.pass_id is not None and self.pass_id == other.pass_id
        return same_pass or any((one.kind, one.value) in mine for one in other.reads)

    def shown(self, read: CredentialRead) -> None:
        """Add a read; each credential is kept once, as it was read last."""
        self.reads = [one for one in self.reads if (one.kind, one.value) != (read.kind, read.value)][-READS_MAX:]
        self.reads.append(read)

    def other_proof(self, read: CredentialRead, since_ns: int | None) -> CredentialRead | None:
        """The other proof of the same car: its plate for a card, its card for a plate.

        `since_ns`: only if the case was seen since then; None: the loop shows that it is the same car.
        """
        if since_ns is not None and self.seen_ns < since_ns:
            return None
        return next(
            (one for one in reversed(self.reads) if (one.kind == "plate") != (read.kind == "plate") and not one.fault),
            None,
        )

    def told_already(self, credential: dict[str, str], reason: str) -> bool:
        """Whether this refusal was reported before; from now on it is."""
        case = (credential["kind"], credential["value"], reason)
        known = case in self.told
        if len(self.told) < TOLD_MAX:
            self.told.add(case)
        return known

    def document(self) -> dict[str, Any]:
        """The case for screens; nothing personal."""
        decided = self.decision
        return {
            "id": self.id,
            "at": self.at,
            "verdict": decided.verdict.value if decided else None,
            "reason": decided.reason.value if decided else None,
            "credential": self.credential,
            "pass": self.pass_id,
            "kind": self.kind,
            "plate_read": self.plate_read,
            "plates_differ": decided is not None and decided.reason is Reason.PLATE_MISMATCH,
            "missing": list(self.missing) or ["word"],
        }


def taken_up(last: dict[str, Any], visit: dict[str, Any] | None, wall_ns: int, mono_ns: int) -> PendingCase | None:
    """The case of a lane's last decision before the restart; None if the car was granted, or it is too old.

    `last`: the decision as the projections keep it; `visit`: the open visit of its car.
    """
    verdict = Verdict(last["verdict"])
    age_ns = wall_ns - _wall_ns(str(last["at"]))
    if verdict is Verdict.GRANTED or not last.get("case") or not 0 <= age_ns <= CASE_MS * NS_PER_MS:
        return None
    found = Pass(str(last["pass"]), PassKind(last["kind"])) if last.get("pass") and last.get("kind") else None
    reason = Reason(last["reason"])
    return PendingCase(
        id=str(last["case"]),
        at=str(last["at"]),
        seen_ns=mono_ns - age_ns,
        named=found is not None and reason not in NOT_ITS_FAULT,
        decision=Decision(verdict, reason, "decided before the restart", found, last.get("days_left")),
        credential=last.get("credential"),
        visit=msgspec.convert(visit, OpenVisit) if visit else None,
        handled=bool(last.get("handled")),
    )


def _wall_ns(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text)
    return int(moment.timestamp() * 1000) * NS_PER_MS


class Cases:
    """The case of each lane at one barrier."""

    def __init__(self) -> None:
        self._open: dict[str, PendingCase] = {}
        self._gone: dict[str, tuple[PendingCase, int]] = {}

    def of(self, lane: Lane, occupied: bool | None, now_ns: int) -> PendingCase | None:
        """The case of the car in front; `occupied` is the state of the approach loop, None without one.

        A read while the loop is empty is of a car that is about to roll up.
        """
        case = self._open.get(lane.id)
        kept_ms = CASE_MS if occupied is None else UNNAMED_MS
        if case is not None and not occupied and now_ns - case.seen_ns > kept_ms * NS_PER_MS:
            del self._open[lane.id]
            return None
        return case

    def current(self, lane: Lane) -> PendingCase | None:
        """The case of a lane as of the last look."""
        return self._open.get(lane.id)

    def holds(self, lane: Lane, case_id: str | None) -> bool:
        """Whether the case is that of the car in front."""
        case = self._open.get(lane.id)
        return case is not None and case.id == case_id

    def begin(self, lane: Lane, case: PendingCase) -> PendingCase:
        """Begin the case of a car."""
        self._open[lane.id] = case
        return case

    def leaves(self, lane: Lane, now_ns: int) -> None:
        """The approach loop is free: its car has gone, back or on to the arm."""
        case = self._open.pop(lane.id, None)
        if case is not None:
            self._gone[lane.id] = case, now_ns

    def gone_with(self, lane: Lane, now_ns: int) -> PendingCase | None:
        """The case of the car that has left the loop and did not come under the arm."""
        gone, at_ns = self._gone.get(lane.id, (None, now_ns))
        return gone if now_ns - at_ns > LEFT_MS * NS_PER_MS else None

    def goes_under(self, lane: Lane, occupied: bool | None, now_ns: int) -> PendingCase | None:
        """The case of the vehicle that comes under the arm: the car that has just left the loop, or is on it."""
        gone, at_ns = self._gone.pop(lane.id, (None, 0))
        if gone is not None and now_ns - at_ns <= GONE_MS * NS_PER_MS:
            return gone
        case = self.of(lane, occupied, now_ns)
        self.end(lane)
        return case

    def end(self, lane: Lane) -> None:
        """The car in front of a lane has gone, or a person has dealt with it."""
        self._open.pop(lane.id, None)

    def end_unless_seen_since(self, lane: Lane, since_ns: int) -> None:
        """A car has come to the loop: recent reads are its own, earlier ones are not."""
        case = self._open.get(lane.id)
        if case is not None and case.seen_ns < since_ns:
            del self._open[lane.id]

    def end_by_id(self, case_id: str) -> None:
        """The car was dealt with, whatever lane it waited at."""
        for lane in [lane for lane, case in self._open.items() if case.id == case_id]:
            del self._open[lane]

    def end_of_grant(self, grant_id: str) -> PendingCase | None:
        """The granted vehicle is under the arm; reads from now on are of the next one. Returns its case."""
        found = next((lane for lane, case in self._open.items() if case.grant == grant_id), None)
        return self._open.pop(found) if found is not None else None


def differ(one: CredentialRead, other: CredentialRead) -> bool:
    """Whether card and plate of one car contradict each other; an unknown card does not."""
    card, plate = (other, one) if one.kind == "plate" else (one, other)
    if not card.passes:
        return False
    if plate.passes:
        return not {found.id for found in card.passes} & {found.id for found in plate.passes}
    return all(found.plates and not any(_is_read_of(plate.value, own) for own in found.plates) for found in card.passes)


def _is_read_of(read: str, own: str) -> bool:
    """Whether the plate may be a misread of the other."""
    one, other = plates.normalise(read), plates.normalise(own)
    return one == other or plates.alike(one, other)
