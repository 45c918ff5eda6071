"""What is looked at of a page in small is what a picture of the whole page would show there."""

import cv2
import numpy as np
import pytest

from digitd.reading.ink import halved, shrink
from digitd.reading.register.pyramid import Pyramid, scaling


@pytest.fixture(scope="module")
def page():
    """(1203, 850) uint8, neither white nor even, and no side a multiple of two."""
    grain = np.random.default_rng(0).normal(128, 60, (1203, 851))
    return np.clip(cv2.GaussianBlur(grain, (0, 0), 2) * 2 - 128, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("side", [2000, 1203, 1000, 601, 600, 400, 37, 1])
def test_a_page_is_shrunk_as_without_the_halves_that_are_kept(page, side):
    """In any order, and after others."""
    pyramid = Pyramid(page)
    pyramid.shrunk(150)
    small, scale = pyramid.shrunk(side)
    wanted, wanted_scale = shrink(page, side)
    assert scale == wanted_scale
    assert np.array_equal(small, wanted)


@pytest.mark.parametrize("scale", [0.4, 0.9, 1.0, 1.9])
def test_windows_are_parts_of_the_upright_page(page, scale):
    """As warped as a whole, to a grey level; from where there are fewer than two pixels of the page for each of it."""
    seen_from = cv2.getRotationMatrix2D((400, 600), 5, scale)
    page_from_picture = np.vstack([seen_from, (1e-5, 0, 1)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpPerspective(page, page_from_picture, (800, 1100), flags=flags, borderValue=(255,))
    corners = np.array([(0, 0), (100, 300), (731, 1037), (690, 5)])
    windows = Pyramid(page).cut(page_from_picture, corners, size=(60, 44))
    assert windows.shape == (4, 44, 60)
    for window, (x, y) in zip(windows, corners, strict=True):
        assert np.abs(window.astype(int) - upright[y : y + 44, x : x + 60]).max() <= 1


@pytest.mark.parametrize("halvings", [1, 2, 3])
def test_a_picture_of_half_the_size_is_cut_from_a_half(page, halvings):
    """No pixel of the page is passed over where many of them are one of the picture."""
    small = page
    for _ in range(halvings):
        small, _ = halved(small, 0.5)
    (window,) = Pyramid(page).cut(scaling(2.0**halvings), np.array([(11, 7)]), size=(40, 30))
    assert np.abs(window.astype(int) - small[7:37, 11:51]).max() <= 1


def test_beside_the_page_windows_are_white(page):
    """Wholly, and in part."""
    apart, across = Pyramid(page).cut(scaling(1.0), np.array([(-300, 50), (-10, 50)]), size=(20, 20))
    assert (apart == 255).all()
    assert (across[:, :9] == 255).all()
    assert np.array_equal(across[:, 10:], page[50:70, :10])


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1)])
def test_a_page_of_one_line_is_no_fault(shape):
    """It cannot be halved, however coarse a picture is asked for."""
    windows = Pyramid(np.full(shape, 9, np.uint8)).cut(scaling(64.0), np.array([(0, 0)]), size=(8, 8))
    assert windows.shape == (1, 8, 8)


def test_scaling_keeps_the_edges():
    """The left upper corner of the first pixel stays where it is, half a pixel before its middle."""
    corner = scaling(0.25) @ (-0.5, -0.5, 1.0)
    assert corner == pytest.approx((-0.5, -0.5, 1.0))
