"""The ops of the command line without a running engine, done in the data directory itself.

The caller of `Local` holds the engine's lock. Changes are journaled as the engine does; the projections catch up at the
next start of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.settings.marks import losing, refusal
from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import EngineUnreachableError, RefusedError
from gateway.engine.clock import Clock, boot_id
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.writer import Journal, Row
from gateway.store.passes.bulk import ImportOptions, import_file
from gateway.store.passes.codes import answered, issued
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.marks import carry, marks_at_rest
from gateway.store.settings.planning import Plan, plan, restoring
from gateway.store.settings.station_keys import must_be_set_up
from gateway.store.settings.versions import Version, earlier, go_back, must_fit, rows_of

OnProgress = Callable[[dict[str, Any]], None]


class Local:
    """Has `call` like `gateway.control.Client`, for ops that move nothing."""

    def __init__(self, directory: DataDirectory, settings: Settings) -> None:
        """The caller keeps the directory locked while this is in use."""
        self._directory = directory
        self._settings = settings
        people = directory.people(self._journal)
        self._ops: dict[str, Callable[..., Any]] = {
            "passes.code": self._code,
            "passes.import": self._import,
            "token.create": self._create_token,
            "token.list": self._list_tokens,
            "token.revoke": self._revoke_token,
            "station.key": self._make_station_key,
            "site.plan": self._plan,
            "site.apply": self._apply,
            "site.confirm": self._confirm,
            "site.history": self._history,
            "site.rollback": self._roll_back,
            "operator.list": people.list,
            "operator.add": people.add,
            "operator.set_pin": people.set_pin,
            "operator.set_role": people.set_role,
            "operator.remove": people.remove,
            "operator.unlock": people.unlock,
            "setup.code": people.new_code,
        }

    def call(
        self,
        op: str,
        timeout_s: float = 0.0,  # noqa: ARG002
        on_progress: OnProgress | None = None,
        **params: Any,
    ) -> Any:
        """The result of an op; `timeout_s` has no effect here."""
        if op not in self._ops:
            raise EngineUnreachableError(f"{op} needs a running engine; start it first")
        if op == "passes.import":
            params["on_progress"] = on_progress
        if "by" in params:
            params["who"] = {"by": params.pop("by"), "via": params.pop("via", "") or None}
        return self._ops[op](**params)

    def _import(self, file: str, who: rows.Who, on_progress: OnProgress | None, **asked: Any) -> dict[str, Any]:
        def told(count: int) -> None:
            if on_progress is not None:
                on_progress({"rows": count})

        options = msgspec.convert(asked, ImportOptions)
        result = import_file(self._directory.registry, Path(file), options, progress=told)
        if not options.dry_run:
            self._journal(rows.PassesImported(**result.figures(), replace=options.replace, **who))
        answer: dict[str, Any] = msgspec.to_builtins(result)
        return answer

    def _code(self, pass_id: str, until: str, who: rows.Who) -> dict[str, Any]:
        registry = PassRegistry(self._directory.registry)
        try:
            pass_ = registry.get(pass_id)
        finally:
            registry.close()
        now = Clock(trusted=self._settings.gateway.clock == "trusted").now()
        code, text = self._directory.codes.issue(pass_, until, self._settings.zone, now.wall_ns)
        self._journal(issued(code, who))
        return answered(code, text)

    def _create_token(self, name: str, scopes: list[str], who: rows.Who, devices: Sequence[str] = ()) -> dict[str, Any]:
        token_id, secret = self._directory.tokens.create(name, scopes, devices=devices)
        self._journal(rows.TokenCreated(token=token_id, scopes=tuple(scopes), **who))
        return {"id": token_id, "token": secret}

    def _list_tokens(self) -> list[dict[str, Any]]:
        found = [msgspec.to_builtins(token) for token in self._directory.tokens.list()]
        return [{key: value for key, value in token.items() if key not in ("digest", "digest_key")} for token in found]

    def _revoke_token(self, name: str, who: rows.Who) -> dict[str, Any]:
        gone = list(self._directory.tokens.revoke(name))
        self._journal(rows.TokenRevoked(tokens=tuple(gone), **who))
        return {"revoked": gone}

    def _make_station_key(self, station: str, who: rows.Who) -> dict[str, Any]:
        must_be_set_up(station, self._settings)
        key = self._directory.station_keys.issue(station)
        self._journal(rows.StationKeyMade(station=station, **who))
        return {"station": station, "key": key}

    # ---- the settings; without an engine nothing runs that could fail, so what is applied holds at once

    def _plan(self, document: Any = None, version: int | None = None) -> dict[str, Any]:
        if version is None:
            self._go_back_first()
        return {**self._planned(document, version).shown(), "lanes": []}

    def _planned(self, document: Any, version: int | None) -> Plan:
        from drivers.registry import configure

        versions = self._directory.versions
        if version is None:
            return plan(versions, document, configure)
        return restoring(versions, version or earlier(versions), configure)

    def _apply(
        self,
        document: Any,
        who: rows.Who,
        base: int | None = None,
        confirm_s: int | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        self._go_back_first()
        return self._made(self._planned(document, None), who, base, 0)

    def _roll_back(self, who: rows.Who, version: int = 0) -> dict[str, Any]:
        went = self._go_back_first(who)
        if went is not None and version in (0, went.before):
            return {**self._directory.versions.current.shown(), "changes": list(went.changes)}
        number = version or earlier(self._directory.versions)
        return self._made(self._planned(None, number), who, None, number)

    def _made(self, wanted: Plan, who: rows.Who, base: int | None, restores: int) -> dict[str, Any]:
        versions = self._directory.versions
        if base is not None:
            must_fit(versions.current, base)
        if not wanted.changes:
            return {**versions.current.shown(), "changes": []}
        self._must_not_lose_marks(wanted.settings)
        versions.apply(wanted.wanted, who["by"], who["via"], restores=restores)
        self._settings = self._directory.settings()
        self._tell()
        return versions.current.shown()

    def _must_not_lose_marks(self, settings: Settings) -> None:
        """RefusedError where a tagged or crashed lane would lose its mark."""
        lost = losing(self._settings, settings)
        if not lost:
            return
        if marks := marks_at_rest(self._directory.state, self._directory.journal, lost):
            raise RefusedError(refusal(marks))

    def _confirm(self, who: rows.Who) -> dict[str, Any]:  # noqa: ARG002
        pending = self._directory.versions.pending
        if pending is None:
            raise RefusedError("no version waits to be confirmed")
        raise RefusedError(
            f"version {pending.version} was not confirmed while the engine ran: it goes back at the next start; start"
            " the engine, then apply it again"
        )

    def _history(self) -> list[dict[str, Any]]:
        return [one.shown() for one in reversed(self._directory.versions.list())]

    def _go_back_first(self, who: rows.Who | None = None) -> Version | None:
        """Go back from a version that was not confirmed, as a start of the engine does."""
        versions = self._directory.versions
        if (pending := versions.pending) is not None:
            before = parse_settings(versions.document_of(pending.before))
            now = Clock(trusted=before.gateway.clock == "trusted").now()
            directory, source = self._directory, source_of(before)
            carry(directory.state, directory.journal, source, boot_id(), self._settings, before, now)
        went = go_back(versions, "asked" if who else "restart", who)
        self._settings = self._directory.settings()
        self._tell()
        return went

    def _tell(self) -> None:
        """Journal the steps of versions that are not in the journal yet."""
        versions = self._directory.versions
        for one in versions.untold:
            for row in rows_of(one):
                self._journal(row)
            versions.tell(one.version)

    def _journal(self, row: rows.Row) -> None:
        now = Clock(trusted=self._settings.gateway.clock == "trusted").now()
        journal = Journal.open(self._directory.journal, source_of(self._settings), boot_id())
        try:
            journal.append([Row.of(row, self._settings.gateway.id, now)])
        finally:
            journal.close()
