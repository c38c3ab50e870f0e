"""`gatehouse verify`: the chain of the journal, and what others know of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import EXIT_WRONG, Arguments, Commands, data_path, opened, say, show
from gateway.core.vocabulary.errors import DamagedError, GatehouseError, JournalBrokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.directory import DataDirectory
    from gateway.store.journal.heads import Head
    from gateway.store.journal.proof import KnownHead, Proof
    from gateway.store.journal.reader import Verified
    from gateway.store.settings.signing_key import PublicKey

_HOW = """
Walks the chain of all rows and compares it with every head that is known: in state.db, in
uplink.db (rows that central has acknowledged and confirmed), in web.db (cursors of HTTP
clients), and given with --head. A head is SEQUENCE:SHA256[:SIGNATURE]; verify prints the
newest one at its end. A row that was changed, removed or written again is found when a head
of that row or of a later one is known, also when the end of the journal was cut off.

What verify cannot see: a change of rows behind the last known head; and a change by someone
with all rights on this machine, who can write the heads here and sign new ones. Against that,
keep heads on another machine and give them with --head.
"""

_GIVE = "Give a journal that was set aside: journal-damaged-*.db in the data directory"


def add(commands: Commands) -> None:
    """Add `verify`."""
    verify = commands.add(
        "verify",
        "check the journal: its chain, and against every head of it that is known",
        _verify,
        """
        gatehouse verify             exit 1 and the first bad row if it is broken
        gatehouse verify --json      {"ok", "rows", "first", "last", "head", "key", "compared", "skipped", "unproven"}
        gatehouse verify --head 1200:9f86d081884c7d65...     compare with a head that was kept elsewhere
        gatehouse verify journal-damaged-20261122T020000Z.db     one that was set aside
        """,
    )
    verify.description = f"{verify.description}\n{_HOW.rstrip()}"
    verify.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="this journal, not the data directory's: one set aside"
    )
    verify.add_argument(
        "--head",
        action="append",
        default=[],
        type=_head,
        metavar="HEAD",
        help="SEQUENCE:SHA256[:SIGNATURE] as the gateway gave it; may be repeated",
    )
    verify.add_argument(
        "--key",
        type=_key,
        metavar="KEY",
        help="public key that signatures are checked with, as text or a PEM file (default: this gateway's)",
    )


def _head(text: str) -> Head:
    from gateway.store.journal.heads import HeadError, parse_head

    try:
        return parse_head(text)
    except HeadError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _key(text: str) -> PublicKey:
    from gateway.store.journal.heads import HeadError
    from gateway.store.settings.signing_key import PublicKey

    try:
        return PublicKey.read(Path(text).read_text("ascii") if Path(text).is_file() else text)
    except (HeadError, OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text[:80]!r}: {error}") from error


def _verify(arguments: Arguments) -> int:
    from gateway.cli.show import Progress
    from gateway.store.directory import DataDirectory
    from gateway.store.journal.heads import HeadError
    from gateway.store.recovery.look import no_journal
    from gateway.store.sqlite.database import SETS_ASIDE

    file = arguments.file
    directory = DataDirectory(data_path(arguments)) if file else opened(data_path(arguments))[0]
    key = arguments.key or _own_key(directory)
    progress = Progress("journal rows")
    if file and (why := no_journal(file)):
        wrong = DamagedError(f"{file} is no journal: {why}. {_GIVE}")
        return _wrong(arguments, progress, 0, wrong, str(wrong))
    known = _known(directory, arguments.head)
    try:
        _check_signatures(known, key)
        found, proof = _walked(file or directory.journal, known, progress)
    except (JournalBrokenError, DamagedError) as error:
        row = getattr(error, "sequence", 0)
        if file:  # the engine does nothing about it
            error = DamagedError(str(error).replace(SETS_ASIDE, ""))
        where = f", first at row {row}" if row else ""
        return _wrong(arguments, progress, row, error, f"the journal is broken{where}: {error}")
    except HeadError as error:
        return _wrong(arguments, progress, 0, error, str(error))
    progress.end()
    _show_fine(arguments, found, proof, directory, key)
    return 0


def _wrong(arguments: Arguments, progress: Any, row: int, error: Exception, words: str) -> int:
    progress.end()
    show(arguments, {"ok": False, "sequence": row, "message": str(error)}, words)
    return EXIT_WRONG


def _own_key(directory: DataDirectory) -> PublicKey | None:
    try:
        return directory.signing_key.public
    except GatehouseError as error:
        if directory.exists:
            say(f"signatures are neither made nor checked: {error}")
        return None


def _known(directory: DataDirectory, given: Sequence[Head]) -> list[KnownHead]:
    from gateway.store.journal.proof import KnownHead, known_heads

    return [
        *known_heads(directory.state, directory.uplink, directory.web),
        *(KnownHead("--head", "", head) for head in given),
    ]


def _check_signatures(known: Sequence[KnownHead], key: PublicKey | None) -> None:
    """HeadError for a head that was not signed with that key."""
    from gateway.store.journal.heads import HeadError

    for one in known:
        if one.head.signature and key is not None and not key.check(one.head):
            raise HeadError(
                f"the signature is wrong: the head {one.head.sequence}:{one.head.hash[:12]}... of {one.by} was not"
                f" signed with the key {key}"
            )


def _walked(file: Path, known: Sequence[KnownHead], progress: Any) -> tuple[Verified, Proof]:
    from gateway.store.journal.proof import compare, rows_of
    from gateway.store.journal.reader import JournalReader

    reader = JournalReader(file)
    lineage = reader.lineage()
    hashes = rows_of(known, lineage)
    found = reader.verify(progress, hashes=hashes)
    return found, compare(known, lineage, hashes, found.first, found.last)


def _show_fine(
    arguments: Arguments, found: Verified, proof: Proof, directory: DataDirectory, key: PublicKey | None
) -> None:
    from gateway.store.journal.heads import Head

    head = Head(found.last, found.hash)
    signed = head if key is None or arguments.key else directory.signing_key.signed(head)
    unproven = found.last - max(proof.last, found.first - 1)
    data = {
        "ok": True, "rows": found.rows, "first": found.first, "last": found.last,
        "head": signed.text, "key": str(key or ""),
        "compared": [{"by": one.by, "sequence": one.head.sequence} for one in proof.fits],
        "skipped": [{"by": one.by, "sequence": one.sequence, "reason": one.reason} for one in proof.skipped],
        "unproven": unproven,
    }  # fmt: skip
    lines = [f"the journal is whole: {found.rows} rows, {found.first} to {found.last}"]
    lines += [f"  fits row {one.head.sequence:>8}  {one.by}" for one in proof.fits]
    lines += [f"  not compared      {one.by}, row {one.sequence}: {one.reason}" for one in proof.skipped]
    if unproven:
        lines.append(f"not proven: the last {unproven} rows; no head of them is known, so a change there does not show")
    if all(one.by != "--head" for one in proof.fits):
        lines.append(
            "not seen: what someone with all rights on this machine has written again; give a head with --head"
        )
    if signed.sequence:
        lines.append(f"head {signed.text}")
    if key is not None:
        lines.append(f"key  {key}")
    show(arguments, data, "\n".join(lines))
