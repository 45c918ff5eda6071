"""Ink told from paper and from print: what `segment` works on. Arrays in, arrays out."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

#: Darkness below this is paper whatever else is there: watermarks and the grain of scans reach 0.1.
FAINTEST_INK = 0.15

#: A pixel is ink when it is at least so dark as this share of the field's own writing; printed guides and
#: security backgrounds stay below, the soft edge of a stroke is cut at half its height.
SHARE_OF_WRITING = 0.5

#: A printed line is at least so long: this share of the field's side, or of the field's height where it is wide.
LINE_ACROSS, LINE_ACROSS_HEIGHTS, LINE_DOWN = 0.6, 2.5, 0.8

#: A printed line is thinner than this share of the field's height.
THICKEST_LINE = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the field itself lies in a region cut with a margin, in pixels: x0, y0, x1, y1; and its dividers."""

    x0: int
    y0: int
    x1: int
    y1: int
    cells: int | None = None

    @property
    def height(self) -> int:
        return max(1, self.y1 - self.y0)

    @property
    def width(self) -> int:
        return max(1, self.x1 - self.x0)


def darkness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much darker each pixel is than the paper around it: (h, w) float32, 0 paper to 1 black.

    The paper is the grey closing of the region, smoothed: shadow and uneven light vanish, strokes do not. Writing that
    is light on dark is turned round first.
    """
    if np.median(pixels) < 96 and np.median(_rim(pixels)) < 96:
        pixels = 255 - pixels
    side = max(3, (min(pixels.shape) // 2) | 1)
    scale = min(1.0, 48.0 / min(pixels.shape))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (max(3, round(side * scale)) | 1,) * 2)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 3)
    paper = cv2.resize(paper, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32)
    found: NDArray[np.float32] = np.clip(1.0 - pixels.astype(np.float32) / np.maximum(paper, 1.0), 0.0, 1.0)
    return found


def writing(dark: NDArray[np.float32], frame: Frame) -> NDArray[np.uint8]:
    """Which pixels are handwriting: (h, w) uint8, 0 or 1; printed lines and dividers are gone, strokes over them kept.

    Parameters
    ----------
    dark
        What `darkness` gives.
    frame
        Where the field lies in it.
    """
    rough = (dark > max(FAINTEST_INK, 0.5 * _level(dark, None))).astype(np.uint8)
    lines = printed_lines(rough, frame)
    inner = np.zeros_like(rough)
    inner[frame.y0 : frame.y1, frame.x0 : frame.x1] = 1
    threshold = max(
        FAINTEST_INK, SHARE_OF_WRITING * _level(dark, (inner > 0) & (cv2.dilate(lines, np.ones((3, 3))) == 0))
    )
    ink = (dark > threshold).astype(np.uint8)
    return without_lines(ink, cv2.bitwise_or(lines, printed_lines(ink, frame)))


def printed_lines(ink: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """The field's border lines and dividers in ink ((h, w) uint8, 0 or 1), as a mask of the same shape."""
    across = max(8, round(min(LINE_ACROSS * frame.width, LINE_ACROSS_HEIGHTS * frame.height)))
    down = max(8, round(LINE_DOWN * frame.height))
    thick = max(2, round(THICKEST_LINE * frame.height))
    horizontal = _runs(ink, (across, 1), thick)
    vertical = _runs(ink, (1, down), thick)
    return cv2.bitwise_or(horizontal, _where_printed(vertical, horizontal, frame))


def without_lines(ink: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take lines out of ink (both (h, w) uint8, 0 or 1), keeping a stroke that goes on on both sides of one."""
    left = cv2.bitwise_and(ink, 1 - lines)
    if not lines.any():
        return left
    reach = 2 + _thickness(lines)
    kept = np.zeros_like(ink)
    for shape in ((reach, 1), (1, reach)):
        before = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(0, 0))
        after = cv2.dilate(left, np.ones(shape, np.uint8), anchor=(shape[1] - 1, shape[0] - 1))
        kept |= before & after & lines & ink
    return cv2.bitwise_or(left, kept)


def _rim(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _level(dark: NDArray[np.float32], where: NDArray[np.bool_] | None) -> float:
    """How dark the writing is: the 80th percentile of what is clearly darker than paper."""
    seen = dark if where is None else dark[where]
    clear = seen[seen > FAINTEST_INK]
    if clear.size < 12:
        return 1.0
    darkest = np.quantile(clear, 0.98)
    return float(np.quantile(clear[clear > 0.4 * darkest], 0.8))


def _runs(ink: NDArray[np.uint8], size: tuple[int, int], thick: int) -> NDArray[np.uint8]:
    """Straight runs at least as long as size (width, height; one of them 1), with a pixel's wobble and small gaps."""
    along = (1, 3) if size[1] == 1 else (3, 1)
    gap = (5, 1) if size[1] == 1 else (1, 5)
    steady = cv2.morphologyEx(cv2.dilate(ink, np.ones(along, np.uint8)), cv2.MORPH_CLOSE, np.ones(gap, np.uint8))
    runs = cv2.morphologyEx(steady, cv2.MORPH_OPEN, np.ones((size[1], size[0]), np.uint8))
    core = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((1, thick + 2) if size[1] > 1 else (thick + 2, 1), np.uint8))
    return cv2.bitwise_and(runs, 1 - core)


def _where_printed(vertical: NDArray[np.uint8], horizontal: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Of vertical runs keep those that stand where a form prints them; a tall 1 elsewhere is writing."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(vertical)
    keep = np.zeros(count, np.uint8)
    tolerance = max(3.0, 0.12 * frame.height)
    places = [float(frame.x0), float(frame.x1)]
    if frame.cells:
        places += [frame.x0 + frame.width * i / frame.cells for i in range(1, frame.cells)]
    for index in range(1, count):
        x, y, width, height = stats[index, :4]
        middle = x + width / 2
        joined = int(cv2.countNonZero(horizontal[:, x : x + width])) > 0
        crosses = y <= frame.y0 + 2 and y + height >= frame.y1 - 2 and joined
        keep[index] = crosses or any(abs(middle - place) <= tolerance for place in places)
    return keep[marks]


def _thickness(lines: NDArray[np.uint8]) -> int:
    return max(1, round(2 * float(np.quantile(cv2.distanceTransform(lines, cv2.DIST_L1, 3)[lines > 0], 0.9))))
