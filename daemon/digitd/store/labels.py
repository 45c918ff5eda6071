"""What people say fields are. Labels are only added to; taking one back adds a row that says so.

A label settles its field alone, or together with others: where a verifier who keyed blind differs from the machine
another keys blind, and where those differ a third settles it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, insert, select, update

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, FieldState, LabelMode, Verdict
from digitd.store.conditions import by_itself, in_audit, in_review, stands
from digitd.store.database import Database, driver_of
from digitd.store.documents import move, what_waits
from digitd.store.fields import Fields, last_labels, standing_labels
from digitd.store.tables import documents, doubts, fields, glyphs, labels, looks, pages, screens, turns
from digitd.stored import Label, StoredField

#: So many people keying blind settle a field, whatever they say.
MOST_KEYINGS = 3


class Labels(Fields, Database):
    """Labels, and what they make of their fields and documents."""

    def add_label(
        self,
        field_id: int,
        value: str,
        *,
        verifier: str,
        mode: LabelMode,
        shown: str | None = None,
        duration_ms: int | None = None,
        sampling_probability: float | None = None,
        verdict: Verdict = Verdict.VALUE,
        alone: bool = True,
        in_turn: bool = False,
        entry: str | None = None,
    ) -> int:
        """Add what a person says a field is, which may finish its document. Returns the label's id.

        Parameters
        ----------
        value
            What is written there, "" where nothing is or the verdict is another.
        shown
            What the person saw of the reading; None for nothing.
        alone
            Whether the field is settled with it, whatever others say.
        in_turn
            Whether it is only added in verifier's turn.
        entry
            Names this act of saying, whatever is said: a second time adds nothing, and returns the label of the first.

        Raises
        ------
        NotTheirTurn
            The field waits no longer, or not for verifier.
        """
        with self._writing() as connection:
            known = connection.scalar(select(labels.c.id).where(labels.c.entry == entry)) if entry else None
            if known is not None:
                return int(known)
            if in_turn:
                _check_turn(connection, field_id, verifier)
            return write_label(
                connection,
                field_id,
                value,
                verifier=verifier,
                mode=mode,
                shown=shown,
                duration_ms=duration_ms,
                sampling_probability=sampling_probability,
                verdict=verdict,
                alone=alone,
                entry=entry,
            )

    def retract_label(self, label_id: int, *, verifier: str) -> None:
        """Take a label back by adding a row that says so; the field is as it was before that label."""
        with self._writing() as connection:
            retract(connection, label_id, verifier=verifier)

    def keyings(self, field_ids: Sequence[int]) -> list[Label]:
        """What people say fields are, the oldest first, without what was taken back."""
        with self._asking() as connection:
            return standing_labels(connection, field_ids)

    def labels_after(self, number: int, *, limit: int) -> list[tuple[StoredField, Label]]:
        """Settled fields with their last label, in the order of labels, of those with a number above that."""
        newer = labels.alias()
        later = exists().where(newer.c.field_id == labels.c.field_id, newer.c.id > labels.c.id, stands(newer))
        query = select(labels.c.field_id).join(fields, labels.c.field_id == fields.c.id)
        query = query.where(labels.c.id > number, stands(), ~later, by_itself(FieldState.VERIFIED))
        with self._reading() as connection:
            found = list(connection.scalars(query.order_by(labels.c.id).limit(limit)))
            said = last_labels(driver_of(connection), found)
        return [(field, said[field.id]) for field in self.fields_of(found)]

    def labels(self) -> Iterator[tuple[StoredField, Label]]:
        """Every field whose value is settled, with its last label, in the order of documents, pages and positions."""
        for field in self.fields(states=[FieldState.VERIFIED]):
            if field.label is not None and field.label.verdict is Verdict.VALUE:
                yield field, field.label


def write_label(connection: Connection, field_id: int, value: str, *, verifier: str, **said: Any) -> int:
    """Add a label, and what it makes of its field and document; said is what `Labels.add_label` takes."""
    label = {"field_id": field_id, "value": value, "verifier": verifier, "at": datetime.now(UTC), **said}
    label_id = connection.execute(_ADD, label).scalar_one()
    connection.execute(_END_TURN, {"field": field_id, "whose": verifier})
    settle_field(connection, field_id)
    settle_document(connection, field_id)
    return int(label_id)


def retract(connection: Connection, label_id: int, *, verifier: str) -> None:
    """Add the row that takes a label back, and what it makes of the label's field and document."""
    row = connection.execute(select(labels.c.field_id, labels.c.mode).where(labels.c.id == label_id)).one()
    connection.execute(
        insert(labels).values(
            field_id=row.field_id,
            value=None,
            verifier=verifier,
            mode=row.mode,
            at=datetime.now(UTC),
            retracts_id=label_id,
        )
    )
    settle_field(connection, row.field_id)
    settle_document(connection, row.field_id)


def _check_turn(connection: Connection, field_id: int, verifier: str) -> None:
    waits = connection.scalar(_WAITS, {"field": field_id})
    if waits is None:
        raise NotTheirTurn("there is no such field any more")
    if not waits:
        raise NotTheirTurn("somebody else has keyed it meanwhile")
    if not connection.scalar(_IS_TURN, {"field": field_id, "whose": verifier}):
        raise NotTheirTurn("it is somebody else's turn by now")


def settled(machine_value: str, said: Sequence[Label], *, doubted_after: int = 0) -> bool:
    """Whether a field that the machine read as machine_value is settled by the labels that stand, oldest first.

    The last of them is then what it is. Of labels up to the number doubted_after none settles it alone: each is one
    person's word beside those that come, and where more than one differs from the machine its word counts for nothing.
    """
    anew = [label for label in said if label.id > doubted_after]
    if not anew:
        return False
    votes = Counter((label.verdict, label.value) for label in said)
    last = votes.pop((said[-1].verdict, said[-1].value))
    read = (Verdict.VALUE, machine_value)
    against = sum((label.verdict, label.value) != read for label in said if label.id <= doubted_after)
    as_read = (anew[0].verdict, anew[0].value) == read and against <= 1
    agreed = last > max(votes.values(), default=1)
    return any(label.alone for label in anew) or as_read or agreed or len(anew) >= MOST_KEYINGS


def settle_field(connection: Connection, field_id: int) -> None:
    """Give a field the state that the labels make of it: in review while they differ, and as it was where none stands.

    Where one of its digits stood out among look-alikes it is in review then.
    """
    of_field = {"field": field_id}
    row = connection.execute(_AS_READ, of_field).one()
    said = standing_labels(driver_of(connection), [field_id])
    doubted_after = connection.scalar(_DOUBTED_AFTER, of_field)
    if said:
        done = settled(row.value, said, doubted_after=doubted_after or 0)
        state = FieldState.VERIFIED if done else FieldState.REVIEW
    else:
        doubtful = doubted_after is not None or connection.scalar(_STANDS_OUT, of_field)
        state = FieldState.REVIEW if doubtful else row.machine_state
    connection.execute(_SET_STATE, {**of_field, "state": state})
    if said or state == FieldState.REVIEW:
        connection.execute(_SET_TO_LOOK_AT, {**of_field, "to_look_at": False})


def settle_document(connection: Connection, field_id: int) -> None:
    """Move a field's document between review and done, as its fields now stand.

    One of which a page is doubtful is done only where a person had to key a field of it, and so has seen it.
    """
    document_id = connection.execute(_DOCUMENT_OF, {"field": field_id}).scalar_one()
    row = connection.execute(_STANDING_OF_DOCUMENT, {"document": document_id}).one()
    doubtful = row.doubtful and not row.keyed
    if row.waiting and row.state == DocumentState.DONE:
        reason = what_waits(row.waiting, ())
        move(connection, document_id, DocumentState.REVIEW, previous=DocumentState.DONE, reason=reason)
    elif not row.waiting and not doubtful and row.state == DocumentState.REVIEW:
        reason = "every field verified"
        move(connection, document_id, DocumentState.DONE, previous=DocumentState.REVIEW, reason=reason)


_field: BindParameter[Any] = bindparam("field")
_document: BindParameter[Any] = bindparam("document")
_whose: BindParameter[Any] = bindparam("whose")

_ADD = insert(labels).returning(labels.c.id)
_WAITS = select(in_review() | in_audit()).where(fields.c.id == _field)
_of_turn = (turns.c.field_id == _field) & (turns.c.verifier == _whose)
_END_TURN = delete(turns).where(_of_turn)
_IS_TURN = select(exists().where(_of_turn, turns.c.skipped.is_(False)))

_AS_READ = select(fields.c.value, fields.c.machine_state).where(fields.c.id == _field)
_DOUBTED_AFTER = select(func.max(doubts.c.after_label)).where(doubts.c.field_id == _field)
_STANDS_OUT = select(
    exists().where(
        glyphs.c.field_id == _field,
        looks.c.glyph_id == glyphs.c.id,
        looks.c.sown.is_(False),
        looks.c.is_digit.is_(False),
        looks.c.screen_id == screens.c.id,
        screens.c.missed == 0,
    )
)
_SET_STATE = update(fields).where(fields.c.id == _field)
_SET_TO_LOOK_AT = update(glyphs).where(glyphs.c.field_id == _field)

_DOCUMENT_OF = select(pages.c.document_id).join(fields, fields.c.page_id == pages.c.id).where(fields.c.id == _field)
_of_document = (
    select(func.count())
    .select_from(fields)
    .join(pages, fields.c.page_id == pages.c.id)
    .where(pages.c.document_id == _document)
)
_STANDING_OF_DOCUMENT = select(
    documents.c.state,
    _of_document.where(by_itself(FieldState.REVIEW)).scalar_subquery().label("waiting"),
    _of_document.where(fields.c.machine_state.concat("") == FieldState.REVIEW).scalar_subquery().label("keyed"),
    exists().where(pages.c.document_id == _document, pages.c.reason != "").label("doubtful"),
).where(documents.c.id == _document)
