"""Whose turn it is to key which field, so that several people share one queue and no two get the same field.

A turn ends with the label, when it is given back, or by itself after a while. Fields in review come by confidence, the
least sure first; those drawn for the audit are mixed among them, and look no different.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)

from digitd.reading.validate import CUT_OFF, INTERRUPTED, NO_DIGIT, UNSURE
from digitd.records import FieldState, LabelMode, Order, Why
from digitd.store.fields import by_itself, in_audit, in_review, standing_labels, stands
from digitd.store.labels import Labels, retract
from digitd.store.tables import documents, fields, labels, pages, turns
from digitd.stored import ALL, Choice, Label, StoredField

#: How long others see nothing of a field that a verifier passed over, and how long one is remembered who keys.
SKIPPED_FOR, REMEMBERED_FOR = timedelta(hours=1), timedelta(days=30)

#: Multiplies a field's number to mix those of the audit among the others, evenly and always in the same way
#: (Knuth, "The art of computer programming", vol. 3, 6.4: 2**32 divided by the golden ratio).
SPREAD, RANGE = 2_654_435_769, 2**32

#: What people key at a desk.
KEYED = (LabelMode.BLIND, LabelMode.SHOWN, LabelMode.AUDIT)


class Turns(Labels):
    """The shared queue of fields that wait for a verifier."""

    def next_turns(
        self,
        verifier: str,
        *,
        now: datetime,
        lasting: timedelta,
        choice: Choice = ALL,
        count: int = 1,
        evidence: bool = True,
    ) -> list[StoredField]:
        """The fields that verifier keys next, at most count; nobody else's until now + lasting. evidence adds pictures.

        A verifier who left in the middle of some gets them again, first. What a person has keyed and it is not settled
        comes to others; again to the same person only when all who key have keyed it, and last.
        """
        with self._writing() as connection:
            chosen = held = _held(connection, verifier, now, choice)[:count]
            mine = (turns.c.verifier == verifier) & turns.c.field_id.in_(held)
            connection.execute(update(turns).where(mine).values(until=now + lasting))
            while len(chosen) < count:
                found = _waiting(connection, verifier, now, choice, besides=chosen)
                if found is None:
                    break
                chosen = [*chosen, found]
                _give(connection, found, verifier, until=now + lasting)
        return self.fields_of(chosen, evidence=evidence)

    def skip_turn(self, field_id: int, verifier: str, *, now: datetime) -> None:
        """Pass a field over: others may have it at once, verifier after an hour or in another sitting."""
        with self._writing() as connection:
            _give(connection, field_id, verifier, until=now + SKIPPED_FOR, skipped=True)

    def end_turns(self, verifier: str) -> None:
        """Give back what verifier has not keyed; what was passed over may come again."""
        with self._writing() as connection:
            connection.execute(delete(turns).where(turns.c.verifier == verifier))

    def waiting(self, choice: Choice = ALL, *, verifier: str | None = None) -> int:
        """How many fields wait to be keyed, whoever's turn they are; for verifier, without those they have keyed."""
        count = _of_form(select(func.count()).select_from(fields), choice.form)
        if verifier is not None:
            count = count.where(~_keyed_by(verifier))
        with self._reading() as connection:
            return sum(connection.scalar(count.where(kind)) or 0 for kind in (_chosen(choice.why), in_audit()))

    def waiting_by_form(self) -> dict[str | None, int]:
        """How many fields wait to be keyed of each form that has some; None for pages that were read freely."""
        found: Counter[str | None] = Counter()
        with self._reading() as connection:
            for kind in (in_review(), in_audit()):
                by_form = select(pages.c.form, func.count()).join(fields, fields.c.page_id == pages.c.id).where(kind)
                for form, count in connection.execute(by_form.group_by(pages.c.form)):
                    found[form] += count
        return dict(found)

    def waiting_by_reason(self) -> dict[Why, int]:
        """How many fields wait to be keyed for each reason that there is; those drawn for the audit are not told."""
        count = select(func.count()).select_from(fields)
        with self._reading() as connection:
            found = {why: connection.scalar(count.where(_chosen(why))) or 0 for why in Why}
        return {why: number for why, number in found.items() if number}

    def waiting_since(self) -> dict[str | None, datetime]:
        """When the document was seen of which a field of each form waits longest."""
        query = (
            select(pages.c.form, func.min(documents.c.seen_at))
            .join(fields, fields.c.page_id == pages.c.id)
            .join(documents, pages.c.document_id == documents.c.id)
            .where(in_review())
            .group_by(pages.c.form)
        )
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def take_back(self, verifier: str, *, until: datetime) -> tuple[Label, StoredField] | None:
        """Take back the newest label that verifier keyed at a desk, and that stands; its field is theirs again.

        Other turns of theirs end. Returns the label and the field; None where there is nothing to take back.
        """
        last = (
            select(labels.c.field_id, labels.c.id)
            .where(labels.c.verifier == verifier, labels.c.mode.in_([str(mode) for mode in KEYED]), stands())
            .order_by(labels.c.id.desc())
            .limit(1)
        )
        with self._writing() as connection:
            row = connection.execute(last).first()
            if row is None:
                return None
            label = next(label for label in standing_labels(connection, [row.field_id]) if label.id == row.id)
            retract(connection, row.id, verifier=verifier)
            shown = turns.c.skipped.is_(False)
            connection.execute(
                delete(turns).where(shown, (turns.c.verifier == verifier) | (turns.c.field_id == row.field_id))
            )
            _give(connection, row.field_id, verifier, until=until)
        return label, self.field_with_evidence(row.field_id)


def _held(connection: Connection, verifier: str, now: datetime, choice: Choice) -> list[int]:
    """The fields whose turn it is already, in the order in which they came."""
    query = _of_form(select(fields.c.id), choice.form).join(turns, turns.c.field_id == fields.c.id)
    mine = query.where(turns.c.verifier == verifier, turns.c.skipped.is_(False), turns.c.until > now)
    waits = by_itself(FieldState.REVIEW) & _reason(choice.why)
    return list(connection.scalars(mine.where(waits | in_audit()).order_by(turns.c.id)))


def _waiting(
    connection: Connection, verifier: str, now: datetime, choice: Choice, *, besides: Collection[int]
) -> int | None:
    """The field that comes next, besides some."""
    of_others = (turns.c.verifier != verifier) & turns.c.skipped.is_(False)
    passed_over = (turns.c.verifier == verifier) & turns.c.skipped.is_(True)
    taken = exists().where(turns.c.field_id == fields.c.id, turns.c.until > now, of_others | passed_over)
    keyed = _keyed_by(verifier)
    free = ~taken & fields.c.id.not_in(besides)
    rank, among = _ranks(choice.order)
    fresh = [
        _first(connection, _of_form(select(fields.c.id, each.label("rank")), choice.form).where(kind, free, ~keyed))
        for kind, each in ((_chosen(choice.why), rank), (in_audit(), among))
    ]
    found = min((row for row in fresh if row is not None), key=lambda row: row.rank, default=None)
    if found is None:
        team = _team(connection, verifier, since=now - REMEMBERED_FOR)
        by_all = select(func.count(labels.c.verifier.distinct())).where(
            labels.c.field_id == fields.c.id, labels.c.verifier.in_(team), stands()
        )
        again = _of_form(select(fields.c.id, rank.label("rank")), choice.form).where(_chosen(choice.why))
        found = _first(connection, again.where(free, keyed, by_all.scalar_subquery() == len(team)))
    return None if found is None else int(found.id)


def _ranks(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """By which fields in review come, the lowest first, and by which those of the audit come among them."""
    spread = (fields.c.id * SPREAD) % RANGE / float(RANGE)
    if order is Order.AGE:
        return fields.c.id, fields.c.id
    if order is Order.INFORMATION:
        return func.abs(fields.c.confidence - 0.5), spread / 2
    return fields.c.confidence, spread


def _chosen(why: Why | None) -> ColumnElement[bool]:
    """Whether a row of fields waits for that reason; None for any."""
    return in_review() if why is None else in_review() & _reason(why)


def _reason(why: Why | None) -> ColumnElement[bool]:
    """Whether a row of fields that waits does so for that reason; None for any."""
    if why is None:
        return true()
    doubted = fields.c.machine_state.concat("") != FieldState.REVIEW
    if why is Why.DOUBTED:
        return doubted
    unsure = fields.c.reason.startswith(UNSURE)
    odd = or_(*(fields.c.reason.startswith(words) for words in (CUT_OFF, NO_DIGIT, INTERRUPTED)))
    return ~doubted & {Why.UNSURE: unsure, Why.ODD: odd, Why.RULE: ~unsure & ~odd}[why]


def _first(connection: Connection, query: Select[Any]) -> Row[Any] | None:
    return connection.execute(query.order_by(text("rank"), fields.c.id).limit(1)).first()


def _of_form(query: Select[Any], form: str | None) -> Select[Any]:
    return query if form is None else query.join(pages, fields.c.page_id == pages.c.id).where(pages.c.form == form)


def _keyed_by(verifier: str) -> ColumnElement[bool]:
    """Whether verifier has said what a row of fields is."""
    return exists().where(labels.c.field_id == fields.c.id, labels.c.verifier == verifier, stands())


def _team(connection: Connection, verifier: str, *, since: datetime) -> set[str]:
    """Who keys: all who have since then, and verifier."""
    keyed = labels.c.mode.in_([str(mode) for mode in KEYED])
    query = select(labels.c.verifier).where(keyed, labels.c.value.is_not(None), labels.c.at >= since).distinct()
    return {verifier, *connection.scalars(query)}


def _give(connection: Connection, field_id: int, verifier: str, *, until: datetime, skipped: bool = False) -> None:
    """A turn that there is already goes on, in its place among others."""
    mine = (turns.c.field_id == field_id) & (turns.c.verifier == verifier)
    if connection.execute(update(turns).where(mine).values(until=until, skipped=skipped)).rowcount == 0:
        connection.execute(insert(turns).values(field_id=field_id, verifier=verifier, until=until, skipped=skipped))
