from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.demo.handwriting import draw_digit, draw_mark, some_hand, write_number
from digitd.demo.strokes import DIGITS, MARKS, smooth_parts
from digitd.records import Box

SHAPES = [*(shape for shapes in DIGITS.values() for shape in shapes), *MARKS.values()]


@given(digit=st.integers(0, 9), seed=st.integers(0, 2**32 - 1), height_px=st.integers(8, 120))
@settings(max_examples=60, deadline=None)
def test_a_digit_fills_its_picture_and_is_about_as_high_as_asked(digit: int, seed: int, height_px: int) -> None:
    """The picture is cropped to the ink, and a digit asked for at a height has it within a quarter and 3 pixels."""
    ink = draw_digit(digit, np.random.default_rng(seed), height_px=height_px)
    assert ink.dtype == np.uint8
    assert min(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) > 0
    assert abs(ink.shape[0] - height_px) <= height_px / 4 + 3


def test_the_same_seed_writes_the_same() -> None:
    """Two generators of one seed write the same digits, and another seed others."""
    first, again, other = (draw_digit(5, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_strokes_with_room_between_their_points(shape: str) -> None:
    """A stroke's parts join where one ends and the next begins, and lie near the unit square."""
    for stroke in smooth_parts(shape):
        assert all(len(part) >= 2 for part in stroke)
        assert all(np.array_equal(a[-1], b[0]) for a, b in pairwise(stroke))
        assert all(part.min() >= -0.01 and part.max() <= 1.01 for part in stroke)


@given(seed=st.integers(0, 2**32 - 1), digits=st.text("0123456789", min_size=1, max_size=14), gap=st.floats(-0.15, 0.4))
@settings(max_examples=40, deadline=None)
def test_a_number_stays_on_its_line(seed: int, digits: str, gap: float) -> None:
    """However many digits there are, they end before the box does."""
    page = np.full((120, 500), 255, np.uint8)
    write_number(page, digits, Box(x0=40, y0=20, x1=440, y1=100), np.random.default_rng(seed), gap=gap)
    x, _, width, _ = cv2.boundingRect((page < 200).astype(np.uint8))
    assert width > 0
    assert x >= 30
    assert x + width <= 450


def test_each_digit_of_cells_stands_in_its_own() -> None:
    """With cells there is one symbol a cell, from the left, and a space leaves its cell empty."""
    page = np.full((100, 500), 255, np.uint8)
    write_number(page, "12 4", Box(x0=0, y0=0, x1=500, y1=100), np.random.default_rng(3), cells=5)
    inked = [bool((page[:, left + 10 : left + 90] < 128).any()) for left in range(0, 500, 100)]
    assert inked == [True, True, False, True, False]


def test_writing_only_darkens_and_stops_at_the_edge() -> None:
    """No pixel becomes lighter, and a box over the edge of the page is no fault."""
    page = np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)
    before = page.copy()
    write_number(page, "8*X", Box(x0=-20, y0=-10, x1=90, y1=70), np.random.default_rng(1))
    assert (page <= before).all()
    assert (page < before).any()


def test_marks_are_no_digits_and_have_ink() -> None:
    """Every mark can be written by any hand."""
    rng = np.random.default_rng(5)
    assert all(draw_mark(mark, rng, hand=some_hand(rng)).max() > 200 for mark in MARKS)
