import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitd.cli import main
from digitd.errors import ExitCode, LabelFileError
from digitd.records import LabelMode
from digitd.store import Store
from digitd.verify.labels import LabelRow, export_labels, import_labels, read_rows


@pytest.fixture(autouse=True)
def two_documents(make_field: Any, record: Any) -> None:
    record(
        'a b,".png', [make_field("total", "105"), make_field("count", "7", reason="unsure")], [make_field("total", "3")]
    )
    record("twice.png", [make_field("total", "1")])
    record("twice.png", [make_field("total", "2")])


def rows(path: Path, text: str) -> list[LabelRow]:
    path.write_text(text, encoding="utf-8")
    return read_rows(path)


def labels(store: Store) -> dict[tuple[str, int, str], tuple[str, str]]:
    return {(f.document, f.page, f.name): (label.value, label.verifier) for f, label in store.labels()}


def test_rows_become_imported_labels(store: Store, tmp_path: Path) -> None:
    """Page and verifier may be left out; an empty value is a blank; columns in any order, others passed over."""
    text = 'value,field,document,page,note\n0105,total,"a b,"".png",,x\n,total,"a b,"".png",2,y\n'
    came = import_labels(store, rows(tmp_path / "l.csv", text), verifier="ada")
    assert (came.added, came.known, came.left_out) == (2, 0, ())
    assert labels(store) == {('a b,".png', 1, "total"): ("0105", "ada"), ('a b,".png', 2, "total"): ("", "ada")}
    assert {label.mode for _, label in store.labels()} == {LabelMode.IMPORTED}


def test_importing_twice_adds_nothing_new(store: Store, tmp_path: Path) -> None:
    """The same value from the same verifier is known; another value, or another verifier, is a new label."""
    text = 'document,field,value,verifier\n"a b,"".png",total,105,{}\n'
    for verifier, added in (("ada", 1), ("ada", 0), ("bob", 1), ("bob", 0), ("ada", 1)):
        came = import_labels(store, rows(tmp_path / "l.csv", text.format(verifier)), verifier="nobody")
        assert (came.added, came.known) == (added, 1 - added)


def test_rows_that_cannot_be_used_are_left_out_with_their_line_and_reason(store: Store, tmp_path: Path) -> None:
    """No such field, several of that name, no number, no page: each is told, and the good row is imported."""
    text = (
        "document,page,field,value\n"
        "gone.png,1,total,1\n"
        "twice.png,1,total,1\n"
        '"a b,"".png",1,total,1O5\n'
        '"a b,"".png",one,total,105\n'
        '"a b,"".png",1,total,١٢\n'
        '"a b,"".png",1,count,7\n'
    )
    came = import_labels(store, rows(tmp_path / "l.csv", text), verifier="ada")
    assert came.added == 1
    assert [row.line for row in came.left_out] == [2, 3, 4, 5, 6]
    reasons = [row.reason for row in came.left_out]
    assert reasons[0] == "there is no field 'total' on page 1 of document 'gone.png'"
    assert reasons[1].startswith("there are 2 fields 'total'")
    assert "digits, or nothing" in reasons[2]
    assert "'one' is no page number" in reasons[3]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column document, field, value"),
        (b"document,value\na,1\n", "no column field"),
        (b"\xff\xfe\x00\x01", "not a CSV file in UTF-8"),
        (b'document,field,value\n"open,total,1', "not a CSV file"),
    ],
)
def test_a_file_that_is_no_label_file_is_refused_whole(tmp_path: Path, content: bytes, why: str) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(LabelFileError, match=rf"bad\.csv: {why}"):
        read_rows(path)


@given(values=st.lists(st.text("0123456789", max_size=6), min_size=3, max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_exported_can_be_imported(store: Store, tmp_path: Path, values: list[str]) -> None:
    """An export names every label such that importing it adds none; its columns are those of the contract."""
    fields = [field for field in store.fields() if field.document != "twice.png"]
    for field, value in zip(fields, values, strict=True):
        store.add_label(field.id, value, verifier="ada", mode=LabelMode.BLIND)
    page = io.StringIO()
    assert export_labels(store, page) == 3
    assert page.getvalue().splitlines()[0] == "document,page,field,value,verifier"
    assert [row["value"] for row in csv.DictReader(io.StringIO(page.getvalue()))] == values
    came = import_labels(store, rows(tmp_path / "l.csv", page.getvalue()), verifier="nobody")
    assert (came.added, came.known, came.left_out) == (0, 3, ())


# The commands


def run(tmp_path: Path, *arguments: str) -> Result:
    (tmp_path / "config.toml").write_text('[verify]\nverifier = "grace"\n')
    return CliRunner().invoke(main, ["--config", str(tmp_path / "config.toml"), "label", *arguments])


def test_the_commands_import_and_export(store: Store, tmp_path: Path) -> None:
    """Counts are told; the configured verifier signs; the export goes to a file, to standard output, or to JSON."""
    (tmp_path / "in.csv").write_text('document,field,value\n"a b,"".png",total,105\n')
    assert run(tmp_path, "import", str(tmp_path / "in.csv")).stdout.startswith("labels: 1 added, 0 known")
    assert run(tmp_path, "export").stdout == 'document,page,field,value,verifier\n"a b,"".png",1,total,105,grace\n'
    (told,) = json.loads(run(tmp_path, "export", "--json").stdout)
    assert told == {"document": 'a b,".png', "page": 1, "field": "total", "value": "105", "verifier": "grace"}
    assert run(tmp_path, "export", str(tmp_path / "out.csv"), "--form", "other").stderr.startswith("labels written")
    assert (tmp_path / "out.csv").read_text() == "document,page,field,value,verifier\n"


def test_the_exit_code_tells_whether_rows_were_left_out(store: Store, tmp_path: Path) -> None:
    """0 all used, 3 some left out, 5 nothing of use; the rows are named on standard error, not all of a thousand."""
    good = '"a b,"".png",total,105\n'
    codes = []
    for body in (good, good + "gone.png,total,1\n", "gone.png,total,1\n" * 30):
        (tmp_path / "in.csv").write_text("document,field,value\n" + body)
        came = run(tmp_path, "import", str(tmp_path / "in.csv"), "--json")
        assert json.loads(came.stdout)["added"] + json.loads(came.stdout)["known"] == body.count(good)
        codes.append(came.exit_code)
    assert codes == [ExitCode.OK, ExitCode.SOME_FAILED, ExitCode.BAD_INPUT]
    shown = run(tmp_path, "import", str(tmp_path / "in.csv")).stderr
    assert "line 2: there is no field" in shown
    assert "and 10 rows more" in shown


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    """Reading and writing alike, with the exit code of a bad input."""
    for refused in (
        run(tmp_path, "import", str(tmp_path / "none.csv")),
        run(tmp_path, "export", str(tmp_path / "n/o.csv")),
    ):
        assert refused.exit_code == ExitCode.BAD_INPUT
        assert "No such file or directory. Name a" in refused.stderr


def test_doubtful_labels_are_told_and_keyed_again(store: Store, tmp_path: Path, make_field: Any, record: Any) -> None:
    """One in eleven was keyed wrongly: it is named, and waits again."""
    record("many.png", [make_field(f"f{place}", "17") for place in range(10)] + [make_field("odd", "17")])
    for field in store.fields():
        if field.document == "many.png":
            value = "11" if field.name == "odd" else "17"
            store.add_label(field.id, value, verifier="ada", mode=LabelMode.BLIND)
    told = run(tmp_path, "doubtful")
    assert "odd" in told.stdout
    assert "labels that are probably wrong: 1" in told.stdout
    found = json.loads(run(tmp_path, "doubtful", "--key-again", "--json").stdout)
    assert (found["labels"][0]["read"], found["labels"][0]["label"], found["to_be_keyed"]) == ("17", "11", 1)
    (odd,) = store.field_named(document="many.png", page=1, field="odd")
    assert str(odd.state) == "review"


def test_tasks_are_exported_for_label_studio(tmp_path: Path) -> None:
    """Those that wait; a CSV of these would be empty."""
    path = tmp_path / "tasks.json"
    assert run(tmp_path, "export", str(path), "--format", "label-studio", "--waiting").exit_code == 0
    assert [task["data"]["field"] for task in json.loads(path.read_text(encoding="utf-8"))] == ["count"]
    assert run(tmp_path, "export", "--waiting").exit_code == 2
    assert run(tmp_path, "import", str(path)).exit_code == 0
