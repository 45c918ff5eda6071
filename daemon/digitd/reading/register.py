"""Finding a form on a page: where every point of the template lies there, or that it does not fit.

Two steps. Coarse: ORB features (Rublee et al., 2011) of small pictures, matched, and a similarity by RANSAC (Fischler
and Bolles, 1981), or else a homography by MAGSAC++ (Barath et al., 2020). Fine: small patches of the reference's
print are looked for around where the coarse step puts them; what agrees gives the homography, and how well it agrees
is the residual.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.records import Registration, Template

#: Long side of the picture that features are found on, in pixels, and how many features are kept.
COARSE_SIDE = 1000
FEATURES = 1000

#: A picture whose shorter side is below this has no room for a form; pixels.
SMALLEST_SIDE = 64

#: Long side of the picture that patches are matched on; side of a patch and how far around it is looked; pixels.
FINE_SIDE = 1600
PATCH = 32
REACH = 14

#: Patches used; how many must agree, and what share of those used. On real scans of the same form 75 to 100 % do; a
#: form that only repeats some boxes of another stays below.
PATCHES = 80
FEWEST = 10
MOST_AGREE = 0.6

#: Where the coarse step fits a part of the page only, patches elsewhere lie beyond REACH; a second look, from what the
#: first one agreed on, finds them.
ROUNDS = 2

#: The page is divided into so many squares a side; in this share of those with print, a third of the patches agree.
SQUARES, MOST_SQUARES = 4, 0.8

#: A patch found with a lower normalised correlation is no find.
CORRELATION = 0.55

#: A page is never larger or smaller than its template by more than this factor.
MOST_SCALE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What registration needs of a template, prepared once.

    corners is (N, 2) float32, points of print in template pixels; descriptors is (N, 32) uint8. fine is the
    reference at FINE_SIDE, fine_scale its pixels per template pixel, and patches (M, 2) int the patches' top left.
    """

    template: Template
    corners: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    fine: NDArray[np.uint8]
    fine_scale: float
    patches: NDArray[np.intp]


def prepare(template: Template, pixels: NDArray[np.uint8]) -> Reference:
    """Find the print of a template's reference, (H, W) uint8; what is written in its fields is left out."""
    printed = _outside_fields(template, pixels.shape)
    small, scale = shrink(pixels, COARSE_SIDE)
    mask = cv2.resize(printed, small.shape[::-1], interpolation=cv2.INTER_NEAREST)
    points, descriptors = _features(small, mask)
    fine, fine_scale = shrink(pixels, FINE_SIDE)
    fine_mask = cv2.resize(printed, fine.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return Reference(
        template=template,
        corners=(points / scale).astype(np.float32),
        descriptors=descriptors,
        fine=fine,
        fine_scale=fine_scale,
        patches=_distinct_patches(fine, fine_mask),
    )


def can_be_found(reference: Reference) -> bool:
    """Whether there is enough print on a reference to find it anywhere."""
    return len(reference.corners) >= FEWEST and _convincing(reference.patches.astype(np.float32), reference)


class Features:
    """The features of one page, found once however many templates are tried on it."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        small, scale = shrink(pixels, COARSE_SIDE)
        points, self.descriptors = _features(small, None)
        self.points = (points / scale).astype(np.float32)


def register(page: Features, reference: Reference, *, max_residual_mm: float) -> Registration | None:
    """Find the template on the page; None where it does not fit.

    Parameters
    ----------
    page
        Features of the page; dark on light.
    reference
        The prepared template.
    max_residual_mm
        A worse fit than this, in millimetres on the paper, is no fit.
    """
    for coarse in _coarse(page, reference):
        found = _fine(page.pixels, reference, coarse) if _plausible(coarse, reference.template) else None
        if found is None:
            continue
        page_from_template, residual_px = found
        residual_mm = residual_px / reference.template.dpi * 25.4
        if residual_mm <= max_residual_mm and _plausible(page_from_template, reference.template):
            return Registration(page_from_template=page_from_template, residual_mm=residual_mm)
    return None


def _outside_fields(template: Template, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(H, W) uint8, 255 where the form is printed and nobody writes; the fields' border lines are kept."""
    mask = np.full(shape[:2], 255, np.uint8)
    for field in template.fields:
        box, edge = field.box, 0.1 * field.box.height
        inner = [round(v) for v in (box.x0 + edge, box.y0 + edge, box.x1 - edge, box.y1 - edge)]
        mask[max(inner[1], 0) : max(inner[3], 0), max(inner[0], 0) : max(inner[2], 0)] = 0
    return mask


def _features(
    small: NDArray[np.uint8], mask: NDArray[np.uint8] | None
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Points (N, 2) float32 in pixels of small, and their descriptors (N, 32) uint8."""
    points: Sequence[Any] = ()
    descriptors = None
    if min(small.shape) >= SMALLEST_SIDE:
        points, descriptors = cv2.ORB_create(FEATURES, fastThreshold=10).detectAndCompute(small, mask)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
    return np.array([p.pt for p in points], np.float32), descriptors


def _distinct_patches(fine: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Top left corners, (M, 2) as x, y, of patches around corners of print, spread over the page."""
    half = PATCH // 2
    inner = mask.copy()
    inner[:half], inner[-half:], inner[:, :half], inner[:, -half:] = 0, 0, 0, 0
    spread = max(fine.shape) / (2 * PATCHES**0.5)
    corners = cv2.goodFeaturesToTrack(fine, PATCHES, 0.02, spread, mask=inner, blockSize=7)
    if corners is None:
        return np.zeros((0, 2), np.intp)
    found: NDArray[np.intp] = np.rint(corners.reshape(-1, 2) - half).astype(np.intp)
    inside = (found >= 0).all(axis=1) & (found[:, 0] + PATCH <= fine.shape[1]) & (found[:, 1] + PATCH <= fine.shape[0])
    return found[inside]


def _coarse(page: Features, reference: Reference) -> Iterator[NDArray[np.float64]]:
    """First homographies template -> page from matched features, (3, 3) each: as a scanner sees it, as a camera does.

    The scanner's (shift, turn, scale) comes first: two matches make it, so that it is found among many wrong ones,
    where the four of a camera's sometimes settle on a corner of the page.
    """
    if len(page.points) < FEWEST or len(reference.corners) < FEWEST:
        return
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(reference.descriptors, page.descriptors)
    matches = sorted(matches, key=lambda m: m.distance)[: max(FEWEST, len(matches) // 2)]
    if len(matches) < FEWEST:
        return
    given = reference.corners[[m.queryIdx for m in matches]]
    got = page.points[[m.trainIdx for m in matches]]
    tolerance = 4.0 * max(page.pixels.shape) / COARSE_SIDE
    similar, agreeing = cv2.estimateAffinePartial2D(
        given, got, method=cv2.RANSAC, ransacReprojThreshold=2 * tolerance, maxIters=5000, confidence=0.999
    )
    if similar is not None and int(agreeing.sum()) >= FEWEST:
        yield np.vstack([similar, (0.0, 0.0, 1.0)])
    found, agreeing = cv2.findHomography(given, got, cv2.USAC_MAGSAC, tolerance, maxIters=5000, confidence=0.999)
    if found is not None and int(agreeing.sum()) >= FEWEST:
        yield np.asarray(found, np.float64)


def _fine(
    pixels: NDArray[np.uint8], reference: Reference, coarse: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float] | None:
    """The refined homography template -> page and its median residual in template pixels, or None."""
    for _ in range(ROUNDS):
        closer = _look_closer(pixels, reference, coarse)
        if closer is None:
            return None
        coarse, agreeing, residual = closer
        if _convincing(agreeing, reference):
            return coarse, residual
    return None


def _look_closer(
    pixels: NDArray[np.uint8], reference: Reference, coarse: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float32], float] | None:
    """A better homography template -> page, the patches that agree on it, and their median residual; or None."""
    scale = reference.fine_scale
    to_fine = np.diag([scale, scale, 1.0])
    height, width = reference.fine.shape
    page_from_fine = coarse @ np.linalg.inv(to_fine)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpPerspective(pixels, page_from_fine, (width, height), flags=flags, borderValue=(255,))
    given, got = _matched_patches(reference, upright)
    if len(given) < FEWEST:
        return None
    shift, agreeing = cv2.findHomography(given, got, cv2.USAC_MAGSAC, 3.0, maxIters=5000, confidence=0.999)
    if shift is None:
        return None
    agrees = agreeing.ravel() > 0
    moved = cv2.perspectiveTransform(given[:, None], shift)[:, 0]
    residual = float(np.median(np.linalg.norm(moved - got, axis=1)[agrees])) / scale
    return page_from_fine @ shift @ to_fine, given[agrees], residual


def _convincing(agreeing: NDArray[np.float32], reference: Reference) -> bool:
    """Whether enough patches agree, and all over the page: two forms may share a table, but not all their print."""
    if len(agreeing) < max(FEWEST, MOST_AGREE * len(reference.patches)):
        return False
    used, agree = _by_square(reference.patches, reference), _by_square(agreeing, reference)
    occupied = used >= 2
    return bool(occupied.any()) and bool((agree[occupied] >= used[occupied] / 3).mean() >= MOST_SQUARES)


def _by_square(corners: NDArray[Any], reference: Reference) -> NDArray[np.intp]:
    """How many corners, (N, 2) as x, y, fall into each of SQUARES x SQUARES parts of the reference; flat."""
    height, width = reference.fine.shape
    parts = (corners * SQUARES / np.array([width, height])).astype(np.intp).clip(0, SQUARES - 1)
    return np.bincount(parts[:, 1] * SQUARES + parts[:, 0], minlength=SQUARES**2)


def _matched_patches(
    reference: Reference, upright: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where patches are in the reference and in the upright page; both (K, 2) float32, top left corners."""
    given, got = [], []
    padded = cv2.copyMakeBorder(upright, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE)
    for x, y in reference.patches:
        patch = reference.fine[y : y + PATCH, x : x + PATCH]
        around = padded[y : y + PATCH + 2 * REACH, x : x + PATCH + 2 * REACH]
        scores = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
        _, best, _, (left, top) = cv2.minMaxLoc(scores)
        if best >= CORRELATION:
            given.append((x, y))
            got.append((x + left + _peak(scores[top], left) - REACH, y + top + _peak(scores[:, left], top) - REACH))
    return np.array(given, np.float32).reshape(-1, 2), np.array(got, np.float32).reshape(-1, 2)


def _peak(scores: NDArray[np.float32], at: int) -> float:
    """How far beside its highest value, at `at`, a parabola through it and its neighbours is highest; in pixels."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, best, after = (float(score) for score in scores[at - 1 : at + 2])
    bend = before - 2 * best + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend


def _plausible(page_from_template: NDArray[np.float64], template: Template) -> bool:
    """Whether a sheet of paper can look so: a convex quadrilateral, not mirrored, of a believable size."""
    corners = np.array(
        [(0, 0), (template.width_px, 0), (template.width_px, template.height_px), (0, template.height_px)], np.float64
    )
    seen = cv2.perspectiveTransform(corners[:, None], page_from_template)[:, 0]
    edges = np.roll(seen, -1, axis=0) - seen
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if not np.isfinite(seen).all() or not (turns > 0).all():
        return False
    size = float(np.sqrt(cv2.contourArea(seen.astype(np.float32)) / (template.width_px * template.height_px)))
    return 1 / MOST_SCALE < size < MOST_SCALE
