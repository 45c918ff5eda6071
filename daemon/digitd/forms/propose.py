"""What the pages of a new form show: fields proposed, named in reading order; the rooms of given ones counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from digitd.reading.locate.boxes import Found, Kind, find, names
from digitd.records import Box, Page, TemplateField

#: A proposal that shares more than this share of its shorter side with an earlier one is left out.
SHARED = 0.1

#: A comb is the one that a given box means when they share this much of all that either covers.
SAME = 0.75

#: The smallest box worth proposing, in pixels.
SMALLEST_PX = 6


def propose(pages: Sequence[Page]) -> dict[int, tuple[TemplateField, ...]]:
    """The fields found on each page, by the page's number in the form; names differ over all pages."""
    found: list[tuple[int, Found]] = []
    tables = 0
    for number, page in enumerate(pages, start=1):
        on_page = [
            replace(each, table=None if each.table is None else each.table + tables)
            for each in find(page.pixels, with_blanks=True)
        ]
        tables += len({each.table for each in on_page if each.table is not None})
        found += [(number, each) for each in on_page]
    called = names([each for _, each in found])
    made: dict[int, list[TemplateField]] = {}
    for (number, each), name in zip(found, called, strict=True):
        made.setdefault(number, []).append(TemplateField(name=name, box=_box(each), cells=each.cells))
    return {number: tuple(_apart(fields, pages[number - 1].pixels.shape)) for number, fields in made.items()}


def with_cells(
    given: Mapping[int, tuple[TemplateField, ...]], pages: Sequence[Page]
) -> dict[int, tuple[TemplateField, ...]]:
    """Fields given by page; where one says nothing of cells, those are counted of the comb that is printed there."""
    counted = dict(given)
    for number, fields in given.items():
        if all(field.cells is not None for field in fields):
            continue
        combs = [(_box(found), found.cells) for found in find(pages[number - 1].pixels) if found.kind is Kind.COMB]
        counted[number] = tuple(_counted(field, combs) for field in fields)
    return counted


def _counted(field: TemplateField, combs: Sequence[tuple[Box, int | None]]) -> TemplateField:
    if field.cells is not None:
        return field
    return replace(field, cells=next((cells for box, cells in combs if _same(box, field.box) >= SAME), None))


def _same(first: Box, second: Box) -> float:
    """What two boxes share, of all that either covers."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (first.width * first.height + second.width * second.height - shared)


def _box(found: Found) -> Box:
    """The upright box through the middles of a field's sides, to a tenth of a pixel."""
    x, y = found.quad[:, 0], found.quad[:, 1]
    sides = {"x0": (x[0] + x[3]) / 2, "y0": (y[0] + y[1]) / 2, "x1": (x[1] + x[2]) / 2, "y1": (y[2] + y[3]) / 2}
    return Box(**{key: round(float(side), 1) for key, side in sides.items()})


def _apart(fields: Sequence[TemplateField], shape: tuple[int, ...]) -> Iterator[TemplateField]:
    """The fields that lie on the page, without what overlaps an earlier one."""
    kept: list[Box] = []
    for field in fields:
        box = field.box
        inside = Box(
            x0=max(0.0, box.x0), y0=max(0.0, box.y0), x1=min(float(shape[1]), box.x1), y1=min(float(shape[0]), box.y1)
        )
        large = min(inside.width, inside.height) >= SMALLEST_PX
        if large and not any(_share(inside, other) > SHARED for other in kept):
            kept.append(inside)
            yield replace(field, box=inside)


def _share(first: Box, second: Box) -> float:
    """How far two boxes overlap, as a share of the shortest side."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    return max(0.0, min(wide, high)) / min(first.width, first.height, second.width, second.height)
