"""A laid out form as a PDF. matplotlib is imported only here, and only when a form is drawn."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.forms.drawing.layout import CELL_HEIGHT, CODE, MARKER, MARKER_EDGE, NOTE_SIZE, Boxes, Layout, Words
from digitd.reading.register.markers import marker_bits, marker_ids

#: Rules and borders: dark enough to survive a fax, lighter than any pen.
RULE, TEXT = "#5A5A5A", "#141414"

#: Width of a box's border, a divider and a rule, in points.
BORDER, DIVIDER, THIN = 1.1, 0.7, 0.6

POINTS_A_MM = 72 / 25.4

#: Pixels for a square of a marker or code in the PDF: viewers smooth a picture of a pixel each.
FINE = 24


def paint(pages: Sequence[Layout], form: str, path: Path) -> None:
    """Write the PDF; the same pages give the same bytes.

    Raises
    ------
    OSError
        It cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    about = {"CreationDate": None, "Title": f"Form {form}"}
    with rc_context({"pdf.fonttype": 42}), PdfPages(path, metadata=about) as pdf:
        for page in pages:
            pdf.savefig(_figure(page, form))


def width_of(text: str, size: float) -> float:
    """Width in millimetres of text set in size points; titles and headings are bold.

    Raises
    ------
    ValueError
        It has a letter that cannot be printed.
    """
    from matplotlib.textpath import TextToPath

    if missing := [letter for letter in text if letter != " " and ord(letter) not in _letters()]:
        raise ValueError(f"{text!r}: the letter {missing[0]!r} cannot be printed. Write it in another script.")
    width, _, _ = TextToPath().get_text_width_height_descent(text, _font(size, bold=size > NOTE_SIZE), ismath=False)
    return float(width) / POINTS_A_MM


def _figure(page: Layout, form: str) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(page.width / 25.4, page.height / 25.4), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for words in page.words:
        _write(axes, words)
    for x0, x1, y in page.rules:
        axes.plot([x0, x1], [y, y], color=RULE, linewidth=THIN, solid_capstyle="butt")
    for boxes in page.boxes:
        _boxes(axes, boxes)
    _squares(axes, page, form)
    axes.set_xlim(0, page.width)
    axes.set_ylim(page.height, 0)
    return figure


def _write(axes: Any, words: Words) -> None:
    axes.text(
        words.x,
        words.y,
        words.text,
        fontproperties=_font(words.size, bold=words.bold),
        color=TEXT,
        va="baseline",
        parse_math=False,
    )


def _boxes(axes: Any, boxes: Boxes) -> None:
    from matplotlib.patches import Rectangle

    border = Rectangle((boxes.x, boxes.y), boxes.width, CELL_HEIGHT, fill=False, edgecolor=RULE, linewidth=BORDER)
    axes.add_patch(border)
    for number in range(1, boxes.cells or 1):
        x = boxes.x + boxes.width * number / (boxes.cells or 1)
        axes.plot([x, x], [boxes.y, boxes.y + CELL_HEIGHT], color=RULE, linewidth=DIVIDER, solid_capstyle="butt")


def _squares(axes: Any, page: Layout, form: str) -> None:
    """The markers, clockwise from the left upper corner, and the code that says the form's name and page."""
    left, right = MARKER_EDGE, page.width - MARKER_EDGE - MARKER
    top, bottom = MARKER_EDGE, page.height - MARKER_EDGE - MARKER
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    for number, (x, y) in zip(marker_ids(form, page.number, edition=page.edition), corners, strict=True):
        _picture(axes, marker_bits(number), x, y, MARKER)
    code = cv2.QRCodeEncoder.create().encode(f"digitd:{form}:{page.edition}:{page.number}")
    _picture(axes, code, right - CODE - 6, bottom + MARKER - CODE, CODE)


def _picture(axes: Any, bits: NDArray[np.uint8], x: float, y: float, side: float) -> None:
    fine = np.kron(bits, np.ones((FINE, FINE), np.uint8))
    axes.imshow(
        fine, cmap="gray", vmin=0, vmax=255, extent=(x, x + side, y + side, y), interpolation="none", aspect="auto"
    )


@cache
def _font(size: float, *, bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_font(9.0, bold=True))).get_charmap())
