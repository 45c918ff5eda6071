"""The book of what was set: it comes back as it was written, and with a bad one nothing passes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from digitd.budget.book import SLACK_SECONDS, Book, Chapter, Epoch, Record, read_book, write_book
from digitd.budget.promise import Group, Outcome, gathered
from digitd.budget.thresholds import Thresholds, Watched
from digitd.errors import DatabaseError

SHEET, TOTAL, OTHER = Group(form="sheet"), Group(form="sheet", field="total"), Group(form="other")


def book(threshold: float | None) -> Book:
    record = Record(epochs=(Epoch(at=5.0, threshold=None, audit_share=0.01),))
    record = record.then(Epoch(at=100.0, threshold=threshold, audit_share=0.01))
    return Book(chapters={"m@1": Chapter(begun_at=1.0, groups={SHEET: record, TOTAL: Record(epochs=(), why="drift")})})


def outcome(seen_at: float, read_at: float, probability: float = 1.0) -> Outcome:
    return Outcome(
        form="sheet",
        field="f",
        confidence=0.9,
        right=True,
        probability=probability,
        passed=probability < 1,
        seen_at=seen_at,
        read_at=read_at,
    )


def test_a_book_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_book(tmp_path / "budget.json", book(0.97))
    assert read_book(tmp_path / "budget.json") == book(0.97)
    assert [path.name for path in tmp_path.iterdir()] == ["budget.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 3}', '{"models": {"m@1": {"groups": [1]}}}', "\x00"])
def test_a_book_that_cannot_be_used_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "budget.json").write_text(text, encoding="utf-8")
    assert read_book(tmp_path / "budget.json") == Book()


def test_a_book_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"thresholds cannot be written"):
        write_book(tmp_path / "gone" / "budget.json", book(0.97))


def test_readers_see_a_change_and_need_no_file(tmp_path: Path) -> None:
    """A field's own budget goes before its form's; what is not in the book, or another model's, never passes."""
    path = tmp_path / "budget.json"
    asked = Watched(path, "m@1")
    assert asked().of("sheet", "f1") == math.inf
    write_book(path, book(0.97))
    assert [asked().of("sheet", "f1"), asked().of("sheet", "total"), asked().of(None, "f1")] == [
        0.97,
        math.inf,
        math.inf,
    ]
    assert asked() is asked(), "the file is read once"
    write_book(path, book(0.9))
    assert asked().of("sheet", "f1") == 0.9
    assert Watched(path, "m@2")().of("sheet", "f1") == math.inf
    path.unlink()
    assert asked() == Thresholds()


def test_the_probability_to_be_keyed_follows_from_what_was_in_force() -> None:
    """All are keyed while nothing passes; a document that was on its way when that changed counts as either."""
    record = Record(
        epochs=(
            Epoch(at=1000.0, threshold=None, audit_share=0.01),
            Epoch(at=2000.0, threshold=0.9, audit_share=0.05),
            Epoch(at=3000.0, threshold=None, audit_share=0.05),
        )
    )
    found = gathered(
        [
            outcome(10, 20, 0.2),
            outcome(1000 + SLACK_SECONDS / 2, 1100),
            outcome(1100, 1200),
            outcome(1990, 2010),
            outcome(2500, 2600, 0.05),
            outcome(2990, 3500),
            outcome(3100, 3200),
        ]
    )
    # what was before the first epoch is not known: the least that anything was drawn with
    assert record.surely(found).tolist() == [0.05, 0.05, 1.0, 0.05, 0.05, 0.05, 1.0]


def test_a_budget_put_out_of_force_keeps_only_what_drift_has_cost() -> None:
    drifted = Record(epochs=(Epoch(at=1.0, threshold=0.9, audit_share=0.1),), restart_at=7.0, why="drift")
    chapter = Chapter(begun_at=1.0, groups={SHEET: book(0.97).of("m@1").groups[SHEET], OTHER: drifted})
    after = Book(chapters={"m@1": chapter}).suspended().of("m@1")
    assert after == Chapter(groups={OTHER: Record(epochs=(), restart_at=7.0, why="drift")})
    assert Book().suspended() == Book()


def test_a_group_nobody_has_met_is_closed_since_the_budget_is_in_force() -> None:
    record = Chapter(begun_at=50.0).record(OTHER)
    assert record.threshold is None
    assert record.surely(gathered([outcome(10, 20), outcome(100, 110)])).tolist() == [1.0, 1.0]
    assert Chapter().record(OTHER) == Record(epochs=())
    assert np.isinf(record.opened_at)


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    """One object a group, by name."""
    write_book(tmp_path / "budget.json", book(0.97))
    kept = json.loads((tmp_path / "budget.json").read_text(encoding="utf-8"))
    assert kept["models"]["m@1"]["groups"][0]["form"] == "sheet"
    assert kept["models"]["m@1"]["groups"][0]["epochs"][-1] == [100.0, 0.97, 0.01]
