"""A damaged file of any sort is taken or refused, and never a traceback."""

from __future__ import annotations

import io
import random
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, is_zipfile

import pytest

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.passes.files.reading import HowToRead, PassFile
from tests.lists.corpus import CASES, Case

SMALL = [case for case in CASES if len(case.content) < 20_000]
PIECES = (b'"', b"\n", b",", b"\xff", b"\0", b"<", b">", b"&", b"9" * 20, b"-1", b"e+300", b"NaN", "粤".encode())
TRIES = 300


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The same with a byte changed, a piece put in or a few bytes taken out, once or several times."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 2, 5))):
        at = chance.randrange(len(made) + 1)
        what = chance.randrange(3)
        if what == 0 and made:
            made[at % len(made)] = chance.randrange(256)
        elif what == 1:
            made[at:at] = chance.choice(PIECES)
        else:
            del made[at : at + chance.choice((1, 3, 20))]
    return bytes(made)


def damaged_inside(content: bytes, chance: random.Random) -> bytes:
    """A workbook whose parts are damaged, and which is a whole zip file."""
    made = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(made, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damaged(part, chance) if chance.random() < 0.4 else part)
    return made.getvalue()


def file_of(case: Case, chance: random.Random) -> bytes:
    book = is_zipfile(io.BytesIO(case.content)) and chance.random() < 0.8
    return (damaged_inside if book else damaged)(case.content, chance)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))])
def test_a_damaged_file_is_taken_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(TRIES):
        case = chance.choice(SMALL)
        path = tmp_path / case.file
        path.write_bytes(file_of(case, chance))
        try:
            list(PassFile(path, HowToRead(**case.how)))
        except GatehouseError as error:
            refused += 1
            assert str(error)
    assert 0 < refused < TRIES
