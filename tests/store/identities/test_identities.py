"""Identity numbers: kept sealed, shown masked, and after their days found in no byte of any file."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.identities.check import CheckState
from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.identities.identities import DAY_NS, Identities, Person
from tests.store.identities.conftest import (
    DAYS,
    LATER_NS,
    NUMBERS,
    START_NS,
    opened,
    planted,
    sealed_values,
    signature,
    taken,
    traces,
)

PLAIN = [*(number.encode() for number in NUMBERS), *(signature(number) for number in NUMBERS)]


def nothing(_person: Person) -> None:
    """Tell nobody."""


def test_a_number_is_kept_sealed_and_shown_masked(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    people = planted(identities)
    assert [one.masked for one in people] == ["**************002X", "******678", "******21"]
    assert {one.state for one in people} == {CheckState.SIGNED}
    assert traces(tmp_path, PLAIN) == []
    assert (tmp_path / "identities.db").stat().st_mode & 0o077 == 0
    assert (tmp_path / "secrets/identities.key").stat().st_mode & 0o077 == 0
    assert identities.reveal(people[1].person) == ("E12345678", signature("E12345678"))


def test_they_are_there_again_after_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path)
    people = planted(first)
    first.close()
    again = opened(tmp_path)
    assert again.listed(open_only=True) == people[::-1]
    again.goes_on(people[0].person, CheckState.RELEASED)
    assert [one.person for one in again.listed(open_only=True)] == [people[2].person, people[1].person]
    assert len(again.listed(open_only=False)) == 3


def test_the_same_request_is_the_same_person(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    person, fresh = identities.take(taken("E12345678", "tap"), START_NS)
    assert fresh
    assert identities.take(taken("E12345678", "tap"), START_NS + 5) == (person, False)


def test_an_unknown_person_is_not_found(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    for asks in (identities.get, identities.reveal):
        with pytest.raises(NotFoundError):
            asks("p00")


def test_after_their_days_no_file_has_a_byte_of_them(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    people = planted(identities)
    identities.close()  # now all is in the file itself
    sealed = sealed_values(tmp_path)
    assert len(sealed) == 6
    assert traces(tmp_path, sealed) == ["identities.db"]
    identities = opened(tmp_path)
    told: list[Person] = []
    assert identities.sweep(LATER_NS - 1, DAYS, told.append) == 0
    assert identities.sweep(LATER_NS, DAYS, told.append) == 3
    assert [one.person for one in told] == [one.person for one in people]
    assert traces(tmp_path, [*sealed, *PLAIN]) == []
    assert not (tmp_path / "secrets/identities.key").exists()
    with pytest.raises(NotFoundError):
        identities.reveal(people[0].person)
    assert identities.sweep(LATER_NS, DAYS, told.append) == 0


def test_only_those_that_had_their_days_are_deleted(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    old = planted(identities, numbers=NUMBERS[:2])
    gone = sealed_values(tmp_path)
    kept = planted(identities, START_NS + DAY_NS, NUMBERS[2:])
    assert identities.sweep(LATER_NS, DAYS, nothing) == 2
    assert traces(tmp_path, gone) == []
    assert identities.reveal(kept[0].person) == ("D7654321", signature("D7654321"))
    assert [one.person for one in identities.listed(open_only=False)] == [kept[0].person]
    assert old


def test_rows_that_moved_between_pages_leave_no_copy(tmp_path: Path) -> None:
    """Many of different sizes, taken and deleted in turn: SQLite splits and joins its pages."""
    identities = opened(tmp_path)
    gone: list[bytes] = []
    for day in range(7):
        numbers = tuple(f"{day:02}{place:02}{'7' * (4 + place % 9)}" for place in range(6))
        planted(identities, START_NS + day * DAY_NS, numbers)
        before = sealed_values(tmp_path)
        identities.sweep(START_NS + day * DAY_NS, 3, nothing)
        gone += [one for one in before if one not in set(sealed_values(tmp_path))]
    assert len(gone) == 4 * 6 * 2
    assert traces(tmp_path, gone) == []


def test_a_number_from_a_clock_that_was_ahead_has_its_days_from_now(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    planted(identities, START_NS + 9_000 * DAY_NS)
    assert identities.sweep(START_NS, DAYS, nothing) == 0
    assert identities.sweep(LATER_NS - 1, DAYS, nothing) == 0
    assert identities.sweep(LATER_NS, DAYS, nothing) == 3


def test_without_the_key_nothing_is_shown_and_all_is_deleted_in_time(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    person = planted(identities)[0]
    (tmp_path / "secrets/identities.key").write_bytes(os.urandom(32))
    assert {one.masked for one in identities.listed(open_only=True)} == {"*"}
    assert identities.get(person.person).state is CheckState.SIGNED
    assert identities.sweep(LATER_NS, DAYS, nothing) == 3


def test_a_damaged_file_is_deleted_and_begun_anew(tmp_path: Path) -> None:
    identities = opened(tmp_path)
    planted(identities)
    identities.close()
    sealed = sealed_values(tmp_path)
    path = tmp_path / "identities.db"
    path.write_bytes(b"no database " + path.read_bytes())
    identities = opened(tmp_path)
    assert identities.listed(open_only=False) == []
    assert traces(tmp_path, sealed) == []
    assert planted(identities)


# ---- kill -9


class Killed:
    """Counts SQL statements of a connection and kills the process before one of them."""

    def __init__(self, before: int) -> None:
        self.left = before

    def __call__(self, _cursor: Any, _sql: Any, _bindings: Any) -> bool:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return True


def swept_and_killed(data: Path, before: int) -> bool:
    """Sweep in another process that is killed before its n-th statement; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            identities = opened(data)
            identities.listed(open_only=False)
            connection: apsw.Connection = identities._db  # type: ignore[assignment]
            connection.exec_trace = Killed(before)
            identities.sweep(LATER_NS, DAYS, lambda one: note(data, one))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def note(data: Path, person: Person) -> None:
    """Note, as the journal does, that a person was deleted."""
    with (data / "told").open("a") as file:
        file.write(f"{person.person}\n")


def test_a_deletion_that_is_killed_at_any_statement_is_finished_at_the_next_start(tmp_path: Path) -> None:
    statement, killed = 0, True
    while killed:
        data = tmp_path / str(statement)
        data.mkdir()
        people, sealed = _left_by_a_run(data)
        killed = swept_and_killed(data, statement)
        identities = opened(data)
        identities.sweep(LATER_NS, DAYS, lambda one, data=data: note(data, one))  # type: ignore[misc]
        assert traces(data, [*sealed, *PLAIN]) == [], f"killed before statement {statement}"
        told = (data / "told").read_text().split()
        assert set(told) == {one.person for one in people}
        assert len(told) <= len(people) + 1, "each is told of once; the one at the kill perhaps twice"
        identities.close()
        statement += 1
    assert statement > 8


def _left_by_a_run(data: Path) -> tuple[list[Person], list[bytes]]:
    """Identities that a process has taken which was killed: some are in the WAL alone."""
    child = os.fork()
    if child == 0:
        try:
            running = opened(data)
            planted(running)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    assert (data / "identities.db-wal").stat().st_size > 0
    copy = Identities(data / "identities.db", data / "secrets" / "identities.key")
    people = copy.listed(open_only=False)
    sealed = sealed_values(data)
    copy.close()
    return people[::-1], sealed
