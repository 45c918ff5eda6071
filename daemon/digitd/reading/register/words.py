"""The words of a form, each looked for where it must be: two forms may share all boxes, but not what they say.

Arrays in, arrays out. A word is compared without the printed lines around it, which are alike on many forms.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.ink import shrink
from digitd.reading.register.pyramid import Pyramid, scaling

#: Long side of the picture that words are compared on, in pixels.
SIDE = 1000

#: Width and height of what is compared at a time, in its pixels: about 8 x 4 mm of an A4 page.
WIDTH, HEIGHT = 28, 14

#: Both are made so soft before, in its pixels: grain and a coarse scan take little away then.
SOFT = 1.0

#: A line of text is alike all along it: of each pixel counts what it differs by from the mean over so many. With that
#: mean, and SOFT to four deviations, what stands so far beside a window has a part in it.
LONG = 2 * (WIDTH // 4) + 1
BESIDE = LONG // 2 + 4

#: At most so many are compared, no nearer to one another than this; how far around its place each is looked for.
COUNT, APART, REACH = 120, 15, 4

#: A lower correlation is another word: of drawn forms' own, blurred and noisy, 98 % reach 0.7; half the others 0.5.
CORRELATION = 0.65

#: So much darker than the paper around it is print, of 255.
PRINT = 40

#: A printed line is a dark run at least so long, in pixels of the fine picture; letters are shorter.
LINE = 40

#: Where less of the fields is inked, as a share, the reference is blank: nothing on it is handwriting.
BLANK = 0.004

#: What is compared has a deviation of at least so much, of 255: there is something to compare.
FAINTEST = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Places of words, (K, 2) int, left upper corners as x, y on the smaller picture; and what stands there.

    prints is (K, HEIGHT, WIDTH) float32, what `_strokes` makes of the smaller picture, 0 on printed lines; across says
    that lines of text run across it; scale is its pixels per pixel of the fine picture. blank says that nobody has
    written on the reference, so that all words are the form's own.
    """

    places: NDArray[np.intp]
    prints: NDArray[np.float32]
    across: bool
    scale: float
    blank: bool

    @property
    def middles(self) -> NDArray[np.float64]:
        """(K, 2) float64, on the fine picture."""
        return (self.places + np.array([WIDTH / 2, HEIGHT / 2])) / self.scale


def choose_words(fine: NDArray[np.uint8], mask: NDArray[np.uint8], fields: NDArray[np.uint8]) -> Words:
    """The words of a reference, (h, w) uint8, where mask is not 0; fields is not 0 where people write."""
    letters, lines = _letters_and_lines(fine)
    blank = float((letters[fields > 0] > PRINT).mean()) < BLANK if fields.any() else False
    letters[mask == 0] = 0
    small, inner = _smaller(letters), _smaller(mask)
    across = float(np.square(_strokes(small, across=True)).sum()) <= float(
        np.square(_strokes(small, across=False)).sum()
    )
    strokes = _strokes(_smaller(fine), across=across)
    strokes[_smaller(lines) > 0] = 0
    top, left = HEIGHT // 2 + 1, WIDTH // 2 + 1
    inner[:top], inner[-top:], inner[:, :left], inner[:, -left:] = 0, 0, 0, 0
    found = cv2.goodFeaturesToTrack(small, COUNT, 0.02, APART, mask=inner, blockSize=5)
    middles = np.zeros((0, 2)) if found is None else found.reshape(-1, 2)
    places = np.rint(middles).astype(np.intp) - (WIDTH // 2, HEIGHT // 2)
    prints = np.array([strokes[y : y + HEIGHT, x : x + WIDTH] for x, y in places], np.float32)
    prints = prints.reshape(-1, HEIGHT, WIDTH)
    telling = prints.std(axis=(1, 2)) >= FAINTEST
    return Words(
        places=places[telling], prints=prints[telling], across=across, scale=len(strokes) / len(fine), blank=blank
    )


def words_agree(words: Words, page: Pyramid, page_from_fine: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which words stand on a page where page_from_fine, (3, 3), puts them: (K,) bool."""
    if not len(words.places):
        return np.zeros(0, bool)
    margin = REACH + BESIDE
    size = (WIDTH + 2 * margin, HEIGHT + 2 * margin)
    windows = page.cut(page_from_fine @ scaling(1 / words.scale), words.places - margin, size=size)
    strokes = _strokes(windows.reshape(-1, size[0]), across=words.across).reshape(windows.shape)
    around = np.ascontiguousarray(strokes[:, BESIDE:-BESIDE, BESIDE:-BESIDE])
    scores = [
        cv2.matchTemplate(there, printed, cv2.TM_CCORR_NORMED).max()
        for there, printed in zip(around, words.prints, strict=True)
    ]
    return np.asarray(scores, np.float32) >= CORRELATION


def _strokes(small: NDArray[np.uint8], *, across: bool) -> NDArray[np.float32]:
    """What differs from its neighbours along lines of text, float32: the lines themselves are alike in every text."""
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), SOFT)
    return soft - cv2.blur(soft, (LONG, 1) if across else (1, LONG))


def _letters_and_lines(fine: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How much darker than the paper each pixel is, 0 on and beside printed lines; and where those are, 0 or 255."""
    dark = cv2.subtract(cv2.morphologyEx(fine, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), fine)
    ink = np.where(dark > PRINT, 255, 0).astype(np.uint8)
    lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, LINE), np.uint8))
    lines |= cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((LINE, 1), np.uint8))
    lines = cv2.dilate(lines, np.ones((9, 9), np.uint8))
    return np.where(lines > 0, 0, dark).astype(np.uint8), lines


def _smaller(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return shrink(picture, SIDE)[0]
