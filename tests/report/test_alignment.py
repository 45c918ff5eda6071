import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitd.report.alignment import REJECTED, SAID, TRUTH, align, confusion

DIGITS = st.text("0123456789", max_size=8)
GLYPHS = st.text("0123456789" + REJECTED, max_size=8)


@given(label=DIGITS, said=GLYPHS)
def test_every_digit_and_every_glyph_is_paired_once_and_in_order(label: str, said: str) -> None:
    """The left halves spell the label, the right halves what was said; no pair is empty on both sides."""
    pairs = align(label, said)
    assert "".join(digit for digit, _ in pairs) == label
    assert "".join(symbol for _, symbol in pairs) == said
    assert all(digit or symbol for digit, symbol in pairs)


@given(label=DIGITS)
def test_what_is_right_lies_on_the_diagonal(label: str) -> None:
    """A label beside itself counts each digit once, at its own row and column."""
    matrix = confusion([(label, label)])
    assert np.trace(matrix) == matrix.sum() == len(label)


@given(label=DIGITS, said=GLYPHS)
def test_no_pairing_needs_fewer_edits_than_the_lengths_demand(label: str, said: str) -> None:
    """Of digits alone, never are a missed and an extra one counted where one wrong digit explains both."""
    digits = said.replace(REJECTED, "")
    pairs = align(label, digits)
    missed = sum(not symbol for _, symbol in pairs)
    extra = sum(not digit for digit, _ in pairs)
    wrong = sum(bool(digit and symbol and digit != symbol) for digit, symbol in pairs)
    assert missed + extra + wrong <= max(len(label), len(digits))


def test_a_rejected_mark_beside_a_number_is_no_error() -> None:
    """A crossed cell before the number stays out of it; a digit rejected inside the number is counted as that."""
    before, inside = confusion([("78", "xx78")]), confusion([("105", "1x5")])
    assert before[TRUTH.index("extra"), SAID.index("not a digit")] == 2
    assert inside[0, SAID.index("not a digit")] == 1
    assert inside[0].sum() == 1


def test_missed_and_extra_digits_are_told_apart_from_wrong_ones() -> None:
    """Where the lengths differ, the odd one out is missed or extra, and its neighbours are still right."""
    missed, extra = confusion([("123", "13")]), confusion([("13", "173")])
    assert missed[2, SAID.index("missed")] == 1
    assert extra[TRUTH.index("extra"), 7] == 1
    assert missed[1, 1] == missed[3, 3] == extra[1, 1] == extra[3, 3] == 1


def test_signs_and_points_of_a_label_are_passed_over() -> None:
    """A value may hold what its template allows; only digits are judged."""
    assert align("-22.5", "225") == [("2", "2"), ("2", "2"), ("5", "5")]
