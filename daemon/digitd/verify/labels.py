"""Labels as CSV: what people say that fields are, in and out. Columns document, page, field, value, verifier."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from digitd.errors import LabelFileError
from digitd.records import LabelMode
from digitd.store import Store
from digitd.verify.keying import VALUE

#: In this order in an export; an import takes them in any order and passes over others.
COLUMNS = ("document", "page", "field", "value", "verifier")

_NEEDED = frozenset({"document", "field", "value"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """A row of a label file, as it stands there; line counts from 1 with the header."""

    line: int
    document: str
    page: str
    field: str
    value: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row that was not imported, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import: labels added, labels that were there already, rows left out."""

    added: int
    known: int
    left_out: tuple[LeftOut, ...]


class _RowError(Exception):
    """Why a row cannot be imported."""


def read_rows(path: Path) -> list[LabelRow]:
    """Read a label file.

    Raises
    ------
    LabelFileError
        It cannot be read, or is no CSV with the columns document, field and value.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = sorted(_NEEDED - set(reader.fieldnames or ()))
            if missing:
                raise LabelFileError(
                    f"{path}: no column {', '.join(missing)}. The first line must name the columns, with commas "
                    f"between them: {','.join(COLUMNS)}; `digitd label export` writes such a file."
                )
            return [_row(reader.line_num, values) for values in reader]
    except OSError as fault:
        raise LabelFileError(f"{path}: {fault.strerror}. Name a CSV file that can be read.") from None
    except (csv.Error, UnicodeDecodeError) as fault:
        raise LabelFileError(f"{path}: not a CSV file in UTF-8: {fault}. Save it as that.") from None


def import_labels(
    store: Store, rows: Sequence[LabelRow], *, verifier: str, on_row: Callable[[], None] = lambda: None
) -> Imported:
    """Add the labels of rows that are not there yet; verifier signs those that name nobody.

    A row whose field has this value from this verifier as its last label adds nothing, so that importing twice is
    safe. A row that names no field, or more than one, is left out. on_row is called after each.
    """
    added, left_out = 0, []
    for row in rows:
        try:
            added += _import_row(store, row, verifier=row.verifier or verifier)
        except _RowError as fault:
            left_out.append(LeftOut(line=row.line, reason=str(fault)))
        on_row()
    return Imported(added=added, known=len(rows) - added - len(left_out), left_out=tuple(left_out))


def exported_rows(store: Store, *, form: str | None = None) -> Iterator[dict[str, str | int]]:
    """The last label of every labelled field, by column."""
    for field, label in store.labels():
        if form in {None, field.form}:
            values = (field.document, field.page, field.name, label.value, label.verifier)
            yield dict(zip(COLUMNS, values, strict=True))


def export_labels(store: Store, file: TextIO, *, form: str | None = None) -> int:
    """Write the labels as CSV and return how many there are."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in exported_rows(store, form=form):
        writer.writerow(row)
        count += 1
    return count


def _row(line: int, values: dict[str, str | None]) -> LabelRow:
    document, page, field, value, verifier = (values.get(name) or "" for name in COLUMNS)
    return LabelRow(
        line=line, document=document, page=page.strip(), field=field, value=value.strip(), verifier=verifier.strip()
    )


def _import_row(store: Store, row: LabelRow, *, verifier: str) -> bool:
    """Whether the row's label had to be added."""
    page = row.page or "1"
    if not VALUE.fullmatch(row.value):
        raise _RowError(f"{row.value!r} is no value: digits, or nothing for a blank field")
    if not re.fullmatch("[0-9]{1,6}", page):
        raise _RowError(f"{page!r} is no page number")
    found = store.field_named(document=row.document, page=int(page), field=row.field)
    if len(found) != 1:
        raise _RowError(f"{_how_many(len(found))} {row.field!r} on page {page} of document {row.document!r}")
    label = found[0].label
    if label is not None and (label.value, label.verifier) == (row.value, verifier):
        return False
    store.add_label(found[0].id, row.value, verifier=verifier, mode=LabelMode.IMPORTED)
    return True


def _how_many(count: int) -> str:
    return f"there are {count} fields" if count else "there is no field"
