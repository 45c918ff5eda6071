"""The fields of a form as CSV: a line a field, boxes in pixels of the reference."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digitd.errors import TemplateError
from digitd.forms.values import number, whole
from digitd.records import Box, TemplateField


def pages_from_csv(path: Path) -> dict[int, tuple[TemplateField, ...]]:
    """Read the fields of a form, by page, from CSV: field,x0,y0,x1,y1 and, if wanted, cells and page.

    Boxes are in pixels of the page's reference.

    Raises
    ------
    TemplateError
        The file is missing, lacks columns, or a row makes no sense; the message names the line.
    """
    found: dict[int, list[TemplateField]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"field", "x0", "y0", "x1", "y1"} - set(rows.fieldnames or ())
            if missing:
                raise TemplateError(
                    f"{path}: no column {', '.join(sorted(missing))}. "
                    "Its first line must be field,x0,y0,x1,y1[,cells][,page]."
                )
            for row in rows:
                page, field = _field_of_row(row, f"{path}, line {rows.line_num}")
                found.setdefault(page, []).append(field)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise TemplateError(f"{path}: cannot be read as CSV: {fault}. Give field,x0,y0,x1,y1[,cells][,page].") from None
    return {page: tuple(fields) for page, fields in found.items()}


def _field_of_row(row: Mapping[str, Any], where: str) -> tuple[int, TemplateField]:
    try:
        box = Box(**{key: number(row[key], key) for key in ("x0", "y0", "x1", "y1")})
        cells = whole(row["cells"], "cells") if row.get("cells") else None
        page = whole(row["page"], "page") if row.get("page") else 1
    except ValueError as fault:
        raise TemplateError(f"{where}: {fault}. A box is four numbers, cells and page are whole ones.") from None
    return page, TemplateField(name=row["field"], box=box, cells=cells)
