"""Setting the thresholds from what people key, now and then, where a budget is in force.

All labels are looked at each time, a few seconds' work where there are many. So that nothing waits for it that work has
a thread of its own, which only reads; what follows from it is written down in the service's loop.
"""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from digitd.budget.asked import own_groups, promise_of
from digitd.budget.book import Book, Chapter, Epoch, Record, read_book, write_book
from digitd.budget.promise import THRESHOLDS, Group, by_group, passing_by_group
from digitd.config import Config
from digitd.logs import log
from digitd.store import Store

if TYPE_CHECKING:  # a service without a budget need not wait for numpy
    from digitd.budget.judge import Judgement

#: Seconds between two looks for new labels, and how many times longer than a judgement the rest after it is.
PACE_SECONDS, REST = 30.0, 50.0

Item = TypeVar("Item")


def judgements(
    store: Store,
    config: Config,
    *,
    model: str,
    form: str | None = None,
    chapter: Chapter | None = None,
    with_shares: bool = True,
    forgotten: threading.Event | None = None,
) -> "dict[Group, Judgement]":
    """What the labels say of each group that model has read; with_shares looks at all fields, to say how many pass.

    Raises
    ------
    CancelledError
        It was forgotten meanwhile.
    """
    from digitd.budget.judge import judge

    forgotten = forgotten or threading.Event()

    known = read_book(config.budget_book).of(model) if chapter is None else chapter
    own = {group for group in own_groups(config.budget) if form is None or group.form == form}
    counts = store.passing(model=model, thresholds=THRESHOLDS, form=form) if with_shares else ()
    passing = passing_by_group(counts, own)
    outcomes = by_group(_until(forgotten, store.outcomes(model=model, form=form)), {*own, *passing})
    return {
        group: judge(group, found, promise_of(config.budget, group), known.record(group), passing=passing.get(group))
        for group, found in _until(forgotten, outcomes.items())
    }


def _until(forgotten: threading.Event, found: Iterable[Item]) -> Iterator[Item]:
    for one in found:
        if forgotten.is_set():
            raise CancelledError
        yield one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look at all labels up to last_label: what stood in the book, and what they say, once that is worked out.

    forgotten lets it give up.
    """

    begun: float
    last_label: int
    book: Book
    chapter: Chapter
    found: "Future[dict[Group, Judgement]]"
    forgotten: threading.Event


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
    wake
        Called, in another thread, when there is something to do for `step`.
    """

    def __init__(self, config: Config, store: Store, *, model: str, wake: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._wake = wake
        self._look: _Look | None = None
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="budget")
        self.go_on_with(config, model=model)

    def go_on_with(self, config: Config, *, model: str) -> None:
        """Begin with a configuration and a model, before anything is read with them; a look in hand is forgotten."""
        self._config = config
        self._model = model
        self._due = 0.0
        self._last_label: int | None = None
        self._forget()
        book = read_book(config.budget_book)
        if not config.budget.enabled:
            if book != (suspended := book.suspended()):
                write_book(config.budget_book, suspended)
            return
        chapter = book.of(model)
        if chapter.begun_at is None:
            write_book(config.budget_book, book.with_chapter(model, replace(chapter, begun_at=time.time())))
            log().info("budget_in_force", model=model)
        self._begin()
        self._end()

    def close(self) -> None:
        """Forget what is in hand."""
        self._forget()
        self._aside.shutdown(cancel_futures=True)

    def _forget(self) -> None:
        """Let a look in hand give up: whoever comes next would wait for it."""
        if self._look is not None:
            self._look.forgotten.set()
        self._look = None

    def due(self) -> float:
        """When labels are looked at again, on the steady clock; never, while they are, or where no budget is in force.

        The end of a look wakes who waits.
        """
        if not self._config.budget.enabled:
            return math.inf
        if self._look is not None:
            return 0.0 if self._look.found.done() else math.inf
        return self._due

    def step(self) -> None:
        """Begin to look at labels, if it is time to and anything was said since, or take up what was found.

        Raises
        ------
        DatabaseError
            The database cannot be read.
        """
        if time.monotonic() < self.due():
            return
        if self._look is None:
            self._begin()
        else:
            self._end()

    def _begin(self) -> None:
        begun, last_label = time.monotonic(), self._store.last_label_id()
        if last_label == self._last_label:
            self._due = begun + PACE_SECONDS
            return
        book = read_book(self._config.budget_book)
        chapter = _of_groups(book.of(self._model), own_groups(self._config.budget), now=time.time())
        forgotten = threading.Event()
        found = self._aside.submit(
            judgements,
            self._store,
            self._config,
            model=self._model,
            chapter=chapter,
            with_shares=False,
            forgotten=forgotten,
        )
        self._look = _Look(
            begun=begun, last_label=last_label, book=book, chapter=chapter, found=found, forgotten=forgotten
        )
        found.add_done_callback(lambda _: self._wake())

    def _end(self) -> None:
        """Wait for the look in hand, and set thresholds by it.

        They are dated with the moment in which they are written: until then fields pass by those before.
        """
        look, self._look = self._look, None
        if look is None:
            return
        self._due = 0.0
        judged, now = look.found.result(), time.time()
        records = {
            group: _record(one, now=now, audit_share=self._config.verify.audit_share) for group, one in judged.items()
        }
        after = replace(look.chapter, groups={**look.chapter.groups, **records})
        if after != look.book.of(self._model):
            write_book(self._config.budget_book, look.book.with_chapter(self._model, after))
        self._last_label = look.last_label
        ended = time.monotonic()
        self._due = ended + max(PACE_SECONDS, REST * (ended - look.begun))


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
