"""Tiles of print are found on a page to parts of a pixel, and only where they are."""

import cv2
import numpy as np
import pytest

from digitd.reading.register.pyramid import Pyramid, scaling
from digitd.reading.register.tiles import REACH, TILE, cut_tiles, find_tiles


@pytest.fixture(scope="module")
def picture(drawn_form):
    return cv2.GaussianBlur(drawn_form.blank, (0, 0), 0.8)


@pytest.fixture(scope="module")
def tiles(picture):
    return cut_tiles(picture, np.full_like(picture, 255), scale=1.0, most=40)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.3), (-7.2, 11.4), (0.25, 3.75)])
def test_tiles_are_found_where_the_page_was_shifted_to(picture, tiles, shift):
    """Within a tenth of a pixel, most of them in a twentieth: whole pixels draw no more than that."""
    moved = np.array([(1, 0, shift[0]), (0, 1, shift[1])], np.float64)
    page = cv2.warpAffine(picture, moved, picture.shape[::-1], flags=cv2.INTER_CUBIC, borderValue=255)
    got, found = find_tiles(Pyramid(page), tiles, scaling(1.0), seen=np.ones(len(tiles.places), bool))
    off = np.abs(got - tiles.middles - shift)[found]
    assert found.mean() > 0.9
    assert np.median(off) < 0.05
    assert np.quantile(off, 0.9) < 0.1


def test_of_a_page_that_is_turned_the_middles_are_found(picture, tiles):
    """Where a tile's corner would be after a turn, its print is not."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.0, 1.0)
    page = cv2.warpAffine(picture, turn, (width, height), borderValue=255)
    there = cv2.transform(tiles.middles[:, None], turn)[:, 0]
    got, found = find_tiles(Pyramid(page), tiles, scaling(1.0), seen=np.ones(len(tiles.places), bool))
    near = found & (np.abs(there - tiles.middles).max(axis=1) < REACH)
    assert near.sum() >= 10
    assert np.median(np.abs(got - there)[near]) < 0.15


def test_what_is_not_asked_for_is_not_looked_for(picture, tiles):
    """Tiles that the page cannot show keep their places, and are not found."""
    seen = np.arange(len(tiles.places)) % 2 == 0
    got, found = find_tiles(Pyramid(picture), tiles, scaling(1.0), seen=seen)
    assert not found[~seen].any()
    assert np.array_equal(got[~seen], tiles.middles[~seen])


@pytest.mark.parametrize("grey", [0, 200, 255])
def test_nothing_is_found_on_an_even_page(tiles, picture, grey):
    """Where nothing is printed, nothing agrees."""
    even = Pyramid(np.full_like(picture, grey))
    assert not find_tiles(even, tiles, scaling(1.0), seen=np.ones(len(tiles.places), bool))[1].any()


def test_a_picture_without_print_has_no_tiles():
    """And nothing is found of them, without a fault."""
    blank = np.full((500, 400), 255, np.uint8)
    none = cut_tiles(blank, blank, scale=0.5, most=40)
    assert none.prints.shape == (0, TILE, TILE)
    got, found = find_tiles(Pyramid(blank), none, scaling(1.0), seen=np.zeros(0, bool))
    assert got.shape == (0, 2)
    assert found.shape == (0,)
