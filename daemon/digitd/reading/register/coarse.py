"""First guesses of where a form lies on a page: from its markers, or from features of its print. Arrays in and out."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.register.markers import Markers, find_markers
from digitd.reading.register.pyramid import Pyramid

#: Long side of the picture that features are found on, in pixels, and how many features are kept.
COARSE_SIDE = 1000
FEATURES = 1000

#: So many of the strongest are enough for most scans, and are matched in a sixth of the time.
STRONGEST = 400

#: A picture whose shorter side is below this has no room for a form; pixels.
SMALLEST_SIDE = 64

#: So many features must agree.
FEWEST = 10

#: Features farther off do not agree; pixels of the coarse picture.
TOLERANCE = 4.0

#: Where a camera's view has so many times as many features agree as a scanner's, it is tried first.
MUCH_BETTER = 1.3


class Features:
    """What is found on one page, once however many templates are tried on it, and only if it is asked for."""

    def __init__(self, pixels: NDArray[np.uint8], mask: NDArray[np.uint8] | None = None) -> None:
        self.page = Pyramid(pixels)
        self._mask = mask

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(H, W) uint8: the page itself."""
        return self.page.pixels

    @cached_property
    def markers(self) -> Markers:
        return find_markers(self.pixels)

    @property
    def points(self) -> NDArray[np.float32]:
        """(N, 2) float32 in pixels of the page, the strongest first."""
        return self._found[0]

    @property
    def descriptors(self) -> NDArray[np.uint8]:
        """(N, 32) uint8."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        small, scale = self.page.shrunk(COARSE_SIDE)
        small = _in_even_light(small)
        mask = (
            None if self._mask is None else cv2.resize(self._mask, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
        )
        points: Sequence[Any] = ()
        descriptors = None
        if min(small.shape) >= SMALLEST_SIDE:
            points, descriptors = cv2.ORB_create(FEATURES, fastThreshold=10).detectAndCompute(small, mask)
        if descriptors is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
        places = np.array([point.pt for point in points], np.float32)
        strongest = np.argsort([-point.response for point in points], kind="stable")
        return ((places + 0.5) / scale - 0.5)[strongest], descriptors[strongest]


def from_markers(page: Markers, reference: Markers) -> Iterator[NDArray[np.float64]]:
    """Homographies template -> page, (3, 3), from markers that both have.

    Three or four markers give a camera's view by their corners. Two give that of the sixteen numbers too, but a small
    error at the one tilts the other end of the page: a scanner's view is the second guess. One is none: its features
    say more.
    """
    both = sorted(page.keys() & reference.keys())
    if len(both) < 2:
        return
    given = np.concatenate([reference[number] for number in both])
    got = np.concatenate([page[number] for number in both])
    camera, _ = cv2.findHomography(given, got, cv2.LMEDS if len(both) > 2 else 0)
    if camera is not None:
        yield np.asarray(camera, np.float64)
    if len(both) == 2:
        scanner, _ = cv2.estimateAffinePartial2D(given, got)
        if scanner is not None:
            yield np.vstack([scanner, (0.0, 0.0, 1.0)])


def from_features(page: Features, reference: Features) -> Iterator[NDArray[np.float64]]:
    """Homographies template -> page, (3, 3), from matched features: as a scanner sees it, and as a camera does.

    A scanner's view (shift, turn, scale) needs two matches, so that it is found among many wrong ones, where the four
    of a camera's sometimes settle on a corner of the page; so it comes first, unless far fewer agree with it.
    """
    yield from _from_strongest(page, reference, STRONGEST)
    if max(len(page.points), len(reference.points)) > STRONGEST:
        yield from _from_strongest(page, reference, FEATURES)


def _from_strongest(page: Features, reference: Features, most: int) -> Iterator[NDArray[np.float64]]:
    if min(len(page.points), len(reference.points)) < FEWEST:
        return
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(
        reference.descriptors[:most], page.descriptors[:most]
    )
    given = reference.points[[match.queryIdx for match in matches]]
    got = page.points[[match.trainIdx for match in matches]]
    if len(matches) < FEWEST:
        return
    tolerance = TOLERANCE * max(page.pixels.shape) / COARSE_SIDE
    similar, near = cv2.estimateAffinePartial2D(
        given, got, method=cv2.RANSAC, ransacReprojThreshold=2 * tolerance, maxIters=3000, confidence=0.999
    )
    camera, nearer = cv2.findHomography(given, got, cv2.USAC_MAGSAC, tolerance, maxIters=5000, confidence=0.999)
    scanned, shot = (0 if found is None else int(found.sum()) for found in (near, nearer))
    guesses: list[tuple[int, Any]] = [(shot, camera)]
    if similar is not None:
        guesses.insert(0 if shot < MUCH_BETTER * scanned else 1, (scanned, np.vstack([similar, (0.0, 0.0, 1.0)])))
    for agreeing, guess in guesses:
        if guess is not None and agreeing >= FEWEST:
            yield np.asarray(guess, np.float64)


def _in_even_light(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as if light fell on it evenly: print in a shadow has corners as well."""
    if min(small.shape) < SMALLEST_SIDE:
        return small
    tiny = cv2.resize(small, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.morphologyEx(tiny, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), (0, 0), 2)
    paper = cv2.resize(paper, small.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(small, cv2.max(paper, 1), scale=255), np.uint8)
