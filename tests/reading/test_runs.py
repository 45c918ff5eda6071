from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from digitd.reading.runs import Runs

Mask = NDArray[np.uint8]
masks = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 1))


def lengths_by_hand(mask: Mask) -> list[int]:
    rows = ["".join(map(str, row)) for row in mask.tolist()]
    return [len(run) for row in rows for run in row.split("0") if run]


@given(mask=masks)
def test_every_run_is_found_once_and_can_be_drawn_again(mask: Mask) -> None:
    runs = Runs.across(mask)
    assert runs.lengths.tolist() == lengths_by_hand(mask)
    assert (runs.drawn() == mask).all()


@given(mask=masks, length=st.integers(1, 5))
def test_short_ones_go(mask: Mask, length: int) -> None:
    left = Runs.across(mask).at_least(length)
    assert (Runs.across(left.drawn()).lengths == left.lengths).all()
    assert left.lengths.tolist() == [run for run in lengths_by_hand(mask) if run >= length]


@given(mask=masks)
def test_what_is_cut_out_lies_where_it_was(mask: Mask) -> None:
    runs = Runs.across(mask)
    picture, left, top = runs.cut_out()
    back = np.zeros_like(mask)
    back[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    assert (back == mask).all()
    assert picture.size == 0 or (picture.any(axis=1)[[0, -1]].all() and picture.any(axis=0)[[0, -1]].all())


@given(mask=masks)
def test_bands_are_parted_by_empty_rows(mask: Mask) -> None:
    runs = Runs.across(mask)
    bands = [band.drawn() for band in runs.bands()]
    assert (sum(bands, np.zeros_like(mask)) == mask).all()
    filled = [np.flatnonzero(band.any(axis=1)) for band in bands]
    assert all((np.diff(rows) == 1).all() for rows in filled)
    assert all(after[0] > before[-1] + 1 for before, after in pairwise(filled))
    assert runs.depth() == max((len(rows) for rows in filled), default=0)
