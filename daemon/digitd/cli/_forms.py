"""How forms are shown on the command line: as JSON, as a picture with their fields, as a table of how they fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitd.reading.load import Limits
    from digitd.records import Page, Registration, Template


def as_json(pages: Sequence["Template"]) -> dict[str, Any]:
    """A form with its pages and fields, as plain values."""
    from digitd.rules import field_rules_table, form_rule_table

    return {
        "name": pages[0].name,
        "pages": [
            {
                "reference": page.reference,
                "reference_page": page.reference_page,
                "width_px": page.width_px,
                "height_px": page.height_px,
                "dpi": page.dpi,
            }
            for page in pages
        ],
        "fields": [
            {
                "name": field.name,
                "page": number,
                "box": [field.box.x0, field.box.y0, field.box.x1, field.box.y1],
                "cells": field.cells,
                **field_rules_table(field.rules),
            }
            for number, page in enumerate(pages, start=1)
            for field in page.fields
        ],
        "rules": [form_rule_table(rule) for rule in pages[0].rules],
    }


def draw_form(pages: Sequence["Template"], folder: Path, limits: "Limits") -> list[Path]:
    """Write a picture of each page of a form with its fields, NAME.png, NAME-2.png, ...; where they are."""
    from digitd.forms.library import reference_pages

    paths = []
    for number, (page, picture) in enumerate(zip(pages, reference_pages(pages, limits), strict=True), start=1):
        name = page.name if number == 1 else f"{page.name}-{number}"
        path = folder / f"{name}.png"
        quads = [field.box.corners() for field in page.fields]
        write_picture(path, picture, quads, [field.name for field in page.fields])
        paths.append(path)
    return paths


def draw_scan(path: Path, scan: "Page", template: "Template", registration: "Registration") -> None:
    """Write a picture of a scan with a template's fields where they were found."""
    import cv2

    quads = [
        cv2.perspectiveTransform(field.box.corners()[:, None], registration.page_from_template)[:, 0]
        for field in template.fields
    ]
    write_picture(path, scan, quads, [field.name for field in template.fields])


def write_picture(path: Path, page: "Page", quads: Sequence[Any], names: Sequence[str]) -> None:
    """Write a page with fields, (4, 2) float64 in its pixels, as PNG."""
    import cv2

    from digitd.forms.preview import preview

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", preview(page.pixels, quads, names))[1].tobytes())


def print_check(pages: Sequence["Template"], results: Sequence[dict[str, Any]]) -> None:
    """How a form fits on scans, a line a page."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    count = sum(len(page.fields) for page in pages)
    on = "" if len(pages) == 1 else f" on {len(pages)} pages"
    were = "its reference is as it was" if len(pages) == 1 else "its references are as they were"
    click.echo(f"{pages[0].name}: {count} fields{on}, {were}")
    if not results:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("scan")
    table.add_column("page", justify="right")
    if len(pages) > 1:
        table.add_column("is page", justify="right")
    table.add_column("residual", justify="right")
    for result in results:
        residual = result["residual_mm"]
        said = Text(f"{residual:.2f} mm") if residual is not None else Text(result["problem"] or "does not fit", "red")
        which = [str(result["form_page"] or "")] if len(pages) > 1 else []
        table.add_row(Text(Path(result["scan"]).name), str(result["page"] or ""), *which, said)
    Console().print(table)
