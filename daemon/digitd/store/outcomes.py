"""What people said of fields that their confidence alone decides on, and how many fields would pass."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Integer, and_, cast, func, or_, select

from digitd.budget.promise import Outcome, Passing
from digitd.records import UNSURE, FieldState, Verdict
from digitd.store.conditions import stands
from digitd.store.database import Database
from digitd.store.tables import documents, fields, labels, pages

#: Rows fetched at a time.
BATCH = 5000


class Outcomes(Database):
    """Fields that pass or not by their confidence, with what people said of them."""

    def outcomes(self, *, model: str, form: str | None = None) -> Iterator[Outcome]:
        """Fields read by model that people keyed or are to key, with known probability, in the order of reading.

        These are the fields in review for nothing but their confidence, and those that were drawn for the audit. What
        passed and was labelled for another reason (look-alikes, a file) says nothing of how many others are wrong.
        """
        keyed = fields.c.state.in_([str(FieldState.REVIEW), str(FieldState.VERIFIED)])  # few, which an index finds
        drawn = (fields.c.machine_state == FieldState.ACCEPTED) & fields.c.audit_probability.is_not(None)
        said = labels.alias()
        last = select(func.max(labels.c.id)).where(labels.c.field_id == fields.c.id, stands()).scalar_subquery()
        query = (
            select(
                pages.c.form,
                fields.c.name,
                fields.c.confidence,
                fields.c.value,
                fields.c.machine_state,
                fields.c.state,
                fields.c.audit_probability,
                said.c.value.label("said"),
                said.c.verdict,
                documents.c.seen_at,
                documents.c.read_at,
            )
            .join(pages, fields.c.page_id == pages.c.id)
            .join(documents, pages.c.document_id == documents.c.id)
            .outerjoin(said, said.c.id == last)
            .where(pages.c.model_id == model, fields.c.value != "", or_(keyed & _only_unsure(), drawn))
            .where(documents.c.read_at.is_not(None), *([] if form is None else [pages.c.form == form]))
            .order_by(documents.c.read_at, documents.c.id, pages.c.number, fields.c.position)
        )
        with self._reading() as connection:
            for row in connection.execution_options(yield_per=BATCH).execute(query):
                settled = row.state == FieldState.VERIFIED and row.verdict is not None
                passed = row.machine_state == FieldState.ACCEPTED
                yield Outcome(
                    form=row.form or "",
                    field=row.name,
                    confidence=row.confidence,
                    right=(row.verdict, row.said) == (Verdict.VALUE, row.value) if settled else None,
                    probability=row.audit_probability if passed else 1.0,
                    passed=passed,
                    seen_at=row.seen_at.timestamp(),
                    read_at=row.read_at.timestamp(),
                )

    def passing(
        self, *, model: str, thresholds: Sequence[float], form: str | None = None
    ) -> Iterator[tuple[str, str, Passing]]:
        """Each form and field that model read, with how many would pass at each threshold, and how many there are."""
        may_pass = (fields.c.machine_state == FieldState.ACCEPTED) | _only_unsure()
        counts = [func.sum(cast(and_(may_pass, fields.c.confidence >= threshold), Integer)) for threshold in thresholds]
        query = (
            select(pages.c.form, fields.c.name, func.count(), *counts)
            .join(pages, fields.c.page_id == pages.c.id)
            .where(pages.c.model_id == model, fields.c.machine_state != FieldState.BLANK)
            .where(*([] if form is None else [pages.c.form == form]))
            .group_by(pages.c.form, fields.c.name)
        )
        with self._reading() as connection:
            for row in connection.execute(query):
                yield row[0] or "", row[1], Passing(fields=row[2], at=tuple(int(count) for count in row[3:]))

    def last_label_id(self) -> int:
        """The number of the newest label, 0 where there is none: whether anything was said since."""
        with self._reading() as connection:
            return connection.scalar(select(func.max(labels.c.id))) or 0


def _only_unsure() -> ColumnElement[bool]:
    """Whether a row of fields went to review for its confidence and nothing else, so that a threshold lets it pass."""
    return (fields.c.machine_state == FieldState.REVIEW) & fields.c.reason.startswith(UNSURE, autoescape=True)
