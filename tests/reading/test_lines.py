"""Printed lines are found where they are expected, and those beside them are no excuse."""

import cv2
import numpy as np
import pytest

from digitd.reading.lines import Frame, printed_lines, without_lines

HEIGHT, WIDTH, MARGIN = 64, 400, 13
FRAME = Frame(x0=MARGIN, y0=MARGIN, x1=MARGIN + WIDTH, y1=MARGIN + HEIGHT, cells=4)
DIVIDERS = [round(x) for x in FRAME.uprights()[1:-1]]


def ruled(*, beside: int, thickness: int) -> np.ndarray:
    """The ink of an empty field of four cells, each divider with a second line so far beside it."""
    ink = np.zeros((HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN), np.uint8)
    cv2.rectangle(ink, (FRAME.x0, FRAME.y0), (FRAME.x1, FRAME.y1), 1, thickness)
    for x in DIVIDERS:
        for at in (x, x + beside):
            cv2.line(ink, (at, FRAME.y0), (at, FRAME.y1), 1, thickness)
    return ink


@pytest.mark.parametrize("thickness", [1, 2])
@pytest.mark.parametrize("beside", [-7, -6, -5, 5, 6, 7])
def test_a_divider_goes_though_another_line_stands_beside_it(beside, thickness):
    """Rooms that are boxes of their own have two lines between them: that where one is expected is no 1."""
    ink = ruled(beside=beside, thickness=thickness)
    left = without_lines(ink, printed_lines(ink, FRAME))
    assert not left[:, [x + off for x in DIVIDERS for off in (-1, 0, 1)]].any()


def test_a_field_that_is_all_line_ends():
    """Lines that fill a picture from edge to edge have a thickness, though nothing is beside them."""
    ink = np.ones((40, 60), np.uint8)
    assert not without_lines(ink, ink).any()
