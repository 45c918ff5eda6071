"""Markers are found wherever they lie, and tell which page of which form it is."""

import cv2
import numpy as np
import pytest

from digitd.reading.register.markers import CORNERS, find_markers, marker_bits, marker_ids

SIDE = 70


def page_with(places):
    page = np.full((900, 700), 245, np.uint8)
    for number, (x, y) in places.items():
        page[y : y + SIDE, x : x + SIDE] = np.kron(marker_bits(number), np.ones((10, 10), np.uint8))
    return page


@pytest.fixture(scope="module")
def places():
    """Where the markers of a page are, by number."""
    return dict(zip(marker_ids("tally", 1), ((40, 40), (590, 40), (590, 790), (40, 790)), strict=True))


@pytest.mark.parametrize("degrees", [0, 33, 90, 180, 271])
def test_markers_are_found_at_any_angle(places, degrees):
    """Each marker's corners are where they were turned to, in its own order, within half a pixel."""
    turn = cv2.getRotationMatrix2D((350, 450), degrees, 1.0)
    turn[:, 2] += 250
    seen = cv2.warpAffine(page_with(places), turn, (1300, 1300), borderValue=90)
    found = find_markers(seen)
    assert found.keys() == places.keys()
    for number, (x, y) in places.items():
        corners = np.array([(x, y), (x + SIDE, y), (x + SIDE, y + SIDE), (x, y + SIDE)], float) - 0.5
        there = cv2.transform(corners[:, None], turn)[:, 0]
        assert np.abs(found[number] - there).max() < 0.5


def test_a_large_page_is_looked_at_in_small(places):
    """Where markers are is told in pixels of the page itself, not of the picture they were looked for on."""
    page = cv2.resize(page_with(places), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    number, (x, y) = next(iter(places.items()))
    assert np.abs(find_markers(page)[number][0] - (4 * x - 0.5, 4 * y - 0.5)).max() < 1.5


def test_a_marker_seen_twice_is_none(places):
    """With two sheets in a picture nobody knows which is meant."""
    page = np.hstack([page_with(places), page_with(dict([next(iter(places.items()))]))])
    assert find_markers(page).keys() == set(list(places)[1:])


@pytest.mark.parametrize("shape", [(900, 700), (1, 1), (20, 3000)])
def test_an_empty_page_has_no_markers(shape):
    """No marker where there is none, and no fault on a picture too small for one."""
    assert not find_markers(np.full(shape, 200, np.uint8))


def test_numbers_tell_form_and_page():
    """Four numbers in a row; another page of the form and another form have others."""
    first, second, other = marker_ids("tally", 1), marker_ids("tally", 2), marker_ids("votes", 1)
    assert list(first) == list(range(first[0], first[0] + CORNERS))
    assert not set(first) & set(second)
    assert not set(first) & set(other)
