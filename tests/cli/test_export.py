import csv
import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.cli._time import moment, period
from digitd.cli.export import COLUMNS, write_csv, write_json
from digitd.errors import ConfigError, ExitCode
from digitd.records import LabelMode
from digitd.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The database of the folder, in place of the common one."""
    with Store.open(folder / "var" / "digitd.db", create=True) as opened:
        yield opened


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_columns_are_those_of_the_contract(call: Any, record: Any, make_field: Any) -> None:
    """Other programs rely on their names and order."""
    record("a.png", [make_field("total", "105", confidence=0.98765)], form="tally")
    text = call("export").stdout
    assert text.splitlines()[0] == "document,sha256,page,form,field,value,confidence,state,reason,model,read_at"
    (row,) = rows(text)
    assert row | {"sha256": "", "read_at": ""} == {
        "document": "a.png", "sha256": "", "page": "1", "form": "tally", "field": "total", "value": "105",
        "confidence": "0.98765", "state": "accepted", "reason": "", "model": "fake@1", "read_at": "",
    }  # fmt: skip
    assert datetime.fromisoformat(json.loads(call("export", "--json").stdout)[0]["read_at"]).tzinfo is not None


def test_a_label_is_what_is_exported(call: Any, store: Store, record: Any, make_field: Any) -> None:
    """Where a person has spoken, the value is theirs and the state says so."""
    record("a.png", [make_field("total", "105", reason="unsure")])
    (field,) = store.fields()
    store.add_label(field.id, "106", verifier="ada", mode=LabelMode.BLIND)
    (row,) = rows(call("export").stdout)
    assert (row["value"], row["state"]) == ("106", "verified")


def test_what_is_exported_can_be_chosen(call: Any, record: Any, make_field: Any) -> None:
    """By form, by one or several states, and by when it was read."""
    record("a.png", [make_field("total", "1"), make_field("sum", "2", reason="unsure"), make_field("no", "")], form="x")
    record("b.png", [make_field("total", "3")], form="y")
    assert [r["field"] for r in rows(call("export", "--form", "x").stdout)] == ["total", "sum", "no"]
    chosen = call("export", "--state", "review", "--state", "blank").stdout
    assert [r["field"] for r in rows(chosen)] == ["sum", "no"]
    assert len(rows(call("export", "--since", "1h").stdout)) == 4
    assert rows(call("export", "--since", "2999-01-01").stdout) == []


def test_an_empty_export_is_still_csv_or_json(call: Any, store: Store) -> None:
    """A header without rows, an empty list."""
    assert call("export").stdout_bytes == ",".join(COLUMNS).encode() + b"\r\n"
    assert json.loads(call("export", "--format", "json").stdout) == []


def test_a_file_is_there_only_when_it_is_complete(
    call: Any, folder: Path, record: Any, make_field: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that breaks off leaves the one before as it was, and nothing half-written."""
    record("a.png", [make_field("total", "105")])
    out = folder / "values.csv"
    assert call("export", "--output", str(out)).exit_code == 0
    before = out.read_bytes()
    assert rows(before.decode())[0]["value"] == "105"

    def broken(*_args: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitd.cli.export.write_csv", broken)
    done = call("export", "--output", str(out))
    assert (done.exit_code, "No space left" in done.stderr) == (4, True)
    assert out.read_bytes() == before
    assert list(folder.glob(".*.tmp")) == []


def test_without_a_database_the_next_step_is_named(call: Any, folder: Path) -> None:
    """An export before the first run says which command to run."""
    done = call("export")
    assert (done.exit_code, "`digitd run` makes it" in done.stderr) == (7, True)


@given(st.lists(st.text(), min_size=1))
def test_any_name_survives_csv_and_json(names: list[str]) -> None:
    """Quotes, commas, line ends, leading = or -: what is read back is what was written."""
    written = [dict.fromkeys(COLUMNS, "") | {"document": name} for name in names]
    for write, read in ((write_csv, rows), (write_json, json.loads)):
        out = io.StringIO(newline="")
        write(iter(written), out)  # type: ignore[operator]
        assert [row["document"] for row in read(out.getvalue())] == names


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-20T10:00+01:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20).astimezone(UTC)),
    ],
)
def test_times_are_understood(text: str, meant: datetime) -> None:
    """So long ago, or a date and time, local where no zone is named."""
    assert moment(text, now=NOW) == meant


@pytest.mark.parametrize("text", ["yesterday", "7", "-1d", "", "99999999999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """The message shows what can be given."""
    with pytest.raises(ConfigError, match="not a time"):
        moment(text, now=NOW)


def test_json_lines_are_a_row_a_line(call: Any, record: Any, make_field: Any) -> None:
    """Each line is JSON by itself, with the values of the CSV."""
    record("a.png", [make_field("total", "105"), make_field("sum", "7")], form="tally")
    told = [json.loads(line) for line in call("export", "--format", "jsonl").stdout.splitlines()]
    assert [each["value"] for each in told] == ["105", "7"]


def test_parquet_without_pyarrow_says_what_to_install(
    call: Any, folder: Path, record: Any, make_field: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named, nothing half-written is left, and it is never written to the terminal."""
    record("a.png", [make_field("total", "105")])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = call("export", "--format", "parquet", "--output", str(folder / "values.parquet"))
    assert refused.exit_code == ExitCode.NOT_INSTALLED
    assert "digitd[parquet]" in refused.stderr
    assert list(folder.glob("*.parquet*")) + list(folder.glob(".*.tmp")) == []
    assert "--output" in call("export", "--format", "parquet").stderr


def test_parquet_has_the_columns_of_the_contract(call: Any, folder: Path, record: Any, make_field: Any) -> None:
    """Where pyarrow is there, page, confidence and time have their kinds."""
    parquet = pytest.importorskip("pyarrow.parquet")
    record("a.png", [make_field("total", "105", confidence=0.5)])
    assert call("export", "--format", "parquet", "--output", str(folder / "values.parquet")).exit_code == 0
    table = parquet.read_table(folder / "values.parquet")
    assert table.column_names == list(COLUMNS)
    assert table.to_pylist()[0]["confidence"] == 0.5


HOSTILE = ['a"b', "x'); DROP TABLE labels; --", "Total", "total", "document", "naïve ☃", "SELECT"]


def test_a_view_has_a_column_a_field_whatever_its_name(
    call: Any, folder: Path, store: Store, record: Any, make_field: Any
) -> None:
    """Quotes, statements and names that differ in case only are names; what waits is empty, what is settled is said."""
    fields = [make_field(name, str(place)) for place, name in enumerate(HOSTILE)]
    form = "ta'\"lly"
    record(
        "a.png",
        [*fields, make_field("doubt", "9", reason="unsure"), make_field("keyed", "8", reason="unsure")],
        form=form,
    )
    record("b.png", [make_field("Total", "77")], form=form)
    keyed = next(field for field in store.fields() if field.name == "keyed")
    store.add_label(keyed.id, "4", verifier="ada", mode=LabelMode.BLIND)
    statements = call("export", "--sql-view", form).stdout
    with closing(sqlite3.connect(f"file:{folder / 'var' / 'digitd.db'}?mode=ro", uri=True)) as database:
        database.executescript(statements)
        found = database.execute('SELECT * FROM "form_ta\'""lly" ORDER BY document_id')
        columns = [column[0] for column in found.description]
        first, second = (dict(zip(columns, row, strict=True)) for row in found.fetchall())
        assert database.execute("SELECT count(*) FROM labels").fetchone() == (1,)
    assert [first[name] for name in ('a"b', HOSTILE[1], "Total", "total_2", "document_2", "naïve ☃", "SELECT")] == list(
        "0123456"
    )
    assert (first["doubt"], first["keyed"], first["waiting"], first["document"]) == (None, "4", 1, "a.png")
    assert (second["Total"], second["doubt"]) == ("77", None)


def test_a_view_of_a_form_that_was_never_read_is_refused(call: Any, store: Store) -> None:
    """There would be no column."""
    refused = call("export", "--sql-view", "nothing")
    assert refused.exit_code == ExitCode.BAD_CONFIG
    assert "digitd form list" in refused.stderr


def test_a_period_has_two_ends_in_order() -> None:
    """Either may be left out, not both; the first is the earlier."""
    assert period("60d..30d", now=NOW) == (NOW - timedelta(days=60), NOW - timedelta(days=30))
    assert period("..7d", now=NOW) == (None, NOW - timedelta(days=7))
    for wrong in ("..", "7d..30d", "x..y"):
        with pytest.raises(ConfigError, match="--against"):
            period(wrong, now=NOW)
