"""The rules by name, and the error of a broken one."""

from __future__ import annotations

RULES = {
    "open": "no open without a journaled grant or a named person (with storage dead: one held in memory)",
    "close": "no close on an occupied safety loop, or one whose state is not known",
    "start": "no movement from a start, a reconnect, other settings or a stale command",
    "crossing": "every crossing that the fitted sensors can tell apart is recorded exactly once",
    "crash": "every crash and every forced arm is alarmed",
    "lost": "no acknowledged row is lost, and the chain holds",
    "occupancy": "occupancy equals truth, or is flagged",
    "bounds": "no queue grows without bound",
    "alarms": "every alarm ends or is still shown",
    "decision": "no car is let in by a card that is unknown, expired, blocked, not yet valid or reported lost",
    "unused": "an unused grant ends, and the arm is not opened for it again and again",
    "elsewhere": "a tag that is seen at a lane without a car opens nothing",
    "factors": "no car enters a lane that requires two proofs on one, or on two that do not belong together",
    "sides": "a grant of one side of a shared barrier is never used by a car of the other side",
    "interlock": "the two doors of a sally port are never opened together",
    "false": "no crash is alarmed where nothing was struck",
    "storage": "storage that fails is alarmed",
    "raise": "the core never raises but by a planted fault",
    "fault": "a fault in the core harms no other car: the next core knows what the last one knew, and serves every car",
    "once": "a QR code that lets in once lets in once, also on a full disk",
    "released": "a released car is inside or outside by its own pass, and no other car's visit is ended by it",
    "refused": "a car that a person has refused passes by another proof, or at a person's word",
    "plates": "a plate opens for the car in front, and a card that differs from it is referred",
    "desk": "a read in the booth opens one lane at most: where a car waits, or the chosen one",
    "taps": "one car is let pass once, however often a guard taps or it is read",
    "accepted": "no tag comes off while a point that was touched under it is not ticked again by both ends",
    "repairs": "one cause has one open repair order, also across kills, and a lost device has one",
    "takings": "takings equal payments: what was answered as paid is on record once, also over kills and power cuts",
    "charged": "a visit is charged once",
    "unpaid": "no car leaves unpaid unless a person releases it",
    "author": "every release and every waiver has an author and a reason",
    "slips": "a release slip is used once, and goods leave on one or at a named person's word",
    "watched": "a watched car is decided exactly as an unwatched one, and the control room hears of it",
    "identity": "a car without a card leaves by the guided steps or at a named person's word",
    "rest": "a stop of an arm at rest pauses its lane for ten seconds, and leaves no lane interrupted",
}


class Broken(BaseException):
    """A rule was broken; `rule` is its name. No Exception, since those of the core are contained by the product."""

    def __init__(self, rule: str, what: str, at_ms: int) -> None:
        self.rule = rule
        self.what = what
        self.at_ms = at_ms
        super().__init__(f"{rule}: {RULES[rule]}. {what}")
