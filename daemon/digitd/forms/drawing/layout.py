"""Where everything stands on a printed form, in millimetres from its left upper corner. Nothing is drawn here."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digitd.forms.drawing.description import PAPERS, Description, Entry, Table

#: Width in millimetres of words in a size of so many points.
WidthOf = Callable[[str, float], float]

#: A box for one digit; an open box is as wide as its digits need without gaps.
CELL_WIDTH, CELL_HEIGHT, OPEN_WIDTH = 7.5, 9.5, 6.5

#: What is printed keeps so far from the paper's edges; markers and their white stand nearer, in the corners.
MARGIN, TOP, BOTTOM = 20.0, 39.0, 38.0

#: A marker's side, and how far it is from the edges: printers leave about 5 mm white.
MARKER, MARKER_EDGE = 10.0, 9.0

#: The code that names the form: its side.
CODE = 17.0

#: Sizes of words in points, and the lines they need in millimetres.
TITLE, NOTE_SIZE, HEADING, LABEL, SMALL = 19.0, 9.5, 10.5, 9.0, 7.5
LABEL_ROOM, HEADING_ROOM, ROW_GAP, COLUMN_GAP, BLOCK_GAP = 4.8, 9.5, 5.2, 6.0, 2.0

#: Between the boxes of a table.
TABLE_GAP = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A line of text; x and y are its left end and its baseline."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """A field's boxes: x and y their left upper corner; cells None for a single open one."""

    name: str
    x: float
    y: float
    width: float
    cells: int | None


@dataclass(slots=True, kw_only=True)
class Layout:
    """A page to be drawn, numbered from 1: words, boxes, and rules across, each x0, x1 and y.

    edition is a few letters that change with anything in the description.
    """

    paper: str
    number: int
    edition: str = ""
    words: list[Words] = field(default_factory=list)
    boxes: list[Boxes] = field(default_factory=list)
    rules: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def width(self) -> float:
        return PAPERS[self.paper][0]

    @property
    def height(self) -> float:
        return PAPERS[self.paper][1]

    @property
    def room(self) -> float:
        return self.width - 2 * MARGIN


def lay_out(description: Description, name: str, width_of: WidthOf) -> list[Layout]:
    """Place what a description holds on as many pages as it needs.

    Raises
    ------
    ValueError
        Something does not fit; the message names it and what to do.
    """
    down = _Flow(description.paper, description.columns, width_of)
    for entry in description.entries:
        if isinstance(entry, Table):
            down.table(entry)
        elif entry.at is None:
            down.entry(entry)
    for entry in description.entries:
        if isinstance(entry, Entry) and entry.at is not None:
            _placed(down.page_number(entry.page, entry.name), entry, entry.at, width_of)
    edition = hashlib.sha256(repr(description).encode()).hexdigest()[:4]
    for page in down.pages:
        page.edition = edition
        _head_and_foot(page, description, name, width_of, of=len(down.pages))
        _refuse_overlap(page.boxes)
        if not page.boxes:
            raise ValueError(f"page {page.number} has no field: change the fields' page.")
    return down.pages


def _head_and_foot(page: Layout, description: Description, name: str, width_of: WidthOf, *, of: int) -> None:
    left = MARKER_EDGE + MARKER + 5
    size = min(TITLE, TITLE * (page.width - 2 * left) / max(width_of(description.title, TITLE), 1.0))
    if size < HEADING:
        raise ValueError(f"the title {description.title!r} is too long for the page: shorten it.")
    if width_of(description.note, NOTE_SIZE) > page.width - 2 * left:
        raise ValueError(f"the note {description.note!r} is too long for the page: shorten it.")
    page.words.append(Words(text=description.title, x=left, y=20, size=size, bold=True))
    page.words.append(Words(text=description.note, x=left, y=27, size=NOTE_SIZE))
    page.rules.append((MARGIN, page.width - MARGIN, 33))
    foot = page.height - MARKER_EDGE
    page.words.append(Words(text=f"Form {name}, edition {page.edition}", x=left, y=foot - 5, size=NOTE_SIZE, bold=True))
    page.words.append(
        Words(
            text=f"Page {page.number} of {of}. Keep the four black squares clean and in the picture.",
            x=left,
            y=foot - 0.5,
            size=SMALL,
        )
    )


class _Flow:
    """Places one thing after the other: from left to right, as many columns as each needs, then down, then on."""

    def __init__(self, paper: str, columns: int, width_of: WidthOf) -> None:
        self.pages = [Layout(paper=paper, number=1)]
        self._columns, self._width_of = columns, width_of
        self._pitch = (self._page.room + COLUMN_GAP) / columns
        self._column, self._y = 0, TOP

    @property
    def _page(self) -> Layout:
        return self.pages[-1]

    def page_number(self, number: int, field: str) -> Layout:
        """The page of that number, which may be one more than there are."""
        if number == len(self.pages) + 1:
            self.pages.append(Layout(paper=self._page.paper, number=number))
        if number > len(self.pages):
            raise ValueError(f"field {field!r}: there is no page {number}, the form has {len(self.pages)}.")
        return self.pages[number - 1]

    def entry(self, entry: Entry) -> None:
        """Place a field: its label over its boxes."""
        self._heading(entry.heading, LABEL_ROOM + CELL_HEIGHT)
        needed = max(_width(entry), self._width_of(entry.label, LABEL))
        if needed > self._page.room:
            raise ValueError(
                f"field {entry.name!r} needs {needed:.0f} mm and the page has {self._page.room:.0f}: "
                "shorten its label, or give it fewer cells."
            )
        span = next(n for n in range(1, self._columns + 1) if n * self._pitch - COLUMN_GAP >= needed - 1e-6)
        if self._column + span > self._columns:
            self._next_row()
        self._claim(LABEL_ROOM + CELL_HEIGHT, entry.name)
        x = MARGIN + self._column * self._pitch
        _add(self._page, entry, x, self._y + LABEL_ROOM)
        self._column += span

    def table(self, table: Table) -> None:
        """Place a table: its columns' words over its boxes, its rows' words before them."""
        height = LABEL_ROOM + len(table.rows) * (CELL_HEIGHT + BLOCK_GAP)
        self._heading(table.heading, height)
        self._next_row()
        across = table.digits * CELL_WIDTH
        pitch = max([across, *(self._width_of(words, LABEL) for words in table.columns)]) + TABLE_GAP
        before = max(self._width_of(words, LABEL) for words in (*table.rows, table.label)) + TABLE_GAP
        needed = before + pitch * len(table.columns) - TABLE_GAP
        called = f"table {table.name or table.label!r}"
        if needed > self._page.room:
            raise ValueError(
                f"{called} needs {needed:.0f} mm across and the page has {self._page.room:.0f}: "
                "take shorter words, fewer columns or fewer cells."
            )
        self._claim(height, called)
        if table.label:
            self._say(table.label, MARGIN, self._y + LABEL_ROOM - 1.8, bold=True)
        for number, words in enumerate(table.columns):
            self._say(words, MARGIN + before + number * pitch, self._y + LABEL_ROOM - 1.8)
        for row, words in enumerate(table.rows):
            y = self._y + LABEL_ROOM + row * (CELL_HEIGHT + BLOCK_GAP)
            self._say(words, MARGIN, y + CELL_HEIGHT / 2 + 1.1)
            for column in range(len(table.columns)):
                x = MARGIN + before + column * pitch
                name = table.field(row, column)
                self._page.boxes.append(Boxes(name=name, x=x, y=y, width=across, cells=table.digits))
        self._y += height + ROW_GAP

    def _heading(self, words: str, below: float) -> None:
        """Say words on a line of their own, on the page where what comes below them fits too."""
        if not words:
            return
        self._next_row()
        self._claim(HEADING_ROOM + below, f"heading {words!r}")
        self._say(words, MARGIN, self._y + 3.5, bold=True, size=HEADING)
        self._page.rules.append((MARGIN, self._page.width - MARGIN, self._y + 5.2))
        self._y += HEADING_ROOM

    def _next_row(self) -> None:
        if self._column:
            self._column = 0
            self._y += LABEL_ROOM + CELL_HEIGHT + ROW_GAP

    def _claim(self, height: float, what: str) -> None:
        room = self._page.height - BOTTOM
        if height > room - TOP:
            raise ValueError(f"{what} is higher than a page: make two of it.")
        if self._y + height > room:
            self.pages.append(Layout(paper=self._page.paper, number=len(self.pages) + 1))
            self._column, self._y = 0, TOP

    def _say(self, words: str, x: float, y: float, *, bold: bool = False, size: float = LABEL) -> None:
        self._page.words.append(Words(text=words, x=x, y=y, size=size, bold=bold))


def _placed(page: Layout, entry: Entry, at: tuple[float, float], width_of: WidthOf) -> None:
    x, y = at
    right = x + max(_width(entry), width_of(entry.label, LABEL))
    if x < MARGIN or right > page.width - MARGIN or y - LABEL_ROOM < TOP - 3 or y + CELL_HEIGHT > page.height - BOTTOM:
        raise ValueError(
            f"field {entry.name!r} at {x:g}, {y:g} mm leaves the room between the markers: with its label it needs "
            f"{right - x:.0f} mm; x from {MARGIN:g} to {page.width - MARGIN:g}, "
            f"y from {TOP - 3 + LABEL_ROOM:g} to {page.height - BOTTOM - CELL_HEIGHT:g} are free."
        )
    _add(page, entry, x, y)


def _add(page: Layout, entry: Entry, x: float, y: float) -> None:
    page.words.append(Words(text=entry.label, x=x, y=y - 1.8, size=LABEL))
    cells = None if entry.open else entry.digits
    page.boxes.append(Boxes(name=entry.name, x=x, y=y, width=_width(entry), cells=cells))


def _width(entry: Entry) -> float:
    return entry.digits * OPEN_WIDTH + 3 if entry.open else entry.digits * CELL_WIDTH


def _refuse_overlap(boxes: Sequence[Boxes]) -> None:
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            apart = one.x >= other.x + other.width + 1 or other.x >= one.x + one.width + 1
            if not apart and abs(one.y - other.y) < CELL_HEIGHT + 1:
                raise ValueError(
                    f"fields {other.name!r} and {one.name!r} lie on one another: change one's at = [x, y]."
                )
