"""The clerk: changes of passes, notes, tokens, keys and operators; it writes and moves nothing.

It has its own thread, apart from the desk, so that a slow registry never delays a command. A change of a pass is
journaled after the registry has taken it, with ids and revisions only. An import has its own thread and child process,
one at a time; meanwhile other changes of passes are refused as busy.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from gateway.control import Responder
from gateway.core.payments.bills import CountryDays
from gateway.core.settings.model import Settings
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import BusyError, GatehouseError, NotFoundError, RequestError
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.times import NS_PER_S
from gateway.engine.clock import Clock
from gateway.engine.identities.ops import IdentityOps
from gateway.engine.identities.requests import StayCommand
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.listed.ops import ListedOps
from gateway.engine.slips.ops import SlipOps
from gateway.engine.socket import requests as r
from gateway.engine.socket.jobs import Jobs
from gateway.engine.socket.leaders import Leaders
from gateway.engine.socket.people import BEGINS_ANEW, PeopleOps
from gateway.engine.stores import Stores
from gateway.engine.visits.nightly import NightlyList
from gateway.engine.visits.ops import VisitOps
from gateway.engine.visits.prices import Prices
from gateway.store.journal.writer import Row
from gateway.store.passes.checks import check_pass
from gateway.store.passes.codes import answered, issued
from gateway.store.settings.people import Journal, People
from gateway.store.settings.station_keys import must_be_set_up

log = logging.getLogger(__name__)

ANEW_S = 1
"""From the first set-up until the engine begins anew: its answer arrives, and the installer is signed in on record."""
APPLIED_S = 0.5
"""How long an answer waits for the projections at most; they have a row within milliseconds."""
_LOOK_AGAIN_S = 0.002
Op = Callable[[dict[str, Any], Responder], None]
_SPARE_S = 0.25
"""How much longer than the core the clerk waits for its row."""


class Clerk:
    """Call `handle` in the control thread; everything else runs in the clerk's own thread."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        registry_path: Path,
        recorder: Recorder,
        clock: Clock,
        install_mode: Callable[[str, int], None],
        people: Callable[[Journal], People],
        begin_anew: Callable[[str], None],
        country_days: Callable[[], CountryDays],
        leaders: Leaders,
    ) -> None:
        self._registry = stores.registry
        self._registry_path = registry_path
        self._tokens = stores.tokens
        self._station_keys = stores.station_keys
        self._codes = stores.codes
        self._pictures = stores.pictures
        self._recorder = recorder
        self._clock = clock
        self._start_install_mode = install_mode
        self._state = stores.state
        self._visits = VisitOps(
            stores.state,
            stores.codes,
            self.journal,
            lambda: self._clock.now().wall_ns,
            self._wait_applied,
            lambda: self._recorder.degraded,
            Prices(
                stores.state,
                stores.registry,
                country_days,
                lambda: self._clock.now().wall_ns,
                lambda: self._wait_applied(self._recorder.sequence),
            ),
        )
        self._identities = IdentityOps(
            stores.identities,
            lambda visit: bool(stores.state.stay(visit)),
            self.journal,
            lambda: self._clock.now().wall_ns,
            lambda: self._clock.now().mono_ns,
            leaders.must_agree,
        )
        self._nightly = NightlyList(settings, stores.state, self.journal)
        self._slips = SlipOps(
            stores.state,
            self.journal,
            lambda: self._clock.now().wall_ns,
            self._wait_applied,
            lambda: self._recorder.degraded,
        )
        listed = ListedOps(
            stores.state,
            self.journal,
            lambda: self._clock.now().wall_ns,
            self._wait_applied,
            lambda: self._recorder.degraded,
        )
        self.settings_changed(settings)
        self._jobs = Jobs("changes")
        self._importing = threading.Lock()
        self._begin_anew = begin_anew
        self._anew_ns = 0
        self._people = PeopleOps(people, self.journal, clock)
        self._ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "passes.put": self._put,
            "passes.delete": self._delete,
            "passes.batch": self._batch,
            "passes.code": self._code,
            "journal.note": self._note,
            "device.install_mode": self._install_mode,
            "token.create": self._create_token,
            "token.list": self._list_tokens,
            "media.keep": self._keep_picture,
            "media.view": self._view_picture,
            "token.revoke": self._revoke_token,
            "station.key": self._make_station_key,
            "copy.take": self._take_copy,
            **self._people.ops,
            **self._visits.ops,
            **self._identities.ops,
            **listed.ops,
            **self._slips.ops,
        }

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on; from any thread."""
        self._settings = settings
        self._zone = settings.zone
        self._gateway = settings.gateway.id
        self._wait_s = settings.gateway.journal_wait_ms / 1000 + _SPARE_S
        self._visits.settings_changed(settings)
        self._slips.settings_changed(settings)
        self._identities.settings_changed(settings)
        self._nightly.settings_changed(settings)

    def serves(self, ops: Mapping[str, Callable[[dict[str, Any]], Any]]) -> None:
        """Serve these ops too: they read files of the settings, and wait for nothing else."""
        self._ops.update(ops)

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops of the clerk, without `passes.import`."""
        return tuple(self._ops)

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Queue a request; BusyError if too many wait."""
        self._jobs.ask(partial(self._carry_out, op, params, respond))

    def import_file(self, params: dict[str, Any], respond: Responder) -> None:
        """passes.import, in its own thread."""
        asked = r.read(r.PassesImport, params)
        if not Path(asked.file).is_absolute():
            raise RequestError(f"file is {asked.file!r}; give an absolute path")
        if not self._importing.acquire(blocking=False):
            raise BusyError("an import runs already; try again when it is done")
        work = partial(self._serve, partial(self._import, asked, respond), respond)
        threading.Thread(target=self._released, args=(work,), name="import", daemon=True).start()

    def stop(self) -> None:
        """End `run` after the waiting requests."""
        self._jobs.stop()

    def run(self) -> None:
        """Serve requests until `stop`."""
        self._jobs.run(self._look)
        self._people.tries.flush()

    def _carry_out(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        if self._serve(partial(self._ops[op], params), respond) and op == BEGINS_ANEW:
            self._anew_ns = self._clock.now().mono_ns + ANEW_S * NS_PER_S

    def stay_command(self, then: Op, params: dict[str, Any], respond: Responder) -> None:
        """stay.command: goes on to the desk once the check of the driver is so far; from any thread."""
        asked = r.read(StayCommand, params)
        self._jobs.ask(partial(self._pass_on, asked, partial(then, params, respond), respond))

    def _pass_on(self, asked: StayCommand, then: Callable[[], None], respond: Responder) -> None:
        try:
            self._identities.must_fit(asked)
            then()
        except GatehouseError as error:
            respond.error(error)

    def stay_decided(self, asked: StayCommand) -> None:
        """The car of a driver without a card was released or refused; from any thread."""
        self._jobs.tell(partial(self._identities.ended, asked))

    def _look(self) -> None:
        self._people.tries.look()
        self._identities.sweep()
        self._list_stays()
        if self._anew_ns and self._clock.now().mono_ns >= self._anew_ns:
            self._anew_ns = 0
            self._begin_anew("the site was set up")

    def _list_stays(self) -> None:
        """A fault here must not end the thread that serves people."""
        try:
            self._nightly.look(self._clock.now())
        except Exception:
            log.exception("the visits that do not end could not be listed")

    def _serve(self, work: Callable[[], Any], respond: Responder) -> bool:
        """Answer a request; whether it was done."""
        try:
            respond.result(work())
            return True
        except GatehouseError as error:
            respond.error(error)
        except Exception:
            log.exception("a change could not be made")
            respond.error(GatehouseError("the engine could not carry this out; see its log"))
        return False

    # ---- passes ---------------------------------------------------------------------------------------------------

    def _put(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.PassPut, params)
        pass_ = check_pass(asked.document)
        with self._registry_free():
            before = self._revision(pass_.id)
            stored, created = self._registry.put(pass_, asked.if_revision)
        if stored.revision != before:
            self._journal_pass(rows.PassIssued if created else rows.PassChanged, stored, asked.who)
        return {"pass": msgspec.to_builtins(stored), "created": created}

    def _revision(self, pass_id: str) -> int | None:
        try:
            return self._registry.get(pass_id).revision
        except NotFoundError:
            return None

    def _delete(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.PassDelete, params)
        with self._registry_free():
            removed = self._registry.get(asked.pass_id)
            self._registry.delete(asked.pass_id, asked.if_revision)
        self._journal_pass(rows.PassRemoved, removed, asked.who)
        return {}

    def _batch(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.PassesBatch, params)
        passes = [check_pass(document) for document in asked.passes]
        with self._registry_free():
            result = self._registry.import_passes(iter(passes))
        return self._imported(msgspec.structs.asdict(result), asked.who, replace=False)

    def _code(self, params: dict[str, Any]) -> dict[str, Any]:
        """Make a QR code; its text is only in the answer, its name is journaled."""
        asked = r.read(r.PassCode, params)
        pass_ = self._registry.get(asked.pass_id)
        code, text = self._codes.issue(pass_, asked.until, self._zone, self._clock.now().wall_ns)
        self.journal(issued(code, asked.who))
        return answered(code, text)

    def _import(self, asked: r.PassesImport, respond: Responder) -> dict[str, Any]:
        from gateway.store.passes.bulk import ImportOptions, import_file

        options = ImportOptions(**{name: getattr(asked, name) for name in ImportOptions.__struct_fields__})
        result = import_file(
            self._registry_path, Path(asked.file), options, progress=lambda count: respond.progress(rows=count)
        )
        if not asked.dry_run:
            self._imported(result.figures(), asked.who, replace=asked.replace)
        answer: dict[str, Any] = msgspec.to_builtins(result)
        return answer

    def _imported(self, figures: dict[str, Any], who: rows.Who, *, replace: bool) -> dict[str, Any]:
        self.journal(rows.PassesImported(**figures, replace=replace, **who))
        return figures

    def _journal_pass(self, kind: type[rows.RegistryRow], pass_: Pass, who: rows.Who) -> None:
        self.journal(kind(pass_=pass_.id, kind=pass_.kind.value, revision=pass_.revision, **who))

    def _registry_free(self) -> _Free:
        return _Free(self._importing)

    def _released(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._importing.release()

    # ---- notes and tokens -----------------------------------------------------------------------------------------

    def _note(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.JournalNote, params)
        return {"sequence": self.journal(asked.row())}

    def _create_token(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.TokenCreate, params)
        token_id, secret = self._tokens.create(asked.name, asked.scopes, asked.expires_at, asked.devices)
        self.journal(rows.TokenCreated(token=token_id, scopes=tuple(asked.scopes), **asked.who))
        return {"id": token_id, "token": secret}

    def _keep_picture(self, params: dict[str, Any]) -> dict[str, Any]:
        """A picture of a camera, in base64; a person or a row finds it by its time."""
        asked = r.read(r.MediaKeep, params)
        if asked.device not in {device.id for device in self._settings.devices}:
            raise NotFoundError(f"there is no device {asked.device!r}")
        kept = self._pictures.keep(asked.device, asked.bytes, self._clock.now().wall_ns)
        return {"kept": kept}

    def _view_picture(self, params: dict[str, Any]) -> dict[str, Any]:
        """Note who looks at a picture, before it is handed out."""
        asked = r.read(r.MediaView, params)
        found = self._pictures.find(asked.media)
        if found is None:
            raise NotFoundError(f"there is no picture {asked.media!r}; it was deleted, or never was")
        row = rows.MediaViewed(device=found.device, media=found.media, reason=asked.reason, **asked.who)
        return {"sequence": self.journal(row)}

    def picture_taken(self, device: str, data: bytes) -> None:
        """Keep a picture that a bus has fetched, as of this moment; from any thread, never waits."""
        wall_ns = self._clock.now().wall_ns

        def keep() -> None:
            try:
                self._pictures.keep(device, data, wall_ns)
            except GatehouseError as error:
                log.warning("a picture of %s is not kept: %s", device, error)

        try:
            self._jobs.ask(keep)
        except BusyError as error:
            log.warning("a picture of %s is not kept: %s", device, error)

    def _list_tokens(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        r.read(r.TokenList, params)
        keys = ("id", "name", "scopes", "created_at", "expires_at", "devices")
        return [{key: getattr(token, key) for key in keys} for token in self._tokens.list()]

    def _revoke_token(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = r.read(r.TokenRevoke, params)
        revoked = list(self._tokens.revoke(asked.name))
        self.journal(rows.TokenRevoked(tokens=tuple(revoked), **asked.who))
        return {"revoked": revoked}

    # ---- booths' own screens --------------------------------------------------------------------------------------

    def _make_station_key(self, params: dict[str, Any]) -> dict[str, Any]:
        """Make a station's key; it is only in the answer, and voids the old one."""
        asked = r.read(r.StationKeyMake, params)
        must_be_set_up(asked.station, self._settings)
        key = self._station_keys.issue(asked.station)
        self.journal(rows.StationKeyMade(station=asked.station, **asked.who))
        return {"station": asked.station, "key": key}

    def _take_copy(self, params: dict[str, Any]) -> dict[str, Any]:
        """Note who takes a copy of the data, before it is made."""
        asked = r.read(r.CopyTake, params)
        return {"sequence": self.journal(rows.CopyTaken(what=asked.what, **asked.who))}

    # ---- readers' keys --------------------------------------------------------------------------------------------

    def _install_mode(self, params: dict[str, Any]) -> dict[str, Any]:
        """Begin or end install mode and journal it; the core journals its outcome."""
        asked = r.read(r.InstallMode, params)
        self._start_install_mode(asked.device, asked.minutes * 60)
        what = "install_mode" if asked.minutes else "install_mode_stopped"
        self.journal(rows.InstallModeSet(what=what, device=asked.device, minutes=asked.minutes, **asked.who))
        return {"device": asked.device, "minutes": asked.minutes}

    # ---- the journal ----------------------------------------------------------------------------------------------

    def charge(self, params: dict[str, Any]) -> dict[str, Any]:
        """visits.charge, from any thread."""
        answer: dict[str, Any] = self._visits.ops["visits.charge"](params)
        return answer

    def journal(self, row: rows.Row) -> int | None:
        """Journal a row, from any thread; returns its sequence once durable, None while it waits in memory."""
        made = Row.of(row, self._gateway, self._clock.now())
        written = threading.Event()
        sequences: list[int | None] = []

        def done(sequence: int | None) -> None:
            sequences.append(sequence)
            written.set()

        self._recorder.submit([Entry(made, done=done)])
        written.wait(self._wait_s)
        return sequences[0] if sequences else None

    def _wait_applied(self, sequence: int | None) -> None:
        """Wait a short time until the projections have a row."""
        end = time.monotonic() + APPLIED_S
        while sequence is not None and self._state.sequence < sequence and time.monotonic() < end:
            time.sleep(_LOOK_AGAIN_S)


class _Free:
    """Holds the registry against imports within a block; BusyError while one runs."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise BusyError("passes are being imported; try again when that is done")

    def __exit__(self, *_error: object) -> None:
        self._lock.release()
