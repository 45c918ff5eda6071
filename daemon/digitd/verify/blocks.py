"""A picture as characters: every character is four pixels in two greys, which is enough to read handwriting by."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style

#: Characters by which quarters have the foreground: 1 top left, 2 top right, 4 bottom left, 8 bottom right.
QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"

#: The same for a terminal that knows ASCII only.
ASCII_QUARTERS = " ''\".|/F.\\|7_LJ#"

#: A character is about twice as high as wide.
CHARACTER_ASPECT = 2.0

#: Crops are not blown up beyond this: a larger blur tells no more.
LARGEST_SCALE = 1.0

#: Four quarters that differ by less than this are paper, or ink, with the scanner's noise: one grey does for them.
FLAT = 40

#: Without greys, everything darker than this is ink.
INK_BELOW = 150

#: Greys told apart: few enough that their styles are made once.
GREYS = 16


def picture(
    pixels: NDArray[np.uint8], *, columns: int, lines: int, greys: bool = True, ascii_only: bool = False
) -> Segments:
    """Return a picture for rich to print.

    Parameters
    ----------
    pixels
        (h, w) uint8, dark on light.
    columns, lines
        Room there is, in characters; the picture keeps its aspect inside it.
    greys
        Whether the terminal shows greys; without them ink is drawn in the colour of text.
    ascii_only
        Whether only ASCII characters may be used.
    """
    quarters = _quarters(_stretched(_fit(pixels, columns=columns, lines=lines)))
    dark, light = quarters.min(axis=2).astype(np.int64), quarters.max(axis=2).astype(np.int64)
    between = np.where(light - dark < FLAT, 0, (dark + light) // 2)
    edge = between if greys else np.full_like(dark, INK_BELOW)
    index = ((quarters < edge[:, :, None]) * np.array([1, 2, 4, 8])).sum(axis=2)
    characters = ASCII_QUARTERS if ascii_only else QUARTERS
    segments = []
    for row in range(len(index)):
        for quarter, ink, paper in zip(index[row], dark[row], light[row], strict=True):
            style = _style(int(ink) * GREYS // 256, int(paper) * GREYS // 256) if greys else None
            segments.append(Segment(characters[quarter], style))
        segments.append(Segment.line())
    return Segments(segments)


@lru_cache(maxsize=GREYS * GREYS)
def _style(ink: int, paper: int) -> Style:
    ink, paper = (round(level * 255 / (GREYS - 1)) for level in (ink, paper))
    return Style(color=Color.from_rgb(ink, ink, ink), bgcolor=Color.from_rgb(paper, paper, paper))


def _fit(pixels: NDArray[np.uint8], *, columns: int, lines: int) -> NDArray[np.uint8]:
    """Scale to an even number of pixels that fit, twice as many a unit across as down: quarters are as narrow."""
    height, width = pixels.shape
    scale = min(2 * columns / (CHARACTER_ASPECT * width), 2 * lines / height, LARGEST_SCALE)
    size = (
        2 * max(1, min(columns, round(width * scale * CHARACTER_ASPECT / 2))),
        2 * max(1, min(lines, round(height * scale / 2))),
    )
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _stretched(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make paper white and the darkest ink black, unless there is hardly a difference."""
    dark, light = (float(value) for value in np.percentile(pixels, (0.5, 60)))
    spread = max(light - dark, 48.0)
    return np.clip((pixels - light) * (255 / spread) + 255, 0, 255).astype(np.uint8)


def _quarters(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w) to (h / 2, w / 2, 4): top left, top right, bottom left, bottom right."""
    return np.stack([pixels[::2, ::2], pixels[::2, 1::2], pixels[1::2, ::2], pixels[1::2, 1::2]], axis=2)
