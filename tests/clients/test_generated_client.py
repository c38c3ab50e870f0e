"""A client is generated from the description, imported, and used: nothing is written by hand but the calls."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Whole

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(300)]
PACKAGE = "gatehouse_generated"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""A type of bytes that the generator has to be told of."""


class Api:
    """The generated package with a client of it."""

    def __init__(self, whole: Whole) -> None:
        self.models = importlib.import_module(f"{PACKAGE}.models")
        made = importlib.import_module(f"{PACKAGE}.client")
        self._client = made.AuthenticatedClient(base_url=f"{whole.url}/api/v1", token=whole.token)

    def call(self, tag: str, operation: str, **given: Any) -> Any:
        """The answer of an operation, with its status."""
        module = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
        return module.sync_detailed(client=self._client, **given)


@pytest.fixture(scope="module")
def generated(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Generate it; what the generator said."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_bytes(whole.get("/api/v1/openapi.json"))
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    settings = folder / "config.yaml"
    settings.write_text(
        f"package_name_override: {PACKAGE}\nproject_name_override: {PACKAGE}\npost_hooks: []\n"
        "content_type_overrides:\n"
        + "".join(f"  {kind}: application/octet-stream\n" for kind in (XLSX, "image/jpeg", "image/png"))
    )
    told = subprocess.run(
        [program, "generate", "--path", str(document), "--config", str(settings), "--meta", "none",
         "--output-path", str(folder / PACKAGE)],
        capture_output=True, text=True, timeout=200, cwd=folder,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    sys.path.insert(0, str(folder))
    return told.stdout + told.stderr


@pytest.fixture(scope="module")
def api(whole: Whole, generated: str) -> Iterator[Api]:
    yield Api(whole)
    sys.path.pop(0)


def test_no_operation_is_left_out(generated: str) -> None:
    assert "WARNING" not in generated.upper(), generated
    assert "skipping" not in generated.lower(), generated


def test_a_pass_is_made_read_guarded_and_removed(api: Api) -> None:
    kind = api.models.PassKind.STAFF
    body = api.models.PassBody(kind=kind, holder="Li", cards=["5550001"])
    made = api.call("passes", "put_pass", pass_id="client-1", body=body, if_none_match="*")
    assert made.status_code == 201
    assert (made.parsed.id, made.parsed.revision, made.parsed.kind) == ("client-1", 1, kind)
    assert api.call("passes", "put_pass", pass_id="client-1", body=body, if_none_match="*").status_code == 412
    read = api.call("passes", "get_pass", pass_id="client-1")
    assert (read.status_code, read.parsed.holder, read.parsed.cards) == (200, "Li", ["5550001"])
    tag = read.headers["ETag"]
    assert api.call("passes", "get_pass", pass_id="client-1", if_none_match=tag).status_code == 304
    assert api.call("passes", "put_pass", pass_id="client-1", body=body, if_match='"7"').status_code == 412
    assert api.call("passes", "put_pass", pass_id="client-1", body=body, if_match=tag).status_code == 200
    assert api.call("passes", "delete_pass", pass_id="client-1").status_code == 204
    gone = api.call("passes", "get_pass", pass_id="client-1")
    assert (gone.status_code, gone.parsed.code) == (404, "not_found")


def test_lists_come_back_as_types(api: Api) -> None:
    found = api.call("passes", "list_passes", limit=5)
    assert [one.id for one in found.parsed.items] == ["p0", "p1", "p10", "p11", "p12"]
    lanes = api.call("state", "lanes")
    assert [lane.id for lane in lanes.parsed.items] == ["in"]


def test_a_refusal_comes_back_as_a_problem(api: Api) -> None:
    body = api.models.PassBody(kind=api.models.PassKind.STAFF, schedule="whenever")
    answer = api.call("passes", "put_pass", pass_id="client-2", body=body)
    assert (answer.status_code, answer.parsed.code) == (422, "pass_invalid")
