"""The ops of the command line without a running engine, done in the data directory itself.

The caller of `Local` holds the engine's lock. Changes are journaled as the engine does; the projections catch up at the
next start of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import EngineUnreachableError
from gateway.engine.clock import Clock, boot_id
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.writer import Journal, Row
from gateway.store.passes.codes import answered, issued
from gateway.store.passes.files.reading import read_passes
from gateway.store.passes.registry import PassRegistry
from gateway.store.settings.station_keys import must_be_set_up

OnProgress = Callable[[dict[str, Any]], None]


"""Author and way of a request, as in a journal row."""


class Local:
    """Has `call` like `gateway.control.Client`, for ops that move nothing."""

    def __init__(self, directory: DataDirectory, settings: Settings) -> None:
        """The caller keeps the directory locked while this is in use."""
        self._directory = directory
        self._settings = settings
        self._ops: dict[str, Callable[..., Any]] = {
            "passes.code": self._code,
            "passes.import": self._import,
            "token.create": self._create_token,
            "token.list": self._list_tokens,
            "token.revoke": self._revoke_token,
            "station.key": self._make_station_key,
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

    def _import(
        self, file: str, who: rows.Who, replace: bool, dry_run: bool, on_progress: OnProgress | None
    ) -> dict[str, Any]:
        def told(count: int) -> None:
            if on_progress is not None:
                on_progress({"rows": count})

        registry = PassRegistry(self._directory.registry, writer=True)
        try:
            result = registry.import_passes(read_passes(Path(file)), replace, told, dry_run=dry_run)
        finally:
            registry.close()
        figures = msgspec.structs.asdict(result)
        if not dry_run:
            self._journal(rows.PassesImported(**figures, replace=replace, **who))
        return figures

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

    def _create_token(self, name: str, scopes: list[str], who: rows.Who) -> dict[str, Any]:
        token_id, secret = self._directory.tokens.create(name, scopes)
        self._journal(rows.TokenCreated(token=token_id, scopes=tuple(scopes), **who))
        return {"id": token_id, "token": secret}

    def _list_tokens(self) -> list[dict[str, Any]]:
        found = [msgspec.to_builtins(token) for token in self._directory.tokens.list()]
        return [{key: value for key, value in token.items() if key != "digest"} for token in found]

    def _revoke_token(self, name: str, who: rows.Who) -> dict[str, Any]:
        gone = list(self._directory.tokens.revoke(name))
        self._journal(rows.TokenRevoked(tokens=tuple(gone), **who))
        return {"revoked": gone}

    def _make_station_key(self, station: str, who: rows.Who) -> dict[str, Any]:
        must_be_set_up(station, self._settings)
        key = self._directory.station_keys.issue(station)
        self._journal(rows.StationKeyMade(station=station, **who))
        return {"station": station, "key": key}

    def _journal(self, row: rows.Row) -> None:
        now = Clock(trusted=self._settings.gateway.clock == "trusted").now()
        journal = Journal.open(self._directory.journal, source_of(self._settings), boot_id())
        try:
            journal.append([Row.of(row, self._settings.gateway.id, now)])
        finally:
            journal.close()
