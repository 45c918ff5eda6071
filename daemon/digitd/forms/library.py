"""The folder of templates: listing, opening, making. A template's reference picture stays where the user has it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from digitd.errors import TemplateError, UnreadableDocument
from digitd.forms import template as template_file
from digitd.forms.checks import check
from digitd.forms.fields_csv import pages_from_csv
from digitd.forms.propose import propose, with_cells
from digitd.reading.load import Limits, load
from digitd.reading.register import can_be_found, prepare
from digitd.records import Box, Page, Template, TemplateField

#: What a form may be called: its name is a file, a folder of the inbox and a column of every export.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: The field of a whole-page template.
WHOLE_PAGE = "page"

#: A reference that claims no resolution is taken for a page of A4's width; millimetres.
A4_WIDTH_MM = 210.0


def names(forms: Path) -> list[str]:
    """The names of all forms in the folder."""
    return sorted(path.stem for path in forms.glob(f"*{template_file.SUFFIX}") if not path.name.startswith("."))


def path_of(name: str, forms: Path) -> Path:
    """The file of the form called name."""
    return forms / f"{name}{template_file.SUFFIX}"


def open_form(name: str, forms: Path) -> tuple[Template, ...]:
    """Open the form called name: a template for each of its pages.

    Raises
    ------
    TemplateError
        There is none of that name, or it cannot be used.
    """
    if name not in names(forms):
        known = ", ".join(names(forms)) or "none"
        raise TemplateError(f"no form called {name!r} in {forms} (there: {known}). Make it with `digitd form new`.")
    path = path_of(name, forms)
    try:
        found = path.stat()
    except OSError:
        return template_file.read(path)  # says what is the matter
    return _read(path, (found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=256)
def _read(path: Path, _as_it_is: tuple[int, int, int]) -> tuple[Template, ...]:
    return template_file.read(path)


def longest_of(name: str, field: str, forms: Path) -> int | None:
    """How many digits a field of a form holds; None where it does not say, or there is no such form or field."""
    try:
        fields = [each for page in open_form(name, forms) for each in page.fields if each.name == field]
    except TemplateError:
        return None
    return next((each.cells or (each.rules.digits[1] if each.rules.digits else None) for each in fields), None)


def reference_pages(pages: Sequence[Template], limits: Limits) -> list[Page]:
    """The pages of the reference pictures that a form's templates were measured on; each picture is loaded once.

    Raises
    ------
    TemplateError
        A picture is missing, changed, or cannot be read.
    """
    paths = {page.reference for page in pages if page.reference is not None}
    loaded = {path: _load_reference(Path(path), limits) for path in sorted(paths)}
    return [_measured_on(page, *loaded[page.reference]) for page in pages if page.reference is not None]


def _measured_on(template: Template, pages: Sequence[Page], sha256: str) -> Page:
    """The one of a picture's pages that template was measured on."""
    path = template.reference
    if sha256 != template.reference_sha256:
        raise TemplateError(
            f"{path}: this is not the picture that form {template.name!r} was measured on (its bytes have changed). "
            "Bring that picture back, or make the form again with `digitd form new --force`."
        )
    if not 1 <= template.reference_page <= len(pages):
        raise TemplateError(
            f"{path}: it has {len(pages)} pages, but form {template.name!r} was measured on page "
            f"{template.reference_page} of it. Correct reference_page."
        )
    page = pages[template.reference_page - 1]
    if page.pixels.shape != (template.height_px, template.width_px):
        raise TemplateError(
            f"{path}: it is {page.pixels.shape[1]} x {page.pixels.shape[0]} pixels, but form {template.name!r} says "
            f"{template.width_px} x {template.height_px}. Make the form again with `digitd form new --force`."
        )
    return page


def new_form(
    name: str,
    *,
    forms: Path,
    references: Sequence[Path] = (),
    fields_csv: Path | None = None,
    whole_page: bool = False,
    overwrite: bool = False,
    limits: Limits | None = None,
) -> tuple[Template, ...]:
    """Make a form and write its file.

    Parameters
    ----------
    name
        Letters, digits, dots, dashes and underscores; at most 64.
    forms
        The folder of templates; made where it is missing.
    references
        Pictures or PDFs of the form, blank or filled in, whose pages are the form's; only paths and hashes are kept.
    fields_csv
        See `fields_csv.pages_from_csv`; without it, the fields are what is found on the references.
    whole_page
        The whole page is one field and there is no reference: for pictures of a single number.
    overwrite
        Replace a form of that name.
    limits
        What is refused as a reference; the defaults where not given.

    Raises
    ------
    TemplateError
        The name is taken or not allowed, or the pictures or fields cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise TemplateError(f"{name!r} is no name for a form: use up to 64 letters, digits, dots, dashes, underscores.")
    path = path_of(name, forms)
    if path.exists() and not overwrite:
        raise TemplateError(f"{path}: there is a form of that name. Take another name, or replace it with --force.")
    made: tuple[Template, ...]
    if whole_page:
        made = (Template(name=name, fields=(TemplateField(name=WHOLE_PAGE, box=Box(x0=0, y0=0, x1=0, y1=0)),)),)
    elif not references:
        raise TemplateError("a form needs --reference IMAGE, or --whole-page.")
    else:
        made = _on_references(name, references, fields_csv, limits=limits or Limits())
    forms.mkdir(parents=True, exist_ok=True)
    template_file.write(path, *made)
    return made


def _on_references(
    name: str, references: Sequence[Path], fields_csv: Path | None, *, limits: Limits
) -> tuple[Template, ...]:
    bare, pictures = _bare(name, references, limits)
    if fields_csv is not None:
        given, where = pages_from_csv(fields_csv), str(fields_csv)
        beyond = sorted(page for page in given if not 1 <= page <= len(bare))
        if beyond:
            raise TemplateError(f"{fields_csv}: page {beyond[0]} is not there: the reference has {len(bare)}.")
        given = with_cells(given, pictures)
    else:
        given, where = propose(pictures), ", ".join(map(str, references))
        if not any(given.values()):
            raise TemplateError(
                f"{where}: no boxes, combs, tables or blanks to fill in were found. "
                "Say where the fields are with --fields FIELDS.csv, or give a sharper picture."
            )
    used = [number for number in range(1, len(bare) + 1) if given.get(number)]
    made = tuple(replace(bare[number - 1], fields=given[number]) for number in used)
    try:
        check(made)
    except ValueError as fault:
        raise TemplateError(f"{where}: {fault}") from None
    for page, number in zip(made, used, strict=True):
        if not can_be_found(prepare(page, pictures[number - 1].pixels)):
            raise TemplateError(
                f"{page.reference}: there is too little print outside the fields to find this form on a scan. "
                "Give a reference with its lines and words."
            )
    return made


def _bare(name: str, references: Sequence[Path], limits: Limits) -> tuple[list[Template], list[Page]]:
    """A template without fields for each page of the references, and the pages."""
    bare: list[Template] = []
    pictures: list[Page] = []
    for reference in references:
        if not _is_text(str(reference.resolve())):
            raise TemplateError(f"{reference!r}: the name of the reference is not text. Rename the picture.")
        pages, sha256 = _load_reference(reference, limits)
        for number, page in enumerate(pages, start=1):
            height, width = page.pixels.shape
            bare.append(
                Template(
                    name=name,
                    fields=(),
                    reference=str(reference.resolve()),
                    reference_page=number,
                    reference_sha256=sha256,
                    width_px=width,
                    height_px=height,
                    dpi=round(page.dpi or min(width, height) / (A4_WIDTH_MM / 25.4), 1),
                )
            )
            pictures.append(page)
    return bare, pictures


def _is_text(name: str) -> bool:
    return not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)


def _load_reference(path: Path, limits: Limits) -> tuple[list[Page], str]:
    try:
        data = path.read_bytes()
        return list(load(data, limits)), hashlib.sha256(data).hexdigest()
    except OSError as fault:
        raise TemplateError(
            f"{path}: the form's reference picture: {fault.strerror}. Bring it back, or make the form again."
        ) from None
    except UnreadableDocument as fault:
        raise TemplateError(f"{path}: the form's reference picture: {fault}.") from None
