"""A report as text, as JSON, as a folder and as a page. What it says is in `digitd.report.told`."""

import io
import json
import math
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from digitd.errors import ConfigError
from digitd.report import told as words
from digitd.report.alignment import SAID, TRUTH
from digitd.report.estimates import Estimate
from digitd.report.gather import Report
from digitd.report.groups import Group as Grouped
from digitd.report.matrices import Matrix
from digitd.report.page import page
from digitd.report.weighted import Weighted

#: What a report's folder holds, beside pictures.
TEXT, JSON, PICTURE, PAGE, SHEETS = "report.txt", "report.json", "confusion.png", "report.html", "mistakes"

#: Columns of `report.txt`: read in an editor or a mail, not in the terminal it was made in.
TEXT_COLUMNS = 110

#: Dots an inch of pictures within a page: a report that is mailed is small.
DOTS_IN_PAGE = 96


def write(report: Report, folder: Path) -> list[Path]:
    """Write text, JSON, pictures and page of a report into folder, making it, and return their paths.

    Sheets of the glyphs behind errors go into a folder in it, which is made anew.

    Raises
    ------
    ConfigError
        The folder cannot be written.
    """
    from digitd.report import pictures  # matplotlib: half a second

    drawn = [pictures.confusion_picture(report.figures, scope=report.scope)]
    weighted = pictures.weighted_picture(report.figures, scope=report.scope)
    drawn += [weighted] if weighted is not None else []
    drawn += pictures.charts_of(report.figures)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TEXT).write_text(plain(report), "utf-8")
        (folder / JSON).write_text(json.dumps(as_json(report), indent=2, ensure_ascii=False) + "\n", "utf-8")
        for picture in drawn:
            (folder / picture.file).write_bytes(picture.png)
        (folder / PAGE).write_text(as_page(report), "utf-8")
        sheets = list(_write_sheets(report, folder / SHEETS))
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}. Name a folder that can be written.") from None
    return [folder / TEXT, folder / JSON, *(folder / each.file for each in drawn), folder / PAGE, *sheets]


def write_page(report: Report, path: Path) -> None:
    """Write the page of a report to path.

    Raises
    ------
    ConfigError
        It cannot be written.
    """
    try:
        path.write_text(as_page(report), "utf-8")
    except OSError as fault:
        raise ConfigError(
            f"{path}: {fault.strerror}. Name a file in a folder that exists and can be written."
        ) from None


def as_page(report: Report) -> str:
    """The report as one page of HTML."""
    from digitd.report.pictures import charts_of

    return page(
        report.told,
        pictures=list(charts_of(report.figures, dots=DOTS_IN_PAGE)),
        mistakes=report.mistakes,
        wrong=report.wrong,
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def plain(report: Report) -> str:
    """The report as text without colours."""
    out = io.StringIO()
    Console(file=out, width=TEXT_COLUMNS, color_system=None).print(text(report))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def text(report: Report) -> RenderableType:
    """The report for a terminal, or for a file without colours."""
    told = report.told
    counts = ", ".join(f"{count:,} {state}" for state, count in report.documents.items() if count) or "none"
    states = ", ".join(f"{count:,} {state}" for state, count in report.field_states.items() if count) or "none"
    parts: list[RenderableType] = [
        Text(f"Report on {told.scope}", style="bold"),
        Text(f"documents in the database    {counts}"),
        Text(f"fields in the database       {states}"),
    ]
    for section in told.sections:
        parts += [Text(), Text(section.title, style="bold underline"), *map(Text, section.words)]
        for matrix in section.matrices:
            parts += [Text(), _matrix(matrix)]
        for table in section.tables:
            parts += [Text(), _table(table)]
    return Group(*parts)


def _matrix(matrix: Matrix) -> Table:
    shown = Table(title=matrix.caption, title_justify="left", title_style="italic", box=None, padding=(0, 0, 0, 1))
    shown.add_column("", justify="right", style="bold")
    for name in SAID:
        shown.add_column(name.replace("not a ", "not a\n"), justify="right", no_wrap=True)
    shown.add_column("", justify="left", style="dim", no_wrap=True)
    for truth, cells, side in zip(TRUTH, matrix.cells, matrix.sides, strict=True):
        figures = (
            Text(cell.text, style="blue" if cell.right else "bold yellow") if cell.text else Text("·", style="dim")
            for cell in cells
        )
        shown.add_row(truth, *figures, side)
    return shown


def _table(table: words.Table) -> Table:
    shown = Table(title=table.caption, title_justify="left", title_style="italic", box=None, padding=(0, 1, 0, 0))
    for number, heading in enumerate(table.headings):
        shown.add_column(heading, style="bold" * (number == 0), justify="right" if number else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values; shares are in [0, 1], and null where nothing is known."""
    figures = report.figures
    told: dict[str, Any] = {
        "scope": report.scope,
        "documents": {str(state): count for state, count in report.documents.items()},
        "fields": {str(state): count for state, count in report.field_states.items()},
        "load": {
            "read": figures.load.read,
            "passed": figures.load.passed,
            "review": figures.load.review,
            "blank": figures.load.blank,
            "waiting": figures.load.waiting,
            "drawn": figures.load.drawn,
            "straight_through": figures.load.straight_through.as_json(),
        },
        "labelled": figures.fields.as_json(),
        "passed": figures.passed.as_json(),
        "digits": figures.digits.as_json(),
        "extra": figures.extra,
        "estimated": _weighted(figures.weighted)
        | {"keyed_in_review": figures.keyed[0], "keyed_of_passed": figures.keyed[1], "whole": figures.census},
        "confusion": {"rows": list(TRUTH), "columns": list(SAID), "counts": figures.matrix.tolist()},
        "classes": [
            {"digit": each.digit, "recall": each.recall.as_json(), "precision": each.precision.as_json()}
            for each in figures.classes
        ],
        **{f"by_{name}": [_group(name, group) for group in groups] for name, groups in figures.groups.items()},
        "drift": [each.as_json() for each in figures.drift],
        "calibration": {
            "of": "all fields read" if figures.of_read else "labels",
            "fields": figures.field_calibration and figures.field_calibration.as_json(),
            "digits": figures.digit_calibration and figures.digit_calibration.as_json(),
        },
        "passing": [each.as_json() for each in figures.passing],
        "places": {
            form: [{"field": spot.name, "box": list(spot.box), **spot.fields.as_json()} for spot in spots]
            for form, spots in figures.spots.items()
        },
        "verifiers": [each.as_json() for each in report.people],
        "against": [each.as_json() for each in report.compared],
        "words": [line for section in report.told.sections for line in section.words],
    }
    return told


def _weighted(weighted: Weighted) -> dict[str, Any]:
    return {
        "fields": _estimate(weighted.fields),
        "wrong_of_passed": _estimate(weighted.unseen),
        "digits": _estimate(weighted.digits),
        "confusion": {
            name: _numbers(values)
            for name, values in (
                ("counts", weighted.matrix),
                ("rates", weighted.rates),
                ("low", weighted.low),
                ("high", weighted.high),
            )
        },
        "recall": [_estimate(each) for each in weighted.recall],
        "precision": [_estimate(each) for each in weighted.precision],
    }


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else estimate.as_json()


def _numbers(values: "np.typing.NDArray[np.float64]") -> list[list[float | None]]:
    """Rows of numbers; what is not known is null."""
    return [[round(value, 6) if math.isfinite(value) else None for value in row] for row in values.tolist()]


def _group(name: str, group: Grouped) -> dict[str, Any]:
    return {
        name: group.name,
        "read": group.read,
        "passed": group.passed.as_json(),
        "fields": group.fields.as_json(),
        "digits": group.digits.as_json(),
        "estimated": _estimate(group.all_fields),
    }


def _write_sheets(report: Report, folder: Path) -> Iterator[Path]:
    from digitd.report.mistakes import as_png, sheet

    shutil.rmtree(folder, ignore_errors=True)
    if report.mistakes:
        folder.mkdir()
    for each in report.mistakes:
        path = folder / f"{each.truth}-as-{each.said.replace(' ', '-')}.png"
        path.write_bytes(as_png(sheet(each)))
        yield path
