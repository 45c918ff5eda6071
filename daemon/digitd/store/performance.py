"""What is known of the people who verify: what they keyed, how long it took, which sown errors they caught."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Select, Table, case, func, select

from digitd.records import LabelMode, Verdict
from digitd.store.conditions import of_form, taken_back
from digitd.store.database import Database
from digitd.store.tables import fields, labels, looks, screens

#: Ways of keying in which nobody is shown the reading.
BLIND = (LabelMode.BLIND, LabelMode.AUDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What one verifier keyed: labels that stand, and how many of them took how long, in ms, where that is known."""

    labels: int
    durations_ms: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sown:
    """Known errors that one verifier was shown among look-alikes, and how many of them they marked."""

    sown: int
    caught: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedTwice:
    """A field that two people keyed blind: who, and what, the earlier first."""

    first: str
    second: str
    first_value: str
    second_value: str


class Performance(Database):
    """How people verify. Times are of the label, or of the screen of look-alikes; until is exclusive."""

    def keyed_by_verifier(
        self, *, form: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Mapping[str, Keyed]:
        """Labels that stand by verifier, those of look-alikes and imported ones left out."""
        typed = labels.c.mode.in_([str(mode) for mode in (*BLIND, LabelMode.SHOWN)])
        query = _keyed(select(labels.c.verifier, labels.c.duration_ms, func.count()), form, since, until).where(typed)
        found: defaultdict[str, dict[int | None, int]] = defaultdict(dict)
        with self._reading() as connection:
            rows = connection.execute(query.group_by(labels.c.verifier, labels.c.duration_ms))
            for verifier, duration, count in rows:
                found[verifier][duration] = count
        return {
            name: Keyed(
                labels=sum(durations.values()),
                durations_ms={each: count for each, count in durations.items() if each is not None},
            )
            for name, durations in found.items()
        }

    def sown_by_verifier(self, *, since: datetime | None = None, until: datetime | None = None) -> Mapping[str, Sown]:
        """Sown errors on finished screens by verifier, whatever their form."""
        caught = func.sum(case((looks.c.is_digit.is_(False), 1), else_=0))
        query = select(screens.c.verifier, func.count(), caught).join(looks, looks.c.screen_id == screens.c.id)
        query = query.where(looks.c.sown, screens.c.at.is_not(None)).group_by(screens.c.verifier)
        with self._reading() as connection:
            rows = connection.execute(_during(query, screens, since, until))
            return {name: Sown(sown=sown, caught=caught) for name, sown, caught in rows}

    def keyed_twice(
        self, *, form: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[KeyedTwice]:
        """Fields that several people keyed blind, a pair of people a row; both labels are of the time."""
        blind = labels.c.mode.in_([str(mode) for mode in BLIND])
        several = select(labels.c.field_id).group_by(labels.c.field_id).having(func.count() > 1)  # an index knows
        query = _keyed(select(labels.c.field_id, labels.c.verifier, labels.c.value), form, since, until)
        query = query.where(blind, labels.c.verdict == Verdict.VALUE, labels.c.field_id.in_(several))
        last: defaultdict[int, dict[str, str]] = defaultdict(dict)
        with self._reading() as connection:
            for row in connection.execute(query.order_by(labels.c.field_id, labels.c.id)):
                last[row.field_id][row.verifier] = row.value
        return [
            KeyedTwice(first=one, second=other, first_value=keyed[one], second_value=keyed[other])
            for keyed in last.values()
            for one, other in combinations(keyed, 2)
        ]


def _during(query: Select[Any], table: Table, since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        query = query.where(table.c.at >= since)
    return query if until is None else query.where(table.c.at < until)


def _keyed(query: Select[Any], form: str | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    """A query of labels, of those that stand, of a form and of a time."""
    if form is not None:
        query = of_form(query.join(fields, labels.c.field_id == fields.c.id), form)
    stand = labels.c.value.is_not(None) & labels.c.id.not_in(taken_back())
    return _during(query.where(stand), labels, since, until)
