import io
import json
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
from digitd.report.figures import Figures, figures
from digitd.store import Store


@pytest.fixture
def found(store: Store, make_field: Any, record: Any) -> Figures:
    record("a.png", [make_field("one", "105"), make_field("two", "3", reason="unsure")])
    for field, value in zip(list(store.fields()), ("105", "5"), strict=True):
        store.add_label(field.id, value, verifier="ada", mode=LabelMode.BLIND)
    return figures(store.labelled_fields(), documents=store.counts(), field_states=store.field_counts())


def plain(report: Figures, width: int = 80) -> str:
    page = io.StringIO()
    Console(file=page, width=width, color_system=None).print(render.text(report))
    return page.getvalue()


def test_the_text_fits_a_plain_terminal_and_tells_the_shares(found: Figures) -> None:
    """At 80 columns no number is cut, and the shares stand there with their intervals."""
    page = plain(found)
    assert "1 of 2, 50.0 % (95 %: 9.5 to 90.5)" in page
    assert "3 of 4, 75.0 %" in page
    assert "…" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_folder_holds_text_json_and_picture(found: Figures, tmp_path: Path) -> None:
    """The three files exist, agree with the figures, and their folder is made."""
    paths = render.write(found, tmp_path / "new" / "report")
    assert [path.name for path in paths] == ["report.txt", "report.json", "confusion.png"]
    told = json.loads(paths[1].read_text())
    assert told["labelled"] == pytest.approx(
        {"right": 1, "total": 2, "share": 0.5, "low": 0.0945, "high": 0.9055}, abs=1e-4
    )
    assert told["confusion"]["counts"][5][3] == 1
    assert told["by_form"][0]["form"] == "sheet"
    assert cv2.imread(str(paths[2])) is not None


def test_no_labels_is_said_in_words_with_the_next_step(store: Store, tmp_path: Path) -> None:
    """An empty database gives a report, not a division by zero."""
    empty = figures([], documents=store.counts(), field_states=store.field_counts())
    assert "digitd label import" in plain(empty)
    assert json.loads(render.write(empty, tmp_path / "r")[1].read_text())["labelled"]["share"] is None


def test_a_folder_that_cannot_be_made_is_named(found: Figures, tmp_path: Path) -> None:
    """A file where the folder should be is a fault with its path."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match="taken"):
        render.write(found, tmp_path / "taken")


def test_the_command_prints_text_or_json_and_writes_only_when_asked(
    found: Figures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`digitd report` prints; `--out` writes and names the files; `--json` is nothing but JSON."""
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text("")
    before = set(tmp_path.rglob("*.*"))
    shown = CliRunner().invoke(main, ["report"])
    assert shown.exit_code == ExitCode.OK
    assert "Report on all forms" in shown.stdout
    assert {path.suffix for path in set(tmp_path.rglob("*.*")) - before} <= {".db-wal", ".db-shm"}
    told = CliRunner().invoke(main, ["report", "--json", "--out", "out", "--form", "sheet"])
    assert json.loads(told.stdout)["files"] == ["out/report.txt", "out/report.json", "out/confusion.png"]


def test_the_command_without_a_database_says_what_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file and the next command, and the exit code is the database's."""
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text("")
    refused = CliRunner().invoke(main, ["report"])
    assert refused.exit_code == ExitCode.BAD_DATABASE
    assert "digitd run" in refused.stderr
