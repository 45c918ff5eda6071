"""Pieces of a mask are told apart whatever its size: labels are no wider than they must be, and wide enough."""

import cv2
import numpy as np
import pytest

from digitd.reading.components import components


@pytest.mark.parametrize("shape", [(9, 9), (104, 497), (511, 511), (512, 512), (63, 4159), (1, 131_066), (1, 262_140)])
def test_as_many_pieces_as_there_can_be_are_told_apart(shape):
    """A dot in every second row and column, none of which touch: as many labels as any mask of this size has."""
    mask = np.zeros(shape, np.uint8)
    mask[::2, ::2] = 1
    count, marks, stats, centres = components(mask)
    assert count == mask.sum() + 1
    assert len(np.unique(marks)) == count
    assert stats[1:, cv2.CC_STAT_AREA].max() == 1
    assert len(centres) == count


def test_what_a_field_holds_has_small_labels():
    """Two bytes each: half the time of four."""
    assert components(np.eye(100, dtype=np.uint8))[1].dtype == np.uint16
    assert components(np.eye(600, dtype=np.uint8))[1].dtype == np.int32
