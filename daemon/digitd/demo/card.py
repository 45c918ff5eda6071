"""The demo's form: a meter card, A4 at 200 dots an inch, as a blank picture and as fields."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.records import Box, TemplateField

FORM = "meter-card"

DPI = 200
WIDTH_PX, HEIGHT_PX = 1654, 2339

#: Light grey for rules, dark grey for words: a printer's black is never 0 on a scan.
RULE, INK, PAPER = 120, 50, 250

_BOX_HEIGHT, _CELL_WIDTH = 92, 74


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a field stands: the words before it and the left upper corner of its box; digits is its room."""

    name: str
    words: str
    x: int
    y: int
    digits: int
    cells: bool = False

    @property
    def field(self) -> TemplateField:
        width = self.digits * _CELL_WIDTH if self.cells else round(self.digits * _CELL_WIDTH * 0.95) + 30
        box = Box(x0=self.x, y0=self.y, x1=self.x + width, y1=self.y + _BOX_HEIGHT)
        return TemplateField(name=self.name, box=box, cells=self.digits if self.cells else None)


_PLACES = (
    _Place(name="card", words="Card number", x=620, y=420, digits=7, cells=True),
    _Place(name="day", words="Read on: day", x=620, y=580, digits=2, cells=True),
    _Place(name="month", words="month", x=930, y=580, digits=2, cells=True),
    _Place(name="year", words="year", x=1210, y=580, digits=4, cells=True),
    _Place(name="water_before", words="Water, cubic metres: before", x=620, y=800, digits=5),
    _Place(name="water_now", words="now", x=1130, y=800, digits=5),
    _Place(name="gas_before", words="Gas, cubic metres: before", x=620, y=960, digits=5),
    _Place(name="gas_now", words="now", x=1130, y=960, digits=5),
    _Place(name="power_before", words="Power, kilowatt hours: before", x=620, y=1120, digits=5),
    _Place(name="power_now", words="now", x=1130, y=1120, digits=5),
    _Place(name="persons", words="Persons in the household", x=620, y=1340, digits=2, cells=True),
    _Place(name="floor", words="Living space, square metres", x=620, y=1500, digits=4),
    _Place(name="meter", words="Serial number of the power meter", x=620, y=1660, digits=8, cells=True),
)

FIELDS = tuple(place.field for place in _PLACES)


def blank_card() -> NDArray[np.uint8]:
    """(HEIGHT_PX, WIDTH_PX) uint8, dark on light: the card as it comes from the printer."""
    page = np.full((HEIGHT_PX, WIDTH_PX), PAPER, np.uint8)
    _words(page, "METER CARD", (130, 190), height_px=46, thickness=5)
    _words(page, "One digit to a box where there are boxes. Leave empty what does not apply.", (130, 260), height_px=21)
    cv2.line(page, (130, 310), (WIDTH_PX - 130, 310), INK, 4)
    for y, heading in ((380, "WHO AND WHEN"), (760, "READINGS"), (1300, "HOUSEHOLD AND METER")):
        _words(page, heading, (130, y), height_px=22, thickness=3)
    for place in _PLACES:
        _draw_field(page, place)
    cv2.line(page, (130, HEIGHT_PX - 330), (WIDTH_PX - 130, HEIGHT_PX - 330), INK, 2)
    _words(
        page,
        "Return this card within fourteen days. Form MC 7, printed by digitd demo.",
        (130, HEIGHT_PX - 280),
        height_px=19,
    )
    for x in (70, WIDTH_PX - 110):
        for y in (70, HEIGHT_PX - 110):
            cv2.rectangle(page, (x, y), (x + 40, y + 40), INK, cv2.FILLED)
    return page


def fields_csv() -> str:
    """The fields as `digitd form new --fields` takes them."""
    lines = ["field,x0,y0,x1,y1,cells"]
    for field in FIELDS:
        box = field.box
        lines.append(f"{field.name},{box.x0:g},{box.y0:g},{box.x1:g},{box.y1:g},{field.cells or ''}")
    return "\n".join(lines) + "\n"


def _draw_field(page: NDArray[np.uint8], place: _Place) -> None:
    box = place.field.box
    x0, y0, x1, y1 = (round(edge) for edge in (box.x0, box.y0, box.x1, box.y1))
    cv2.rectangle(page, (x0, y0), (x1, y1), RULE, 3)
    if place.cells:
        for number in range(1, place.digits):
            cv2.line(page, (x0 + number * _CELL_WIDTH, y0), (x0 + number * _CELL_WIDTH, y1), RULE, 2)
    width = _words_width(place.words, height_px=20)
    left = 130 if x0 == 620 else x0 - 18 - width
    _words(page, place.words, (left, y0 + 56), height_px=20)


def _words(page: NDArray[np.uint8], words: str, at: tuple[int, int], *, height_px: int, thickness: int = 2) -> None:
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, height_px, thickness)
    cv2.putText(page, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, INK, thickness, cv2.LINE_AA)


def _words_width(words: str, *, height_px: int) -> int:
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, height_px, 2)
    return cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)[0][0]
