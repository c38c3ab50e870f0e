"""The settings of a gateway that runs: applied, confirmed, rolled back; each step by a named author, and journaled.

Order of a change: wait until the touched lanes are at rest; store the version as pending; let the core take it in one
turn; let the buses of touched devices begin anew; tell everybody else; journal. Whatever happens in between, the next
start finds the version before, or this one confirmed. A way back is the same with the earlier settings, and it does not
give up: after a while it waits for movement alone, in the end for nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from drivers.base import DeviceConfig
from drivers.registry import configure
from gateway.control import Responder
from gateway.core.settings.difference import Touched, touched
from gateway.core.settings.marks import losing
from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import (
    BusyError,
    ConflictError,
    GatehouseError,
    NotFoundError,
    NotRecordedError,
    RefusedError,
    SettingsError,
    StorageError,
)
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import DeviceTested, Who
from gateway.core.vocabulary.rows import Row as RowToWrite
from gateway.engine.bench.requests import BenchRestart
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.settings import requests as r
from gateway.engine.settings.buses import Buses
from gateway.engine.settings.changeover import GATEWAY, Changeover, Restarted
from gateway.engine.settings.drafts import Drafts
from gateway.engine.settings.waiting import Impatient, Patient, Refused, Waiting
from gateway.engine.socket.jobs import Jobs
from gateway.engine.socket.requests import read
from gateway.store.journal.writer import Row
from gateway.store.settings.planning import Plan, exported, plan, restoring
from gateway.store.settings.versions import Version, Versions, earlier, go_back, must_be_seen, must_fit, rows_of
from gateway.store.times import rfc3339

log = logging.getLogger(__name__)

REST_S = 60.0
"""How long touched lanes may take to come to rest and be empty."""
FORCED_S = 120.0
"""A way back that has waited for so long is taken whatever the lanes do: as after a restart."""
RESTART_S = 10.0
"""How long a restart of a device waits for its lanes; half of it for rest, then only for what moves."""
LOOK_S = 0.5
_NS = 1_000_000_000
_CORE_PATIENCE_S = 10.0
"""How much longer than its own end a change may take in the core thread."""
_SPARE_S = 0.25

Adopt = Callable[[Settings, tuple[DeviceConfig, ...]], None]
Take = Callable[[Settings], None]


class Changes:
    """Call `handle` in the control thread; everything else runs in the settings thread."""

    def __init__(
        self,
        settings: Settings,
        versions: Versions,
        *,
        buses: Buses,
        inbox: Inbox,
        recorder: Recorder,
        now: Callable[[], Now],
        take: Take,
        adopt: Adopt,
        failed: Callable[[str], None],
    ) -> None:
        """`take`: what belongs to the core thread takes settings, there; `adopt`: the rest does, in this thread.

        `failed` ends the process: the next start has the settings before.
        """
        self.settings = settings
        self._versions = versions
        self._buses = buses
        self._inbox = inbox
        self._recorder = recorder
        self._now = now
        self._take_in_core = take
        self._adopt = adopt
        self._failed = failed
        self._jobs = Jobs("changes of the settings")
        self._stopping = threading.Event()
        self._drafts = Drafts()
        self._deadline_ns: int | None = None
        self._stamp = versions.stamp()
        self._overdue = "restart"
        self._waiting: Waiting | None = None
        """The change that waits for lanes, for any thread."""
        self._draft_applied = ""
        self._refused = Refused("", "")
        """The draft that was last not applied, for any thread."""
        self._untold = True
        self._ops: dict[str, Callable[[dict[str, Any], Responder], Any]] = {
            "site.plan": self._plan,
            "site.apply": self._apply,
            "site.confirm": self._confirm,
            "site.rollback": self._roll_back,
            "site.draft": self._draft,
            "site.draft.apply": self._apply_draft,
            "site.draft.confirm": self._confirm_draft,
            "site.draft.discard": self._discard_draft,
            "bench.restart": self._restart,
        }
        self.looks: dict[str, Callable[[dict[str, Any]], Any]] = {
            "site.history": self._history,
            "site.get": self._get,
            "site.draft.state": self._draft_state,
        }
        """What only reads the file, for the thread of the clerk, which no lane holds up."""

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops of the settings, without `looks`."""
        return tuple(self._ops)

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Queue a request; BusyError while a change waits for lanes, so that no second one waits behind it."""
        waiting = self._waiting
        if waiting is not None and op == "site.draft.apply" and waiting.draft and params.get("draft") == waiting.draft:
            respond.result(waiting.shown())
            return
        if waiting is not None:
            raise BusyError(f"a change of the settings is under way: {waiting.words()}; try again shortly")
        self._jobs.ask(partial(self._serve, partial(self._ops[op], params, respond), respond))

    def stop(self) -> None:
        """End `run`; a change that waits for lanes is given up."""
        self._stopping.set()
        self._jobs.stop()

    def run(self) -> None:
        """Serve requests until `stop`, and go back from what is not confirmed in time."""
        self._jobs.run(self._look)

    def _serve(self, work: Callable[[], Any], respond: Responder) -> None:
        try:
            respond.result(work())
        except GatehouseError as error:
            respond.error(error)
        except Exception:
            log.exception("a change of the settings could not be made")
            respond.error(GatehouseError("the engine could not carry this out; see its log"))

    def _look(self) -> None:
        """About once a second: what is overdue."""
        try:
            if self._untold:
                self._untold = False
                self._recall()
                self._tell()
            if self._deadline_ns is not None and self._mono_ns() >= self._deadline_ns:
                self._go_back("time_over", None, None)
            self._follow_file()
        except StorageError as error:
            self._untold = True
            log.error("a step of the settings waits for the disk: %s", error)

    def _recall(self) -> None:
        """A version that no longer holds in the engine, and could not be taken back in the file, goes back there."""
        if self._deadline_ns is None:
            go_back(self._versions, self._overdue)

    def _follow_file(self) -> None:
        """Take what was edited in the file beside the versions: the first set-up names site and gateway there."""
        stamp = self._versions.stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        if self._versions.pending is not None and self._deadline_ns is None:
            return
        try:
            move = self._move(parse_settings(self._versions.opened()))
        except GatehouseError as error:
            log.error("the settings in the file cannot be taken: %s", error)
            return
        if move.touched.barriers or move.touched.devices:
            log.warning("lanes and devices were edited in the file: that holds from the next start on")
        elif msgspec.structs.replace(move.settings, operators=()) != msgspec.structs.replace(
            self.settings, operators=()
        ):
            self._change_over(move, None)

    # ---- looking

    def _plan(self, params: dict[str, Any], _respond: Responder) -> dict[str, Any]:
        asked = read(r.SitePlan, params)
        if asked.version is not None:
            return self._planned_version(asked.version).shown()
        return self._planned(asked.document).shown()

    def _planned(self, document: Any, *, by_token: bool = False) -> Plan:
        return self._with_wires(plan(self._versions, document, self._check, by_token=by_token))

    def _planned_version(self, number: int) -> Plan:
        return self._with_wires(restoring(self._versions, number or earlier(self._versions), self._check))

    def _with_wires(self, found: Plan) -> Plan:
        """The plan with all lanes and devices that it touches: some share a wire with one that differs."""
        devices = self._buses.changed(self._check(found.settings))
        return msgspec.structs.replace(found, touched=touched(self.settings, found.settings, devices))

    def _check(self, settings: Settings) -> tuple[DeviceConfig, ...]:
        return tuple(configure(settings))

    def _history(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        read(r.SiteHistory, params)
        return [one.shown() for one in reversed(self._versions.list())]

    def _get(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(r.SiteGet, params)
        current = self._versions.current
        document = exported(self._versions.document(), by_token=asked.by_token)
        return {"version": current.version, "site": document, "state": current.state, "until": current.until or None}

    # ---- drafts

    def _draft(self, params: dict[str, Any], _respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteDraft, params)
        found = self._planned(asked.document, by_token=asked.by_token)
        base = found.wanted.base if asked.base is None else asked.base
        must_be_seen(self._versions.current, base)
        draft = self._drafts.add(asked.document, base, asked.who, by_token=asked.by_token)
        return {"id": draft.id, **found.shown(), "base": base}

    def _apply_draft(self, params: dict[str, Any], respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteDraftApply, params)
        draft = self._drafts.get(asked.draft)
        if draft.version is not None:
            return self._versions.get(draft.version).shown()
        wanted = self._planned(draft.document, by_token=draft.by_token)
        self._draft_applied, self._refused = draft.id, Refused("", "")
        patient = respond if asked.patience_s is None else Impatient(respond, draft.id, asked.patience_s)
        try:
            done = self._applied(wanted, asked.who, draft.base, asked.confirm_s, 0, patient)
        except GatehouseError as error:
            self._refused = Refused(draft.id, str(error))
            raise
        finally:
            self._draft_applied = ""
        draft.version = done["version"]
        return done

    def _draft_state(self, params: dict[str, Any]) -> dict[str, Any]:
        """How far a draft is that was asked to be applied."""
        asked = read(r.SiteDraftState, params)
        waiting, refused = self._waiting, self._refused
        if waiting is not None and waiting.draft == asked.draft:
            return {**waiting.shown(), "lanes": [msgspec.to_builtins(one) for one in waiting.unrest]}
        if refused.draft == asked.draft:
            return {"draft": asked.draft, "state": "refused", "detail": refused.words}
        version = self._drafts.version_of(asked.draft)
        if version is None:
            return {"draft": asked.draft, "state": "waiting", "waiting": [], "lanes": []}
        return {"draft": asked.draft, **self._versions.get(version).shown()}

    def _confirm_draft(self, params: dict[str, Any], _respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteDraftEnd, params)
        draft = self._drafts.get(asked.draft)
        if draft.version is None:
            raise RefusedError(f"draft {draft.id} was not applied; apply it first")
        return self._confirmed(draft.version, asked.who)

    def _discard_draft(self, params: dict[str, Any], respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteDraftEnd, params)
        draft = self._drafts.get(asked.draft)
        pending = self._versions.pending
        if draft.version is not None and pending is not None and pending.version == draft.version:
            self._go_back("asked", asked.who, respond)
        self._drafts.drop(draft.id)
        return {}

    # ---- applying

    def _apply(self, params: dict[str, Any], respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteApply, params)
        return self._applied(self._planned(asked.document), asked.who, asked.base, asked.confirm_s, 0, respond)

    def _applied(
        self, wanted: Plan, who: Who, base: int | None, confirm_s: int | None, restores: int, respond: Patient
    ) -> dict[str, Any]:
        """Make a plan hold; `confirm_s` None: as long as the plan says."""
        must_fit(self._versions.current, wanted.wanted.base if base is None else base)
        if not wanted.changes:
            return {**self._versions.current.shown(), "changes": []}
        patience_s = wanted.confirm_s if confirm_s is None else confirm_s
        move = self._move(wanted.settings)
        move.who = who
        self._wait_for_rest(move, respond)
        until = rfc3339(self._now().wall_ns + patience_s * _NS) if patience_s else ""
        version = self._versions.apply(
            wanted.wanted, who["by"], who["via"], until=until, pending=True, restores=restores
        )
        try:
            self._change_over(move, respond)
        except GatehouseError:
            self._go_back_in_the_file("not_applied", None)
            self._tell()
            raise
        if patience_s:
            self._deadline_ns = self._mono_ns() + patience_s * _NS
        else:
            self._versions.confirm(version.version)
        log.info("version %d of the settings holds%s", version.version, f" until {until}" if until else "")
        self._tell()
        return self._versions.get(version.version).shown()

    # ---- the end of waiting

    def _confirm(self, params: dict[str, Any], _respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteConfirm, params)
        pending = self._versions.pending
        if pending is None:
            raise RefusedError("no version waits to be confirmed")
        return self._confirmed(pending.version, asked.who)

    def _confirmed(self, number: int, who: Who) -> dict[str, Any]:
        pending = self._versions.get(number)
        if pending.state == "pending" and not _is_author(pending, who):
            raise ConflictError(
                f"version {number} was applied by {pending.by} ({pending.via}), who alone can confirm it; you can roll"
                " it back"
            )
        self._versions.confirm(number)
        self._deadline_ns = None
        log.info("version %d of the settings is confirmed", number)
        self._tell()
        return self._versions.get(number).shown()

    def _roll_back(self, params: dict[str, Any], respond: Responder) -> dict[str, Any]:
        asked = read(r.SiteRollback, params)
        pending = self._versions.pending
        number = asked.version or earlier(self._versions)
        if pending is not None:
            wanted = self._planned_version(number)
            self._go_back("asked", asked.who, respond)
            if number == pending.before:
                return {**self._versions.current.shown(), "changes": list(wanted.wanted.changes)}
        wanted = self._planned_version(number)
        return self._applied(wanted, asked.who, None, 0, number, respond)

    def _go_back(self, reason: str, who: Who | None, respond: Patient | None) -> None:
        """From the version that waits to the one before, whatever the lanes do in the end, and the disk."""
        pending = self._versions.pending
        self._deadline_ns = None
        if pending is None:
            return
        log.warning("version %d of the settings goes back (%s)", pending.version, reason)
        move = self._move(parse_settings(self._versions.document_of(pending.before)))
        move.moves_only_from_ns = self._mono_ns() + int(REST_S * _NS)
        move.until_ns = self._mono_ns() + int(FORCED_S * _NS)
        move.always = True
        move.losing, move.who = frozenset(), who
        self._go_back_in_the_file(reason, who)
        try:
            self._change_over(move, respond)
        except GatehouseError as error:
            if not self._stopping.is_set():
                self._failed(f"the settings before version {pending.version} could not be taken: {error}")
        self._tell()

    def _go_back_in_the_file(self, reason: str, who: Who | None) -> None:
        """At once, else as soon as the disk takes it; a start before that goes back too."""
        try:
            go_back(self._versions, reason, who)
        except StorageError as error:
            self._overdue, self._untold = reason, True
            log.error("going back waits for the disk: %s", error)

    # ---- the change itself

    def _move(self, settings: Settings, restarted: frozenset[str] = frozenset()) -> _Move:
        """What stands between the settings that run and these; `restarted`: devices whose bus begins anew besides."""
        configs = self._check(settings)
        devices = self._buses.changed(configs) | restarted
        found = touched(self.settings, settings, devices)
        try:
            fresh = self._buses.opened(configs, devices)
        except Exception as error:
            log.exception("the new devices cannot be set up")
            raise SettingsError([("devices", f"cannot be set up ({type(error).__name__}); see the log")]) from error
        until_ns = self._mono_ns() + int(REST_S * _NS)
        return _Move(settings, configs, found, fresh, until_ns, losing(self.settings, settings))

    def _restart(self, params: dict[str, Any], respond: Responder) -> dict[str, Any]:
        """Let the bus of one device begin anew, and the lanes that are wired to it: as if it were set up otherwise."""
        asked = read(BenchRestart, params)
        devices = self._buses.beside(asked.device)
        if not devices:
            raise NotFoundError(f"there is no device {asked.device!r}")
        move = self._move(self.settings, devices)
        move.until_ns = self._mono_ns() + int(RESTART_S * _NS)
        move.moves_only_from_ns = self._mono_ns() + int(RESTART_S * _NS / 2)
        row = DeviceTested(device=asked.device, what="restart", outcome="begun", **asked.who)
        if not self._journaled([row]):
            raise NotRecordedError
        try:
            self._change_over(move, respond)
        except GatehouseError:
            self._journaled([msgspec.structs.replace(row, outcome="failed")])
            raise
        return {"device": asked.device, "with": sorted(devices - {asked.device}), "lanes": list(move.touched.lanes)}

    def _wait_for_rest(self, move: _Move, respond: Patient | None) -> None:
        """Wait before anything is stored; RefusedError names the lanes that do not come to rest."""
        if move.touched.barriers:
            self._pass(Changeover(move.settings, move.touched, move.until_ns, losing=move.losing), respond)

    def _change_over(self, move: _Move, respond: Patient | None) -> None:
        """Let the core, the buses and everybody else take the settings; GatehouseError if the core does not."""
        offer = Changeover(
            move.settings,
            move.touched,
            move.until_ns,
            take=partial(self._taken_by_core, move),
            moves_only_from_ns=move.moves_only_from_ns,
            always=move.always,
            losing=move.losing,
            who=move.who or GATEWAY,
        )
        self._pass(offer, respond)
        devices = move.touched.devices
        give = partial(self._buses.give_back, devices)
        ended = partial(self._inbox.put, Restarted(devices, give))
        self._buses.replace(move.configs, devices, move.fresh, ended)
        self.settings = move.settings
        self._adopt(move.settings, move.configs)

    def _taken_by_core(self, move: _Move) -> None:
        self._buses.take_away(move.touched.devices)
        self._take_in_core(move.settings)

    def _pass(self, offer: Changeover, respond: Patient | None) -> None:
        """Pass a change to the core and wait for its end."""
        self._inbox.put(offer)
        late_ns = offer.until_ns + int(_CORE_PATIENCE_S * _NS)
        told: tuple[Any, ...] = ()
        try:
            while not offer.wait(LOOK_S):
                if self._stopping.is_set() or self._mono_ns() > late_ns:
                    offer.until_ns = 0
                    raise RefusedError("the engine stops; nothing was changed")
                self._waiting = Waiting(self._draft_applied, offer.unrest)
                if offer.unrest and respond is not None:
                    words = f"waiting for {self._waiting.words()}" if offer.unrest != told else ""
                    respond.progress(words=words, lanes=[one.lane for one in offer.unrest])
                    told = offer.unrest
        finally:
            self._waiting = None
        if offer.refusal:
            raise RefusedError(offer.refusal)
        if offer.failure:
            raise GatehouseError(f"{offer.failure}; nothing was changed")
        if offer.unrest and not offer.taken:
            words = "; ".join(one.words for one in offer.unrest)
            raise RefusedError(
                f"{words}. A lane that changes must be at rest and empty: wait until it is, or put a tag on it, then"
                " apply again; nothing was changed"
            )

    # ---- the journal

    def _tell(self) -> None:
        """Journal the steps that are not in the journal yet."""
        for one in self._versions.untold:
            if self._journal(one):
                self._versions.tell(one.version)
            else:
                self._untold = True

    def _journal(self, version: Version) -> bool:
        """Journal a step with its operators; True once that is durable, False while it waits in memory."""
        return self._journaled(rows_of(version))

    def _journaled(self, told: Sequence[RowToWrite]) -> bool:
        """Journal rows; True once all are durable."""
        now = self._now()
        rows = [Row.of(one, self.settings.gateway.id, now) for one in told]
        written = threading.Event()
        sequences: list[int | None] = []

        def done(sequence: int | None) -> None:
            sequences.append(sequence)
            if len(sequences) == len(rows):
                written.set()

        self._recorder.submit([Entry(row, done=done) for row in rows])
        written.wait(self.settings.gateway.journal_wait_ms / 1000 + _SPARE_S)
        return len(sequences) == len(rows) and None not in sequences

    def _mono_ns(self) -> int:
        return self._now().mono_ns


class _Move(msgspec.Struct):
    """One change of the settings that run, prepared."""

    settings: Settings
    configs: tuple[DeviceConfig, ...]
    touched: Touched
    fresh: list[Any]
    until_ns: int
    losing: frozenset[str] = frozenset()
    moves_only_from_ns: int | None = None
    always: bool = False
    who: Who | None = None


def _is_author(version: Version, who: Who) -> bool:
    return (version.by, _kind(version.via)) == (who["by"], _kind(who["via"]))


def _kind(via: str | None) -> str:
    """People at screens are one kind of author, whatever the screen."""
    return "screen" if via in ("guard", "browser") else via or ""
