"""Making a printable form: its PDF, which is the reference that is kept, and its template file beside it."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from digitd.errors import TemplateError
from digitd.forms import library
from digitd.forms import template as template_file
from digitd.forms.drawing.description import read_description
from digitd.forms.drawing.layout import CELL_HEIGHT, Layout, lay_out
from digitd.forms.drawing.paper import paint, width_of
from digitd.reading.load import Limits, load
from digitd.records import Template

SUFFIX = ".pdf"


def pdf_of(name: str, forms: Path) -> Path:
    """The PDF of the drawn form called name."""
    return forms / f"{name}{SUFFIX}"


def draw_form(
    name: str, description: Path, *, forms: Path, limits: Limits, overwrite: bool = False
) -> tuple[Template, ...]:
    """Draw the form that a TOML file describes: NAME.pdf and NAME.toml in the folder of forms.

    Parameters
    ----------
    name
        As for `library.new_form`.
    description
        See `drawing.description`.
    forms
        The folder of templates; made where it is missing.
    limits
        How many dots an inch a PDF is read with, which are the template's.
    overwrite
        Replace a form of that name.

    Raises
    ------
    TemplateError
        The name is taken or not allowed, or the description cannot be drawn.
    """
    path = library.path_of(name, forms)
    if path.exists() and not overwrite:
        raise TemplateError(f"{path}: there is a form of that name. Take another name, or replace it with --force.")
    try:
        pages = lay_out(read_description(description), name, width_of)
    except ValueError as fault:
        raise TemplateError(f"{description}: {fault}") from None
    with TemporaryDirectory() as scratch:
        drawn = Path(scratch) / "form.pdf"
        paint(pages, name, drawn)
        made = _templates(name, pages, drawn, limits=limits)
        forms.mkdir(parents=True, exist_ok=True)
        _keep(drawn, pdf_of(name, forms))
    made = tuple(replace(page, reference=str(pdf_of(name, forms).resolve())) for page in made)
    template_file.write(path, *made)
    return made


def copy_pdf(name: str, out: Path, *, forms: Path) -> None:
    """Write the PDF of a drawn form to out.

    Raises
    ------
    TemplateError
        There is no such form, it was not drawn, or out cannot be written.
    """
    template = library.open_form(name, forms)[0]
    kept = pdf_of(name, forms)
    if template.reference != str(kept.resolve()) or not kept.is_file():
        raise TemplateError(
            f"form {name!r} was not drawn by digitd, so there is no {kept}. Print the picture that it was made from."
        )
    _keep(kept, out)


def _templates(name: str, pages: Sequence[Layout], drawn: Path, *, limits: Limits) -> tuple[Template, ...]:
    """The templates of drawn pages, made as every other and checked as such."""
    fields = drawn.with_name("fields.csv")
    with fields.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("field", "x0", "y0", "x1", "y1", "cells", "page"))
        for page, seen in zip(pages, load(drawn.read_bytes(), limits), strict=True):
            height, width = seen.pixels.shape
            rows.writerows(_rows(page, width / page.width, height / page.height))
    try:
        return library.new_form(
            name, forms=drawn.parent / "forms", references=(drawn,), fields_csv=fields, limits=limits
        )
    except TemplateError as fault:
        raise TemplateError(str(fault).replace(f"{fields}: ", "")) from None


def _rows(page: Layout, across: float, down: float) -> Iterator[tuple[object, ...]]:
    """A line for each field, in pixels, so many to a millimetre across and down."""
    for boxes in page.boxes:
        sides = (boxes.x * across, boxes.y * down, (boxes.x + boxes.width) * across, (boxes.y + CELL_HEIGHT) * down)
        yield boxes.name, *(round(side, 1) for side in sides), boxes.cells or "", page.number


def _keep(drawn: Path, path: Path) -> None:
    """Copy drawn to path, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        shutil.copyfile(drawn, temporary)
        temporary.replace(path)
    except OSError as fault:
        with suppress(OSError):
            temporary.unlink()
        raise TemplateError(
            f"{path}: {fault.strerror}. Name a file in a folder that exists and can be written."
        ) from None
