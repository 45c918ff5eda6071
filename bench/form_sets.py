"""The sets of real forms: what is dropped where, with which template, and what its fields say. Reads, runs nothing.

Each set of `shared/data` writes its truth in its own way; here they become `Page` and `Form`, which `reading.py` knows.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Row = dict[str, str]
Build = Callable[[Path], tuple[list["Form"], list["Page"]]]

#: A rectified mark table of forms_sjcet_marks: its outer corners, its columns (labels first) and rows (header first).
TABLE_CORNERS = ((20, 20), (1540, 20), (1540, 500), (20, 500))
TABLE_COLUMNS, TABLE_ROWS = 13, 5

#: The sheet its template is made from: its table is the largest, and lies nearly upright.
MARKS_REFERENCE = "s04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file to drop and what its fields say; without a form it goes into the inbox itself, and is read freely.

    beside are fields that count only in the set's second line, not against its target.
    """

    path: Path
    truth: Mapping[str, str]
    form: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A template to make: from the boxes (field, x0, y0, x1, y1, cells) on reference, or of whole pages without one."""

    name: str
    reference: Path | None = None
    boxes: tuple[tuple[Any, ...], ...] = ()


def as_exported(rows: Iterable[Row]) -> list[Row]:
    """The rows of an export, their fields named as digitd names them."""
    return list(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSet:
    """A set in its folder of shared/data; target and the other readers' figures are per cent of its fields right.

    rules is the TOML of what its writers had to keep, added to its templates; beside is what the fields of its second
    line are; named gives the rows of an export the names that the truth uses.
    """

    folder: str
    build: Build
    target: float | None = None
    naive: float | None = None
    tesseract: float | None = None
    rules: str = ""
    beside: str = ""
    named: Callable[[Iterable[Row]], list[Row]] = as_exported


def one_template(folder: Path) -> tuple[list[Form], list[Page]]:
    """A template from the first page, with its cells where the truth counts them."""
    pages = pages_of(folder)
    first = next(iter(pages))
    form = Form(name="form", reference=folder / first, boxes=tuple(box(row) for row in pages[first]))
    return [form], [page(folder / file, rows, form.name) for file, rows in pages.items()]


def template_a_page(folder: Path) -> tuple[list[Form], list[Page]]:
    """Pages of different forms, so a template of each; three cells a field."""
    forms, found = [], []
    for number, (file, rows) in enumerate(pages_of(folder).items()):
        boxes = tuple((*box(row)[:5], 3) for row in rows)
        forms.append(Form(name=f"form{number}", reference=folder / file, boxes=boxes))
        found.append(page(folder / file, rows, forms[-1].name))
    return forms, found


def whole_pages(folder: Path) -> tuple[list[Form], list[Page]]:
    """Pictures of one amount each."""
    form = Form(name="amount")
    found = [(folder / row["file"], row["digits"]) for row in rows_of(folder / "strings.csv")]
    return [form], [Page(path=path, truth={"page": digits}, form=form.name) for path, digits in found]


def free_pages(folder: Path) -> tuple[list[Form], list[Page]]:
    """No template: what `fields.csv` names is for digitd to find."""
    pages = pages_of(folder, truth="fields.csv")
    return [], [page(folder / file, rows, None) for file, rows in pages.items()]


def mark_tables(folder: Path) -> tuple[list[Form], list[Page]]:
    """Whole photos, the template from one of them; what counts are cells with whole numbers, beside them all cells.

    The boxes are those of row a of the rectified table, led back to the photo by the table's corners. A mark of two
    and a half is 25, as in the other sets; marks_awarded stands outside the table and is left out.
    """
    forms, found = [], []
    for sheet in rows_of(folder / "truth.csv"):
        path = folder / "pages_masked" / f"{sheet['id']}.jpg"
        if sheet["id"] == MARKS_REFERENCE:
            forms.append(Form(name="marks", reference=path, boxes=tuple(mark_boxes(table_corners(sheet)))))
        marks = {name: sheet[name] for name in mark_names()}
        whole = {name: mark for name, mark in marks.items() if mark.isdigit()}
        rest = {name: mark.replace(".", "") for name, mark in marks.items() if name not in whole}
        found.append(Page(path=path, form="marks", truth=whole, beside=rest))
    return forms, found


def mark_names() -> list[str]:
    """a1 to a12."""
    return [f"a{number}" for number in range(1, TABLE_COLUMNS)]


def mark_boxes(corners: NDArray[np.float64]) -> Iterator[tuple[Any, ...]]:
    """Field, x0, y0, x1, y1, cells of row a, in pixels of a photo; corners (4, 2) are the table's there."""
    to_photo = cv2.getPerspectiveTransform(np.array(TABLE_CORNERS, np.float32), corners.astype(np.float32))
    (left, top), _, (right, bottom), _ = TABLE_CORNERS
    width, height = (right - left) / TABLE_COLUMNS, (bottom - top) / TABLE_ROWS
    for column, name in enumerate(mark_names(), start=1):
        x, y = left + column * width, top + height
        cell = np.array([[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]], np.float32)
        tl, tr, br, bl = cv2.perspectiveTransform(cell, to_photo)[0].tolist()
        yield name, mean(tl[0], bl[0]), mean(tl[1], tr[1]), mean(tr[0], br[0]), mean(bl[1], br[1]), ""


def mean(a: float, b: float) -> float:
    """The middle, to a tenth of a pixel."""
    return round((a + b) / 2, 1)


def table_corners(row: Mapping[str, str]) -> NDArray[np.float64]:
    """(4, 2) float64: top left, top right, bottom right, bottom left of a row that gives them."""
    return np.array([[float(row[f"{corner}_{axis}"]) for axis in "xy"] for corner in ("tl", "tr", "br", "bl")])


def box(row: Mapping[str, str]) -> tuple[Any, ...]:
    """Field, x0, y0, x1, y1, cells of a row that gives a box or a quadrilateral."""
    if "x0" in row:
        return (*(row[key] for key in ("field", "x0", "y0", "x1", "y1")), "")
    quad = table_corners(row)
    return row["field"], *quad.min(axis=0).tolist(), *quad.max(axis=0).tolist(), row["ncells"]


def written_rows(rows: Iterable[Row]) -> list[Row]:
    """Fields found freely, as row1, row2, ...: those that hold digits, from top to bottom; the others keep their names.

    A form of forms_kenya34a begins with empty rows, or struck ones, which the truth does not count.
    """
    named: list[Row] = []
    count: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row["document"], place(row["field"]))):
        if any(symbol.isdecimal() for symbol in row["value"]):
            count[row["document"]] = count.get(row["document"], 0) + 1
            named.append(row | {"field": f"row{count[row['document']]}"})
        else:
            named.append(row)
    return named


def place(name: str) -> list[int]:
    """Where a field stands by the numbers in its name: line10 after line9, r2c1 after r1c9."""
    return [int(number) for number in re.findall(r"\d+", name)]


def page(path: Path, rows: Sequence[Mapping[str, str]], form: str | None) -> Page:
    """A page with what its rows of truth say."""
    return Page(path=path, truth={row["field"]: row["truth"] for row in rows}, form=form)


def pages_of(folder: Path, *, truth: str = "truth.csv") -> dict[str, list[Row]]:
    """The rows of a set's truth by file, the files by name."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows_of(folder / truth), key=lambda row: row["file"]):
        found.setdefault(row["file"], []).append(row)
    return found


def sums(**parts_of_total: str) -> str:
    """Rules as TOML: total="part part" says that the parts add up to it."""
    tables = (
        f"[[rules]]\nsum = {json.dumps(parts.split())}\ntotal = {json.dumps(total)}\n"
        for total, parts in parts_of_total.items()
    )
    return "\n".join(tables)


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


#: Targets are the project's own; naive and tesseract come from the table in shared/data/README.md, every reader there
#: being given the true boxes.
SETS = {
    "nist_hsf": FormSet(folder="forms_nist_hsf", build=one_template, target=97, naive=39.3, tesseract=21.4),
    "c1_2019": FormSet(
        folder="forms_c1_2019",
        build=one_template,
        target=95,
        naive=4.7,
        tesseract=12.5,
        rules=sums(A="r1 r2", C="A B"),
    ),
    "c1_2014": FormSet(
        folder="forms_c1_2014", build=one_template, target=90, naive=0.0, tesseract=6.2, rules=sums(total="r1 r2")
    ),
    "cdigital": FormSet(folder="forms_cdigital", build=template_a_page, target=95, naive=0.0, tesseract=10.0),
    "sjcet_marks": FormSet(folder="forms_sjcet_marks", build=mark_tables, target=90, beside="with halves, blanks"),
    "marksheets_bd": FormSet(folder="forms_marksheets_bd", build=free_pages, target=95),
    "kenya34a": FormSet(folder="forms_kenya34a", build=free_pages, target=85, named=written_rows),
    "quexf": FormSet(folder="forms_quexf", build=one_template),
    "orand_car_a": FormSet(folder="orand_car_a", build=whole_pages, target=88, naive=1.2, tesseract=9.8),
}
