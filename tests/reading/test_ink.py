"""Pictures are made smaller without anything moving; writing is told from the paper's pattern."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitd.demo.handwriting import write_number
from digitd.demo.pen import some_hand
from digitd.reading.ink import darkness, shrink, writing
from digitd.reading.lines import Frame
from digitd.records import Box

HEIGHT, WIDTH = 60, 240
WHOLE = Frame(x0=0, y0=0, x1=WIDTH, y1=HEIGHT, exact=0.0)


@pytest.mark.parametrize("height", [999, 2000, 3507, 8191])
def test_what_is_made_smaller_stays_where_it_is(height):
    """A line near the far edge lies where the scale says, though odd rows are lost on the way."""
    picture = np.full((height, 701), 250, np.uint8)
    place = height - 60
    picture[place - 12 : place + 13] = 0
    small, scale = shrink(picture, 500)
    darkness = 250 - small[:, small.shape[1] // 2].astype(float)
    found = float((darkness * np.arange(len(darkness))).sum() / darkness.sum())
    assert (found + 0.5) / scale - 0.5 == pytest.approx(place, abs=0.15 / scale)
    assert max(small.shape) in {499, 500}


def written(value: str, box: Box, *, darkness: float) -> np.ndarray:
    """White paper with a number in box."""
    paper = np.full((HEIGHT, WIDTH), 255, np.uint8)
    rng = np.random.default_rng(3)
    write_number(paper, value, box, rng, hand=replace(some_hand(rng), darkness=darkness))
    return paper


def hatched(paper: np.ndarray, *, share: float) -> np.ndarray:
    """The paper with fine lines all over, share as dark as black, below whatever is written."""
    pattern = np.full_like(paper, 255)
    for start in range(-HEIGHT, WIDTH, 12):
        cv2.line(pattern, (start, HEIGHT), (start + HEIGHT, 0), (round(255 * (1 - share)),), 1, cv2.LINE_AA)
    return np.minimum(paper, pattern)


def test_the_pattern_of_a_cheque_is_no_writing():
    """Fine lines nearly half as dark as the pen, all over the paper, are gone; the strokes are those on plain paper."""
    plain = written("4721", Box(x0=20, y0=8, x1=220, y1=52), darkness=0.9)
    on_plain = writing(darkness(plain), WHOLE)
    on_pattern = writing(darkness(hatched(plain, share=0.4)), WHOLE)
    beside = cv2.dilate(on_plain, np.ones((5, 5), np.uint8)) == 0
    assert on_plain.sum() > 500
    assert not (on_pattern & beside).any()
    assert (on_pattern & on_plain).sum() > 0.8 * on_plain.sum()


def test_faint_digits_beside_dark_ones_are_no_pattern():
    """A pen that runs dry half-way writes no pattern: what is faint in a part of the field stays."""
    dark = written("47", Box(x0=10, y0=8, x1=110, y1=52), darkness=0.95)
    faint = written("21", Box(x0=130, y0=8, x1=230, y1=52), darkness=0.65)
    found = writing(darkness(np.minimum(dark, faint)), WHOLE)
    alone = writing(darkness(faint), WHOLE)
    assert (found & alone).sum() > 0.8 * alone.sum()


@pytest.mark.parametrize("seed", range(12))
def test_most_digits_may_be_faint(seed):
    """Six digits half as dark as the two behind them fill the field as a pattern does, and stay."""
    paper = np.full((80, 480), 255, np.uint8)
    for text, share in (("740043  ", 0.5), ("      09", 0.95)):
        rng = np.random.default_rng(seed)
        hand = replace(some_hand(rng), darkness=share)
        write_number(paper, text, Box(x0=16, y0=10, x1=464, y1=70), rng, cells=8, hand=hand)
    found = writing(darkness(paper), Frame(x0=0, y0=0, x1=480, y1=80, exact=0.0))
    assert all(part.any() for part in np.array_split(found[:, 16:464], 8, axis=1))


def test_a_pen_over_a_fainter_line_stays():
    """The stem of a 9 that runs along a grey divider stays, where the line above and below it goes."""
    paper = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.line(paper, (120, 0), (120, HEIGHT), (120,), 2)
    cv2.ellipse(paper, (112, 22), (8, 7), 0, 0, 360, (20,), 3)
    cv2.line(paper, (120, 16), (120, 38), (20,), 3)
    cv2.line(paper, (60, 18), (60, 42), (20,), 3)
    found = writing(darkness(paper), Frame(x0=0, y0=0, x1=WIDTH, y1=HEIGHT, cells=2))
    divider = found[:, 118:123].any(axis=1)
    assert divider[18:37].all()
    assert not divider[:12].any()
    assert not divider[48:].any()


def test_a_bolder_part_of_a_line_is_no_stroke():
    """Where a printed line is drawn twice as dark for a while, that is print too: it meets no other ink."""
    paper = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.line(paper, (120, 0), (120, HEIGHT), (120,), 2)
    cv2.line(paper, (120, 18), (120, 42), (40,), 2)
    cv2.line(paper, (60, 18), (60, 42), (20,), 3)
    found = writing(darkness(paper), Frame(x0=0, y0=0, x1=WIDTH, y1=HEIGHT, cells=2))
    assert not found[:, 110:130].any()


def test_a_digit_that_rests_on_a_line_keeps_its_foot():
    """The round foot of a 0 on the printed line below it is no thicker part of that line."""
    paper = np.full((80, WIDTH), 255, np.uint8)
    cv2.line(paper, (0, 62), (WIDTH, 62), (60,), 2)
    for x in (80, 120, 160):
        cv2.ellipse(paper, (x, 42), (16, 17), 0, 0, 360, (20,), 4)
    found = writing(darkness(paper), Frame(x0=10, y0=10, x1=WIDTH - 10, y1=62))
    assert not found[:, :60].any()
    for x in (80, 120, 160):
        assert found[54:61, x - 5 : x + 6].any(axis=0).all()
