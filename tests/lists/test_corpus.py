"""Every file of the corpus is taken as it is meant, or refused with the place and the remedy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from gateway.store.passes.files.reading import HowToRead, PassFile, PassFileError
from tests.lists.corpus import CASES, Case, written


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_list_is_taken_as_it_is_meant_or_refused_with_the_place_and_the_remedy(case: Case, tmp_path: Path) -> None:
    file = PassFile(written(case, tmp_path), HowToRead(**case.how))
    try:
        taken, refused = list(file), ()
    except PassFileError as error:
        taken, refused = [], error.rows
    assert [(row.line, row.column) for row in refused] == [(line, column) for line, column, _ in case.refused], refused
    for row, (_, _, words) in zip(refused, case.refused, strict=True):
        assert words in row.reason
    assert taken == list(case.taken)
    assert msgspec.msgpack.encode((taken, file.notes, file.samples))  # as they go to the process that stores them
    assert (case.notes in "\n".join(file.notes)) if case.notes else file.notes == []


def test_every_case_has_its_own_name_and_an_outcome() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert all(case.taken or case.refused for case in CASES)
