"""A view for analysts: the values of a form as a table, a row a page, a column a field, as SQL for SQLite.

It is temporary, so that the database may be opened read-only and is not changed; names of forms and fields, which may
be anything, are quoted.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from digitd.store.database import Database
from digitd.store.tables import fields, pages

#: Columns that every view has, before those of the fields.
COLUMNS = ("document_id", "document", "page", "read_at", "waiting")

_VIEW = """\
CREATE TEMP VIEW {view} AS
SELECT documents.id AS "document_id", documents.name AS "document", pages.number AS "page",
  documents.read_at AS "read_at", sum(fields.state = 'review') AS "waiting"{columns}
FROM pages
JOIN documents ON documents.id = pages.document_id
JOIN fields ON fields.page_id = pages.id
LEFT JOIN labels ON fields.state = 'verified' AND labels.id = (
  SELECT max(said.id) FROM labels AS said
  WHERE said.field_id = fields.id AND said.value IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM labels AS later WHERE later.retracts_id = said.id))
WHERE pages.form = {form}
GROUP BY pages.id;
"""

#: What people settled; what the machine read and nobody doubts; else nothing.
_COLUMN = """,
  max(CASE WHEN fields.name = {name} THEN CASE
    WHEN fields.state = 'verified' THEN CASE WHEN labels.verdict = 'value' THEN labels.value END
    WHEN fields.state <> 'review' THEN fields.value END END) AS {column}"""


class Views(Database):
    """What analysts may ask the database itself."""

    def field_names(self, form: str) -> list[str]:
        """The names of the fields that were read of a form, in the order in which they stand on it."""
        query = select(fields.c.name).join(pages, fields.c.page_id == pages.c.id).where(pages.c.form == form)
        with self._reading() as connection:
            return list(connection.scalars(query.group_by(fields.c.name).order_by(func.min(fields.c.position))))


def view_of(form: str, names: Sequence[str]) -> str:
    """The SQL that makes the view `form_FORM` of fields with names.

    Two names that differ only in case are one to SQLite: the later gets a number.
    """
    columns = "".join(
        _COLUMN.format(name=_literal(name), column=_identifier(column))
        for name, column in zip(names, _distinct(names), strict=True)
    )
    return _VIEW.format(view=_identifier(f"form_{form}"), columns=columns, form=_literal(form))


def _distinct(names: Iterable[str]) -> list[str]:
    taken, found = {name.casefold() for name in COLUMNS}, []
    for name in names:
        column, number = name, 1
        while column.casefold() in taken:
            number += 1
            column = f"{name}_{number}"
        taken.add(column.casefold())
        found.append(column)
    return found


def _identifier(name: str) -> str:
    return '"' + name.replace("\0", "").replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("\0", "").replace("'", "''") + "'"
