"""A form as a TOML file a person can read and edit, and back. Every key is checked; unknown ones are refused.

A form has one template a page. A page has a reference picture; a field says which page it is on, the first if nothing.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from digitd.errors import TemplateError
from digitd.forms.checks import check, check_cells
from digitd.forms.values import number, pairs, quoted, table, tables, text, whole, words
from digitd.records import Box, Template, TemplateField
from digitd.rules import field_rules_table, form_rule_table, parse_field_rules, parse_form_rules
from digitd.spelling import refuse_unknown

SUFFIX = ".toml"

_KEYS = frozenset({"name", "pages", "fields", "rules", "page", "reference"})
_PAGE_KEYS = frozenset({"reference", "reference_page", "sha256", "width_px", "height_px", "dpi"})

#: A form of one page may have these two tables instead of [[pages]], as digitd once wrote.
_OLD_PAGE_KEYS, _OLD_REFERENCE_KEYS = frozenset({"width_px", "height_px", "dpi"}), frozenset({"path", "sha256"})

_HEAD = """\
# A form for digitd. Rename fields as you like, and delete those that are none.
# box is x0, y0, x1, y1 in pixels of its page's reference picture, x1 and y1 just outside. cells is the number of
# printed rooms for one digit each; leave it out where digits stand freely. A field can have rules: digits = 4,
# minimum, maximum, pattern, allowed, date, check; and the form [[rules]] with sum and total, or equal."""


def read(path: Path) -> tuple[Template, ...]:
    """Read a form's file: a template for each of its pages.

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
        return _form(values, path.stem)
    except (KeyError, TypeError, ValueError) as fault:
        raise TemplateError(f"{path}: {words(fault)}") from None


def write(path: Path, *pages: Template) -> None:
    """Write a form, one template a page, to path, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(to_toml(*pages), encoding="utf-8")
    temporary.replace(path)


def to_toml(*pages: Template) -> str:
    """A form, one template a page, as TOML text."""
    lines = [_HEAD, f"name = {quoted(pages[0].name)}", ""]
    for page in pages if pages[0].reference is not None else ():
        lines += [
            "[[pages]]",
            f"reference = {quoted(page.reference or '')} # stays where it is; a scan is told by its print",
            *([f"reference_page = {page.reference_page}"] if page.reference_page > 1 else []),
            f"sha256 = {quoted(page.reference_sha256 or '')}",
            f"width_px = {page.width_px}",
            f"height_px = {page.height_px}",
            f"dpi = {page.dpi:g}",
            "",
        ]
    for place, page in enumerate(pages, start=1):
        for field in page.fields:
            lines += [*_field_lines(field, page, place), ""]
    for rule in pages[0].rules:
        lines += ["[[rules]]", *pairs(form_rule_table(rule)), ""]
    return "\n".join(lines)


def _field_lines(field: TemplateField, page: Template, place: int) -> list[str]:
    lines = ["[[fields]]", f"name = {quoted(field.name)}"]
    if place > 1:
        lines.append(f"page = {place}")
    if page.reference is not None:
        box = field.box
        lines.append(f"box = [{box.x0:g}, {box.y0:g}, {box.x1:g}, {box.y1:g}]")
    if field.cells is not None:
        lines.append(f"cells = {field.cells}")
    return lines + pairs(field_rules_table(field.rules))


def _form(values: Mapping[str, Any], stem: str) -> tuple[Template, ...]:
    refuse_unknown(values, _KEYS, "")
    name = text(values.get("name", stem), "name")
    if name != stem:
        raise ValueError(f"the form is called {name!r}: its file must be called {name}{SUFFIX}")
    entries = _pages(values)
    fields: list[list[TemplateField]] = [[] for _ in entries]
    for entry in tables(values.get("fields", []), "fields"):
        page, field = _field(entry, pages=len(entries), whole_page=entries == [{}])
        fields[page - 1].append(field)
    every = [field.name for on_page in fields for field in on_page]
    written = tables(values.get("rules", []), "rules")
    pages = tuple(
        Template(
            name=name,
            fields=tuple(on_page),
            rules=parse_form_rules(written, every),
            **({} if not entry else _geometry(entry, "pages." if "pages" in values else "page.")),
        )
        for entry, on_page in zip(entries, fields, strict=True)
    )
    check(pages)
    _refuse_rules_across(pages)
    return pages


def _pages(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the file says of each page; an empty table for a form without a reference."""
    if "pages" in values:
        if "page" in values or "reference" in values:
            raise ValueError("the form has [[pages]]: take [page] and [reference] out")
        entries = tables(values["pages"], "pages")
        if not entries:
            raise ValueError("pages must be at least one table, as [[pages]]")
        for entry in entries:
            refuse_unknown(entry, _PAGE_KEYS, "pages.")
        return entries
    page, reference = table(values.get("page", {}), "page"), table(values.get("reference", {}), "reference")
    refuse_unknown(page, _OLD_PAGE_KEYS, "page.")
    refuse_unknown(reference, _OLD_REFERENCE_KEYS, "reference.")
    if "reference" not in values:
        return [{}]
    return [{**page, "reference": reference["path"], "sha256": reference["sha256"]}]


def _geometry(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {
        "reference": text(entry["reference"], f"{where}reference"),
        "reference_page": whole(entry.get("reference_page", 1), f"{where}reference_page"),
        "reference_sha256": text(entry["sha256"], f"{where}sha256"),
        "width_px": whole(entry["width_px"], f"{where}width_px"),
        "height_px": whole(entry["height_px"], f"{where}height_px"),
        "dpi": number(entry.get("dpi", 300), f"{where}dpi"),
    }


def _field(entry: Mapping[str, Any], *, pages: int, whole_page: bool) -> tuple[int, TemplateField]:
    """The field of a table, and the page it is on, counted from 1."""
    name = text(entry["name"], "fields.name")
    given = entry.get("box", [0, 0, 0, 0] if whole_page else None)
    if not isinstance(given, list) or len(given) != 4:
        raise ValueError(f"field {name!r} needs box = [x0, y0, x1, y1]")
    x0, y0, x1, y1 = (number(side, f"field {name}: box") for side in given)
    cells = entry.get("cells")
    count = None if cells is None else whole(cells, f"field {name}: cells")
    check_cells(name, count)
    page = whole(entry.get("page", 1), f"field {name}: page")
    if not 1 <= page <= pages:
        raise ValueError(f"field {name}: page = {page}, but the form has {pages} page{'s' * (pages > 1)}")
    try:
        rules = parse_field_rules({key: value for key, value in entry.items() if key != "page"})
    except ValueError as fault:
        raise ValueError(f"field {name}: {fault}") from None
    return page, TemplateField(name=name, box=Box(x0=x0, y0=y0, x1=x1, y1=y1), cells=count, rules=rules)


def _refuse_rules_across(pages: Sequence[Template]) -> None:
    """A page is read by itself: what stands on another page cannot be added to it."""
    page_of = {field.name: place for place, page in enumerate(pages, start=1) for field in page.fields}
    for rule in pages[0].rules:
        used = sorted({page_of[name] for name in rule.names()})
        if len(used) > 1:
            raise ValueError(
                f"the rule for {rule.total} speaks of fields on pages {' and '.join(map(str, used))}: "
                "a rule is for fields of one page"
            )
