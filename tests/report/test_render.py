import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from click.testing import CliRunner
from rich.console import Console

from digitd.cli import main
from digitd.errors import ConfigError, ExitCode
from digitd.records import LabelMode
from digitd.report import render
from digitd.report.gather import Report, gather
from digitd.store import Store
from digitd.store.labelled import Scope


@pytest.fixture
def found(store: Store, make_field: Any, record: Any) -> Report:
    record("a.png", [make_field("one", "105"), make_field("two", "3", reason="unsure")])
    for field, value in zip(list(store.fields()), ("105", "5"), strict=True):
        store.add_label(field.id, value, verifier="ada", mode=LabelMode.BLIND)
    return gather(store, pictures=True)


def plain(report: Report, width: int = 80) -> str:
    page = io.StringIO()
    Console(file=page, width=width, color_system=None).print(render.text(report))
    return page.getvalue()


def numbers(value: Any) -> Iterator[float]:
    """Every number in what JSON holds."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, float):
        yield value


def test_the_text_fits_a_plain_terminal_and_tells_the_shares(found: Report) -> None:
    """At 80 columns no number is cut, and the shares stand there with their intervals."""
    page = plain(found)
    words = " ".join(page.split())
    assert "1 of 2, 50.0 % (95 %: 9.5 to 90.5)" in words
    assert "3 of 4, 75.0 %" in words
    assert "…" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_folder_holds_text_json_pictures_page_and_sheets(found: Report, tmp_path: Path) -> None:
    """The files exist, agree with the figures, and their folder is made; sheets of an earlier report go."""
    folder = tmp_path / "new" / "report"
    (folder / "mistakes").mkdir(parents=True)
    (folder / "mistakes" / "0-as-1.png").touch()
    paths = render.write(found, folder)
    assert [path.name for path in paths[:3]] == ["report.txt", "report.json", "confusion.png"]
    assert {"report.html", "5-as-3.png"} <= {path.name for path in paths}
    assert not (folder / "mistakes" / "0-as-1.png").exists()
    told = json.loads(paths[1].read_text())
    assert told["labelled"] == pytest.approx(
        {"right": 1, "total": 2, "share": 0.5, "low": 0.0945, "high": 0.9055}, abs=1e-4
    )
    assert told["confusion"]["counts"][5][3] == 1
    assert told["by_form"][0]["form"] == "sheet"
    for path in paths:
        if path.suffix == ".png":
            assert cv2.imread(str(path)) is not None


def test_the_page_needs_nothing_beside_it(found: Report) -> None:
    """No script, no network, every picture inside; names are set as text."""
    page = render.as_page(found)
    assert "<script" not in page
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]+)"', page))
    assert not re.search(r"(href|url)\W", page)
    assert len(page) < 500_000


def test_a_hostile_name_stays_a_name(store: Store, make_field: Any, record: Any) -> None:
    """A field called like HTML is shown as it is called."""
    record("<b>a.png", [make_field("<script>alert(1)</script>", "105")])
    (field,) = store.fields()
    store.add_label(field.id, "106", verifier="<i>", mode=LabelMode.BLIND)
    page = render.as_page(gather(store, pictures=True))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_text_and_page_say_the_same(found: Report) -> None:
    """Every sentence and every figure of a table is in both."""
    page, text = render.as_page(found).replace("&nbsp;", " "), plain(found, width=400)
    for section in found.told.sections:
        for words in (*section.words, *(cell for table in section.tables for row in table.rows for cell in row)):
            assert words in text
            assert words.replace("&", "&amp;").replace("'", "&#x27;") in page


@pytest.mark.parametrize("case", ["empty", "unlabelled", "one label", "one class", "only audits", "only blanks"])
def test_little_is_said_in_words(store: Store, make_field: Any, record: Any, tmp_path: Path, case: str) -> None:
    """However little there is: no traceback, no number that is none, and a sentence that helps."""
    if case != "empty":
        value = "" if case == "only blanks" else "11"
        share = 1.0 if case == "only audits" else 0.0
        record("a.png", [make_field("one", value), make_field("two", value)], audit_share=share)
    if case in {"one label", "one class", "only audits", "only blanks"}:
        for field in list(store.fields())[: 1 if case == "one label" else 2]:
            mode = LabelMode.AUDIT if case == "only audits" else LabelMode.BLIND
            store.add_label(field.id, field.machine_value, verifier="ada", mode=mode, sampling_probability=1.0)
    report = gather(store, pictures=True)
    paths = render.write(report, tmp_path / "r")
    told = json.loads(paths[1].read_text(), parse_constant=pytest.fail)
    assert all(math.isfinite(number) for number in numbers(told))
    for text in (plain(report), paths[0].read_text(), (tmp_path / "r" / "report.html").read_text()):
        assert not re.search(r"\bnan\b|\binf\b", re.sub(r"data:[^\"]+", "", text), re.IGNORECASE)
    page = plain(report, width=1000)
    if case in {"empty", "unlabelled"}:
        assert "digitd label import" in page
        assert told["labelled"]["share"] is None
    if case == "one label":
        assert "Nothing can be estimated of what passed" in page
    if case == "only audits":
        assert told["estimated"]["fields"]["share"] == 1.0


def test_a_folder_that_cannot_be_made_is_named(found: Report, tmp_path: Path) -> None:
    """A file where the folder should be is a fault with its path."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match="taken"):
        render.write(found, tmp_path / "taken")
    with pytest.raises(ConfigError, match="nowhere"):
        render.write_page(found, tmp_path / "nowhere" / "a.html")


def test_the_command_prints_text_or_json_and_writes_only_when_asked(
    found: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`digitd report` prints; `--out` and `--html` write and name the files; `--json` is nothing but JSON."""
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text("")
    before = set(tmp_path.rglob("*.*"))
    shown = CliRunner().invoke(main, ["report"])
    assert shown.exit_code == ExitCode.OK
    assert "Report on all forms" in shown.stdout
    assert {path.suffix for path in set(tmp_path.rglob("*.*")) - before} <= {".db-wal", ".db-shm"}
    told = CliRunner().invoke(main, ["report", "--json", "--out", "out", "--form", "sheet"])
    assert json.loads(told.stdout)["files"][:3] == ["out/report.txt", "out/report.json", "out/confusion.png"]
    week = CliRunner().invoke(main, ["report", "--since", "7d", "--html", "week.html"])
    assert week.exit_code == ExitCode.OK
    assert Path("week.html").read_text().startswith("<!doctype html>")
    refused = CliRunner().invoke(main, ["report", "--against", "nobody"])
    assert refused.exit_code == ExitCode.BAD_CONFIG
    assert "digitd model list" in refused.stderr
    compared = CliRunner().invoke(main, ["report", "--against", "paper", "--against", "60d..30d", "--json"])
    assert [each["paired"] for each in json.loads(compared.stdout)["against"]] == [True, False]


def test_what_is_asked_for_is_what_is_counted(store: Store, make_field: Any, record: Any) -> None:
    """By field, verifier, model and time; what is left out is in no figure."""
    record("a.png", [make_field("one", "1"), make_field("two", "2")])
    for field, name in zip(list(store.fields()), ("ada", "bob"), strict=True):
        store.add_label(field.id, field.machine_value, verifier=name, mode=LabelMode.BLIND)
    one = next(iter(store.fields()))
    for scope, expected in (
        (Scope(), 2),
        (Scope(field="one"), 1),
        (Scope(verifier="bob"), 1),
        (Scope(model="fake@1"), 2),
        (Scope(model="other"), 0),
        (Scope(since=one.read_at), 2),
        (Scope(until=one.read_at), 0),
    ):
        assert gather(store, scope).figures.fields.total == expected


def test_the_command_without_a_database_says_what_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file and the next command, and the exit code is the database's."""
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text("")
    refused = CliRunner().invoke(main, ["report"])
    assert refused.exit_code == ExitCode.BAD_DATABASE
    assert "digitd run" in refused.stderr
