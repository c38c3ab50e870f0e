"""Every command that needs no engine: what it prints, what it changes, and how it refuses."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import build_parser
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.settings.secrets import SCOPES
from tests.cli.conftest import SITE, Gatehouse
from tests.support.engine_stand_in import engine_stand_in
from tests.support.waiting import PATIENCE_S

PASSES = "id,kind,holder,cards,plates\nR1,monthly,王秀英,472288,京A12345\nS1,staff,李强,1193046,\n"


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that this version has."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if parser.get_default("run") is not None and not parser.get_default("later"):
        yield words
        return
    for group in groups:
        for name, child in group.choices.items():
            yield from leaves(child, (*words, name))


def journal(data: Path) -> JournalReader:
    return JournalReader(data / "journal.db")


@pytest.fixture
def passes(tmp_path: Path) -> Path:
    path = tmp_path / "passes.csv"
    path.write_text(PASSES, "utf-8")
    return path


class TestTheLineItself:
    def test_help_names_every_command_and_exit_code(self, gatehouse: Gatehouse) -> None:
        told = gatehouse("--help")
        assert told.status == 0
        for name in ("demo", "init", "run", "engine", "uplink", "web", "check", "site", "passes", "events", "verify"):
            assert f"\n    {name}" in told.out
        assert "3    the data directory is in use" in told.out

    @pytest.mark.parametrize("words", list(leaves(build_parser())), ids=" ".join)
    def test_every_command_has_help_with_an_example_and_words_for_each_option(
        self, gatehouse: Gatehouse, words: tuple[str, ...]
    ) -> None:
        told = gatehouse(*words, "--help")
        assert told.status == 0
        assert f"\n  gatehouse {' '.join(words)}" in told.out
        parser = build_parser()
        for word in words:
            parser = next(g for g in parser._actions if isinstance(g, argparse._SubParsersAction)).choices[word]
        silent = [action.dest for action in parser._actions if not action.help and not action.choices]
        assert silent == []

    @pytest.mark.parametrize("command", [(), ("passes",), ("site",), ("token",), ("no-such-command",)])
    def test_half_a_command_is_a_usage_error(self, gatehouse: Gatehouse, command: tuple[str, ...]) -> None:
        assert gatehouse(*command).status == 2

    def test_options_stand_before_or_after_the_command(
        self, gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = ("--data", made)
        lines = [
            (*data, "--json", "passes", "list"),
            ("passes", *data, "list", "--json"),
            ("passes", "list", "--json", *data),
            ("--json", "passes", "list", *data),
        ]
        monkeypatch.setenv("GATEHOUSE_DATA", "/nowhere")
        assert [gatehouse(*line).data["count"] for line in lines] == [0] * 4

    def test_an_option_is_not_guessed_from_its_beginning(self, gatehouse: Gatehouse, made: Path) -> None:
        assert gatehouse("events", "--foll", "--data", made).status == 2

    def test_a_directory_that_is_not_there_is_named_with_the_remedy(self, gatehouse: Gatehouse, data: Path) -> None:
        told = gatehouse("verify")
        assert told.status == 2
        assert str(data) in told.err and "gatehouse init" in told.err

    @pytest.mark.parametrize(
        "line", [("passes", "show", "\udcff"), ("token", "create", "--name", "\udcff", "--scope", "metrics")]
    )
    def test_bytes_that_are_no_text_are_a_usage_error(
        self, gatehouse: Gatehouse, made: Path, line: tuple[str, ...]
    ) -> None:
        told = gatehouse(*line)
        assert (told.status, told.err) == (2, "gatehouse: the command line holds bytes that are not UTF-8 text\n")

    def test_an_empty_directory_name_never_means_where_one_stands(
        self, gatehouse: Gatehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        told = gatehouse("init", "--data", "")
        assert (told.status, "--data" in told.err) == (2, True)
        assert list(tmp_path.iterdir()) == []

    def test_a_mistake_is_one_line_and_no_traceback(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("passes", "show", "nobody")
        assert (told.status, told.out) == (1, "")
        assert told.err == "gatehouse: there is no pass 'nobody'\n"

    def test_a_traceback_comes_when_asked_for(
        self, gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GATEHOUSE_DEBUG", "1")
        assert "Traceback" in gatehouse("passes", "show", "nobody").err

    def test_programs_get_mistakes_as_data(self, gatehouse: Gatehouse, made: Path) -> None:
        assert gatehouse("--json", "passes", "show", "nobody").data["error"]["code"] == "not_found"

    def test_help_loads_neither_drivers_nor_databases(self) -> None:
        script = (
            "import sys\nfrom gateway.cli import main\n"
            "try: main(['--help'])\nexcept SystemExit: pass\n"
            "print(*[m for m in ('apsw', 'msgspec', 'flask', 'serial', 'tinydb', 'paho') if m in sys.modules])"
        )
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert told.stdout.splitlines()[-1] == ""

    @pytest.mark.real
    def test_a_reader_that_has_had_enough_is_no_error(self, made: Path, gatehouse: Gatehouse) -> None:
        for number in range(40):
            gatehouse("token", "create", "--name", f"t{number}", "--scope", "metrics")
        line = f"{sys.executable} -m gateway events --json --data {made} | head -n 1"
        told = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)
        assert (told.returncode, told.stderr) == (0, "")


class TestInit:
    def test_a_directory_is_made_with_a_new_journal_and_a_setup_code(self, gatehouse: Gatehouse, data: Path) -> None:
        told = gatehouse("init", "--json").data
        assert told["journal"] == journal(data).journal_id
        assert DataDirectory(data).first_run.fits(told["setup_code"])

    def test_one_that_was_interrupted_may_be_repeated(self, gatehouse: Gatehouse, data: Path) -> None:
        data.mkdir()
        Journal.create(data / "journal.db").close()
        assert gatehouse("init").status == 0
        assert DataDirectory(data).open().site.id == "site"

    def test_every_journal_has_an_id_of_its_own(self, gatehouse: Gatehouse, tmp_path: Path) -> None:
        ids = {gatehouse("init", "--json", "--data", tmp_path / name).data["journal"] for name in "ab"}
        assert len(ids) == 2

    def test_pins_and_passwords_do_not_lie_in_the_settings(self, made: Path) -> None:
        text = (made / "site.json").read_text()
        assert "2468" not in text and "geheim" not in text
        assert (made / "secrets").stat().st_mode & 0o777 == 0o700

    def test_nothing_in_it_can_be_read_by_others(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        gatehouse("passes", "export", made.with_name("out.csv"))
        found = [made, made.with_name("out.csv"), *made.rglob("*")]
        assert [path for path in found if path.stat().st_mode & 0o007] == []

    def test_the_setup_code_says_what_it_is_for(self, gatehouse: Gatehouse) -> None:
        told = gatehouse("init")
        assert re.search(r"^setup code: ([A-Z0-9]{4}-){2}[A-Z0-9]{4}$", told.out, re.M)
        assert re.search(r"^  Start the gateway \(gatehouse run --data .+\) and open ", told.out, re.M)
        assert "http://127.0.0.1:8080/setup" in told.out and "once" in told.out

    def test_a_site_file_with_operators_leaves_no_first_set_up(self, gatehouse: Gatehouse, site_file: Path) -> None:
        told = gatehouse("init", "--site", site_file)
        assert re.search(r"^setup code: ", told.out, re.M)
        assert "the code opens nothing" in told.out and "/setup" not in told.out

    def test_without_a_site_file_the_gateway_is_named_after_its_journal(self, gatehouse: Gatehouse, data: Path) -> None:
        told = gatehouse("init", "--json").data
        assert told["gateway"] == f"gw-{told['journal'][:6]}"
        assert DataDirectory(data).settings().gateway.id == told["gateway"]

    @pytest.mark.parametrize("with_site", [True, False])
    def test_the_pages_can_be_opened_to_the_network(
        self, gatehouse: Gatehouse, data: Path, site_file: Path, with_site: bool
    ) -> None:
        assert gatehouse("init", "--lan", *(["--site", site_file] if with_site else [])).status == 0
        assert DataDirectory(data).settings().gateway.http.host == "0.0.0.0"

    def test_without_that_they_stay_on_this_machine(self, gatehouse: Gatehouse, data: Path) -> None:
        gatehouse("init")
        assert DataDirectory(data).settings().gateway.http.host == "127.0.0.1"

    def test_another_code_voids_the_one_before(self, gatehouse: Gatehouse, data: Path) -> None:
        first = gatehouse("init", "--json").data["setup_code"]
        told = gatehouse("init", "--new-code")
        second = re.search(r"^setup code: (\S+)$", told.out, re.M)
        assert told.status == 0 and second is not None
        first_run = DataDirectory(data).first_run
        assert not first_run.fits(first) and first_run.fits(second[1])
        assert gatehouse("init", "--new-code", "--json").data.keys() == {"setup_code"}

    def test_no_code_is_drawn_once_an_operator_was_made(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("init", "--new-code")
        assert told.status == 1 and "gatehouse operator set-pin" in told.err

    def test_no_code_is_drawn_where_there_is_no_directory(self, gatehouse: Gatehouse, site_file: Path) -> None:
        assert gatehouse("init", "--new-code").status == 2
        assert gatehouse("init", "--new-code", "--site", site_file).status == 1

    def test_a_second_init_is_refused_and_changes_nothing(
        self, gatehouse: Gatehouse, made: Path, site_file: Path
    ) -> None:
        before = journal(made).journal_id
        assert gatehouse("init", "--site", site_file).status == 3
        assert journal(made).journal_id == before

    @pytest.mark.parametrize("name", ["report.odt", ".hidden", "secrets/key.pem", "media/a.jpg", "registry.db"])
    def test_a_directory_with_a_foreign_file_is_refused(self, gatehouse: Gatehouse, data: Path, name: str) -> None:
        foreign = data / name
        foreign.parent.mkdir(parents=True)
        foreign.write_text("mine")
        told = gatehouse("init")
        assert told.status == 3
        assert f"is not empty ({name.partition('/')[0]})" in told.err and "--data" in told.err
        assert [path for path in data.rglob("*") if path.is_file()] == [foreign]

    def test_what_is_no_directory_is_refused(self, gatehouse: Gatehouse, data: Path) -> None:
        data.write_text("mine")
        told = gatehouse("init")
        assert (told.status, "is no directory" in told.err, data.read_text()) == (3, True, "mine")

    def test_many_foreign_files_are_not_all_named(self, gatehouse: Gatehouse, data: Path) -> None:
        data.mkdir()
        for name in "abcde":
            (data / name).touch()
        assert "is not empty (a, b, c, ...)" in gatehouse("init").err

    def test_an_empty_disk_and_what_an_interrupted_init_left_are_no_foreign_files(
        self, gatehouse: Gatehouse, data: Path
    ) -> None:
        for name in ("lost+found", "media", "secrets", "run"):
            (data / name).mkdir(parents=True)
        (data / "run" / "engine.lock").touch()
        assert gatehouse("init").status == 0

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("{", "is not JSON at line 1"),
            ("[]", "give a JSON object"),
            ('{"site": {}, "site": {}}', "stands twice"),
            ("[" * 100_000, "nested too deeply"),
            (json.dumps({**SITE, "colour": 1}), "colour: is not a known key"),
            (json.dumps(SITE).replace('"driver": "noop"', '"driver": "magic"', 1), "devices[0].driver: is 'magic'"),
        ],
    )
    def test_a_wrong_site_file_makes_nothing(
        self, gatehouse: Gatehouse, data: Path, site_file: Path, content: str, words: str
    ) -> None:
        site_file.write_text(content)
        told = gatehouse("init", "--site", site_file)
        assert told.status == 2
        assert words in told.err
        assert not data.exists()

    def test_a_site_file_may_begin_with_the_mark_that_windows_editors_write(
        self, gatehouse: Gatehouse, site_file: Path
    ) -> None:
        site_file.write_text(json.dumps(SITE), "utf-8-sig")
        assert gatehouse("init", "--site", site_file).status == 0

    def test_two_barriers_on_one_output_are_named(self, gatehouse: Gatehouse, site_file: Path) -> None:
        lanes = [SITE["lanes"][0], {**SITE["lanes"][0], "id": "out"}]
        site_file.write_text(json.dumps({**SITE, "lanes": lanes}))
        told = gatehouse("init", "--site", site_file, "--json")
        assert any("io.output.0" in problem["message"] for problem in told.data["error"]["problems"])


class TestSiteExport:
    def test_the_settings_come_out_without_pins_and_secrets(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("site", "export")
        assert told.data["lanes"] == SITE["lanes"]
        assert told.data["operators"] == [{"name": "Lin", "role": "guard"}]
        assert "geheim" not in told.out and "hash" not in told.out and "scrypt" not in told.out

    def test_groups_go_in_and_come_out_again(self, gatehouse: Gatehouse, site_file: Path) -> None:
        site = {**SITE, "site": {**SITE["site"], "capacity": 300}, "groups": [{"id": "12栋502", "places": 2}]}
        site_file.write_text(json.dumps(site), "utf-8")
        assert gatehouse("init", "--site", site_file).status == 0
        exported = gatehouse("site", "export").data
        assert (exported["groups"], exported["site"]["capacity"]) == (site["groups"], 300)


class TestPasses:
    def test_an_import_is_one_event_and_the_passes_are_there(
        self, gatehouse: Gatehouse, made: Path, passes: Path
    ) -> None:
        told = gatehouse("passes", "import", passes, "--json").data
        assert (told["count"], told["created"]) == (2, 2)
        (row,) = journal(made).page(0, 10)
        assert (row.type, row.data()["digest"]) == ("passes.imported", told["digest"])
        assert PassRegistry(made / "registry.db").find("card", "472288")[0].id == "R1"

    def test_a_dry_run_changes_nothing(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        told = gatehouse("passes", "import", passes, "--dry-run")
        assert told.status == 0
        assert [line.split()[-1] for line in told.out.splitlines()[:6]] == ["passes", "2", "0", "0", "0", "0"]
        assert "holders: 王秀英, 李强" in told.out
        assert gatehouse("passes", "list", "--json").data == {"items": [], "count": 0}
        assert journal(made).last_sequence() == 0

    def test_a_dry_run_names_the_rows_that_would_be_refused_beside_what_would_be_done(
        self, gatehouse: Gatehouse, made: Path, passes: Path
    ) -> None:
        passes.write_text(PASSES + "X1,royal,,,\n", "utf-8")
        told = gatehouse("passes", "import", passes, "--dry-run")
        assert told.status == 1
        assert [line.split()[-1] for line in told.out.splitlines()[1:6]] == ["2", "0", "0", "0", "1"]
        assert "line 4, kind: is 'royal'" in told.out

    def test_an_encoding_is_named_where_it_is_not_clear(self, gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
        path = tmp_path / "old.csv"
        path.write_bytes("id,kind,holder\na,staff,陳大文\n".encode("big5"))
        asked = gatehouse("passes", "import", path)
        assert (asked.status, "--encoding" in asked.err) == (1, True)
        assert gatehouse("passes", "import", path, "--encoding", "big5").status == 0
        assert [one["holder"] for one in gatehouse("passes", "list", "--json").data["items"]] == ["陳大文"]

    def test_a_template_is_taken_as_it_is_and_writes_over_nothing(
        self, gatehouse: Gatehouse, made: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "list.xlsx"
        assert gatehouse("passes", "template", path).status == 0
        assert "there already" in gatehouse("passes", "template", path).err
        assert gatehouse("passes", "import", path, "--json").data["created"] == 4

    def test_a_running_engine_gets_a_copy_that_it_can_read_and_that_is_gone_afterwards(
        self, gatehouse: Gatehouse, made: Path, passes: Path
    ) -> None:
        seen: list[tuple[Path, str]] = []

        def take(asked: dict[str, Any]) -> dict[str, int]:
            seen.append((Path(asked["file"]), Path(asked["file"]).read_text("utf-8")))
            return {"count": 2, "created": 2, "changed": 0}

        with engine_stand_in(made / "run" / "engine.sock") as engine:
            engine.answers["passes.import"] = take
            assert gatehouse("passes", "import", passes).status == 0
        ((path, text),) = seen
        assert (path.name, text) == (passes.name, PASSES)
        assert path.is_relative_to(made)
        assert not path.parent.exists()

    def test_a_bad_row_is_named_and_nothing_is_taken(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        passes.write_text(PASSES + "X1,royal,,,\n", "utf-8")
        told = gatehouse("passes", "import", passes, "--json")
        assert told.status == 1
        assert [(row["line"], row["column"]) for row in told.data["error"]["rows"]] == [(4, "kind")]
        assert gatehouse("passes", "list", "--json").data["count"] == 0

    def test_a_file_that_is_not_there_is_one_line(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("passes", "import", "nowhere.csv")
        assert (told.status, told.err) == (1, "gatehouse: there is no file nowhere.csv\n")

    def test_a_file_of_an_unknown_kind_is_refused(self, gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
        path = tmp_path / "passes.doc"
        path.write_text("x")
        told = gatehouse("passes", "import", path)
        assert told.status == 1
        assert ".csv" in told.err

    @pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl", "ndjson"])
    def test_what_is_exported_can_be_imported(
        self, gatehouse: Gatehouse, made: Path, passes: Path, tmp_path: Path, suffix: str
    ) -> None:
        gatehouse("passes", "import", passes)
        path = tmp_path / f"out.{suffix}"
        assert gatehouse("passes", "export", path, "--json").data["count"] == 2
        told = gatehouse("passes", "import", path, "--json").data
        assert (told["count"], told["created"], told["changed"]) == (2, 0, 0)

    def test_replace_removes_what_the_file_does_not_name(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        passes.write_text(PASSES.rpartition("S1")[0], "utf-8")
        asked = gatehouse("passes", "import", passes, "--replace")
        assert (asked.status, "1 of 2 passes are not in the list" in asked.err, "--yes" in asked.err) == (1, True, True)
        assert gatehouse("passes", "import", passes, "--replace", "--yes", "--json").data["removed"] == 1
        assert [one["id"] for one in gatehouse("passes", "list", "--json").data["items"]] == ["R1"]

    def test_a_list_lines_up_with_chinese_names_in_it(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        head, first, second = gatehouse("passes", "list").out.splitlines()
        assert head.split() == ["id", "kind", "holder", "unit", "plates", "cards", "valid", "until"]
        assert first.split() == ["R1", "monthly", "王秀英", "京A12345", "472288"]
        assert second.split() == ["S1", "staff", "李强", "1193046"]

    def test_a_list_is_narrowed_by_kind_and_text(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        by_kind = gatehouse("passes", "list", "--kind", "staff", "--json").data["items"]
        by_text = gatehouse("passes", "list", "王秀", "--json").data["items"]
        assert ([one["id"] for one in by_kind], [one["id"] for one in by_text]) == (["S1"], ["R1"])

    def test_one_pass_is_shown_whole(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        shown = gatehouse("passes", "show", "R1", "--json").data
        assert (shown["holder"], shown["cards"], shown["revision"]) == ("王秀英", ["472288"], 1)


class TestEvents:
    @pytest.fixture
    def busy(self, gatehouse: Gatehouse, made: Path, passes: Path) -> Path:
        gatehouse("passes", "import", passes)
        gatehouse("token", "create", "--name", "central", "--scope", "metrics")
        return made

    def test_json_is_the_bytes_as_stored_one_event_a_line(self, gatehouse: Gatehouse, busy: Path) -> None:
        lines = gatehouse("events", "--format", "json").out.splitlines()
        assert lines == [row.text for row in journal(busy).page(0, 10)]

    def test_json_option_and_json_format_are_the_same(self, gatehouse: Gatehouse, busy: Path) -> None:
        assert gatehouse("events", "--json").out == gatehouse("events", "--format", "json").out

    def test_a_cursor_leaves_out_what_was_seen(self, gatehouse: Gatehouse, busy: Path) -> None:
        first, second = gatehouse("events", "--json").out.splitlines()
        assert gatehouse("events", "--json", "--after", json.loads(first)["id"]).out.splitlines() == [second]

    @pytest.mark.parametrize("form", ["json", "csv", "table"])
    def test_only_the_newest_rows(self, gatehouse: Gatehouse, busy: Path, form: str) -> None:
        first, second = gatehouse("events", "--format", form).out.splitlines()[-2:]
        last = gatehouse("events", "--last", "1", "--format", form).out
        assert second in last and first not in last
        assert gatehouse("events", "--last", "2", "--format", form).out == gatehouse("events", "--format", form).out

    def test_the_newest_of_a_type(self, gatehouse: Gatehouse, busy: Path) -> None:
        (line,) = gatehouse("events", "--last", "5", "--type", "passes.imported", "--json").out.splitlines()
        assert json.loads(line)["type"] == "gatehouse.passes.imported"

    def test_the_newest_behind_a_cursor_are_never_before_it(self, gatehouse: Gatehouse, busy: Path) -> None:
        first, second = gatehouse("events", "--json").out.splitlines()
        after = json.loads(first)["id"]
        assert gatehouse("events", "--json", "--last", "9", "--after", after).out.splitlines() == [second]

    @pytest.mark.parametrize("wrong", ["0", "-1", "x", "1.5"])
    def test_a_count_is_a_count(self, gatehouse: Gatehouse, busy: Path, wrong: str) -> None:
        assert gatehouse("events", "--last", wrong).status == 2

    def test_a_cursor_that_cannot_be_read_is_a_usage_error(self, gatehouse: Gatehouse, busy: Path) -> None:
        assert gatehouse("events", "--after", "yesterday").status == 2

    @pytest.mark.parametrize("name", ["passes.imported", "gatehouse.passes.imported"])
    def test_types_are_filtered_with_and_without_prefix(self, gatehouse: Gatehouse, busy: Path, name: str) -> None:
        (line,) = gatehouse("events", "--json", "--type", name).out.splitlines()
        assert json.loads(line)["type"] == "gatehouse.passes.imported"

    def test_csv_has_a_heading_and_a_row_an_event(self, gatehouse: Gatehouse, busy: Path) -> None:
        head, *rows = csv.reader(io.StringIO(gatehouse("events", "--format", "csv").out))
        assert head == ["id", "time", "type", "subject", "data"]
        assert [row[2] for row in rows] == ["gatehouse.passes.imported", "gatehouse.settings.changed"]

    def test_a_table_is_for_people(self, gatehouse: Gatehouse, busy: Path) -> None:
        first = gatehouse("events").out.splitlines()[0].split()
        assert (first[0], first[3]) == ("1", "passes.imported")

    @pytest.mark.real
    def test_follow_shows_what_comes_and_ends_quietly(self, gatehouse: Gatehouse, busy: Path) -> None:
        argv = [sys.executable, "-m", "gateway", "events", "--follow", "--json", "--data", str(busy)]
        # Whoever started the tests in the background has made Ctrl-C mean nothing; the child begins without that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
            assert following.stdout is not None and following.stderr is not None
            following.stdout.readline(), following.stdout.readline()
            gatehouse("token", "create", "--name", "late", "--scope", "metrics")
            assert json.loads(following.stdout.readline())["sequence"].endswith("3")
            following.send_signal(2)
            assert following.wait(PATIENCE_S) == 130
            assert following.stderr.read() == ""


class TestVerify:
    def test_a_whole_journal_is_counted(self, gatehouse: Gatehouse, made: Path, passes: Path) -> None:
        gatehouse("passes", "import", passes)
        told = gatehouse("verify", "--json")
        figures = {key: told.data[key] for key in ("ok", "rows", "first", "last")}
        assert (told.status, figures) == (0, {"ok": True, "rows": 1, "first": 1, "last": 1})

    def test_a_changed_row_is_found(self, gatehouse: Gatehouse, made: Path) -> None:
        import apsw

        for name in "abcd":
            gatehouse("token", "create", "--name", name, "--scope", "metrics")
        with apsw.Connection(str(made / "journal.db")) as db:
            db.execute("UPDATE rows SET text = replace(text, 'token_created', 'token_invented') WHERE sequence = 2")
        told = gatehouse("verify", "--json")
        assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, 2)

    def test_a_journal_that_was_set_aside_is_checked_by_its_name(self, gatehouse: Gatehouse, made: Path) -> None:
        gatehouse("token", "create", "--name", "a", "--scope", "metrics")
        old = (made / "journal.db").rename(made / "journal-damaged-20261122T020000Z.db")
        told = gatehouse("verify", old, "--json")
        assert (told.status, told.data["rows"]) == (0, 1)
        old.write_bytes(b"not a database" * 500)
        told = gatehouse("verify", old, "--json")
        assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, 0)

    def test_a_file_that_is_no_database_is_broken(self, gatehouse: Gatehouse, made: Path) -> None:
        (made / "journal.db").write_bytes(b"not a database" * 500)
        told = gatehouse("verify")
        assert told.status in (1, 2)
        assert "journal.db" in told.err + told.out


class TestTokens:
    def test_a_token_is_shown_once_and_works(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("token", "create", "--name", "central", "--scope", "events:read", "--json").data
        found = DataDirectory(made).tokens.check(told["token"])
        assert found is not None and found.name == "central"
        assert told["token"] not in gatehouse("token", "list").out

    def test_scopes_repeat_and_take_several(self, gatehouse: Gatehouse, made: Path) -> None:
        line = ["--scope", "events:read", "state:read", "--scope", "metrics"]
        gatehouse("token", "create", "--name", "n", *line)
        (token,) = gatehouse("token", "list", "--json").data["items"]
        assert sorted(token["scopes"]) == ["events:read", "metrics", "state:read"]

    def test_an_unknown_scope_is_refused_and_the_known_ones_named(self, gatehouse: Gatehouse, made: Path) -> None:
        told = gatehouse("token", "create", "--name", "n", "--scope", "everything")
        assert told.status == 1
        assert "events:read" in told.err

    def test_the_help_names_every_scope(self, gatehouse: Gatehouse) -> None:
        told = gatehouse("token", "create", "--help").out
        assert [scope for scope in SCOPES if scope not in told] == []

    def test_a_revoked_token_is_gone(self, gatehouse: Gatehouse, made: Path) -> None:
        secret = gatehouse("token", "create", "--name", "n", "--scope", "metrics", "--json").data["token"]
        assert gatehouse("token", "revoke", "n").status == 0
        assert DataDirectory(made).tokens.check(secret) is None
        assert gatehouse("token", "revoke", "n").status == 1


class TestTheLock:
    def test_what_changes_something_waits_for_no_engine_that_does_not_answer(
        self, gatehouse: Gatehouse, made: Path
    ) -> None:
        holder = DataDirectory(made)
        holder.lock()
        try:
            told = gatehouse("token", "create", "--name", "n", "--scope", "metrics")
        finally:
            holder.unlock()
        assert told.status == 3
        assert f"process {os.getpid()}" in told.err
