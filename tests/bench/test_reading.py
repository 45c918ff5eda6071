"""What the bench makes of results: nothing unread is forgotten, nothing absent is measured, two results compare."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from form_sets import SETS, Page
from reading_table import difference, table

import reading

BENCH = Path(reading.__file__)


def figures(**others: Any) -> dict[str, Any]:
    """Figures of a set of four fields, one of them wrong."""
    return {
        "documents": 1, "fields": 4, "right_pct": 75.0, "right_interval_pct": [30.06, 95.44], "digit_error_pct": 8.33,
        "accepted": 2, "accepted_pct": 50.0, "accepted_wrong": 0, "could_pass_at_0.01": 75.0, "seconds_a_page": 0.25,
        "unread": 0, "missing": 3, "rules_refused": "", "target_pct": 95.0, "naive_pct": None, "tesseract_pct": 10.0,
        "wrong": ["a.png f1"],
    } | others  # fmt: skip


def result(**sets: Any) -> dict[str, Any]:
    """A result as the bench writes it."""
    return {"date": "2026-11-22", "commit": "0" * 40, "clean": True, "cores": 2, "model": "m@1", "sets": sets}


def test_a_page_without_any_field_gets_a_row_so_that_it_counts_as_wrong() -> None:
    """The scorer passes over documents that the results do not name."""
    pages = [Page(path=Path(name), truth={"f": "1"}) for name in ("a.png", "b.png")]
    rows = reading.with_unread([{"document": "a.png", "field": "f"}], pages)
    assert [(row["document"], row["field"]) for row in rows] == [("a.png", "f"), ("b.png", "")]


def test_only_what_counts_is_held_against_the_target() -> None:
    """Fields beside the target stand in the truth of the second line alone."""
    pages = [Page(path=Path("a.png"), truth={"a1": "7"}, beside={"a2": ""})]
    assert [row["field"] for row in reading.truth_of(pages)] == ["a1"]
    assert [row["field"] for row in reading.truth_of(pages, all_fields=True)] == ["a1", "a2"]


def test_a_table_names_the_set_its_target_and_what_was_refused() -> None:
    """A set whose rules or pages were left out says so under the table."""
    text = table(result(some_set=figures(unread=2, rules_refused="unknown key rules")))
    line = next(line for line in text.splitlines() if line.startswith("some_set "))
    assert line.split()[:7] == ["some_set", "1", "4", "75.0", "30.1", "to", "95.4"]
    assert "2 pages without any field" in text
    assert "3 fields not found" in text
    assert "unknown key rules" in text


def test_a_difference_counts_fields_newly_right_and_newly_wrong() -> None:
    """Two better and one worse is not the same as one better."""
    old = figures(wrong=["a f1", "a f2"], right_pct=50.0)
    text = difference(result(s=old), result(s=figures(wrong=["a f3"]), other=figures()))
    line = next(line for line in text.splitlines() if line.startswith("s "))
    assert "50.0 -> 75.0" in line
    assert line.split("75.0", 1)[1].split()[:3] == ["+25.0", "2", "1"]
    assert "not in the earlier result" in text


def test_an_absent_set_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """Without shared data nothing is read or written, and the bench ends well."""
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, BENCH, "--out", out],
        env={"DIGITD_SHARED": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert all(f"{name}: skipped: no {tmp_path}" in done.stdout for name in SETS)
    assert not out.exists()


def test_an_earlier_result_that_is_none_is_refused(tmp_path: Path) -> None:
    """The message names the file."""
    (tmp_path / "old.json").write_text("[]")
    done = subprocess.run(
        [sys.executable, BENCH, "--against", tmp_path / "old.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"{tmp_path / 'old.json'}: no earlier result" in done.stderr
