"""Printed lines go, strokes stay, cells are counted."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.demo.handwriting import write_number
from digitd.reading.segment import find_writing, isolate, segment
from digitd.records import Box, Region

MARGIN = 14


def region(text="", *, width=300, height=70, cells=None, seed=0, lines=True, paper=235, grain=5.0):
    """A field with its printed box and dividers, written in by hand."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height + 2 * MARGIN, width + 2 * MARGIN), paper, np.uint8)
    inner = Box(x0=MARGIN, y0=MARGIN, x1=MARGIN + width, y1=MARGIN + height)
    if lines:
        cv2.rectangle(pixels, (MARGIN, MARGIN), (MARGIN + width, MARGIN + height), 30, 2)
        for divider in range(1, cells or 0):
            x = MARGIN + round(width * divider / cells)
            cv2.line(pixels, (x, MARGIN), (x, MARGIN + height), 60, 1)
    if text:
        write_number(pixels, text, inner, rng, cells=cells)
    noisy = np.clip(pixels + rng.normal(0, grain, pixels.shape), 0, 255).astype(np.uint8)
    return Region(name="f", quad=inner.corners(), pixels=noisy, margin_px=MARGIN, cells=cells)


@pytest.mark.parametrize("seed", range(6))
def test_free_digits_are_found_one_by_one(seed):
    """Digits in a box without dividers give one symbol each, from left to right."""
    found = segment(find_writing(region("40713", seed=seed)))
    assert len(found) == 5
    assert [s.box.x0 for s in found] == sorted(s.box.x0 for s in found)


@given(text=st.text("0123456789 ", min_size=4, max_size=4), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_symbol_a_cell_whatever_is_written(text, seed):
    """Four cells give four symbols, in order, and every box lies inside the region."""
    field = region(text, cells=4, seed=seed)
    found = segment(find_writing(field))
    assert [s.span for s in found] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    height, width = field.pixels.shape
    assert all(0 <= s.box.x0 < s.box.x1 <= width and 0 <= s.box.y0 < s.box.y1 <= height for s in found)


@pytest.mark.parametrize("cells", [None, 3])
def test_an_empty_box_has_no_ink(cells):
    """Border, dividers and the grain of paper are not writing."""
    assert all(s.ink.size == 0 for s in segment(find_writing(region("", cells=cells))))


@pytest.mark.parametrize("level", [40, 90, 150])
def test_paper_of_any_shade_and_shadow(level):
    """A dark photo with a shadow across it reads as well as a white scan."""
    field = region("825", paper=250)
    shadow = np.linspace(level / 250, 1.0, field.pixels.shape[1])
    dimmed = (field.pixels * shadow).astype(np.uint8)
    found = segment(find_writing(Region(name="f", quad=field.quad, pixels=dimmed, margin_px=MARGIN)))
    assert len(found) == 3


def test_a_stroke_over_the_border_is_kept_whole():
    """A long 1 through the lower border keeps its length on both sides of the line."""
    field = region("")
    pixels = field.pixels.copy()
    cv2.line(pixels, (120, 40), (116, 92), 20, 4)
    (only,) = segment(find_writing(Region(name="f", quad=field.quad, pixels=pixels, margin_px=MARGIN)))
    assert only.ink.shape[0] >= 46


def test_a_1_from_border_to_border_is_no_divider():
    """Where no divider is expected, a line down is a digit, even one that meets both borders."""
    field = region("25")
    pixels = field.pixels.copy()
    cv2.line(pixels, (240, MARGIN + 4), (240, MARGIN + 67), 20, 3)
    assert len(segment(find_writing(Region(name="f", quad=field.quad, pixels=pixels, margin_px=MARGIN)))) == 3


def written_over(x0, x1, y, *, text="25", cells=None):
    """A wide field, its number at the right, with a stroke from x0 to x1 at y."""
    field = region(width=420, cells=cells)
    pixels = field.pixels.copy()
    box = Box(x0=MARGIN + 280, y0=MARGIN, x1=MARGIN + 420, y1=MARGIN + 70)
    write_number(pixels, text, box, np.random.default_rng(1))
    cv2.line(pixels, (x0, y), (x1, y), 20, 3)
    return Region(name="f", quad=field.quad, pixels=pixels, margin_px=MARGIN, cells=cells)


def test_a_dash_that_comes_from_beside_the_field_is_no_writing():
    """Dashes drawn up to a number, from the words before it, are taken away."""
    plain = segment(find_writing(written_over(0, 1, MARGIN)))
    assert len(segment(find_writing(written_over(0, 250, MARGIN + 38)))) == len(plain) == 2


def test_a_stroke_through_a_number_stays():
    """What strikes a number out joins its digits, and is not taken for a dash drawn up to it."""
    (struck,) = segment(find_writing(written_over(0, 440, MARGIN + 36, text="4865")))
    assert struck.ink.shape[1] > 150


@pytest.mark.parametrize("inset", [12, 20])
def test_a_number_on_a_line_or_in_a_box_without_a_margin(inset):
    """A line below a number, and a box around it, are found in a picture whose edges say nothing."""
    pixels = np.full((100, 400), 235, np.uint8)
    write_number(pixels, "4325", Box(x0=60, y0=20, x1=340, y1=66), np.random.default_rng(3))
    boxed = pixels.copy()
    cv2.line(pixels, (20, 76), (385, 76), 30, 2)
    cv2.rectangle(boxed, (inset, inset), (400 - inset, 100 - inset), 30, 2)
    for picture in (pixels, boxed):
        quad = Box(x0=0, y0=0, x1=400, y1=100).corners()
        found = segment(find_writing(Region(name="f", quad=quad, pixels=picture)))
        assert len([symbol for symbol in found if symbol.ink.shape[0] > 15]) == 4


def test_dots_and_specks_are_not_digits():
    """A decimal point and dust between digits give no symbol of their own."""
    field = region("36")
    pixels = field.pixels.copy()
    cv2.circle(pixels, (220, 70), 3, 20, -1)
    cv2.circle(pixels, (60, 30), 1, 20, -1)
    assert len(segment(find_writing(Region(name="f", quad=field.quad, pixels=pixels, margin_px=MARGIN)))) == 2


def test_light_writing_on_dark_ground():
    """A cell of any polarity is isolated as light ink on black."""
    cell = region("7", width=60, lines=False).pixels
    for picture in (cell, 255 - cell):
        ink = isolate(picture)
        assert ink.max() > 150
        assert np.median(ink) < 60


def test_a_blank_cell_is_empty():
    """Nothing written: nothing isolated."""
    assert isolate(region("", width=60, cells=1).pixels).size == 0
