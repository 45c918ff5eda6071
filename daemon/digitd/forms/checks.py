"""What a template must not be: each fault is one sentence that names the field. Values in; no files."""

from collections.abc import Sequence

from digitd.records import Template, TemplateField

#: The most cells a field may have.
MOST_CELLS = 100

#: Boxes share no more than this share of the smaller one's shorter side: a border line's thickness.
SLIVER = 0.2

#: Millimetres in an inch; a page is between these sizes.
INCH_MM = 25.4
SMALLEST_PAGE_MM, LARGEST_PAGE_MM = 20.0, 2000.0


def check(pages: Sequence[Template]) -> None:
    """Refuse a form, one template a page, that cannot be.

    Raises
    ------
    ValueError
        With a sentence naming the field.
    """
    fields = [field for page in pages for field in page.fields]
    names = [field.name for field in fields]
    if not names:
        raise ValueError("a form needs at least one field")
    if pages[0].whole_page and len(names) > 1:
        raise ValueError("a form without a reference is a whole page, and has one field")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two fields are called {min(twice)!r}: names must differ")
    for field in fields:
        _check_field(field)
    for number, page in enumerate(pages, start=1):
        if not page.whole_page:
            _check_page(page, "" if len(pages) == 1 else f"page {number}: ")


def _check_field(field: TemplateField) -> None:
    if not field.name or field.name != field.name.strip() or not field.name.isprintable():
        raise ValueError(f"{field.name!r} is no name for a field: use letters, digits, dots, dashes")
    check_cells(field.name, field.cells)


def check_cells(name: str, cells: int | None) -> None:
    """Refuse a number of cells that no field has.

    Raises
    ------
    ValueError
        With a sentence naming the field.
    """
    if cells is not None and not 1 <= cells <= MOST_CELLS:
        raise ValueError(f"field {name}: {cells} cells; between 1 and {MOST_CELLS} are possible")


def _check_page(page: Template, where: str) -> None:
    if page.width_px < 1 or page.height_px < 1 or page.dpi <= 0:
        raise ValueError(f"{where}the page needs width_px, height_px and dpi above 0")
    if not page.fields:
        raise ValueError(f"{where}it has no field: take the page out, or give it one")
    longer_mm = max(page.width_px, page.height_px) / page.dpi * INCH_MM
    if not SMALLEST_PAGE_MM <= longer_mm <= LARGEST_PAGE_MM:
        raise ValueError(f"{where}at {page.dpi:g} dpi the page would be {longer_mm:.0f} mm long: correct dpi")
    for field in page.fields:
        _check_box(field, page)
    _check_overlap(page.fields)


def _check_box(field: TemplateField, page: Template) -> None:
    box = field.box
    if box.width < 4 or box.height < 4:
        raise ValueError(
            f"field {field.name}: its box is {box.width:g} x {box.height:g} pixels; at least 4 x 4 are needed"
        )
    if box.x0 < 0 or box.y0 < 0 or box.x1 > page.width_px or box.y1 > page.height_px:
        raise ValueError(
            f"field {field.name}: its box lies outside the page of {page.width_px} x {page.height_px} pixels"
        )


def _check_overlap(fields: Sequence[TemplateField]) -> None:
    """Boxes may share a border line, but no more."""
    placed: list[TemplateField] = []
    for field in sorted(fields, key=lambda f: f.box.x0):
        placed = [other for other in placed if other.box.x1 > field.box.x0]
        for other in placed:
            a, b = field.box, other.box
            wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            sliver = SLIVER * min(a.width, a.height, b.width, b.height)
            if min(wide, high) > max(1.0, sliver):
                first, second = sorted((field, other), key=fields.index)
                raise ValueError(
                    f"fields {first.name} and {second.name} overlap by {wide:.0f} x {high:.0f} pixels: draw them apart"
                )
        placed.append(field)
