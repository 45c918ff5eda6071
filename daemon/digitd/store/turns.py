"""Whose turn it is to key which field, so that several people share one queue and no two get the same field.

A turn ends with the label, when it is given back, or by itself after a while. Fields in review come by confidence, the
least sure first; those drawn for the audit are mixed among them, and look no different.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from digitd.records import CUT_OFF, INTERRUPTED, NO_DIGIT, UNSURE, FieldState, LabelMode, Order, Why
from digitd.store.conditions import by_itself, in_audit, in_review, stands
from digitd.store.database import driver_of
from digitd.store.fields import standing_labels
from digitd.store.labels import Labels, retract
from digitd.store.tables import documents, doubts, fields, labels, pages, turns
from digitd.stored import ALL, Choice, Label, StoredField, Waiting

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
            connection.execute(_PROLONG, {"whose": verifier, "held": held, "until": now + lasting})
            if len(chosen) < count:
                fresh = _waiting(connection, verifier, now, choice, count=count - len(chosen), besides=chosen)
                chosen = [*chosen, *fresh]
                for field_id in fresh:
                    _give(connection, field_id, verifier, until=now + lasting)
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
        kinds = _counts(choice, by_all=verifier is None)
        with self._reading() as connection:
            return sum(connection.scalar(count, {"whose": verifier}) or 0 for count in kinds)

    def queue(self, *, verifier: str | None = None) -> list[Waiting]:
        """How many fields of each form wait for each reason; for verifier, of those that they have not keyed."""
        reason = case(
            *((_reason(why), str(why)) for why in (Why.DOUBTED, Why.UNSURE, Why.ODD)), else_=str(Why.RULE)
        ).label("why")
        since = func.min(documents.c.seen_at).label("since")
        query = (
            select(pages.c.form, reason, func.count().label("number"), since)
            .join(fields, fields.c.page_id == pages.c.id)
            .join(documents, pages.c.document_id == documents.c.id)
            .group_by(pages.c.form, reason)
        )
        if verifier is not None:
            query = query.where(~_keyed_by(verifier))
        found: dict[tuple[str | None, Why], Waiting] = {}
        with self._reading() as connection:
            for kind in (in_review(), in_audit()):
                for row in connection.execute(query.where(kind)):
                    key, seen = (row.form, Why(row.why)), row.since
                    known = found.get(key, Waiting(form=row.form, why=Why(row.why), count=0, since=seen))
                    found[key] = replace(known, count=known.count + row.number, since=min(known.since, seen))
        return list(found.values())

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
            label = next(
                label for label in standing_labels(driver_of(connection), [row.field_id]) if label.id == row.id
            )
            retract(connection, row.id, verifier=verifier)
            shown = turns.c.skipped.is_(False)
            connection.execute(
                delete(turns).where(shown, (turns.c.verifier == verifier) | (turns.c.field_id == row.field_id))
            )
            _give(connection, row.field_id, verifier, until=until)
        return label, self.field_with_evidence(row.field_id)


def _held(connection: Connection, verifier: str, now: datetime, choice: Choice) -> list[int]:
    """The fields whose turn it is already, in the order in which they came."""
    return list(connection.scalars(_held_of(choice), {"whose": verifier, "now": now}))


def _waiting(
    connection: Connection, verifier: str, now: datetime, choice: Choice, *, count: int, besides: Collection[int]
) -> list[int]:
    """The fields that come next, at most count, besides some."""
    review, audit, again = _free(choice)
    asked = {"whose": verifier, "now": now, "besides": list(besides)}
    fresh = [row for kind in (review, audit) for row in connection.execute(kind, {**asked, "most": count})]
    found = [int(row.id) for row in sorted(fresh, key=lambda row: (row.rank, row.id))[:count]]
    if len(found) < count:
        team = _team(connection, verifier, since=now - REMEMBERED_FOR)
        all_of_them = {"team": list(team), "size": len(team), "most": count - len(found)}
        found += [int(row.id) for row in connection.execute(again, {**asked, **all_of_them})]
    return found


# Queries by what is chosen, made once: making one takes ten times as long as running it.
_whose: BindParameter[Any] = bindparam("whose")
_now: BindParameter[Any] = bindparam("now")
_PROLONG = update(turns).where(turns.c.verifier == _whose, turns.c.field_id.in_(bindparam("held", expanding=True)))
_MADE = 64


@lru_cache(maxsize=_MADE)
def _held_of(choice: Choice) -> Select[Any]:
    """The fields whose turn it is already, in the order in which they came."""
    query = _of_form(select(fields.c.id), choice.form).join(turns, turns.c.field_id == fields.c.id)
    mine = query.where(turns.c.verifier == _whose, turns.c.skipped.is_(False), turns.c.until > _now)
    waits = (by_itself(FieldState.REVIEW) | in_audit()) & _reason(choice.why)
    return mine.where(waits).order_by(turns.c.id)


@lru_cache(maxsize=_MADE)
def _free(choice: Choice) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Fields that nobody has, in their order: in review, in the audit, and those that come again to who keyed them."""
    of_others = (turns.c.verifier != _whose) & turns.c.skipped.is_(False)
    passed_over = (turns.c.verifier == _whose) & turns.c.skipped.is_(True)
    taken = exists().where(turns.c.field_id == fields.c.id, turns.c.until > _now, of_others | passed_over)
    keyed = _keyed_by(_whose)
    free = ~taken & fields.c.id.not_in(bindparam("besides", expanding=True)) & _reason(choice.why)
    review, audit = (
        _of_form(select(fields.c.id, rank.label("rank")), choice.form)
        .where(kind, free)
        .order_by(rank, fields.c.id)
        .limit(bindparam("most"))
        for kind, rank in zip((in_review(), in_audit()), _ranks(choice.order), strict=True)
    )
    by_all = select(func.count(labels.c.verifier.distinct())).where(
        labels.c.field_id == fields.c.id, labels.c.verifier.in_(bindparam("team", expanding=True)), stands()
    )
    again = review.where(keyed, by_all.scalar_subquery() == bindparam("size"))
    return review.where(~keyed), audit.where(~keyed), again


@lru_cache(maxsize=_MADE)
def _counts(choice: Choice, *, by_all: bool) -> tuple[Select[Any], Select[Any]]:
    """How many fields wait, in review and in the audit; unless by_all, without those that one person has keyed."""
    count = _of_form(select(func.count()).select_from(fields).where(_reason(choice.why)), choice.form)
    if not by_all:
        count = count.where(~_keyed_by(_whose))
    return count.where(in_review()), count.where(in_audit())


def _ranks(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """By which fields in review come, the lowest first, and by which those of the audit come among them."""
    spread = (fields.c.id * SPREAD) % RANGE / float(RANGE)
    if order is Order.AGE:
        return fields.c.id, fields.c.id
    if order is Order.INFORMATION:
        return func.abs(fields.c.confidence - 0.5), spread / 2
    return fields.c.confidence, spread


def _reason(why: Why | None) -> ColumnElement[bool]:
    """Whether a row of fields that waits does so for that reason; None for any.

    What is audited waits for none: it is among those that the machine is unsure of, and looks like them.
    """
    if why is None:
        return true()
    review = fields.c.machine_state.concat("") == FieldState.REVIEW
    audited = fields.c.audit_probability.is_not(None) & ~review
    doubted = ~audited & (~review | exists().where(doubts.c.field_id == fields.c.id))
    unsure = audited | fields.c.reason.startswith(UNSURE)
    odd = or_(*(fields.c.reason.startswith(words) for words in (CUT_OFF, NO_DIGIT, INTERRUPTED)))
    if why is Why.DOUBTED:
        return doubted
    return ~doubted & {Why.UNSURE: unsure, Why.ODD: odd, Why.RULE: ~unsure & ~odd}[why]


def _of_form(query: Select[Any], form: str | None) -> Select[Any]:
    """Of what waits, that which is of a form: its index would find all that was ever read with it, a million fields."""
    if form is None:
        return query
    return query.join(pages, fields.c.page_id == pages.c.id).where(pages.c.form.concat("") == form)


def _keyed_by(verifier: str | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether verifier has said what a row of fields is."""
    return exists().where(labels.c.field_id == fields.c.id, labels.c.verifier == verifier, stands())


def _team(connection: Connection, verifier: str, *, since: datetime) -> set[str]:
    """Who keys: all who have since then, and verifier."""
    keyed = labels.c.mode.in_([str(mode) for mode in KEYED])
    query = select(labels.c.verifier).where(keyed, labels.c.value.is_not(None), labels.c.at >= since).distinct()
    return {verifier, *connection.scalars(query)}


def _give(connection: Connection, field_id: int, verifier: str, *, until: datetime, skipped: bool = False) -> None:
    """A turn that there is already goes on, in its place among others."""
    turn = {"until": until, "skipped": skipped}
    if connection.execute(_GO_ON, {"whose": verifier, "field": field_id, **turn}).rowcount == 0:
        connection.execute(_BEGIN, {"verifier": verifier, "field_id": field_id, **turn})


_GO_ON = update(turns).where(turns.c.field_id == bindparam("field"), turns.c.verifier == _whose)
_BEGIN = insert(turns)
