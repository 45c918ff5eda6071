"""Small patches of a form's print, looked for on a page: where exactly the form lies, and whether it is this form.

Some patches lie on any print and say where; others lie on words, for forms that share their boxes differ in those.
Arrays in, arrays out.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.register.pyramid import Pyramid
from digitd.reading.register.tiles import Tiles, cut_tiles, find_tiles, in_page
from digitd.reading.register.words import Words, choose_words, words_agree

#: Long side of the picture that patches are cut from, in pixels, and how many are used at most.
FINE_SIDE = 1600
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

#: A patch that is found farther off than this, in pixels, does not agree.
TOLERANCE = 3.0

#: A look at which a smaller share of the patches agrees leads nowhere.
HOPELESS = 0.15

#: So much of the form must be in the picture, as a share of its patches.
IN_PICTURE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """The patches of a reference at FINE_SIDE: tiles say where it lies, words that it is this form."""

    tiles: Tiles
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
    return Patches(
        tiles=cut_tiles(fine, inner, scale=scale, most=PATCHES),
        words=choose_words(fine, inner, written),
    )


def look_closer(page: Pyramid, patches: Patches, coarse: NDArray[np.float64]) -> Look | None:
    """Look for the patches around where coarse, (3, 3) template -> page, puts them; None where too few agree."""
    tiles = patches.tiles
    page_from_fine = coarse @ np.linalg.inv(tiles.from_template)
    seen = in_page(tiles.middles, page_from_fine, page.pixels.shape)
    if seen.sum() < max(FEWEST, IN_PICTURE * len(seen)):
        return None
    got, found = find_tiles(page, tiles, page_from_fine, seen=seen)
    if found.sum() < FEWEST:
        return None
    given = tiles.middles
    shift, _ = cv2.findHomography(given[found], got[found], cv2.USAC_MAGSAC, TOLERANCE, maxIters=2000, confidence=0.999)
    if shift is None:
        return None
    apart = np.linalg.norm(cv2.perspectiveTransform(given[:, None], shift)[:, 0] - got, axis=1)
    agrees = found & (apart <= TOLERANCE)
    if agrees.sum() < HOPELESS * seen.sum():
        return None
    near_enough = agrees.sum() >= MARKED_AGREE * seen.sum()  # else nobody will ask for the words
    return Look(
        page_from_template=page_from_fine @ shift @ tiles.from_template,
        seen=seen,
        agrees=agrees,
        residual_px=float(np.median(apart[agrees])) / float(tiles.from_template[0, 0]),
        words=_words(page, patches.words, page_from_fine @ shift) if near_enough else 0.0,
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
    return look.words >= needed and _all_over(patches.tiles, seen, agrees)


def enough(patches: Patches) -> bool:
    """Whether a reference has enough print, and all over it, to be found anywhere."""
    everything = np.ones(len(patches.tiles.places), bool)
    return len(everything) >= FEWEST and _all_over(patches.tiles, everything, everything)


def _all_over(tiles: Tiles, seen: NDArray[np.bool_], agrees: NDArray[np.bool_]) -> bool:
    used, agree = _by_square(tiles, seen), _by_square(tiles, agrees)
    occupied = used >= 2
    return bool(occupied.any()) and bool((agree[occupied] >= used[occupied] / 3).mean() >= MOST_SQUARES)


def _by_square(tiles: Tiles, which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many of the tiles fall into each of SQUARES x SQUARES parts of their picture; flat."""
    parts = (tiles.places[which] * SQUARES / np.array([tiles.width, tiles.height])).astype(np.intp)
    parts = parts.clip(0, SQUARES - 1)
    return np.bincount(parts[:, 1] * SQUARES + parts[:, 0], minlength=SQUARES**2)


def _words(page: Pyramid, words: Words, page_from_fine: NDArray[np.float64]) -> float:
    seen = in_page(words.middles, page_from_fine, page.pixels.shape)
    agrees = words_agree(words, page, page_from_fine)[seen]
    return float(agrees.mean()) if len(agrees) >= FEWEST_WORDS else 1.0
