"""A pass in the registry's tables: its document, its credentials in the index, and its line in `search`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import apsw
import msgspec

from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.credentials import LOW_24, Texts, card_numbers, keys_of, normal_cards, normal_plates
from gateway.store.passes.initials import initials

decode = msgspec.json.Decoder(Pass).decode
"""The pass of a document."""
encode = msgspec.json.Encoder().encode
"""The document of a pass."""

BATCH_PASSES = 2000
"""Passes that an import handles at a time, and between two calls of its progress."""

FIELD, HEAD, NO_END = "\x1f", "\x1e", "-"
"""The marks in a line of `search`, and what stands for a pass without an end."""


def same(new: Pass, old: Pass) -> bool:
    """Whether two passes differ in their revision at most."""
    return msgspec.structs.replace(new, revision=old.revision) == old


def stored(db: apsw.Connection, pass_id: str) -> tuple[int | None, Pass | None]:
    """The pass of that id and its row number; (None, None) when there is none."""
    found = db.execute("SELECT number, document FROM passes WHERE id = ?", (pass_id,)).fetchone()
    return (None, None) if found is None else (int(found[0]), decode(found[1]))


def insert(db: apsw.Connection, number: int | None, pass_: Pass) -> int:
    """Store a pass and its credentials, and return its number; `number` None: the next one."""
    document = encode(pass_).decode()
    db.execute("INSERT INTO passes VALUES(?, ?, ?)", (number, pass_.id, document))
    taken = int(db.last_insert_rowid())
    for key in keys_of(pass_):
        db.execute("INSERT OR IGNORE INTO credentials VALUES(?, ?, ?, ?)", (*key, taken))
    return taken


def remove(db: apsw.Connection, number: int | None, old: Pass) -> None:
    """Take out a pass and its credentials."""
    for key in keys_of(old):
        db.execute(
            "DELETE FROM credentials WHERE kind = ? AND low = ? AND value = ? AND pass = ?",
            (*key, number),
        )
    db.execute("DELETE FROM passes WHERE number = ?", (number,))


# ---- many at a time ----------------------------------------------------------------------------------------------


class Batch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Passes of an import, side by side as the tables take them, but for their numbers and revisions.

    The process that reads the list works them out, since the one that stores has enough to do. `contents` are documents
    without a revision. A card or plate is at the same place in two or three lists, the first of which says whose it is.
    """

    ids: list[str]
    contents: list[str]
    lines: list[str]
    of_cards: list[int]
    lows: list[int]
    cards: list[str]
    of_plates: list[int]
    plates: list[str]


def batches(passes: Iterable[Pass]) -> Iterator[Batch]:
    """All of them, some thousand at a time."""
    some = iter(passes)
    while chunk := list(islice(some, BATCH_PASSES)):
        yield _batch(chunk)


def _batch(passes: list[Pass]) -> Batch:
    cards, plates = normal_cards(passes), normal_plates(passes)
    flat = list(chain.from_iterable(cards))
    return Batch(
        ids=[one.id for one in passes],
        contents=[_content(one) for one in passes],
        lines=lines_of(passes, cards, plates),
        of_cards=[place for place, some in enumerate(cards) for _ in some],
        lows=[number & LOW_24 for number in card_numbers(flat)],
        cards=flat,
        of_plates=[place for place, some in enumerate(plates) for _ in some],
        plates=list(chain.from_iterable(plates)),
    )


def _content(pass_: Pass) -> str:
    """A pass as JSON without its revision."""
    return encode(pass_ if not pass_.revision else msgspec.structs.replace(pass_, revision=0)).decode()


def with_revision(content: str, revision: int) -> str:
    """The document of a content: the revision is its last field."""
    return f'{content[:-1]},"revision":{revision}}}'


def revision_of(document: str, content: str) -> int:
    """The revision of a document that is this content, written alike; 0 if it is not."""
    begin = f'{content[:-1]},"revision":'
    rest = document[len(begin) : -1]
    return int(rest) if document.startswith(begin) and rest.isdecimal() else 0


# ---- the lines of `search` -----------------------------------------------------------------------------------------


def lines_of(passes: list[Pass], cards: Sequence[Texts], plates: Sequence[Texts]) -> list[str]:
    """The line of each pass with its normal cards and plates: id, kind and end, then what is searched."""
    heads = [f"{one.id}{HEAD}{one.kind[0]}{one.valid_until[:10] or NO_END}" for one in passes]
    parts = [
        FIELD.join(("", one.id, one.holder, one.unit, *some, *others, *initials(one.holder), ""))
        for one, some, others in zip(passes, cards, plates, strict=True)
    ]
    searched = comparable("\n".join(parts)).split("\n")  # one call for all
    if len(searched) != len(parts):
        searched = [comparable(part).replace("\n", " ") for part in parts]
    return list(map(str.__add__, heads, searched))


def comparable(text: str) -> str:
    """A text as `search` compares it."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
