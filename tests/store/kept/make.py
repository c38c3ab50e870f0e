"""Makes the kept databases of a schema version; run once when a version is released, then never again for that version.

`python -m tests.store.kept.make` writes `v<version>-<name>.sql` beside this file: dumps, since they are read in reviews
and any SQLite can load them.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import apsw
import apsw.shell

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.sqlite.migrations import Schema
from gateway.store.sqlite.schemas import JOURNAL, REGISTRY, STATE
from tests.store.conftest import SOURCE, row

HERE = Path(__file__).parent


def main() -> None:
    """Write the dumps of the present version."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        _fill(base)
        for name, schema in (("journal", JOURNAL), ("registry", REGISTRY), ("state", STATE)):
            _dump(base / f"{name}.db", name, schema)


def _fill(base: Path) -> None:
    journal = Journal.create(base / "journal.db", "keptjournal", SOURCE, "boot-1")
    journal.append([row(n, "passage.entered", visit=f"v{n}", **{"pass": f"p{n}"}) for n in range(20)])
    journal.append(
        [row(20, "barrier.crashed", barrier="in"), row(21, "alarm.raised", alarm="a1", state="unacknowledged")]
    )
    journal.drop_some(5, wall_ns=1, most=100)
    journal.close()
    registry = PassRegistry(base / "registry.db", writer=True)
    registry.put(Pass("p1", PassKind.MONTHLY, holder="李雷", cards=("472288",), plates=("粤B·12345",)))
    registry.close()
    state = State(base / "state.db", writer=True)
    state.catch_up(JournalReader(base / "journal.db"))
    state.begin("k", "body", 1)
    state.finish("k", {"status": "done"})
    state.close()


def _dump(path: Path, name: str, schema: Schema) -> None:
    text = io.StringIO()
    db = apsw.Connection(str(path))
    shell = apsw.shell.Shell(stdout=text, db=db)
    shell.process_command(".dump")
    kept = [line for line in text.getvalue().splitlines() if not line.startswith("--")]
    (HERE / f"v{schema.version}-{name}.sql").write_text("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
