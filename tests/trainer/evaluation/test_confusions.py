"""Confusions: counted as scikit-learn counts, rows the label, the worst first."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitd.records import NOT_A_DIGIT
from digitd_trainer.evaluation.confusions import NAMES, confusion, worst

readings = st.lists(st.tuples(st.integers(0, 9), st.integers(0, NOT_A_DIGIT)), max_size=60)


@given(readings)
def test_every_reading_is_in_one_cell(pairs: list[tuple[int, int]]) -> None:
    """Rows add up to the labels, columns to what was said, whatever classes are there."""
    labels, said = (np.array([pair[i] for pair in pairs], np.intp) for i in (0, 1))
    matrix = confusion(labels.astype(np.uint8), said)
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(labels, minlength=11))
    np.testing.assert_array_equal(matrix.sum(axis=0), np.bincount(said, minlength=11))


@given(readings)
def test_the_worst_come_first_and_none_is_right(pairs: list[tuple[int, int]]) -> None:
    """Counts fall, none is zero, and together they are all mistakes where the limit allows."""
    labels, said = (np.array([pair[i] for pair in pairs], np.intp) for i in (0, 1))
    found = worst(confusion(labels.astype(np.uint8), said), limit=200)
    counts = [each.count for each in found]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == int((labels != said).sum())
    assert all(each.label != each.said and 0 < each.count <= each.examples for each in found)


def test_what_is_no_digit_has_a_row() -> None:
    """Without labels nothing is a digit: every digit said is a mistake of that row."""
    matrix = confusion(None, np.array([NOT_A_DIGIT, 3, 3]))
    assert matrix[NOT_A_DIGIT].tolist() == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    (mistake,) = worst(matrix)
    assert (mistake.label, mistake.said) == (NAMES[NOT_A_DIGIT], "3")
    assert mistake.as_json()["share"] == 2 / 3
