"""All symbols that writing may be, weighed by shape, and what a decoder makes of them."""

import numpy as np
import pytest

from digitd.demo.handwriting import draw_digit
from digitd.demo.pen import some_hand
from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.reading.decode import decode
from digitd.reading.normalise import normalise
from digitd.reading.segment import find_writing, segment, segment_again
from digitd.reading.segment.lattice import LEAST_SAID, WEIGHTS, as_said, score
from digitd.records import Box, Region
from digitd.resources import shipped


def touching(text, *, seed, overlap=3, height=48):
    """A field in which the digits of text, written by one hand, overlap by some pixels."""
    rng = np.random.default_rng(seed)
    hand = some_hand(rng)
    inks = [draw_digit(int(digit), rng, height_px=height, hand=hand) for digit in text]
    canvas = np.zeros((height + 44, sum(ink.shape[1] for ink in inks) + 60), np.uint8)
    left = 30
    for ink in inks:
        view = canvas[16 : 16 + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(view, ink, out=view)
        left += ink.shape[1] - overlap
    pixels = (250 - 0.85 * canvas).astype(np.uint8)
    return Region(name="f", quad=Box(x0=0, y0=0, x1=canvas.shape[1], y1=canvas.shape[0]).corners(), pixels=pixels)


@pytest.fixture(scope="module")
def classify():
    model = find("paper", shipped("models"))
    return Classifier(model.litert, temperature=float(model.card["temperature"]))


@pytest.mark.parametrize("seed", range(4))
def test_there_is_always_a_way(seed):
    """Every slice alone is a symbol, spans go forward in order, and every symbol has ink and a box in the field."""
    field = touching("2705", seed=seed)
    found = segment_again(find_writing(field))
    starts = [symbol.span[0] for symbol in found]
    slices = max(symbol.span[1] for symbol in found)
    assert starts == sorted(starts)
    assert {symbol.span for symbol in found} >= {(place, place + 1) for place in range(slices)}
    height, width = field.pixels.shape
    for symbol in found:
        assert symbol.ink.any()
        assert 0 <= symbol.box.x0 < symbol.box.x1 <= width
        assert 0 <= symbol.box.y0 < symbol.box.y1 <= height


def test_what_is_surely_whole_is_not_parted():
    """Pieces in given boxes stay one symbol each; the others are still parted."""
    field = touching("2705", seed=3)
    writing = find_writing(field)
    free = segment_again(writing)
    whole = [Box(x0=p.x0 - 1, y0=p.y0 - 1, x1=p.x1 + 1, y1=p.y1 + 1) for p in writing.pieces]
    kept = segment_again(writing, unparted=whole)
    assert max(symbol.span[1] for symbol in kept) <= len(writing.pieces) < max(symbol.span[1] for symbol in free)


def test_an_empty_field_has_no_symbols():
    """Nothing written, nothing to choose from."""
    blank = Region(name="f", quad=Box(x0=0, y0=0, x1=90, y1=60).corners(), pixels=np.full((60, 90), 240, np.uint8))
    assert segment_again(find_writing(blank)) == ()


def test_touching_digits_are_read(classify):
    """Of 24 numbers whose digits touch, most are read; with one symbol a piece of writing fewer than half."""
    plain = whole = 0
    rng = np.random.default_rng(5)
    for seed in range(24):
        text = "".join(str(digit) for digit in rng.integers(0, 10, 3))
        field = touching(text, seed=seed)
        pieces = segment(find_writing(field))
        said = classify(np.array([normalise(symbol.ink) for symbol in pieces]))
        plain += decode(as_said(pieces, said)).candidates[0].value == text
        found = segment_again(find_writing(field))
        said = classify(np.array([normalise(symbol.ink) for symbol in found]))
        whole += decode(score(found, said), [symbol.span for symbol in found]).candidates[0].value == text
    assert whole >= 16
    assert plain < 12


def test_shape_is_weighed_beside_what_is_said():
    """A symbol's fit to a digit is added to what is said of digits; alone its shape says whether it is passed over."""
    (first, *_) = found = segment_again(find_writing(touching("12", seed=1)))
    said = np.full((len(found), 11), 1 / 11, np.float32)
    said[0] = [1.0] + [0.0] * 10
    weighed = score(found, said)
    assert weighed[0, 0] == pytest.approx(first.as_digit, abs=1e-5)
    assert weighed[0, 1] == pytest.approx(WEIGHTS.sharpness * np.log(LEAST_SAID) + first.as_digit, abs=1e-3)
    assert weighed[0, 10] == pytest.approx(first.as_nothing, abs=1e-5)
    assert np.isfinite(weighed).all()
