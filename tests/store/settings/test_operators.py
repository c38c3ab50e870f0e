"""Operators one by one: each change is whole or not at all, and no PIN is ever stored in plain."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.settings.roles import Role
from gateway.core.vocabulary.errors import GatehouseError, NotFoundError, RefusedError, RequestError
from gateway.store.settings.documents import Documents
from gateway.store.settings.operators import OPERATORS_MAX, Lifts, Operators
from gateway.store.settings.secrets import check_pin, hash_pin

HASH = hash_pin("2468")
OTHER = hash_pin("7391")
SITE = {"site": {"id": "north"}, "gateway": {"id": "gw1"}}


class Kept:
    """Operators on a settings file, and how often the first set-up was told to be over."""

    def __init__(self, path: Path) -> None:
        self.documents = Documents(path)
        self.documents.save(SITE)
        self.begun = 0
        self.operators = Operators(self.documents, self._begin)

    def _begin(self) -> None:
        self.begun += 1

    def names(self) -> list[str]:
        return [one["name"] for one in self.operators.list()]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "site.json")


def test_a_directory_without_operators_lists_none(kept: Kept) -> None:
    assert kept.operators.list() == []


def test_an_operator_is_added_behind_the_others_and_the_rest_of_the_settings_stays(kept: Kept) -> None:
    kept.operators.add("Lin", "guard", HASH)
    kept.operators.add("Wei", "leader", OTHER)
    assert kept.operators.list() == [{"name": "Lin", "role": "guard"}, {"name": "Wei", "role": "leader"}]
    document = kept.documents.load()
    assert {key: document[key] for key in SITE} == SITE
    assert check_pin("7391", document["operators"][1]["pin_hash"])
    assert kept.begun == 2


@pytest.mark.parametrize(
    ("name", "role", "pin_hash", "error", "words"),
    [
        ("Lin", "guard", HASH, RefusedError, "there is an operator 'Lin' already"),
        ("lin", "guard", HASH, RefusedError, "'lin' looks like the operator 'Lin'; take a name that differs"),
        ("\uff2cin", "guard", HASH, RefusedError, "looks like the operator 'Lin'"),
        ("../x", "guard", HASH, RequestError, "name begins with '.'; begin it with a letter or a digit"),
        ("-x", "guard", HASH, RequestError, "name begins with '-'"),
        ("", "guard", HASH, RequestError, "name is empty"),
        ("Wei\n", "guard", HASH, RequestError, "name begins or ends"),
        ("We\x1bi", "guard", HASH, RequestError, "control character"),
        ("13800138000", "guard", HASH, RequestError, "digits in a row"),
        ("Wei", "king", HASH, RequestError, "role is 'king'; give one of guard, leader"),
        ("Wei", "guard", "2468", RequestError, "pin_hash is not the hash of a PIN"),
        ("Wei", "guard", "", RequestError, "pin_hash is not the hash of a PIN"),
    ],
)
def test_what_is_wrong_with_an_operator_is_said_and_nothing_changes(
    kept: Kept, name: str, role: str, pin_hash: str, error: type[GatehouseError], words: str
) -> None:
    kept.operators.add("Lin", "guard", HASH)
    before = kept.documents.load()
    with pytest.raises(error, match=words):
        kept.operators.add(name, role, pin_hash)
    assert kept.documents.load() == before


def test_there_are_only_so_many_operators(kept: Kept) -> None:
    full = [{"name": f"n{n}", "role": "guard", "pin_hash": HASH} for n in range(OPERATORS_MAX)]
    kept.documents.save({**SITE, "operators": full})
    with pytest.raises(RefusedError, match="there are 500 operators already"):
        kept.operators.add("Lin", "guard", HASH)


def test_another_pin_changes_that_operator_alone(kept: Kept) -> None:
    kept.operators.add("Lin", "guard", HASH)
    kept.operators.add("Wei", "leader", HASH)
    kept.operators.set_pin("Wei", OTHER)
    lin, wei = kept.documents.load()["operators"]
    assert (lin["pin_hash"], wei) == (HASH, {"name": "Wei", "role": "leader", "pin_hash": OTHER})
    with pytest.raises(RequestError):
        kept.operators.set_pin("Wei", "7391")


def test_an_operator_is_removed_and_the_first_set_up_stays_over(kept: Kept) -> None:
    kept.operators.add("Lin", "guard", HASH)
    assert kept.operators.remove("Lin") == "guard"
    assert kept.operators.list() == []
    assert kept.begun == 2


def test_a_name_that_is_not_there_is_told_with_those_that_are(kept: Kept) -> None:
    with pytest.raises(NotFoundError, match="known: none"):
        kept.operators.remove("Gone")
    kept.operators.add("Lin", "guard", HASH)
    for change in (
        lambda: kept.operators.remove("Gone"),
        lambda: kept.operators.set_pin("Gone", HASH),
        lambda: kept.operators.must_know("Gone"),
    ):
        with pytest.raises(NotFoundError, match="there is no operator 'Gone'; known: Lin"):
            change()


def test_the_last_installer_stays_unless_it_is_meant(kept: Kept) -> None:
    kept.operators.add("Ana", "installer", HASH)
    kept.operators.add("Lin", "guard", HASH)
    with pytest.raises(RefusedError, match="add another one first: gatehouse operator add NAME --role installer") as no:
        kept.operators.remove("Ana")
    assert no.value.code == "last_installer"
    assert kept.names() == ["Ana", "Lin"]
    assert kept.operators.remove("Ana", also_last=True) == Role.INSTALLER
    assert kept.names() == ["Lin"]


def test_another_role_keeps_name_and_pin(kept: Kept) -> None:
    kept.operators.add("Lin", "guard", HASH)
    assert kept.operators.set_role("Lin", "leader") == "guard"
    assert kept.operators.list() == [{"name": "Lin", "role": "leader"}]
    with pytest.raises(RequestError, match="give one of guard"):
        kept.operators.set_role("Lin", "king")
    with pytest.raises(NotFoundError):
        kept.operators.set_role("Gone", "leader")


def test_the_last_installer_keeps_the_role(kept: Kept) -> None:
    kept.operators.add("Ana", "installer", HASH)
    with pytest.raises(RefusedError) as no:
        kept.operators.set_role("Ana", "guard")
    assert no.value.code == "last_installer"
    kept.operators.add("Bo", "installer", HASH)
    assert kept.operators.set_role("Ana", "guard") == "installer"


def test_one_of_two_installers_goes_without_a_word(kept: Kept) -> None:
    kept.operators.add("Ana", "installer", HASH)
    kept.operators.add("Bo", "installer", HASH)
    kept.operators.remove("Ana")
    assert kept.names() == ["Bo"]


# ---- lifted lock-outs


def test_a_lift_is_seen_by_another_reader_of_the_file(tmp_path: Path) -> None:
    writer, reader = Lifts(tmp_path / "lifted.json"), Lifts(tmp_path / "lifted.json")
    assert reader.at_s("Lin") == 0
    writer.lift("Lin")
    first = reader.at_s("Lin")
    assert first > 0 and reader.at_s("Wei") == 0
    writer.lift("Lin")
    assert reader.at_s("Lin") >= first
    assert (tmp_path / "lifted.json").stat().st_mode & 0o777 == 0o640


def test_lifts_are_bounded_and_the_oldest_goes_first(tmp_path: Path) -> None:
    import json

    path = tmp_path / "lifted.json"
    path.write_text(json.dumps({f"n{n}": float(n + 1) for n in range(OPERATORS_MAX)}))
    Lifts(path).lift("Lin")
    kept = json.loads(path.read_text())
    assert len(kept) == OPERATORS_MAX
    assert "n0" not in kept and "n1" in kept and "Lin" in kept


def test_a_damaged_file_of_lifts_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lifted.json").write_text("{ half")
    with pytest.raises(GatehouseError, match="remove it"):
        Lifts(tmp_path / "lifted.json").at_s("Lin")
