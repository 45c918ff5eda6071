"""What a form to be drawn holds: title, fields and tables, read from TOML. Every key is checked."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitd.errors import TemplateError
from digitd.spelling import perhaps

#: Width and height of the papers there are, in millimetres.
PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}

#: The most digits a field is drawn for, columns a page is divided into, and pages.
MOST_DIGITS, MOST_COLUMNS, MOST_PAGES = 20, 4, 50

#: What stands under the title where the description says nothing.
NOTE = "One digit to a box. Leave empty what does not apply."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A field: digits boxes for one digit each, or with open a single box for about so many.

    at is the left upper corner of its boxes in millimetres from that of a page, or None: laid out with the others.
    """

    name: str
    label: str
    digits: int
    open: bool = False
    at: tuple[float, float] | None = None
    page: int = 1
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Fields in rows and columns, called r1c1, r1c2, ... after the table's name, if it has one, and an underscore."""

    name: str
    label: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    digits: int
    heading: str = ""

    def field(self, row: int, column: int) -> str:
        """The name of the field in a row and column, both counted from 0."""
        cell = f"r{row + 1}c{column + 1}"
        return f"{self.name}_{cell}" if self.name else cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A form to be drawn; entries in reading order, columns of them side by side where they are short."""

    title: str
    note: str
    paper: str
    columns: int
    entries: tuple[Entry | Table, ...]


def read_description(path: Path) -> Description:
    """Read the description of a form.

    Raises
    ------
    TemplateError
        It is missing, not TOML, or describes something impossible; the message names the field and what to do.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise TemplateError(f"{path}: {fault.strerror}. Name the TOML file that describes the form.") from None
    except (ValueError, RecursionError) as fault:  # not TOML, not UTF-8, or brackets without end
        raise TemplateError(f"{path}: not valid TOML: {fault}. Correct the line.") from None
    try:
        return _description(values)
    except ValueError as fault:
        raise TemplateError(f"{path}: {fault}") from None


def _description(values: Mapping[str, Any]) -> Description:
    _refuse_unknown(values, {"title", "note", "paper", "columns", "fields", "tables"}, "the form")
    paper = values.get("paper", "A4")
    if paper not in PAPERS:
        raise ValueError(f"paper {paper!r}: take one of {', '.join(PAPERS)}")
    entries: list[Entry | Table] = [_entry(each, number) for number, each in _numbered(values, "fields")]
    entries += [_table(each, number) for number, each in _numbered(values, "tables")]
    if not entries:
        raise ValueError("a form needs a field: add [[fields]] with name, label and cells")
    _refuse_twice(entries)
    return Description(
        title=_text(values, "title", "the form"),
        note=_text(values, "note", "the form", default=NOTE),
        paper=paper,
        columns=_whole(values, "columns", "the form", most=MOST_COLUMNS, default=2),
        entries=tuple(entries),
    )


def _entry(values: Mapping[str, Any], number: int) -> Entry:
    name = _text(values, "name", f"[[fields]] number {number}")
    where = f"field {name!r}"
    _refuse_unknown(values, {"name", "label", "cells", "digits", "at", "page", "heading"}, where)
    if ("cells" in values) == ("digits" in values):
        raise ValueError(f"{where}: give either cells, boxes for a digit each, or digits, the room of one open box")
    if "page" in values and "at" not in values:
        raise ValueError(f"{where}: page goes with at = [x, y]; without, it is laid out where there is room")
    is_open = "digits" in values
    return Entry(
        name=name,
        label=_text(values, "label", where, default=name),
        digits=_whole(values, "digits" if is_open else "cells", where, most=MOST_DIGITS),
        open=is_open,
        at=_place(values["at"], where) if "at" in values else None,
        page=_whole(values, "page", where, most=MOST_PAGES, default=1),
        heading=_text(values, "heading", where, default=""),
    )


def _table(values: Mapping[str, Any], number: int) -> Table:
    where = f"[[tables]] number {number}"
    _refuse_unknown(values, {"name", "label", "rows", "columns", "cells", "heading"}, where)
    return Table(
        name=_text(values, "name", where, default=""),
        label=_text(values, "label", where, default=""),
        rows=_texts(values, "rows", where),
        columns=_texts(values, "columns", where),
        digits=_whole(values, "cells", where, most=MOST_DIGITS),
        heading=_text(values, "heading", where, default=""),
    )


def _refuse_twice(entries: Sequence[Entry | Table]) -> None:
    names: set[str] = set()
    for entry in entries:
        found = [entry.name]
        if isinstance(entry, Table):
            found = [entry.field(r, c) for r in range(len(entry.rows)) for c in range(len(entry.columns))]
        if twice := names.intersection(found):
            raise ValueError(f"two fields are called {min(twice)!r}: give each, and each table, a name of its own")
        names.update(found)


def _numbered(values: Mapping[str, Any], key: str) -> Sequence[tuple[int, Mapping[str, Any]]]:
    given = values.get(key, [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ValueError(f"{key} must be tables, each under a line [[{key}]]")
    return list(enumerate(given, start=1))


def _place(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(each) for each in value):
        raise ValueError(f"{where}: at = [x, y] are two numbers, millimetres from the left and upper edge of the page")
    return float(value[0]), float(value[1])


def _text(values: Mapping[str, Any], key: str, where: str, *, default: str | None = None) -> str:
    found = values.get(key, default)
    if found is None or (default is None and found == ""):
        raise ValueError(f'{where} has no {key}: add {key} = "..."')
    if not isinstance(found, str) or not found.isprintable() or found != found.strip():
        raise ValueError(f"{where}: {key} must be a line of text without spaces around it, not {found!r}")
    return found


def _texts(values: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = values.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise ValueError(f'{where}: {key} are the words beside the boxes: {key} = ["...", "..."]')
    return tuple(_text({key: each}, key, where, default="") for each in found)


def _whole(values: Mapping[str, Any], key: str, where: str, *, most: int, default: int | None = None) -> int:
    found = values.get(key, default)
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
        raise ValueError(f"{where}: {key} must be a whole number from 1 to {most}, not {found!r}")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in values:
        if key not in known:
            hint = perhaps(key, known) or f"; there are {', '.join(sorted(known))}"
            raise ValueError(f"{where} has no key {key}{hint}")
