"""Writing may be parted where digits touch, and the price of a cut is the ink that it crosses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.reading.segment.cuts import MOST_STROKES, cuts


def two_bars(bridge_rows=slice(18, 21), height=40):
    """Two upright bars 6 wide, 20 apart, with a bridge 3 high between them; a stroke is 3 to 6 wide."""
    mask = np.zeros((height, 32), np.bool_)
    mask[:, :6] = mask[:, 26:] = True
    mask[bridge_rows, 6:26] = True
    return mask


@pytest.mark.parametrize("row", [2, 18, 34])
def test_a_bridge_is_cut_across(row):
    """The cheapest cut crosses the bridge once, between the bars, wherever the bridge is."""
    found = cuts(two_bars(slice(row, row + 3)), digit_height=40, stroke=3)
    best = min(found, key=lambda cut: cut.strokes)
    assert best.strokes == pytest.approx(1.0, abs=0.1)
    assert ((best.xs >= 5) & (best.xs <= 27)).all()


def test_a_ring_costs_two_strokes():
    """There is no way through the middle of a nought that crosses less than two strokes."""
    y, x = np.mgrid[:40, :30]
    away = np.hypot((x - 14.5) / 14.5, (y - 19.5) / 19.5)
    found = cuts((away < 1) & (away > 0.72), digit_height=40, stroke=4)
    through = [cut.strokes for cut in found if 10 <= cut.xs[20] <= 20]
    assert through
    assert min(through) >= 1.4  # a slanting seam crosses a stroke in fewer rows than it is wide


def test_a_slanted_gap_costs_nothing():
    """Two strokes that lean are parted along the paper between them, though every column has ink."""
    mask = np.zeros((40, 50), np.bool_)
    for row in range(40):
        lean = (39 - row) // 2
        mask[row, 4 + lean : 9 + lean] = mask[row, 20 + lean : 25 + lean] = True
    mask[39, 4:25] = True  # a thin line below joins them
    best = min(cuts(mask, digit_height=40, stroke=5), key=lambda cut: cut.strokes)
    assert best.strokes <= 0.25
    assert best.xs[0] - best.xs[-1] >= 6


@given(
    seed=st.integers(0, 10_000),
    height=st.integers(6, 150),
    width=st.integers(4, 200),
    digit_height=st.floats(6, 150),
)
@settings(max_examples=60, deadline=None)
def test_any_blot_gives_seams_from_top_to_foot(seed, height, width, digit_height):
    """Each seam has a column for each row, inside the piece or at its edge; none crosses too much; left to right."""
    mask = np.random.default_rng(seed).random((height, width)) < 0.4
    found = cuts(mask, digit_height=digit_height, stroke=3.0)
    assert all(cut.xs.shape == (height,) and cut.xs.min() >= 0 and cut.xs.max() <= width for cut in found)
    assert all(0 <= cut.strokes <= MOST_STROKES for cut in found)
    means = [cut.xs.mean() for cut in found]
    assert means == pytest.approx(sorted(means), abs=1.0)
