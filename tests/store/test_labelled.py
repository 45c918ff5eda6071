"""What a report counts, in columns: the same as the rows say one by one."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from digitd.records import NOT_A_DIGIT, FieldState, LabelMode
from digitd.store import Store
from digitd.store.columns import BLANK_CELL
from digitd.store.labelled import Scope
from digitd.store.labels import write_label


@pytest.fixture
def key(store: Store) -> Any:
    """Say that fields are their machine's values."""

    def said(*field_ids: int) -> None:
        with store._writing() as connection:
            for field_id in field_ids:
                write_label(connection, field_id, "1", verifier="ada", mode=LabelMode.BLIND)

    return said


def doubtful(field: Any, *probabilities: float) -> Any:
    """The field, its glyphs read as 7 with these probabilities and else as 3, which is likelier from a half on."""
    glyphs = []
    for glyph, probability in zip(field.glyphs, probabilities, strict=True):
        spread = np.zeros(NOT_A_DIGIT + 1, np.float32)
        spread[[7, 3]] = probability, 1 - probability
        glyphs.append(replace(glyph, probabilities=spread))
    return replace(field, glyphs=tuple(glyphs))


def test_what_is_said_of_a_glyph_is_its_likeliest_class_however_sure(
    store: Store, make_field: Any, record: Any, key: Any
) -> None:
    """Whether its digit has more than all else together, exactly half, or less; of what is no digit too."""
    field = doubtful(make_field("total", "7777"), 0.9, 0.500001, 0.5, 0.2)
    record("a.png", [field, make_field("other", "12", symbols="1x_2")])
    total, other = (found.id for found in store.fields())
    key(total, other)
    scope = Scope()
    glyphs = store.labelled_glyphs(scope, field_ids=store.labelled_columns(scope).ids)
    assert glyphs.field_ids.tolist() == [total] * 4 + [other] * 4
    assert glyphs.positions.tolist() == [0, 1, 2, 3] * 2
    assert glyphs.said.tolist() == [7, 7, 3, 3, 1, NOT_A_DIGIT, BLANK_CELL, 2]
    told = [glyph.probabilities.max() for found in store.fields(evidence=True) for glyph in found.glyphs]
    assert np.array_equal(glyphs.confidences, np.array(told, np.float32))


@pytest.mark.parametrize("others", [0, 30])
def test_glyphs_of_labelled_fields_are_there_whether_few_or_most_have_labels(
    store: Store, make_field: Any, record: Any, key: Any, others: int
) -> None:
    record("a.png", [make_field(f"f{place}", "12") for place in range(others)] + [make_field("total", "34")])
    total = [found.id for found in store.fields()][-1]
    key(total)
    scope = Scope(field="total")
    glyphs = store.labelled_glyphs(scope, field_ids=store.labelled_columns(scope).ids)
    assert glyphs.said[glyphs.field_ids == total].tolist() == [3, 4]


def test_a_label_that_was_taken_back_says_nothing(store: Store, make_field: Any, record: Any, key: Any) -> None:
    """The field has the label before it, and none where there was none."""
    record("a.png", [make_field("first", "1"), make_field("second", "1")])
    first, second = (found.id for found in store.fields())
    key(first, second)
    again = store.add_label(first, "7", verifier="bob", mode=LabelMode.BLIND)
    assert store.labelled_columns(Scope()).values == ["7", "1"]
    store.retract_label(again, verifier="bob")
    store.retract_label(store.keyings([second])[0].id, verifier="ada")
    found = store.labelled_columns(Scope())
    assert (found.ids.tolist(), found.values) == ([first], ["1"])


def test_what_was_read_is_counted_by_the_week(store: Store, make_field: Any, record: Any) -> None:
    """A Sunday belongs to the Monday before it; a form, a field and a time narrow the count."""
    days = ("2026-11-22 23:59:59.000000", "2026-11-23 00:00:00.000000", "2026-11-29 12:00:00.000000")
    for number, day in enumerate(days):
        document = record(f"{number}.png", [make_field("total", "12"), make_field("sum", "")], form="tally")
        with store._writing() as connection:
            connection.exec_driver_sql("UPDATE documents SET read_at = ? WHERE id = ?", (day, document.id))
    record("other.png", [make_field("total", "12", reason="why")], form="meter")
    counted = {
        (each.field, each.week, each.state): (each.count, each.waiting)
        for each in store.read_counts(Scope(form="tally"))
    }
    assert counted == {
        ("total", "2026-11-16", FieldState.ACCEPTED): (1, 0),
        ("total", "2026-11-23", FieldState.ACCEPTED): (2, 0),
        ("sum", "2026-11-16", FieldState.BLANK): (1, 0),
        ("sum", "2026-11-23", FieldState.BLANK): (2, 0),
    }
    (waits,) = store.read_counts(Scope(form="meter", field="total"))
    assert (waits.form, waits.model, waits.count, waits.waiting) == ("meter", "fake@1", 1, 1)


def test_the_store_imports_nothing_slow_that_it_does_not_use() -> None:
    """Who asks for counts waits for no array library, no OpenCV, no migrations, no ORM and no other database."""
    slow = ("numpy", "cv2", "alembic", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql")
    asked = f"import sys, digitd.store; sys.exit(any(name in sys.modules for name in {slow}))"
    assert subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True).returncode == 0
