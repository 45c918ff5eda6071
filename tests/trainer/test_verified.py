"""Labels of digitd's own database become digits to learn from: only where a digit is surely a glyph's own."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from digitd.errors import DatabaseError
from digitd.records import NOT_A_DIGIT, CellContent, FieldReading, LabelMode
from digitd.store import Store
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.data.load import load


def shown(position: int) -> NDArray[np.uint8]:
    """(28, 28) uint8: a glyph that tells its position."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4 + position, 5:20] = 200
    return pixels


def with_ink(field: FieldReading) -> FieldReading:
    """The field as if something were drawn in all of its cells but the blank ones."""
    glyphs = [
        glyph if glyph.content is CellContent.BLANK else replace(glyph, pixels=shown(glyph.position))
        for glyph in field.glyphs
    ]
    return replace(field, glyphs=tuple(glyphs))


def read_back(store: Store, tmp_path: Path) -> Digits:
    (digits,) = load(tmp_path / "var" / "digitd.db", strangers=True)
    assert store.field_counts()
    return digits


@pytest.fixture
def label(store: Store, make_field: Any, record: Any) -> Any:
    """Enter a field as read, and say what it is: `label("105", value="1x5", symbols="1x5")`."""

    def enter(value: str, *, said: str, symbols: str | None = None) -> None:
        name = f"a{len(store.documents())}.png"
        record(name, [with_ink(make_field("total", said, symbols=symbols))])
        (field,) = store.field_named(document=name, page=1, field="total")
        store.add_label(field.id, value, verifier="anna", mode=LabelMode.BLIND)

    return enter


def test_digits_go_to_their_glyphs(store: Store, tmp_path: Path, label: Any) -> None:
    """What a person says counts, not what the machine said; blank cells and points are passed over."""
    label("105", said="185", symbols="_185")
    label("2.5", said="25")
    digits = read_back(store, tmp_path)
    np.testing.assert_array_equal(digits.labelled(), [1, 0, 5, 2, 5])
    np.testing.assert_array_equal(digits.images, [shown(p) for p in (1, 2, 3, 0, 1)])
    assert digits.name == "digitd.db labels"
    assert digits.left_out == ()


def test_fields_whose_glyphs_may_be_others_are_left_out(store: Store, tmp_path: Path, label: Any) -> None:
    """More or fewer glyphs than digits, or digits that fit better shifted: nobody knows which glyph is which."""
    label("1234", said="234")
    label("12", said="123")
    label("1234", said="2345")
    label("7", said="7")
    digits = read_back(store, tmp_path)
    np.testing.assert_array_equal(digits.labelled(), [7])
    assert digits.left_out == (
        "a0.png, page 1, field total: its glyphs are 3, the digits of 1234 are 4",
        "a1.png, page 1, field total: its glyphs are 3, the digits of 12 are 2",
        "a2.png, page 1, field total: its glyphs, read as 2345, may not be the digits of 1234 one by one",
    )


def test_ink_where_nothing_is_written_is_no_digit(store: Store, tmp_path: Path, label: Any) -> None:
    """A field that a person calls blank teaches what dirt and crosses look like."""
    label("", said="7", symbols="7x_")
    label("3", said="3")
    np.testing.assert_array_equal(read_back(store, tmp_path).labelled(), [NOT_A_DIGIT, NOT_A_DIGIT, 3])


def test_only_what_people_said_last_is_learnt(store: Store, tmp_path: Path, record: Any, make_field: Any) -> None:
    """Fields without a label teach nothing, however sure the machine was, nor do labels taken back."""
    record("a.png", [with_ink(make_field(name, "8", confidence=1.0)) for name in ("never", "taken-back", "twice")])
    fields = {field.name: field.id for field in store.fields()}
    taken = store.add_label(fields["taken-back"], "4", verifier="anna", mode=LabelMode.SHOWN)
    store.retract_label(taken, verifier="anna")
    for value in ("5", "6"):
        store.add_label(fields["twice"], value, verifier="anna", mode=LabelMode.SHOWN)
    np.testing.assert_array_equal(read_back(store, tmp_path).labelled(), [6])


def test_the_hash_changes_with_the_labels(store: Store, tmp_path: Path, label: Any) -> None:
    """The card's hash tells what was learnt, though the database goes on changing."""
    label("3", said="3")
    first = read_back(store, tmp_path).sha256
    assert read_back(store, tmp_path).sha256 == first
    label("4", said="3")
    assert read_back(store, tmp_path).sha256 != first


def test_a_folder_of_digitd_is_read(store: Store, tmp_path: Path, label: Any) -> None:
    """The folder that `digitd init` made stands for its database."""
    (tmp_path / "config.toml").write_text("")
    label("3", said="3")
    (digits,) = load(tmp_path)
    np.testing.assert_array_equal(digits.labelled(), [3])


def test_a_database_without_labels_teaches_nothing(store: Store, tmp_path: Path, label: Any) -> None:
    """The way to get labels is named; where labels do not fit their glyphs, the first fault is."""
    with pytest.raises(DatasetError, match=r"no verified digits in it\. `digitd verify`"):
        read_back(store, tmp_path)
    label("12", said="123")
    with pytest.raises(DatasetError, match=r"a0\.png, page 1, field total: its glyphs are 3"):
        read_back(store, tmp_path)


def test_other_databases_are_refused(tmp_path: Path) -> None:
    """A database that is missing, or not digitd's, is told as every command tells it."""
    with pytest.raises(DatabaseError, match="no database yet"):
        load(tmp_path / "digitd.db")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    with pytest.raises(DatabaseError, match="not a database of digitd"):
        load(tmp_path / "other.sqlite")
