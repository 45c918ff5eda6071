"""Setting the thresholds from what people key, now and then, in the service's loop, where a budget is in force."""

import math
import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from digitd.budget.asked import own_groups, promise_of
from digitd.budget.book import Chapter, Epoch, Record, read_book, write_book
from digitd.budget.promise import THRESHOLDS, Group, by_group, passing_by_group
from digitd.config import Config
from digitd.logs import log
from digitd.store import Store

if TYPE_CHECKING:  # a service without a budget need not wait for numpy
    from digitd.budget.judge import Judgement

#: Seconds between two looks for new labels, and how many times longer than a judgement the rest after it is.
PACE_SECONDS, REST = 30.0, 50.0


def judgements(
    store: Store,
    config: Config,
    *,
    model: str,
    form: str | None = None,
    chapter: Chapter | None = None,
    with_shares: bool = True,
) -> "dict[Group, Judgement]":
    """What the labels say of each group that model has read; with_shares looks at all fields, to say how many pass."""
    from digitd.budget.judge import judge

    known = read_book(config.budget_book).of(model) if chapter is None else chapter
    own = {group for group in own_groups(config.budget) if form is None or group.form == form}
    counts = store.passing(model=model, thresholds=THRESHOLDS, form=form) if with_shares else ()
    passing = passing_by_group(counts, own)
    outcomes = by_group(store.outcomes(model=model, form=form), {*own, *passing})
    return {
        group: judge(group, found, promise_of(config.budget, group), known.record(group), passing=passing.get(group))
        for group, found in outcomes.items()
    }


class Bookkeeper:
    """Keeps the book of thresholds that the readers look into.

    Parameters
    ----------
    config
        What is promised, and where the book lies.
    store
        The open database.
    model
        The id of the model that reads.
    """

    def __init__(self, config: Config, store: Store, *, model: str) -> None:
        self._store = store
        self.go_on_with(config, model=model)

    def go_on_with(self, config: Config, *, model: str) -> None:
        """Begin with a configuration and a model, before anything is read with them."""
        self._config = config
        self._model = model
        self._due = 0.0
        self._last_label: int | None = None
        book = read_book(config.budget_book)
        if not config.budget.enabled:
            if book != (suspended := book.suspended()):
                write_book(config.budget_book, suspended)
            return
        chapter = book.of(model)
        if chapter.begun_at is None:
            write_book(config.budget_book, book.with_chapter(model, replace(chapter, begun_at=time.time())))
            log().info("budget_in_force", model=model)
        self.step()

    def due(self) -> float:
        """When labels are looked at again, on the steady clock; never, where no budget is in force."""
        return self._due if self._config.budget.enabled else math.inf

    def step(self) -> None:
        """Set thresholds anew, if it is time to and anything was said since.

        Raises
        ------
        DatabaseError
            The database cannot be read.
        """
        begun = time.monotonic()
        if begun < self.due():
            return
        last_label = self._store.last_label_id()
        if last_label != self._last_label:
            self._set()
            self._last_label = last_label
        now = time.monotonic()
        self._due = now + max(PACE_SECONDS, REST * (now - begun))

    def _set(self) -> None:
        path, share = self._config.budget_book, self._config.verify.audit_share
        book, now = read_book(path), time.time()
        before = book.of(self._model)
        chapter = _of_groups(before, own_groups(self._config.budget), now=now)
        found = judgements(self._store, self._config, model=self._model, chapter=chapter, with_shares=False)
        records = {group: _record(one, now=now, audit_share=share) for group, one in found.items()}
        after = replace(chapter, groups={**chapter.groups, **records})
        if after != before:
            write_book(path, book.with_chapter(self._model, after))


def _record(judgement: "Judgement", *, now: float, audit_share: float) -> Record:
    """What stands in the book of a group from now on; told in the log where anything changes."""
    from digitd.budget.words import alarm

    record, group = judgement.record, str(judgement.group)
    if judgement.drift:
        log().warning("budget_drift", group=group, reason=alarm(judgement), next="all of it goes to review")
        record = replace(record, restart_at=now, why=alarm(judgement))
    if judgement.threshold != record.threshold:
        log().info("budget_threshold", group=group, threshold=judgement.threshold, labels=judgement.labels)
    return record.then(Epoch(at=now, threshold=judgement.threshold, audit_share=audit_share))


def _of_groups(chapter: Chapter, own: Collection[Group], *, now: float) -> Chapter:
    """A chapter whose groups are those that the configuration asks for.

    Where a field has got or lost a budget of its own, what was set before says nothing of the groups as they are now.
    """
    had = {group for group in chapter.groups if group.field}
    changed = {group.form for group in had ^ set(own) if Group(form=group.form) in chapter.groups}
    groups = {group: record for group, record in chapter.groups.items() if not group.field or group in own}
    for group in {*groups, *own}:
        if group.form in changed:
            known = chapter.groups.get(group, Record(epochs=()))
            groups[group] = replace(known, epochs=(Epoch(at=now, threshold=None, audit_share=0.0),))
    return replace(chapter, groups=groups)
