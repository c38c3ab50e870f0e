"""What the guard's screen shows, as words: a pure function from a snapshot to a view model.

The snapshot holds facts and codes and nothing personal; here they become the guard's language, with holder and bay
looked up by pass id. The screen's script only puts these texts in place, so the first page and every update come from
the same code. Rules: what was measured, what was asked for and what is old never look alike; what keeps a lane from
opening for cards stands before everything else; a verdict belongs to its car and goes with it; every refusal says why;
a holder's name shows while it helps to greet, and is masked after that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from gateway.core.access.rules import end
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import local_time, wall_ns_of
from web.words.texts import Words, clock, masked, plate_as_written, words
from web.words.times import instant, is_night, ms_since, zone

View = dict[str, Any]
Lookup = Callable[[str], Pass | None]

FRESH_S = 30
CARD_LENGTH = 10
CARD_TAIL = 6
# A car that still stands there is the present case; past this the loop is stuck or the car is parked.
CASE_MOST_S = 600
EXPIRY_WARNING_DAYS = 10
# Characters that fit two lines of large, and two lines of normal type on the smallest screen.
LONG_LINE = {"en": (60, 80), "zh_CN": (30, 42)}
NAME_WIDTH = 13
# Three and more lanes have two short lines for the sentence; a longer name would push the point of it out.
BRIEF_HOLDER_WIDTH = 12
COMMAND_ROLES = frozenset({"guard", "leader", "control_room", "installer"})
# Worst first.
BOX_KINDS = ("storage_degraded", "clock_unsure")
UNSEEN = frozenset({"unacknowledged", "returned-unacknowledged"})
_ALARM_STATES = {"returned-unacknowledged": "returned", "out of service": "out_of_service"}
_LOOPS = {True: "on", False: "off", None: "unknown"}
_LINKS = {True: "up", False: "down", None: "unknown"}
# What only somebody at the lane may do, and what a tagged lane takes from nobody else.
ON_THE_SPOT = frozenset({"emergency", "look"})
TAG_KEEPS_AFAR = frozenset({"stop", "release", "unlock"})
BY_PERSON = frozenset({"operator", "remote", "emergency"})
# Exits whose names fit on the button that opens them too; of more it says how many.
EXITS_WIDTH = 14
# How loud a mode or state is: act (red), decide (amber), note (no colour, but marked), calm.
_TONES = {
    "crashed": "act",
    "fire": "act",
    "interrupted": "decide",
    "paused": "decide",
    "stopped": "decide",
    "device_lost": "decide",
    "fault": "decide",
    "unknown": "decide",
    "held": "note",
    "locked": "note",
    "arm_whole": "act",
    "no_answer": "decide",
    "close_aborted": "decide",
    "vehicle_under": "decide",
    "approach_stuck": "decide",
    "second_factor": "decide",
    "controller_fault": "decide",
    "crossed_closed": "decide",
    "cycles_high": "note",
    "service_due": "note",
}
# Their line says since when, and their mark what is left.
_SAY_SINCE = frozenset({"held", "service_due"})
LOOK_NOTICES = frozenset({"vehicle_under", "approach_stuck"})
# What the lane asks of the guard at once, whoever stands there.
NOTICES = frozenset(
    {
        "arm_whole", "no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor",
        "controller_fault", "crossed_closed",
    }
)  # fmt: skip
# Why no card opens a lane, by the mode or state that says so on it.
_CLOSED_BY = {"lane_locked": "locked", "lane_crashed": "crashed"}
# The car of a lane that is out of use is waved through, so it is spoken to.
_WAVED_THROUGH = frozenset(_CLOSED_BY)
_ASKED = {"open": "up", "hold": "up", "close": "down", "release": "down"}
_SEEN_AS = {"up": ("rising", "open"), "down": ("lowering", "closed")}
# Nobody stands there to be spoken to: the line says what to do.
_NOBODY_THERE = frozenset({"seen_elsewhere"})
_PRIORITY_TONES = {1: "act", 2: "act", 3: "decide", 4: "note"}


def guard_view(
    snapshot: Mapping[str, Any],
    lookup: Lookup,
    locale: str,
    now: datetime,
    *,
    age_ms: int = 0,
    role: str = "guard",
    expiry_days: int = EXPIRY_WARNING_DAYS,
    stands_at: Callable[[str], bool] = lambda _lane: True,
) -> View:
    """The view model of a snapshot that is `age_ms` old, for an operator of this role.

    `lookup` finds a pass by id, None for one that is gone; `now` is an aware time; `expiry_days` is the site's
    `expiry_warning_days`; `stands_at` tells whether the screen stands at a lane.
    """
    said = words(locale)
    site = snapshot.get("site", {})
    scene = _Scene(said, lookup, zone(site.get("timezone", "UTC")), now, role, expiry_days)
    scene.stands_at = stands_at
    scene.lanes = snapshot.get("lanes", [])
    names = {lane["id"]: lane.get("name") or lane["id"] for lane in snapshot.get("lanes", [])}
    alarms = [scene.alarm(alarm, names) for alarm in sorted(_troubles(snapshot), key=_urgency)]
    notice = _notice(alarms)
    local = now.astimezone(scene.zone)
    return {
        "now_ms": int(now.timestamp() * 1000),
        "offset_min": int((local.utcoffset() or timedelta()).total_seconds() // 60),
        "age_ms": age_of(snapshot, age_ms, now),
        "site": site.get("name") or site.get("id", ""),
        "clock": clock(local),
        "night": is_night(local),
        "uplink": scene.uplink(snapshot.get("uplink", {})),
        "notice": notice,
        "alarms": alarms,
        "band": _band(said, alarms),
        "calm": _calm(said, [one for one in alarms if notice is None or one["alarm"] != notice["alarm"]]),
        "lanes": [scene.lane(lane) for lane in snapshot.get("lanes", [])],
    }


def age_of(snapshot: Mapping[str, Any], heard_ms: int, now: datetime) -> int:
    """How old a snapshot is in ms that was heard `heard_ms` ago; a hung engine sends old ones again."""
    return max(heard_ms, ms_since(snapshot.get("as_of"), now))


def blank_snapshot(document: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot that knows nothing but what is set up, for when the engine has never answered."""
    lanes = [{"id": lane["id"], "name": lane.get("name"), "direction": lane["direction"]} for lane in _lanes(document)]
    return {"site": document.get("site", {}), "lanes": lanes, "alarms": []}


def _lanes(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [lane for lane in document.get("lanes", []) if "id" in lane and "direction" in lane]


class _Scene:
    """What every part of the view needs: the words, the passes, the place's time and who looks."""

    def __init__(self, said: Words, lookup: Lookup, place: tzinfo, now: datetime, role: str, expiry_days: int) -> None:
        self.said = said
        self.lookup = lookup
        self.zone = place
        self.now = now
        self.role = role
        self.expiry_days = expiry_days
        self.stands_at: Callable[[str], bool] = lambda _lane: True
        self.lanes: Sequence[Mapping[str, Any]] = ()

    def time(self, text: str | None) -> str:
        """An instant of the snapshot as local time of day."""
        when = instant(text)
        return clock(local_time(wall_ns_of(when), self.zone)) if when else ""

    def age_ms(self, text: str | None) -> int:
        """How long ago an instant was; 0 for none and for the future."""
        return ms_since(text, self.now)

    def epoch_ms(self, text: str) -> int:
        """An instant as the screen's script counts it; one that cannot be read counts as now."""
        return int((instant(text) or self.now).timestamp() * 1000)

    # ---- lane --------------------------------------------------------------------------------------------------

    def lane(self, lane: Mapping[str, Any]) -> View:
        """One lane's panel and its actions."""
        said = self.said
        arm, state = lane.get("arm") or "unknown", lane.get("state") or "unknown"
        car = self.car(lane)
        return {
            "id": lane["id"],
            "name": lane.get("name") or lane["id"],
            "long_name": _width(lane.get("name") or lane["id"]) > NAME_WIDTH,
            "direction": lane.get("direction", "entry"),
            "direction_text": said(f"direction.{lane.get('direction', 'entry')}"),
            "arm": arm,
            "arm_text": said.first(f"arm.{arm}", "arm.unknown"),
            "state": state,
            "mode": self.mode(lane),
            "pause_ends_ms": self.pause_ends_ms(lane),
            "requested": self.requested(lane),
            "asked": _asked(lane),
            "age_ms": lane.get("age_ms"),
            "approach": self.loop("approach", lane.get("approach")),
            "safety": self.loop("safety", lane.get("safety")),
            "car": car,
            "bar": self.bar(lane, car),
            "waits": self.waits(lane, car),
            "case": self.case(lane),
            "line": self.line(lane, car),
            "actions": self.actions(lane),
            "present": self.stands_at(lane["id"]),
            "needs_you": _needs_you(lane, car),
        }

    def mode(self, lane: Mapping[str, Any]) -> View | None:
        """The marked mode or state of a lane; None while it simply works."""
        key = _exception(lane)
        if key is None:
            return None
        text = self._held_chip(lane) if key == "held" else ""
        text = text or self.said.first(f"notice.{key}", f"mode.{key}", f"state.{key}")
        since = None if key in _SAY_SINCE else lane.get("notice_since" if lane.get("notice") == key else "since")
        at_ms = self.epoch_ms(since) if since and key != "paused" else None
        return {"key": key, "text": text, "tone": _TONES[key], "at_ms": at_ms}

    def pause_ends_ms(self, lane: Mapping[str, Any]) -> int | None:
        """When cards open the lane again after a stop at rest; None for no such pause."""
        until = (lane.get("pause") or {}).get("until")
        return self.epoch_ms(until) if until else None

    def _held_chip(self, lane: Mapping[str, Any]) -> str:
        """What is left of a hold, its time before its vehicles; "" for one that only a person ends."""
        hold = lane.get("hold") or {}
        until, left = instant(hold.get("until")), hold.get("left")
        if until:
            return self.said("mode.held.minutes", n=max(0, math.ceil((until - self.now).total_seconds() / 60)))
        return self.said("mode.held.count", n=left) if left else ""

    def requested(self, lane: Mapping[str, Any]) -> str:
        """What was asked for and cannot be seen yet; once the arm does it, the arm says so."""
        asked = lane.get("requested")
        if not asked or _follows(lane):
            return ""
        text = self.said.first(f"requested.{asked.get('command')}", "requested.open")
        return f"{text} · {asked['by']}" if asked.get("by") not in (None, "", "gateway") else text

    def loop(self, which: str, occupied: bool | None) -> View:
        """One loop mark."""
        state = _LOOPS[occupied]
        return {"state": state, "name": self.said(f"loop.{which}"), "text": self.said(f"loop.{state}")}

    def bar(self, lane: Mapping[str, Any], car: View | None) -> View:
        """The largest words of a lane: that no card opens it, else the last car's verdict.

        A granted car's verdict has steps of its own: asked for while the arm is measured down, moving, done.
        """
        code = cannot_open(lane)
        if code is not None:
            reason = self.said.first(f"blocked.{code}", "blocked.other")
            word = self.said.first(f"verdict.blocked.{code}", "verdict.blocked")
            return self._bar("blocked", word, reason, tone=_TONES.get(_key_of(code), "decide"))
        if car is None:
            return self._bar("", self.said("verdict.none"), "")
        step = _step(lane, car)
        return self._bar(
            car["verdict"], self.said("verdict.asked") if step == "asked" else car["word"], car["reason"], step
        )

    def _bar(self, verdict: str, word: str, reason: str, step: str = "", tone: str = "") -> View:
        return {"verdict": verdict, "word": word, "reason": reason, "step": step, "tone": tone}

    def waits(self, lane: Mapping[str, Any], car: View | None) -> View | None:
        """Vehicles that were let in and have not passed, but for the one whose verdict is shown."""
        grants = [one for one in lane.get("waiting_grants") or [] if one.get("lane") in (None, lane["id"])]
        shown = lane.get("last_decision") if car is not None and not car["earlier"] else None
        others = [one for one in grants if shown is None or not _of_decision(one, shown)]
        if not others:
            return None
        first, more = others[0], len(others) - 1
        whole = car is None or car["earlier"]
        by = "" if first.get("by") in (None, "", "gateway") else str(first["by"])
        who = self.said("waits.who", who=self._waiting(first)) + (f" +{more}" if more else "")
        return {
            "text": f"{who} · {by}" if by else who,
            "shown": who if whole else self.said("waits.brief", n=len(others)),
            "by": by if whole else "",
            "whole": whole,
            "at_ms": self.epoch_ms(first["at"]) if first.get("at") else None,
        }

    def _waiting(self, grant: Mapping[str, Any]) -> str:
        """Who was let in: the plate, else what was read, else somebody."""
        pass_ = self.lookup(grant["pass"]) if grant.get("pass") else None
        credential = grant.get("credential") or {}
        if credential.get("kind") == "plate":
            return plate_as_written(credential["value"])
        if pass_ and pass_.plates:
            return plate_as_written(pass_.plates[0])
        return self._credential(credential) if credential else self.said("waits.vehicle")

    def case(self, lane: Mapping[str, Any]) -> View | None:
        """The car that waits for a person's word, side by side with its pass."""
        case = lane.get("case")
        if not case:
            return None
        pass_ = self.lookup(case["pass"]) if case.get("pass") else None
        verdict, reason = case.get("verdict"), case.get("reason")
        credential = case.get("credential") or {}
        read = case.get("plate_read")
        by_hand = self._by_hand(lane)
        blocked = reason == "blocked"
        return {
            "id": case["id"],
            "at_ms": self.epoch_ms(case["at"]),
            "verdict": verdict or "",
            "word": self.said(f"verdict.{verdict}") if verdict else self.said("case.waits"),
            "reason": self.said.first(f"reason.{reason}", "reason.other", code=reason) if reason else "",
            "read": plate_as_written(read) if read else "",
            "shown": self._credential(credential) if credential and credential.get("kind") != "plate" else "",
            "plates": self.said.listed([plate_as_written(one) for one in pass_.plates]) if pass_ else "",
            "differ": bool(case.get("plates_differ")),
            "holder": (masked(pass_.holder) if blocked else pass_.holder) if pass_ else "",
            "unit": pass_.unit if pass_ else "",
            "kind": self.said.first(f"kind.{case.get('kind')}", "kind.none"),
            "several": pass_ is not None and len(pass_.plates) > 1,
            "missing": self.said("case.missing") if "second_proof" in (case.get("missing") or ()) else "",
            "release": self._deed(lane, "passed" if by_hand else "open"),
            "refuse": self._deed(lane, "refuse"),
            "seen_to": self._deed(lane, "seen_to"),
        }

    def _deed(self, lane: Mapping[str, Any], command: str) -> View:
        """What a person may do with a car, and why not."""
        code = self._why_not(lane, command)
        label = "release_case" if command == "open" else command
        return {
            "command": command,
            "label": self.said(f"case.{label}"),
            "on": code is None,
            "why": "" if code is None else refusal(self.said, code),
        }

    def line(self, lane: Mapping[str, Any], car: View | None) -> View:
        """The line under the car: what keeps cards from opening or must be done at once, else what to say to a fresh
        car, else what to do.
        """
        code = cannot_open(lane)
        key = _exception(lane)
        if code is not None and (key is None or (key != "locked" and _TONES[key] == "note")):
            key = _key_of(code)
        fresh = car is not None and bool(car["say"]) and not car["earlier"]
        first = code is not None and not (code in _WAVED_THROUGH and car is not None and car["verdict"] != "granted")
        if key is not None and (key in NOTICES or not fresh or first or _overtaken(lane)):
            return self._line("do", self._todo(key, lane), self._todo(key, lane, brief=True), _TONES[key])
        if car is None:
            return self._line("say", "", "", "calm")
        label = "do" if lane["last_decision"]["reason"] in _NOBODY_THERE else "say"
        return self._line(label, car["say"], car["say_brief"], "calm")

    def _line(self, label: str, text: str, brief: str, tone: str) -> View:
        some, most = LONG_LINE[self.said.locale]
        long = "" if len(text) <= some else "long" if len(text) <= most else "longer"
        return {
            "label": self.said(f"{label}.label") if text else "",
            "text": text,
            "brief": brief,
            "tone": tone,
            "long": long,
        }

    def _todo(self, key: str, lane: Mapping[str, Any], *, brief: bool = False) -> str:
        if key == "held" and lane.get("hold"):
            return self._held(lane["hold"], brief=brief)
        if key == "service_due":
            return self._due(lane["service_due"], brief=brief)
        if key == "paused":
            pause = lane.get("pause") or {}
            until = self.time(pause.get("until"))
            return self.said.first(*_briefly(["do.paused"], brief), by=pause.get("by") or "", until=until)
        tag = lane.get("tag") or {}
        by, since, code = tag.get("by") or "", self.time(tag.get("since")), str(tag.get("reason") or "")
        reason = self.said.first(f"confirm.lock.{code}", "mode.locked.reason")
        if code and f"confirm.lock.{code}" not in self.said:
            reason = code
        return self.said.first(*_briefly([f"do.{key}"], brief), reason=reason, by=by, time=since)

    def _held(self, hold: Mapping[str, Any], *, brief: bool) -> str:
        """Who holds the lane open, since when, and how it ends."""
        ends = [name for name in ("until", "left") if hold.get(name)]
        by = str(hold.get("by") or "")
        return self.said.first(
            *_briefly(["do.held." + ("_".join(ends) or "open")], brief),
            by=self.said.first(f"held_by.{by}", "held_by.name", by=by),
            since=self.time(hold.get("since")),
            until=self.time(hold.get("until")),
            n=hold.get("left"),
        )

    def _due(self, dues: Sequence[Mapping[str, Any]], *, brief: bool) -> str:
        """The first service limit that was passed, and how many more there are."""
        due = dues[0]
        scale, digits = (1000, 1) if due["what"] == "travel_ms" else (1, 0)
        count, limit = (f"{due[name] / scale:.{digits}f}" for name in ("count", "limit"))
        what = self.said.first(f"due.{due['what']}", "due.other", count=count, limit=limit)
        since = self._until(due.get("since"))
        more = f" (+{len(dues) - 1})" if len(dues) > 1 else ""
        date_text = self.said.day(since) if since else ""
        return self.said.first(*_briefly(["do.service_due"], brief), what=what + more, date=date_text)

    # ---- car ---------------------------------------------------------------------------------------------------

    def car(self, lane: Mapping[str, Any]) -> View | None:
        """The last car of a lane, None before the first."""
        decision = lane.get("last_decision")
        if not decision:
            return None
        pass_ = self.lookup(decision["pass"]) if decision.get("pass") else None
        earlier = self._earlier(decision, lane)
        verdict, reason = decision["verdict"], decision["reason"]
        title, title_kind = self._title(decision, pass_, earlier)
        return {
            "at_ms": self.epoch_ms(decision["at"]),
            "time": self.time(decision["at"]),
            "verdict": verdict,
            "word": self.said(f"verdict.{verdict}"),
            "reason": self._handled(decision) or self.said.first(f"reason.{reason}", "reason.other", code=reason),
            "title": title,
            "title_kind": title_kind,
            "who": self._who(decision, pass_, title_kind, earlier),
            "kind": self._kind(decision, pass_, title_kind),
            "bay": self._bay(decision, pass_),
            "days": self._days(decision),
            "passed": self._passed(decision, lane),
            "say": self._say(decision, pass_, lane, earlier),
            "say_brief": self._say(decision, pass_, lane, earlier, brief=True),
            "earlier": earlier,
            "by_hand": reason in BY_PERSON,
            "handled": bool(decision.get("handled")),
        }

    def _earlier(self, decision: Mapping[str, Any], lane: Mapping[str, Any]) -> bool:
        if decision.get("before_restart"):
            return True
        if decision.get("present") is not None:
            return not decision["present"]
        age_ms = self.age_ms(decision["at"])
        if age_ms <= FRESH_S * 1000:
            return False
        standing = lane.get("approach") is True or lane.get("safety") is True
        return not standing or _passage_after(decision, lane) or age_ms > CASE_MOST_S * 1000

    def _handled(self, decision: Mapping[str, Any]) -> str:
        """What a person did with the car, and why; "" while nobody has."""
        handled = decision.get("handled")
        if not handled:
            return ""
        why = self.stated(handled.get("reason") or "")
        return self.said.first(
            f"handled.{handled.get('what')}", "handled.reported", by=handled.get("by") or "", why=why
        )

    def stated(self, reason: str) -> str:
        """A reason that a person chose or gave in words."""
        return self.said.first(f"because.{reason}", "because.words", words=reason)

    def _title(self, decision: Mapping[str, Any], pass_: Pass | None, earlier: bool) -> tuple[str, str]:
        credential = decision.get("credential") or {}
        if credential.get("kind") == "plate":
            return plate_as_written(credential["value"]), "plate"
        if pass_ and pass_.plates:
            return plate_as_written(pass_.plates[0]), "plate"
        if pass_ and pass_.holder:
            return self._name(decision, pass_, earlier), "holder"
        if credential:
            return self._credential(credential), "card"
        by = decision.get("by")
        return self.said("credential.operator" if by else "credential.none", by=by), "words"

    def _who(self, decision: Mapping[str, Any], pass_: Pass | None, title_kind: str, earlier: bool) -> str:
        """The holder, where the title is not the holder already."""
        return self._name(decision, pass_, earlier) if pass_ and pass_.holder and title_kind != "holder" else ""

    def _kind(self, decision: Mapping[str, Any], pass_: Pass | None, title_kind: str) -> str:
        """The kind of pass; of what is not known here, what was read."""
        kind = decision.get("kind") or (pass_.kind.value if pass_ else None)
        if kind:
            return self.said.first(f"kind.{kind}", "kind.none")
        if title_kind not in ("card", "plate") or (pass_ and pass_.holder):
            return ""
        read = (decision.get("credential") or {}).get("kind")
        return self.said.first(f"credential.{read}", "credential.card")

    def _credential(self, credential: Mapping[str, Any]) -> str:
        """What was read, as far as it may be shown: a PIN or a QR token is nobody's business.

        Of a long number its end, by which tags of one make are told apart.
        """
        if credential.get("kind") in ("pin", "qr"):
            return self.said(f"credential.{credential['kind']}")
        value = str(credential.get("value", ""))
        return value if len(value) <= CARD_LENGTH else f"…{value[-CARD_TAIL:]}"

    def _name(self, decision: Mapping[str, Any], pass_: Pass, earlier: bool) -> str:
        needed = not earlier and decision["reason"] != "blocked"
        return pass_.holder if needed else masked(pass_.holder)

    def _bay(self, decision: Mapping[str, Any], pass_: Pass | None) -> str:
        owner = decision.get("bay_of")
        found = self.lookup(owner) if owner and (pass_ is None or owner != pass_.id) else pass_
        bay = found.bay if found and decision["verdict"] != "denied" else ""
        return self.said("bay", bay=bay) if bay else ""

    def _days(self, decision: Mapping[str, Any]) -> str:
        days = self._ending(decision)
        return "" if days is None or decision["verdict"] == "denied" else self.said.days_left(days)

    def _ending(self, decision: Mapping[str, Any]) -> int | None:
        """The days left of a pass that is about to end and can be renewed, None for all others."""
        days: int | None = None if decision.get("kind") == "temporary" else decision.get("days_left")
        return days if days is not None and 0 <= days <= self.expiry_days else None

    def _passed(self, decision: Mapping[str, Any], lane: Mapping[str, Any]) -> str:
        if not _passage_after(decision, lane):
            return ""
        passage = lane["last_passage"]
        return self.said.first(f"passed.{passage['type']}", "passed.entered", time=self.time(passage["at"]))

    def _until(self, text: str | None) -> date | None:
        try:
            last = end(text or "")
        except PassError:
            return None
        return local_time(wall_ns_of(last), self.zone).date() if isinstance(last, datetime) else last

    # ---- the sentence to say -----------------------------------------------------------------------------------

    def _say(
        self,
        decision: Mapping[str, Any],
        pass_: Pass | None,
        lane: Mapping[str, Any],
        earlier: bool,
        *,
        brief: bool = False,
    ) -> str:
        verdict, reason = decision["verdict"], decision["reason"]
        holder = pass_.holder if pass_ and reason != "blocked" and not earlier else ""
        if brief and _width(holder) > BRIEF_HOLDER_WIDTH:
            holder = ""
        hello = self.said("hello.name", holder=holder) if holder else self.said("hello")
        unit = pass_.unit if pass_ else ""
        until = self._until(decision.get("valid_until") or (pass_.valid_until if pass_ else None))
        day = self.said.day(until) if until else ""
        keys = _briefly(self._say_keys(decision, lane, bool(unit)), brief)
        text = self.said.first(*keys, hello=hello, unit=unit, date=day)
        days = self._ending(decision)
        if verdict != "granted" or days is None:
            return text
        warnings = _briefly([f"say.expiring.{days}", "say.expiring.n"], brief)
        warning = self.said.first(*warnings, n=days, date=day)
        return f"{text}{warning}" if self.said.locale == "zh_CN" else f"{text} {warning}"

    def _say_keys(self, decision: Mapping[str, Any], lane: Mapping[str, Any], to_unit: bool) -> list[str]:
        verdict, reason, direction = decision["verdict"], decision["reason"], lane.get("direction")
        base = f"say.{verdict}.{reason}"
        keys = [f"{base}.{decision.get('kind')}.{direction}", f"{base}.{direction}", base, f"say.{verdict}"]
        return [f"{keys[0]}.unit", *keys] if to_unit else keys

    # ---- actions -----------------------------------------------------------------------------------------------

    def actions(self, lane: Mapping[str, Any]) -> View:
        """The five places beside Stop: what each asks for, how it is pressed, and why it is off."""
        held, tagged = lane.get("mode") == "held", bool(lane.get("tag")) or lane.get("mode") == "locked"
        return {
            "open": self._open_or_passed(lane),
            "keep": self._action(lane, "release", "tap") if held else self._action(lane, "hold", "sheet"),
            "close": self._action(lane, "close", "hold"),
            "tag": self._action(lane, "unlock" if tagged else "lock", "pin"),
            "more": self._more(lane),
        }

    def _open_or_passed(self, lane: Mapping[str, Any]) -> View:
        """Open, or the comparison with a car that waits for a person's word; where the arm is out of use, noting a
        vehicle that was waved through.
        """
        if lane.get("case"):
            return self._compare(lane)
        seen = lane.get("approach") is True
        command = "passed" if self._by_hand(lane) else "open"
        action = self._action(lane, command, "tap" if seen else "hold")
        waits = self.waits(lane, self.car(lane))
        if action["on"] and waits is not None and command == "open":
            action["hint"], action["long"] = waits["text"], True
        elif action["on"] and seen:
            action["hint"] = self.said(f"cmd.{command}.tap")
        elif action["on"]:
            action["hint"] = self.said("cmd.open.hold")
        return action

    def _by_hand(self, lane: Mapping[str, Any]) -> bool:
        """Whether vehicles are waved through here, past an arm that is out of use."""
        return lane.get("mode") in ("locked", "crashed") and self._why_not(lane, "passed") is None

    def _compare(self, lane: Mapping[str, Any]) -> View:
        """The sheet on which a car that waits for a person's word is released or refused."""
        code = "role" if self.role not in COMMAND_ROLES else None if lane.get("allowed") is not None else "stale"
        return {
            "command": "compare",
            "label": self.said("cmd.compare"),
            "press": "case",
            "on": code is None,
            "hint": self.said("cmd.compare.hint") if code is None else self.said(f"why.{code}"),
            "why": "" if code is None else refusal(self.said, code),
        }

    def _more(self, lane: Mapping[str, Any]) -> View:
        """The rarer action that fits the moment: reset, saying that one has looked, or an emergency vehicle."""
        doubted = lane.get("notice") in LOOK_NOTICES or (lane.get("allowed") or {}).get("close") == "safety_unknown"
        spot = (None, "on_the_spot_only")
        if self._why_not(lane, "reset") is None:
            return self._action(lane, "reset", "pin")
        if doubted and self._why_not(lane, "look") in spot:
            return self._action(lane, "look", "hold")
        if lane.get("mode") not in ("locked", "crashed") and self._why_not(lane, "emergency") in spot:
            return self._emergency(lane)
        return self._action(lane, "reset", "pin")

    def _emergency(self, lane: Mapping[str, Any]) -> View:
        """Open for an emergency vehicle; on an entry it says which exits it opens too."""
        action = self._action(lane, "emergency", "tap" if lane.get("approach") is True else "hold")
        exits = exits_opened(lane, self.lanes)
        if action["on"] and exits:
            names = self.said.listed(exits)
            short = _width(names) <= EXITS_WIDTH
            keys = [] if not short else ["cmd.emergency.exits"]
            keys += [f"cmd.emergency.exits_{len(exits)}", "cmd.emergency.exits_n"]
            action["hint"] = self.said.first(*keys, exits=names, n=len(exits))
            action["spoken"] = self.said("cmd.emergency.spoken", exits=names)
        return action

    def _action(self, lane: Mapping[str, Any], command: str, press: str) -> View:
        code = self._why_not(lane, command)
        hint = "" if press == "tap" else self.said(f"cmd.press.{press}")
        return {
            "command": command,
            "label": self.said(f"cmd.{command}"),
            "press": press,
            "on": code is None,
            "hint": hint if code is None else self.said.first(f"why.{code}", "why.other", code=code),
            "why": "" if code is None else refusal(self.said, code),
        }

    def _why_not(self, lane: Mapping[str, Any], command: str) -> str | None:
        if self.role not in COMMAND_ROLES:
            return "role"
        allowed = lane.get("allowed")
        if allowed is None:
            return "stale"
        code = allowed.get(command, "other")
        if not self.stands_at(lane["id"]) and (afar := _why_not_from_afar(lane, command)):
            return afar
        return str(code) if code else None

    # ---- alarms ------------------------------------------------------------------------------------------------

    def alarm(self, alarm: Mapping[str, Any], lanes: Mapping[str, str]) -> View:
        """One alarm in words."""
        said, kind = self.said, alarm["kind"]
        state = alarm["state"]
        lane = alarm.get("lane")
        by = alarm.get("acknowledged_by")
        state_text = said.first(f"alarm.state.{_ALARM_STATES.get(state, state)}", "alarm.state.unacknowledged")
        reason = (alarm.get("detail") or {}).get("reason", "")
        todo = next((key for key in (f"todo.{kind}.{reason}", f"todo.{kind}") if key in said), "")
        return {
            "alarm": alarm["alarm"],
            "kind": kind,
            "title": said.first(f"alarm.{kind}.{reason}", f"alarm.{kind}", "alarm.other", code=kind),
            "where": lanes.get(lane, lane) if lane else alarm.get("device_name") or said("alarm.site"),
            "lane": lane,
            "tone": _PRIORITY_TONES.get(alarm.get("priority", 1), "act"),
            "at_ms": self.epoch_ms(alarm["raised_at"]) if alarm["raised_at"] else None,
            "time": self.time(alarm["raised_at"]),
            "unseen": state in UNSEEN,
            "over": state.startswith("returned"),
            "closable": state == "acknowledged",
            "state_text": said("alarm.acknowledged_by", by=by) if by and state not in UNSEEN else state_text,
            "steps": said(todo).split("|") if todo else [],
        }

    # ---- link --------------------------------------------------------------------------------------------------

    def uplink(self, uplink: Mapping[str, Any]) -> View:
        """The link to central, since when it is down, and what waits for it."""
        waiting = int(uplink.get("waiting") or 0)
        state = _LINKS[uplink.get("up")] if uplink.get("configured") else "none"
        small = self.said("uplink.waiting", n=waiting) if waiting else self.said("uplink.nothing_waiting")
        since = uplink.get("since") if state == "down" else None
        return {
            "state": state,
            "text": self.said(f"uplink.{state}"),
            "at_ms": self.epoch_ms(since) if since else None,
            "waiting": "" if state == "none" else small,
        }


def cannot_open(lane: Mapping[str, Any]) -> str | None:
    """Why no card opens a lane now, as a code; None when cards open it."""
    if "cannot_open" in lane:
        code: str | None = lane["cannot_open"]
        return code
    mode, state = lane.get("mode"), lane.get("state")
    for seen, code in (
        (mode == "locked", "lane_locked"),
        (mode == "crashed", "lane_crashed"),
        (lane.get("interrupted"), "interrupted"),
        (state == "stopped", "stopped"),
        (lane.get("pause"), "paused"),
        (lane.get("notice") == "no_answer", "no_answer"),
        (state == "fault", "fault"),
    ):
        if seen:
            return code
    return None


def exits_opened(lane: Mapping[str, Any], lanes: Sequence[Mapping[str, Any]]) -> list[str]:
    """The exits that an emergency at this lane opens too, by name: at an entry every one that can open."""
    if lane.get("direction", "exit") == "exit":
        return []
    return [
        str(one.get("name") or one["id"])
        for one in lanes
        if one.get("direction") == "exit" and (one.get("allowed") or {}).get("emergency") is None
    ]


def _key_of(code: str) -> str:
    """The mode or state that goes with the reason why no card opens a lane."""
    return _CLOSED_BY.get(code, code)


def _step(lane: Mapping[str, Any], car: View) -> str:
    """How far a granted car's opening is: asked, moving or done; passed behind it, "" for another verdict."""
    if car["verdict"] != "granted" or car["earlier"]:
        return ""
    arm = lane.get("arm")
    if arm == "open":
        return "done"
    if arm == "rising":
        return "moving"
    return "passed" if car["passed"] else "asked"


def _of_decision(grant: Mapping[str, Any], decision: Mapping[str, Any]) -> bool:
    """Whether a grant is the one that a decision gave."""
    if decision.get("grant") is not None:
        return bool(grant.get("id") == decision["grant"])
    known = grant.get("credential") is not None and grant.get("credential") == decision.get("credential")
    return decision["verdict"] == "granted" and (known or grant.get("at") == decision.get("at"))


def _why_not_from_afar(lane: Mapping[str, Any], command: str) -> str | None:
    """Why somebody who does not stand at the lane may not do this."""
    tagged = bool(lane.get("tag")) or lane.get("mode") == "locked"
    if command in ON_THE_SPOT or (tagged and command in TAG_KEEPS_AFAR):
        return "on_the_spot_only"
    unguarded = command == "close" and lane.get("safety") is None
    return "safety_unknown" if unguarded and not (lane.get("allowed") or {}).get(command) else None


def refusal(said: Words, code: str, **values: object) -> str:
    """Why a command was not carried out, and what to do instead."""
    return said.first(f"refused.{code}", f"reason.{code}", "refused.other", code=code, **values)


def _asked(lane: Mapping[str, Any]) -> str:
    """Which way the arm was asked to go and does not go yet: up, down, or "" for neither."""
    command = (lane.get("requested") or {}).get("command", "")
    return "" if _follows(lane) else _ASKED.get(command, "")


def _follows(lane: Mapping[str, Any]) -> bool:
    """Whether the arm is seen to do what was asked."""
    way = _ASKED.get((lane.get("requested") or {}).get("command", ""))
    return lane.get("arm") in _SEEN_AS.get(way or "", ())


def _exception(lane: Mapping[str, Any]) -> str | None:
    """The mode or state of a lane that people must know of; modes are stronger than states."""
    mode, state, notice = lane.get("mode"), lane.get("state"), lane.get("notice")
    if mode in ("locked", "crashed", "fire"):
        return str(mode)
    if notice in NOTICES:
        return str(notice)
    if mode in _TONES:
        return str(mode)
    if lane.get("interrupted"):
        return "interrupted"
    if lane.get("pause") and cannot_open(lane) == "paused":
        return "paused"
    if lane.get("cannot_open") == "device_lost":
        return "device_lost"
    if state in _TONES:
        return str(state)
    if notice in _TONES:
        return str(notice)
    if state is None:
        return "unknown"
    return "service_due" if lane.get("service_due") else None


def _briefly(keys: list[str], brief: bool) -> list[str]:
    """Where room is short, the short form of each text before the text itself."""
    return [one for key in keys for one in (f"brief.{key}", key)] if brief else keys


def _width(text: str) -> int:
    """How much room a text takes, in halves of a Chinese character."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _needs_you(lane: Mapping[str, Any], car: View | None) -> bool:
    """A vehicle stands there and nothing will open by itself."""
    if lane.get("approach") is not True or lane.get("arm") not in ("closed", None):
        return False
    return bool(lane.get("case")) or car is None or car["earlier"] or car["verdict"] != "granted"


def _passage_after(decision: Mapping[str, Any], lane: Mapping[str, Any]) -> bool:
    passage = lane.get("last_passage")
    return passage is not None and str(passage["at"]) >= str(decision["at"])


def _overtaken(lane: Mapping[str, Any]) -> bool:
    """Whether the arm was struck, or fire told, after the last decision: what the car was told counts no more."""
    since, decision = lane.get("since"), lane.get("last_decision")
    if lane.get("mode") not in ("crashed", "fire") or not since or decision is None:
        return False
    return str(since) > str(decision["at"])


def _urgency(alarm: Mapping[str, Any]) -> tuple[bool, int, float]:
    """Unseen first, then by priority, then the newest."""
    raised = instant(alarm.get("raised_at"))
    return alarm["state"] not in UNSEEN, alarm.get("priority", 1), -(raised.timestamp() if raised else 0)


def _band(said: Words, alarms: list[View]) -> View | None:
    """The band: the most urgent alarm that nobody has acknowledged."""
    first = next((alarm for alarm in alarms if alarm["unseen"]), None)
    if first is None:
        return None
    others = len(alarms) - 1
    shown = {key: first[key] for key in ("alarm", "title", "tone", "at_ms")}
    # The band is short, and everybody knows where they are.
    where = [first["where"]] if first["where"] != said("alarm.site") else []
    if first["over"]:
        where.append(said("alarm.over"))
    return {**shown, "where": " · ".join(where), "others": said("alarm.more", n=others) if others else ""}


def _calm(said: Words, alarms: list[View]) -> View | None:
    """What is acknowledged and still open, in one quiet line; None for nothing."""
    if not alarms:
        return None
    first, others = alarms[0], len(alarms) - 1
    what = f"{first['title']} · {first['where']}"
    n = others if said.locale == "en" else len(alarms)
    text = said("alarm.calm_more", what=what, n=n) if others else said("alarm.calm", what=what)
    return {"text": text, "at_ms": first["at_ms"]}


def _troubles(snapshot: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alarms, and what is wrong with the box or a device now although no alarm stands for it."""
    devices = {one["id"]: one for one in snapshot.get("devices", [])}
    found: list[Mapping[str, Any]] = []
    for alarm in snapshot.get("alarms", []):
        device = alarm.get("device")
        found.append({**alarm, "device_name": (devices.get(device) or {}).get("name") or device})
    known = {(one["kind"], one.get("device") if one["kind"] == "device_lost" else None) for one in found}
    for kind, device, since in _facts(snapshot):
        if (kind, device) not in known:
            name = device and (devices[device].get("name") or device)
            found.append(
                {"alarm": f"now-{kind}-{device or 'box'}", "kind": kind, "priority": 3, "state": "now"}
                | {"lane": None, "device_name": name, "raised_at": since}
            )
    return found


def _facts(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    """What a snapshot itself says is wrong: (alarm kind, device, since when)."""
    if (snapshot.get("journal") or {}).get("degraded"):
        yield "storage_degraded", None, None
    if (snapshot.get("gateway") or {}).get("clock") == "unset":
        yield "clock_unsure", None, None
    for device in snapshot.get("devices", []):
        if device.get("state") == "lost":
            yield "device_lost", device["id"], device.get("since")


def _notice(alarms: list[View]) -> View | None:
    """What is wrong with the box itself: it has a place of its own on the top line, whoever has seen the alarm."""
    first = next((one for kind in BOX_KINDS for one in alarms if one["kind"] == kind and not one["unseen"]), None)
    return first and {"alarm": first["alarm"], "text": first["title"], "at_ms": first["at_ms"]}
