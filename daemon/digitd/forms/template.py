"""A template as a TOML file a person can read and edit, and back. Every key is checked; unknown ones are refused."""

import csv
import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from digitd.errors import TemplateError
from digitd.records import Box, Template, TemplateField

SUFFIX = ".toml"

_KEYS = frozenset({"name", "page", "reference", "fields"})
_PAGE_KEYS = frozenset({"width_px", "height_px", "dpi"})
_REFERENCE_KEYS = frozenset({"path", "sha256"})
_FIELD_KEYS = frozenset({"name", "box", "cells"})

#: The most cells a field may have.
MOST_CELLS = 100


def read(path: Path) -> Template:
    """Read a template file.

    Raises
    ------
    TemplateError
        It is missing, not TOML, or describes something impossible; the message names the field.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise TemplateError(f"{path}: {fault.strerror}. `digitd form list` shows what there is.") from None
    except (ValueError, RecursionError) as fault:  # not TOML, not UTF-8, or brackets without end
        raise TemplateError(f"{path}: not valid TOML: {fault}. Correct the line.") from None
    try:
        return _template(values, path.stem)
    except (KeyError, TypeError, ValueError) as fault:
        raise TemplateError(f"{path}: {_words(fault)}") from None


def write(path: Path, template: Template) -> None:
    """Write template to path, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(to_toml(template), encoding="utf-8")
    temporary.replace(path)


def to_toml(template: Template) -> str:
    """The template as TOML text."""
    lines = [
        "# A form for digitd. Boxes are x0, y0, x1, y1 in pixels of the reference picture, x1 and y1 just outside.",
        "# cells is the number of printed rooms for one digit each; leave it out where digits stand freely.",
        f"name = {_quoted(template.name)}",
        "",
    ]
    if template.reference is not None:
        lines += [
            "[page]",
            f"width_px = {template.width_px}",
            f"height_px = {template.height_px}",
            f"dpi = {template.dpi:g}",
            "",
            "[reference] # stays where it is; its printed lines and words are how the form is found on a scan",
            f"path = {_quoted(template.reference)}",
            f"sha256 = {_quoted(template.reference_sha256 or '')}",
            "",
        ]
    for field in template.fields:
        lines += ["[[fields]]", f"name = {_quoted(field.name)}"]
        if template.reference is not None:
            box = field.box
            lines.append(f"box = [{box.x0:g}, {box.y0:g}, {box.x1:g}, {box.y1:g}]")
        if field.cells is not None:
            lines.append(f"cells = {field.cells}")
        lines.append("")
    return "\n".join(lines)


def fields_from_csv(path: Path) -> tuple[TemplateField, ...]:
    """Read the fields of a form from CSV: field,x0,y0,x1,y1 and, if wanted, cells; boxes in pixels of the reference.

    Raises
    ------
    TemplateError
        The file is missing, lacks columns, or a row makes no sense; the message names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"field", "x0", "y0", "x1", "y1"} - set(rows.fieldnames or ())
            if missing:
                raise TemplateError(
                    f"{path}: no column {', '.join(sorted(missing))}. Its first line must be field,x0,y0,x1,y1[,cells]."
                )
            found = [_field_of_row(row, f"{path}, line {rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise TemplateError(f"{path}: cannot be read as CSV: {fault}. Give field,x0,y0,x1,y1[,cells].") from None
    return tuple(found)


def _field_of_row(row: Mapping[str, Any], where: str) -> TemplateField:
    try:
        box = Box(**{key: number(row[key], key) for key in ("x0", "y0", "x1", "y1")})
        cells = _whole(row["cells"], "cells") if row.get("cells") else None
    except ValueError as fault:
        raise TemplateError(f"{where}: {fault}. A box is four numbers, cells a whole one.") from None
    return TemplateField(name=row["field"], box=box, cells=cells)


def check(template: Template) -> None:
    """Refuse a template that cannot be.

    Raises
    ------
    ValueError
        With a sentence naming the field.
    """
    names = [field.name for field in template.fields]
    if not names:
        raise ValueError("a form needs at least one field")
    if template.whole_page and len(names) > 1:
        raise ValueError("a form without a reference is a whole page, and has one field")
    if not template.whole_page and (template.width_px < 1 or template.height_px < 1 or template.dpi <= 0):
        raise ValueError("the page needs width_px, height_px and dpi above 0")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two fields are called {min(twice)!r}: names must differ")
    for field in template.fields:
        if not field.name or field.name != field.name.strip() or not field.name.isprintable():
            raise ValueError(f"{field.name!r} is no name for a field: use letters, digits, dots, dashes")
        if field.cells is not None and not 1 <= field.cells <= MOST_CELLS:
            raise ValueError(f"field {field.name}: {field.cells} cells; between 1 and {MOST_CELLS} are possible")
        if not template.whole_page:
            _check_box(field, template)
    _check_overlap(template.fields if not template.whole_page else ())


def _check_box(field: TemplateField, template: Template) -> None:
    box = field.box
    if box.width < 4 or box.height < 4:
        raise ValueError(
            f"field {field.name}: its box is {box.width:g} x {box.height:g} pixels; at least 4 x 4 are needed"
        )
    if box.x0 < 0 or box.y0 < 0 or box.x1 > template.width_px or box.y1 > template.height_px:
        raise ValueError(
            f"field {field.name}: its box lies outside the page of {template.width_px} x {template.height_px} pixels"
        )


def _check_overlap(fields: Iterable[TemplateField]) -> None:
    """Boxes may share a border line, but not more than a third of the smaller one's area."""
    placed: list[TemplateField] = []
    for field in fields:
        for other in placed:
            a, b = field.box, other.box
            shared = max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))
            if shared > min(a.width * a.height, b.width * b.height) / 3:
                raise ValueError(f"fields {other.name} and {field.name} overlap: draw their boxes apart")
        placed.append(field)


def _template(values: Mapping[str, Any], stem: str) -> Template:
    _refuse_unknown(values, _KEYS, "")
    page, reference = _table(values.get("page", {}), "page"), _table(values.get("reference", {}), "reference")
    _refuse_unknown(page, _PAGE_KEYS, "page.")
    _refuse_unknown(reference, _REFERENCE_KEYS, "reference.")
    whole_page = "reference" not in values
    template = Template(
        name=_text(values.get("name", stem), "name"),
        fields=tuple(_field(_table(entry, "fields"), whole_page=whole_page) for entry in values.get("fields", ())),
        reference=None if whole_page else _text(reference["path"], "reference.path"),
        reference_sha256=None if whole_page else _text(reference["sha256"], "reference.sha256"),
        width_px=0 if whole_page else _whole(page["width_px"], "page.width_px"),
        height_px=0 if whole_page else _whole(page["height_px"], "page.height_px"),
        dpi=number(page.get("dpi", 300), "page.dpi"),
    )
    if template.name != stem:
        raise ValueError(f"the form is called {template.name!r}: its file must be called {template.name}{SUFFIX}")
    check(template)
    return template


def _field(entry: Mapping[str, Any], *, whole_page: bool) -> TemplateField:
    _refuse_unknown(entry, _FIELD_KEYS, "fields.")
    name = _text(entry["name"], "fields.name")
    given = entry.get("box", [0, 0, 0, 0] if whole_page else None)
    if not isinstance(given, list) or len(given) != 4:
        raise ValueError(f"field {name!r} needs box = [x0, y0, x1, y1]")
    x0, y0, x1, y1 = (number(side, f"field {name}: box") for side in given)
    cells = entry.get("cells")
    return TemplateField(
        name=name,
        box=Box(x0=x0, y0=y0, x1=x1, y1=y1),
        cells=None if cells is None else _whole(cells, f"field {name}: cells"),
    )


def number(value: Any, where: str) -> float:
    """The number that value is, or a text says.

    Raises
    ------
    ValueError
        It is none, or not finite.
    """
    try:
        found = float("none" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{where}: {value!r} is not a number")
    return found


def _whole(value: Any, where: str) -> int:
    found = number(value, where)
    if found != int(found):
        raise ValueError(f"{where}: {value!r} is not a whole number")
    return int(found)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where}: {value!r} is not a text")  # noqa: TRY004 - a fault of the file, not of the caller
    return value


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be a table, as [{where}]")  # noqa: TRY004 - see _text
    return value


def _refuse_unknown(values: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in values:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            raise ValueError(f"no such key {where}{key}" + (f"; perhaps you meant {where}{close[0]}" if close else ""))


def _words(fault: Exception) -> str:
    return f"{fault.args[0]} is missing" if isinstance(fault, KeyError) else str(fault)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
