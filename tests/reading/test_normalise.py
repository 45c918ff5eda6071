"""Any symbol becomes a glyph as MNIST has them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.datasets import load_digits

from digitd.demo.handwriting import draw_digit
from digitd.reading.normalise import STROKE_PX, normalise, stroke_width


def centre(glyph):
    moments = cv2.moments(glyph)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=90)))
def test_any_ink_gives_a_glyph_of_the_right_size(ink):
    """Whatever goes in, (28, 28) uint8 comes out; the ink fits 20x20 and is black only where there is none."""
    glyph = normalise(ink)
    assert glyph.shape == (28, 28)
    assert glyph.dtype == np.uint8
    assert bool(glyph.any()) == bool(ink.any())
    if glyph.any():
        _, _, width, height = cv2.boundingRect(glyph)
        assert max(width, height) <= 20


@given(digit=st.integers(0, 9), seed=st.integers(0, 10_000), height=st.integers(14, 160))
def test_written_digits_are_centred_by_mass_and_fill_their_box(digit, seed, height):
    """A digit of any height has its centre of mass in the middle of the glyph and its longer side 20 pixels."""
    glyph = normalise(draw_digit(digit, np.random.default_rng(seed), height_px=height))
    x, y = centre(glyph)
    assert abs(x - 13.5) <= 1.0
    assert abs(y - 13.5) <= 1.0
    _, _, width, wide = cv2.boundingRect(glyph)
    assert max(width, wide) >= 18
    assert glyph.max() == 255


@pytest.mark.parametrize("strength", [0.2, 0.5, 1.0])
def test_a_faint_pen_looks_like_a_dark_one(strength):
    """The same digit, five times fainter, gives nearly the same glyph."""
    ink = draw_digit(5, np.random.default_rng(3), height_px=80)
    faint = np.rint(ink * strength).astype(np.uint8)
    difference = np.abs(normalise(ink).astype(int) - normalise(faint).astype(int))
    assert difference.mean() < 2


@pytest.mark.parametrize("pen", [1, 3, 7, 15])
def test_thin_and_thick_pens_come_near_each_other(pen):
    """A stroke of any width ends within half a pixel of MNIST's range."""
    ink = np.zeros((100, 80), np.uint8)
    cv2.polylines(ink, [np.array([(15, 15), (60, 15), (30, 85)])], False, 255, pen, cv2.LINE_AA)
    glyph = normalise(ink)
    width = stroke_width(cv2.resize(glyph, None, fx=2, fy=2)) / 2
    assert STROKE_PX[0] - 0.5 <= width <= STROKE_PX[1] + 0.5


def test_aspect_is_kept():
    """A 1 stays narrow and a dash stays flat."""
    upright = np.full((60, 6), 255, np.uint8)
    _, _, width, height = cv2.boundingRect(normalise(upright))
    assert (height, width <= 5) == (20, True)
    _, _, width, height = cv2.boundingRect(normalise(upright.T))
    assert (width, height <= 5) == (20, True)


def test_real_digits_keep_their_shape():
    """scikit-learn's digits, enlarged, correlate with their own glyphs more than with others'."""
    pictures = (load_digits().images[:40] * (255 / 16)).astype(np.uint8)
    glyphs = np.array([normalise(cv2.resize(p, (64, 64))) for p in pictures]).reshape(40, -1).astype(float)
    again = np.array([normalise(cv2.resize(p, (40, 40))) for p in pictures]).reshape(40, -1).astype(float)
    likeness = np.corrcoef(glyphs, again)[:40, 40:]
    assert (likeness.argmax(axis=1) == np.arange(40)).mean() > 0.95
