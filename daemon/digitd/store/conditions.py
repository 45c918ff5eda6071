"""What rows of fields and labels are, and which are meant: conditions that queries of several modules have."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from digitd.records import FieldState
from digitd.store.tables import fields, labels, pages


def in_review() -> ColumnElement[bool]:
    """Whether a row of fields waits for a verifier because nobody is sure of it."""
    return fields.c.state == FieldState.REVIEW


def in_audit() -> ColumnElement[bool]:
    """Whether a row of fields passed, and waits for a verifier because it was drawn."""
    return fields.c.audit_probability.is_not(None) & by_itself(FieldState.ACCEPTED)


def by_itself(state: FieldState) -> ColumnElement[bool]:
    """Whether a row of fields has a state, asked of rows that are few already: the index on states finds a million."""
    return fields.c.state.concat("") == state


def of_form(query: Select[Any], form: str | None) -> Select[Any]:
    """A query of fields, of those on pages of form; None means all."""
    return query if form is None else query.join(pages, fields.c.page_id == pages.c.id).where(pages.c.form == form)


_later = labels.alias()  # made once: naming its columns takes longer than a query with it


def stands(of: FromClause = labels) -> ColumnElement[bool]:
    """Whether a row of labels says something that was not taken back."""
    return of.c.value.is_not(None) & ~exists().where(_later.c.retracts_id == of.c.id)


def taken_back() -> Select[Any]:
    """The ids of all labels that were taken back: for queries that walk all labels, which know them so at once."""
    return select(labels.c.retracts_id).where(labels.c.retracts_id.is_not(None))
