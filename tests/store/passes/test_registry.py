"""The pass registry, against a plain dictionary and under two hands at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.core.vocabulary.errors import (
    NotFoundError,
    PassError,
    RevisionConflictError,
    StorageError,
)
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import checked
from gateway.store.passes.credentials import normal_card, normal_plate
from gateway.store.passes.registry import OF_GROUP, ImportResult, PassRegistry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PassRegistry]:
    made = PassRegistry(tmp_path / "registry.db", writer=True)
    yield made
    made.close()


def monthly(id_: str, **fields: object) -> Pass:
    return Pass(id=id_, kind=PassKind.MONTHLY, **fields)  # type: ignore[arg-type]


def ids(passes: object) -> list[str]:
    return [one.id for one in passes]  # type: ignore[attr-defined]


# ---- look-ups ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["472288", "0000472288"])
@pytest.mark.parametrize("read", ["472288", "00472288"])
def test_a_card_is_found_however_many_zeros_stand_before_it(registry: PassRegistry, written: str, read: str) -> None:
    registry.put(monthly("a", cards=(written,)))
    assert ids(registry.find("card", read)) == ["a"]


@pytest.mark.parametrize("read", ["粤B12345", "粤b·12345", " 粤B 12345 ", "粤B•12345", "粤B-12345"])
def test_a_plate_is_found_with_or_without_dots_and_blanks(registry: PassRegistry, read: str) -> None:
    registry.put(monthly("a", plates=("粤B·12345",)))
    assert ids(registry.find("plate", read)) == ["a"]
    assert registry.get("a").plates == ("粤B·12345",)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("粵Z·1234港", "粤Z1234港"), ("滬A12345", "沪A12345"), ("粤B12345", "粤B‑12345"), ("MÜ-AB 123", "MUAB123"),
        ("MÜ-AB 123", "MU\u0308AB123"), ("А123ВС77", "A123BC77"), ("12가3456", "12가 3456"),
        ("品川300あ12-34", "品川 300 あ 12-34"), ("กข 1234", "กข1234"),
    ],
)  # fmt: skip
def test_a_plate_of_any_country_is_found_however_it_is_written(registry: PassRegistry, written: str, read: str) -> None:
    registry.put(checked(monthly("a", plates=(written,))))
    assert ids(registry.find("plate", read)) == ["a"]
    assert registry.get("a").plates == (written,)


def test_o_and_0_are_two_characters_outside_china(registry: PassRegistry) -> None:
    registry.put(monthly("a", plates=("AB12 OOO",)))
    assert registry.find("plate", "AB12 000") == ()


def test_the_passes_of_a_group_are_known_by_its_name(registry: PassRegistry) -> None:
    group = '12栋 "3" 单元\'s'
    registry.import_passes(iter([monthly("a", group=group), monthly("b", group="12"), monthly("c")]))
    registry.put(monthly("d", group=group))
    assert sorted(registry.of_group(group)) == ["a", "d"]
    registry.put(monthly("a", group="12"))
    registry.delete("d")
    assert registry.of_group(group) == ()
    assert sorted(registry.of_group("12")) == ["a", "b"]
    assert registry.of_group("") == ()


def test_a_group_is_found_by_its_index(registry: PassRegistry) -> None:
    with apsw.Connection(str(registry._path)) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {OF_GROUP}", ("12-3",)).fetchall()
    assert [step[3] for step in plan] == ["SEARCH passes USING INDEX passes_of_group (<expr>=?)"]


def test_an_epc_is_found_in_lower_case(registry: PassRegistry) -> None:
    registry.put(monthly("a", cards=("E28011700000020A1B2C3D4E",)))
    assert ids(registry.find("card", "e28011700000020a1b2c3d4e")) == ["a"]


@pytest.mark.parametrize(
    ("bits", "read", "found"),
    [
        ("full", 0x12_3456_789A, True),
        ("full", 0x3456_789A, False),
        (32, 0x3456_789A, True),
        (32, 0x99_3456_789A, True),
        (32, 0x56_789A, False),
        (24, 0x56_789A, True),
        (24, 0x57_789A, False),
    ],
)
def test_as_many_low_bits_of_a_card_are_compared_as_the_site_says(
    registry: PassRegistry, bits: int | str, read: int, found: bool
) -> None:
    registry.put(monthly("a", cards=(str(0x12_3456_789A),)))
    assert bool(registry.find("card", str(read), bits)) is found  # type: ignore[arg-type]


def test_two_readers_that_show_more_or_fewer_bits_find_one_card_by_24_bits(
    registry: PassRegistry,
) -> None:
    registry.put(monthly("a", cards=("E2801170000002000007_34E0".replace("_", ""),)))
    registry.put(monthly("b", cards=(str(0x0007_34E0),)))
    assert ids(registry.find("card", str(0x0734E0), 24)) == ["a", "b"]


def test_a_card_on_two_passes_finds_both(registry: PassRegistry) -> None:
    registry.put(monthly("a", cards=("7",)))
    registry.put(monthly("b", cards=("7", "8")))
    assert ids(registry.find("card", "7")) == ["a", "b"]


def test_a_pass_with_the_same_card_written_twice_is_found_once(registry: PassRegistry) -> None:
    registry.put(monthly("a", cards=("7", "007"), plates=("粤B1", "粤b·1")))
    for bits in ("full", 24, 32):
        assert ids(registry.find("card", "7", bits)) == ["a"]  # type: ignore[arg-type]
    assert ids(registry.find("plate", "粤B1")) == ["a"]


@pytest.mark.parametrize(
    ("kind", "value"), [("card", "noise"), ("card", ""), ("smell", "7"), ("qr", "7"), ("plate", "")]
)
def test_what_cannot_be_a_credential_finds_nothing(registry: PassRegistry, kind: str, value: str) -> None:
    registry.put(monthly("a", cards=("7",), plates=("粤B1",)))
    assert registry.find(kind, value) == ()


def test_a_reader_in_another_process_sees_a_change_at_once(registry: PassRegistry, tmp_path: Path) -> None:
    other = PassRegistry(tmp_path / "registry.db")
    assert other.find("card", "7") == ()
    registry.put(monthly("a", cards=("7",)))
    assert ids(other.find("card", "7")) == ["a"]
    with pytest.raises(StorageError, match="for reading"):
        other.put(monthly("b"))
    other.close()


# ---- changes -----------------------------------------------------------------------------------------------------


def test_the_revision_counts_up_with_each_change(registry: PassRegistry) -> None:
    assert registry.put(monthly("a")) == (monthly("a", revision=1), True)
    assert registry.put(monthly("a", bay="12", revision=99)) == (
        monthly("a", bay="12", revision=2),
        False,
    )
    assert registry.put(monthly("a", bay="12"))[0].revision == 2


def test_a_lost_update_is_refused(registry: PassRegistry) -> None:
    registry.put(monthly("a"))
    registry.put(monthly("a", bay="12"), expected_revision=1)
    with pytest.raises(RevisionConflictError, match="revision 2, not 1"):
        registry.put(monthly("a", bay="13"), expected_revision=1)
    with pytest.raises(RevisionConflictError):
        registry.delete("a", expected_revision=1)
    assert registry.get("a").bay == "12"


def test_revision_zero_means_that_there_must_be_none_yet(registry: PassRegistry) -> None:
    registry.put(monthly("a"), expected_revision=0)
    with pytest.raises(RevisionConflictError):
        registry.put(monthly("a", bay="1"), expected_revision=0)


def test_a_pass_that_is_not_there_cannot_be_deleted_or_shown(registry: PassRegistry) -> None:
    with pytest.raises(NotFoundError):
        registry.delete("a")
    with pytest.raises(NotFoundError):
        registry.get("a")


def test_a_card_taken_off_a_pass_opens_nothing_any_more(registry: PassRegistry) -> None:
    registry.put(monthly("a", cards=("7", "8")))
    registry.put(monthly("a", cards=("8",)))
    assert registry.find("card", "7") == ()
    assert ids(registry.find("card", "8")) == ["a"]


# ---- lists -------------------------------------------------------------------------------------------------------


@pytest.fixture
def estate(registry: PassRegistry) -> PassRegistry:
    registry.put(monthly("m1", holder="Lin 100%", unit="3-1201", plates=("粤B·12345",), cards=("0042",)))
    registry.put(monthly("m2", holder="Chen_A", unit="3-1202", plates=("粤B99999",), cards=("77",)))
    registry.put(Pass("s1", PassKind.STAFF, holder="Wang", unit="office", cards=("E2001",)))
    return registry


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lin", ["m1"]),
        ("100%", ["m1"]),
        ("%", ["m1"]),
        ("_", ["m2"]),
        ("3-12", ["m1", "m2"]),
        ("粤B", ["m1", "m2"]),
        ("粤b 123", ["m1"]),
        ("42", ["m1"]),
        ("e2001", ["s1"]),
        ("m2", ["m2"]),
        ("nobody", []),
        ("  ", ["m1", "m2", "s1"]),
    ],
)
def test_passes_are_found_by_holder_unit_plate_card_and_id(estate: PassRegistry, query: str, found: list[str]) -> None:
    assert ids(estate.list(query=query)) == found


def test_a_list_goes_on_behind_the_last_id(estate: PassRegistry) -> None:
    assert ids(estate.list(limit=2)) == ["m1", "m2"]
    assert ids(estate.list(after="m2", limit=2)) == ["s1"]
    assert ids(estate.list(kind="staff")) == ["s1"]
    assert ids(estate.all()) == ["m1", "m2", "s1"]
    assert estate.count() == 3


# ---- imports -----------------------------------------------------------------------------------------------------


def test_an_import_counts_what_is_new_and_what_changed(estate: PassRegistry) -> None:
    same, changed = estate.get("m1"), monthly("m2", holder="Chen", cards=("78",))
    result = estate.import_passes([same, changed, monthly("new", cards=("5",))])
    assert (result.count, result.created, result.changed, result.removed) == (3, 1, 1, 0)
    assert estate.get("m1").revision == 1
    assert (estate.get("m2").revision, estate.get("m2").holder) == (2, "Chen")
    assert estate.find("card", "77") == ()
    assert ids(estate.find("card", "78")) == ["m2"]
    assert ids(estate.find("card", "5")) == ["new"]


def test_an_import_that_replaces_removes_the_rest(estate: PassRegistry) -> None:
    result = estate.import_passes([monthly("m1", cards=("42",))], replace=True)
    assert (result.removed, ids(estate.all())) == (2, ["m1"])
    assert estate.find("card", "77") == ()


def test_an_import_that_fails_in_the_middle_changes_nothing(estate: PassRegistry) -> None:
    def broken() -> Iterator[Pass]:
        for n in range(5000):
            yield monthly(f"n{n}", cards=(str(n),))
        raise PassError("line 5001 is wrong")

    before = list(estate.all())
    with pytest.raises(PassError, match="5001"):
        estate.import_passes(broken(), replace=True)
    assert list(estate.all()) == before
    assert estate.find("card", "4999") == ()


@pytest.mark.parametrize("apart", [0, 1, 3000])
@pytest.mark.parametrize("known", [False, True])
def test_an_id_that_comes_twice_stops_the_import(estate: PassRegistry, apart: int, known: bool) -> None:
    twice = "m1" if known else "new"
    between = [monthly(f"n{n}") for n in range(apart)]
    with pytest.raises(PassError, match=f"'{twice}' comes twice"):
        estate.import_passes([monthly(twice, bay="1"), *between, monthly(twice, bay="2")])
    assert estate.count() == 3


def test_an_id_that_comes_twice_stops_an_import_into_an_empty_registry(
    registry: PassRegistry,
) -> None:
    with pytest.raises(PassError, match="'n7' comes twice"):
        registry.import_passes([*(monthly(f"n{n}") for n in range(3000)), monthly("n7")])
    assert registry.count() == 0


def test_a_document_that_is_written_otherwise_is_no_change(estate: PassRegistry) -> None:
    with apsw.Connection(str(estate._path)) as db:
        db.execute("UPDATE passes SET document = json_set(document, '$.note', '', '$.revision', 7) WHERE id = 'm1'")
    result = estate.import_passes([estate.get("m1"), monthly("m2", holder="Chen")])
    assert (result.created, result.changed) == (0, 1)
    assert estate.get("m1").revision == 7


def test_old_and_new_passes_of_an_import_are_all_found_by_their_words(estate: PassRegistry) -> None:
    estate.import_passes(monthly(f"n{n:04}", holder=f"old {n}") for n in range(700))
    mixed = [monthly(f"n{n:04}", holder=f"now {n}" if n % 3 else f"old {n}") for n in range(1500)]
    assert estate.import_passes(mixed).changed == 466
    for n in (0, 1, 2, 255, 256, 257, 699, 700, 767, 768, 769, 1023, 1024, 1499):
        words = f"now {n}" if n % 3 else f"old {n}"
        assert f"n{n:04}" in ids(estate.list(query=words))


def test_a_dry_run_tells_and_changes_nothing(estate: PassRegistry) -> None:
    result = estate.import_passes([monthly("x")], replace=True, dry_run=True)
    assert (result.created, result.removed) == (1, 3)
    assert estate.count() == 3


def test_the_digest_tells_one_content_from_another_whatever_was_there_before(
    registry: PassRegistry, tmp_path: Path
) -> None:
    def digest(into: PassRegistry, *passes: Pass) -> str:
        return into.import_passes(passes).digest

    first = digest(registry, monthly("a", bay="1"), monthly("b"))
    assert digest(registry, monthly("a", bay="1", revision=7), monthly("b")) == first
    assert digest(registry, monthly("a", bay="2"), monthly("b")) != first


def test_an_import_tells_how_far_it_is(registry: PassRegistry) -> None:
    seen: list[int] = []
    registry.import_passes((monthly(f"n{n}") for n in range(4500)), progress=seen.append)
    assert seen == [2000, 4000, 4500]


def test_look_ups_see_the_old_passes_until_an_import_is_whole(estate: PassRegistry) -> None:
    seen: list[list[str]] = []

    def watching() -> Iterator[Pass]:
        for n in range(5000):
            if n == 4500:
                seen.append(ids(estate.find("card", "77")) + ids(estate.find("card", "100")))
            yield monthly(f"n{n}", cards=(str(n),))

    estate.import_passes(watching(), replace=True)
    assert seen == [["m2"]]
    assert ids(estate.find("card", "77")) == ["n77"]


def test_an_empty_import_is_one_too(registry: PassRegistry) -> None:
    assert registry.import_passes([]) == ImportResult(
        0, 0, 0, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


# ---- against a dictionary ----------------------------------------------------------------------------------------

_ids = st.sampled_from(["a", "b", "c", "d"])
_cards = st.lists(st.sampled_from(["1", "01", "2", "16777217", "4294967297", "E2001"]), max_size=3)
_plates = st.lists(st.sampled_from(["粤B1", "粤b·1", "粤B 2", "京A3"]), max_size=2)
_passes = st.builds(
    lambda i, c, p, bay: monthly(i, cards=tuple(c), plates=tuple(p), bay=bay),
    _ids, _cards, _plates, st.sampled_from(["", "12"]),
)  # fmt: skip


class AgainstADictionary(RuleBasedStateMachine):
    """Whatever is put, deleted and imported: look-ups find what a dictionary finds."""

    @initialize(folder=st.builds(lambda: None))
    def start(self, folder: None) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.registry = PassRegistry(Path(self.folder.name) / "registry.db", writer=True)
        self.model: dict[str, Pass] = {}

    @rule(pass_=_passes)
    def put(self, pass_: Pass) -> None:
        self.registry.put(pass_)
        self.model[pass_.id] = pass_

    @rule(pass_id=_ids)
    def delete(self, pass_id: str) -> None:
        if self.model.pop(pass_id, None):
            self.registry.delete(pass_id)

    @rule(passes=st.lists(_passes, unique_by=lambda one: one.id), replace=st.booleans())
    def import_(self, passes: list[Pass], replace: bool) -> None:
        self.registry.import_passes(passes, replace)
        self.model = {**({} if replace else self.model), **{one.id: one for one in passes}}

    @invariant()
    def look_ups_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        assert ids(self.registry.all()) == sorted(self.model)
        for card in ("1", "2", "16777217", "4294967297", "E2001"):
            self._agree("card", card, lambda one, c=card: c in map(normal_card, one.cards))
        for plate in ("粤B1", "粤B2", "京A3"):
            self._agree("plate", plate, lambda one, p=plate: p in map(normal_plate, one.plates))

    def _agree(self, kind: str, value: str, has) -> None:  # type: ignore[no-untyped-def]
        expected = sorted(one.id for one in self.model.values() if has(one))
        assert sorted(ids(self.registry.find(kind, value))) == expected

    def teardown(self) -> None:
        if hasattr(self, "registry"):
            self.registry.close()
            self.folder.cleanup()


TestAgainstADictionary = AgainstADictionary.TestCase
TestAgainstADictionary.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
