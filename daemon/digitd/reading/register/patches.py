"""Small patches of a form's print, looked for on a page: where exactly the form lies, and whether it is this form.

Some patches lie on any print and say where; others lie on words, for forms that share their boxes differ in those.
Arrays in, arrays out.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.register.words import Words, choose_words, words_agree

#: Long side of the picture that patches are matched on; side of a patch and how far around it is looked; pixels.
FINE_SIDE = 1600
PATCH = 32
REACH = 14

#: Patches used at most.
PATCHES = 80

#: How many must agree, and what share of those that the page can show.
FEWEST = 10
MOST_AGREE = 0.6

#: What share of the words in the picture must agree: where the reference is blank, and where it is filled in, and some
#: of its words somebody's.
BLANK_WORDS, FILLED_WORDS = 0.75, 0.65

#: What share of the patches and words must agree where the form's own markers say already that it is this form.
MARKED_AGREE, MARKED_WORDS = 0.3, 0.4

#: So many words say something; with fewer, only the patches are asked.
FEWEST_WORDS = 6

#: The page is divided into so many squares a side; in this share of those with print, a third of the patches agree.
SQUARES, MOST_SQUARES = 4, 0.7

#: A patch found with a lower normalised correlation is no find; farther off than this, in pixels, it does not agree.
CORRELATION = 0.55
TOLERANCE = 3.0

#: A look at which a smaller share of the patches agrees leads nowhere.
HOPELESS = 0.15

#: So much of the form must be in the picture, as a share of its patches.
IN_PICTURE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """The patches of a reference.

    fine is the reference at FINE_SIDE, (h, w) uint8; to_fine (3, 3) float64 takes its own pixels there. places is
    (M, 2) int, the left upper corners as x, y.
    """

    fine: NDArray[np.uint8]
    to_fine: NDArray[np.float64]
    places: NDArray[np.intp]
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look for the patches gave: a better homography template -> page, and how well it fits.

    seen and agrees are (M,) bool: which patches lie in the picture, and which of them are where the homography says.
    residual_px is the median distance of those that agree, in pixels of the reference. words is the share of the words
    in the picture that stand where they must; 1 where there are too few to say, 0 where too few patches agree.
    """

    page_from_template: NDArray[np.float64]
    seen: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    residual_px: float
    words: float


def choose_patches(pixels: NDArray[np.uint8], mask: NDArray[np.uint8], fields: NDArray[np.uint8]) -> Patches:
    """Patches of a reference, (H, W) uint8, spread over all its print where mask is not 0; people write in fields."""
    fine, scale = shrink(pixels, FINE_SIDE)
    inner, written = (cv2.resize(each, fine.shape[::-1], interpolation=cv2.INTER_NEAREST) for each in (mask, fields))
    half = PATCH // 2
    inner[:half], inner[-half:], inner[:, :half], inner[:, -half:] = 0, 0, 0, 0
    shift = (scale - 1) / 2  # the middle of the first pixel, on both pictures
    return Patches(
        fine=fine,
        to_fine=np.array([(scale, 0, shift), (0, scale, shift), (0, 0, 1)], np.float64),
        places=_corners(fine, inner),
        words=choose_words(fine, inner, written),
    )


def look_closer(pixels: NDArray[np.uint8], patches: Patches, coarse: NDArray[np.float64]) -> Look | None:
    """Look for the patches around where coarse, (3, 3) template -> page, puts them; None where too few agree."""
    page_from_fine = coarse @ np.linalg.inv(patches.to_fine)
    seen = _in_picture((patches.places + PATCH / 2).astype(np.float64), page_from_fine, pixels.shape)
    if seen.sum() < max(FEWEST, IN_PICTURE * len(seen)):
        return None
    height, width = patches.fine.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    upright = cv2.warpPerspective(pixels, page_from_fine, (width, height), flags=flags, borderValue=(255,))
    got, found = _matched(patches, upright, seen)
    if found.sum() < FEWEST:
        return None
    given = patches.places.astype(np.float32)
    shift, _ = cv2.findHomography(given[found], got[found], cv2.USAC_MAGSAC, TOLERANCE, maxIters=2000, confidence=0.999)
    if shift is None:
        return None
    apart = np.linalg.norm(cv2.perspectiveTransform(given[:, None], shift)[:, 0] - got, axis=1)
    agrees = found & (apart <= TOLERANCE)
    if agrees.sum() < HOPELESS * seen.sum():
        return None
    near_enough = agrees.sum() >= MARKED_AGREE * seen.sum()  # else nobody will ask for the words
    return Look(
        page_from_template=page_from_fine @ shift @ patches.to_fine,
        seen=seen,
        agrees=agrees,
        residual_px=float(np.median(apart[agrees])) / float(patches.to_fine[0, 0]),
        words=_words(patches, upright, shift, page_from_fine, pixels.shape) if near_enough else 0.0,
    )


def convincing(patches: Patches, look: Look, *, marked: bool) -> bool:
    """Whether enough patches agree, all over the page and on its words: two forms may share a table, or all boxes.

    marked says that the form's own markers were found where they must be; then less will do, as on a bad fax.
    """
    seen, agrees = look.seen, look.agrees
    if marked and agrees.sum() >= max(FEWEST, MARKED_AGREE * seen.sum()) and look.words >= MARKED_WORDS:
        return True
    if agrees.sum() < max(FEWEST, MOST_AGREE * seen.sum()):
        return False
    needed = BLANK_WORDS if patches.words.blank else FILLED_WORDS
    return look.words >= needed and _all_over(patches, seen, agrees)


def enough(patches: Patches) -> bool:
    """Whether a reference has enough print, and all over it, to be found anywhere."""
    everything = np.ones(len(patches.places), bool)
    return len(everything) >= FEWEST and _all_over(patches, everything, everything)


def _all_over(patches: Patches, seen: NDArray[np.bool_], agrees: NDArray[np.bool_]) -> bool:
    used, agree = _by_square(patches, seen), _by_square(patches, agrees)
    occupied = used >= 2
    return bool(occupied.any()) and bool((agree[occupied] >= used[occupied] / 3).mean() >= MOST_SQUARES)


def _by_square(patches: Patches, which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many of the patches fall into each of SQUARES x SQUARES parts of the reference; flat."""
    height, width = patches.fine.shape
    parts = (patches.places[which] * SQUARES / np.array([width, height])).astype(np.intp).clip(0, SQUARES - 1)
    return np.bincount(parts[:, 1] * SQUARES + parts[:, 0], minlength=SQUARES**2)


def _corners(picture: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Left upper corners, (M, 2) as x, y, of patches around corners of print, spread over the page."""
    spread = max(picture.shape) / (2 * PATCHES**0.5) * float((mask > 0).mean()) ** 0.5
    corners = cv2.goodFeaturesToTrack(picture, PATCHES, 0.02, spread, mask=mask, blockSize=7)
    if corners is None:
        return np.zeros((0, 2), np.intp)
    found: NDArray[np.intp] = np.rint(corners.reshape(-1, 2) - PATCH // 2).astype(np.intp)
    inside = (found >= 0).all(axis=1) & (found + PATCH <= picture.shape[::-1]).all(axis=1)
    return found[inside]


def _words(
    patches: Patches,
    upright: NDArray[np.uint8],
    shift: NDArray[np.float64],
    page_from_fine: NDArray[np.float64],
    shape: tuple[int, ...],
) -> float:
    seen = _in_picture(patches.words.middles, page_from_fine @ shift, shape)
    agrees = words_agree(patches.words, upright, shift)[seen]
    return float(agrees.mean()) if len(agrees) >= FEWEST_WORDS else 1.0


def _in_picture(
    middles: NDArray[np.float64], page_from_fine: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Which points, (M, 2) on the fine picture, lie on a page of this shape: (M,) bool."""
    there = cv2.perspectiveTransform(middles[:, None], page_from_fine)[:, 0] if len(middles) else middles
    return np.asarray(((there >= 0) & (there < (shape[1], shape[0]))).all(axis=1), np.bool_)


def _matched(
    patches: Patches, upright: NDArray[np.uint8], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the patches that are seen lie in the upright page, (M, 2) float32, and which were found, (M,) bool."""
    got, found = patches.places.astype(np.float32), np.zeros(len(seen), bool)
    padded = cv2.copyMakeBorder(upright, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE)
    for index in np.flatnonzero(seen):
        x, y = patches.places[index]
        patch = patches.fine[y : y + PATCH, x : x + PATCH]
        around = padded[y : y + PATCH + 2 * REACH, x : x + PATCH + 2 * REACH]
        scores = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
        _, best, _, (left, top) = cv2.minMaxLoc(scores)
        if best >= CORRELATION:
            found[index] = True
            got[index] = x + left + _peak(scores[top], left) - REACH, y + top + _peak(scores[:, left], top) - REACH
    return got, found


def _peak(scores: NDArray[Any], at: int) -> float:
    """How far beside its highest value, at `at`, a parabola through it and its neighbours is highest; in pixels."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, best, after = (float(score) for score in scores[at - 1 : at + 2])
    bend = before - 2 * best + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend
