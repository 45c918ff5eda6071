"""The square markers in the corners of a form that `digitd form draw` made: which there are, and where they lie.

ArUco markers (Garrido-Jurado et al., "Automatic generation and detection of highly reliable fiducial markers under
occlusion", 2014) of 5 x 5 bits. Four in a row of the dictionary belong to a page of a form, clockwise from the left
upper corner. Arrays in, arrays out.
"""

import hashlib
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink

#: Markers by number: (4, 2) float32 corners in pixels, clockwise from the marker's own left upper one.
Markers = Mapping[int, NDArray[np.float32]]

#: Markers of a page.
CORNERS = 4

#: How many different pages can be told apart by their markers; forms of the same numbers are told by their print.
PAGES = 250

#: Long side of the picture that markers are looked for on, in pixels: on a page that fills a third of it, a marker of
#: 10 mm still has 2.5 pixels for a bit.
SIDE = 1600

#: A bit of a marker and its black border, across, and the white around them that must stay free: 5 bits, 2 borders.
MODULES = 7


def marker_ids(form: str, page: int, *, edition: str = "") -> tuple[int, int, int, int]:
    """The numbers of the markers in the corners of a form's page, clockwise from the left upper one.

    A form that is drawn anew is another edition, so that papers of the one before are told from it.
    """
    first = CORNERS * (int(hashlib.sha256(f"{form}/{edition}/{page}".encode()).hexdigest(), 16) % PAGES)
    return first, first + 1, first + 2, first + 3


def marker_bits(number: int) -> NDArray[np.uint8]:
    """(MODULES, MODULES) uint8, 0 or 255: a marker as it is printed, without the white around it."""
    return np.asarray(_dictionary().generateImageMarker(number, MODULES), np.uint8)


def find_markers(pixels: NDArray[np.uint8]) -> Markers:
    """The markers on a page, (H, W) uint8; one that is seen twice is none, for nobody knows which is meant."""
    small, scale = shrink(pixels, SIDE)
    if min(small.shape) < 4 * MODULES:
        return {}
    wanted = cv2.aruco.DetectorParameters()
    wanted.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    wanted.minMarkerPerimeterRate = 0.04  # smaller ones have too few pixels to be read
    corners, numbers, _ = cv2.aruco.ArucoDetector(_dictionary(), wanted).detectMarkers(small)
    found = [] if numbers is None else [int(number) for number in np.ravel(numbers)]
    return {
        number: ((quad.reshape(4, 2) + 0.5) / scale - 0.5).astype(np.float32)
        for number, quad in zip(found, corners, strict=True)
        if found.count(number) == 1
    }


def _dictionary() -> "cv2.aruco.Dictionary":
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_1000)
