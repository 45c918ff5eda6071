"""Pictures are made smaller without anything moving."""

import numpy as np
import pytest

from digitd.reading.ink import shrink


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
