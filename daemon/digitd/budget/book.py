"""What the budget has set and when, kept as `var/budget.json`: without it the promise holds still, and less passes."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitd.budget.promise import Group, Outcomes
from digitd.errors import DatabaseError
from digitd.logs import log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Seconds after a change within which a document may still be read as before it.
SLACK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """From at on, in seconds since 1970, fields pass from threshold on, None for none, and audit_share are drawn."""

    at: float
    threshold: float | None
    audit_share: float

    @property
    def surely(self) -> float:
        """With which probability a field is keyed at least, whatever its confidence."""
        return 1.0 if self.threshold is None else self.audit_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was set for a group, oldest first. Labels of documents seen before restart_at do not count; why says why."""

    epochs: tuple[Epoch, ...]
    restart_at: float = 0.0
    why: str = ""

    @property
    def threshold(self) -> float | None:
        return self.epochs[-1].threshold if self.epochs else None

    @property
    def opened_at(self) -> float:
        """Since when fields pass by this budget; math.inf where they never did."""
        return min((epoch.at for epoch in self.epochs if epoch.threshold is not None), default=math.inf)

    def then(self, epoch: Epoch) -> "Record":
        """With another epoch, if anything changes with it."""
        last = self.epochs[-1] if self.epochs else None
        same = last is not None and (last.threshold, last.audit_share) == (epoch.threshold, epoch.audit_share)
        return self if same else replace(self, epochs=(*self.epochs, epoch))

    def surely(self, outcomes: Outcomes) -> "NDArray[np.float64]":
        """What the probability to be keyed was at least for any field read with each of n outcomes, (n,).

        Of what was read before the first epoch nothing is known but the labels: the least that any was drawn with.
        """
        least = float(outcomes.probability.min(initial=1.0))
        import numpy as np

        found = np.ones(len(outcomes))
        starts = [-math.inf, *(epoch.at for epoch in self.epochs)]
        ends = [*(epoch.at + SLACK_SECONDS for epoch in self.epochs), math.inf]
        for start, end, value in zip(starts, ends, [least, *(epoch.surely for epoch in self.epochs)], strict=True):
            within = (outcomes.seen_at < end) & (outcomes.read_at >= start)
            found[within] = np.minimum(found[within], value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What was set for what a model reads; begun_at is when the budget came in force for it."""

    begun_at: float | None = None
    groups: Mapping[Group, Record] = field(default_factory=dict)

    def record(self, group: Group) -> Record:
        """That of a group; one of which nothing was set sends everything to review since the budget is in force."""
        begun = () if self.begun_at is None else (Epoch(at=self.begun_at, threshold=None, audit_share=1.0),)
        return self.groups.get(group) or Record(epochs=begun)

    def thresholds(self) -> dict[Group, float]:
        """Those in force; math.inf where nothing passes."""
        return {
            group: math.inf if record.threshold is None else record.threshold for group, record in self.groups.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A chapter a model: what one reads well another may not."""

    chapters: Mapping[str, Chapter] = field(default_factory=dict)

    def of(self, model: str) -> Chapter:
        return self.chapters.get(model) or Chapter()

    def with_chapter(self, model: str, chapter: Chapter) -> "Book":
        """With another chapter for a model."""
        return Book(chapters={**self.chapters, model: chapter})

    def suspended(self) -> "Book":
        """As it is when the budget is no longer in force: fields pass otherwise, and only what drift has cost stays."""
        return Book(
            chapters={
                model: Chapter(groups={g: replace(r, epochs=()) for g, r in chapter.groups.items() if r.restart_at})
                for model, chapter in self.chapters.items()
            }
        )


def read_book(path: Path) -> Book:
    """What path holds; an empty book where there is none, or none that can be used, which is told."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Book(chapters={model: _chapter(one) for model, one in kept["models"].items()})
    except FileNotFoundError:
        return Book()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        log().error("budget_not_read", file=str(path), reason=str(fault), next="nothing passes till it is set anew")
        return Book()


def write_book(path: Path, book: Book) -> None:
    """Write book to the disk and put it in its place in one step.

    Raises
    ------
    DatabaseError
        It cannot be written; what was there stays in force.
    """
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    kept = {"models": {model: _kept(chapter) for model, chapter in book.chapters.items()}}
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as fault:
        raise DatabaseError(
            f"{path}: the budget's thresholds cannot be written ({fault.strerror}). See that the disk has room and "
            "that its folder may be written to."
        ) from fault


def _chapter(kept: Mapping[str, Any]) -> Chapter:
    groups = {
        Group(form=one["form"], field=one["field"]): Record(
            epochs=tuple(Epoch(at=at, threshold=threshold, audit_share=p) for at, threshold, p in one["epochs"]),
            restart_at=one["restart_at"],
            why=one["why"],
        )
        for one in kept["groups"]
    }
    return Chapter(begun_at=kept["begun_at"], groups=groups)


def _kept(chapter: Chapter) -> dict[str, Any]:
    return {
        "begun_at": chapter.begun_at,
        "groups": [
            {
                "form": group.form,
                "field": group.field,
                "restart_at": record.restart_at,
                "why": record.why,
                "epochs": [[epoch.at, epoch.threshold, epoch.audit_share] for epoch in record.epochs],
            }
            for group, record in chapter.groups.items()
        ],
    }
