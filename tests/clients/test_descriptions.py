"""The HTTP description is true: schemathesis finds nothing in any of its phases against the real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Whole

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(400)]

EXAMPLES = 25
"""Of each operation and phase."""
SEED = 20261201
TOO_STRICT = ("2xx", "304", "401", "403", "404", "409", "412", "422", "503")
"""What may answer a request that fits the schema: also refusals that depend on the state (412) or on what a text means,
such as a schedule or a card number (422)."""


def config() -> str:
    """A client that knows the site: without ids of what is there every answer would be a 404."""
    statuses = ", ".join(f'"{status}"' for status in TOO_STRICT)
    known = {"timeout": "20", "lane": '"in"', "device": '"camera"'}
    lines = ["[parameters]", *(f"{name} = {value}" for name, value in known.items())]
    return "\n".join([*lines, "[checks]", f"positive_data_acceptance.expected-statuses = [{statuses}]", ""])


def test_schemathesis_finds_nothing(whole: Whole, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(config())
    program = str(Path(sys.executable).with_name("schemathesis"))
    argv = [
        program, "--no-color", "--config-file", str(settings), "run", f"{whole.url}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {whole.token}", "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-database", "none",
        "--suppress-health-check", "all", "--checks", "all", "--request-timeout", "60", "--warnings", "off",
    ]  # fmt: skip
    told = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=380)
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert all(phase in told.stdout for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))
    assert whole.gateway.runs("web") and whole.gateway.runs("engine")
    assert "Traceback" not in whole.gateway.log("web")
