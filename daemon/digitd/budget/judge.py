"""What follows for a group from what people said of it: a threshold, or an alarm. Pure functions on values."""

import math
from dataclasses import dataclass, field

from digitd.budget.betting import growth
from digitd.budget.book import Record
from digitd.budget.drift import Drift, find_drift
from digitd.budget.ladder import PILOTS, STARTS, Step, climb, loosest
from digitd.budget.promise import THRESHOLDS, Group, Outcomes, Passing, Promise

#: A looser threshold is worth telling of where so much more would pass, of all fields.
WORTH = 0.01

#: So many labels say as much of what is to be expected as the model does.
FEW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the labels say of a group.

    threshold is the loosest proved to keep the promise, None where none is or drift was found. counting are the
    outcomes that count: labels of them are known, wrong of these, audited had passed; waiting are still to be keyed.
    """

    group: Group
    promise: Promise
    record: Record
    threshold: float | None
    steps: tuple[Step, ...]
    counting: Outcomes
    drift: Drift | None = None
    passing: Passing = field(default_factory=Passing)

    @property
    def labels(self) -> int:
        return int(self.counting.known.sum())

    @property
    def wrong(self) -> int:
        return int((self.counting.known & self.counting.wrong).sum())

    @property
    def waiting(self) -> int:
        return len(self.counting) - self.labels

    @property
    def audited(self) -> int:
        return int((self.counting.known & self.counting.passed).sum())

    @property
    def share(self) -> float:
        """The share of all fields that passes, [0, 1]."""
        return self.passing.share(self.threshold)

    def step(self, threshold: float) -> Step:
        return self.steps[THRESHOLDS.index(threshold)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How many more labels of fields at or above threshold would most likely let fields pass from there on."""

    threshold: float
    labels: int


def judge(
    group: Group, outcomes: Outcomes, promise: Promise, record: Record, *, passing: Passing | None = None
) -> Judgement:
    """Judge a group by all outcomes that count, whenever and however often; the promise holds over all looks."""
    counting = outcomes.where(outcomes.seen_at >= record.restart_at)
    steps = climb(counting, record.surely(counting), promise)
    by_budget = counting.where(counting.passed & counting.known & (counting.read_at >= record.opened_at))
    drift = find_drift(by_budget.wrong, allowed=promise.wrong_fields)
    return Judgement(
        group=group,
        promise=promise,
        record=record,
        threshold=None if drift else loosest(steps),
        steps=steps,
        counting=counting,
        drift=drift,
        passing=passing or Passing(),
    )


def at_promise(judgement: Judgement, promise: Promise) -> Judgement:
    """What the same labels say where something else is promised."""
    record = judgement.record
    return judge(judgement.group, judgement.counting, promise, record, passing=judgement.passing)


def outlook(judgement: Judgement) -> Outlook | None:
    """What the next labels would most likely bring; None where more of the same would bring nothing.

    Of the looser thresholds it is the one that costs the fewest fields, at which noticeably more pass than now.
    """
    now = judgement.share
    found = [
        (labels / max(share, 1e-9), Outlook(threshold=step.threshold, labels=labels))
        for step in judgement.steps
        if judgement.threshold is None or step.threshold < judgement.threshold
        if (share := judgement.passing.share(step.threshold)) >= now + WORTH
        if (labels := _labels_to(step, judgement)) is not None
    ]
    return min(found, key=lambda one: one[0])[1] if found else None


def _labels_to(step: Step, judgement: Judgement) -> int | None:
    """How many more labels prove a step, if as many of them are wrong as before; None if they never do.

    While there are few labels the share wrong that the model itself expects counts beside that of the labels.
    """
    allowed = judgement.promise.wrong_fields
    seen = 0.0 if step.wrong_share is None else step.wrong_share
    doubt = allowed / 4 if step.doubt is None else step.doubt
    expected = (seen * step.labels + FEW * doubt) / (step.labels + FEW)
    speed = growth(expected, allowed=allowed)
    begins = [one.begins for one in judgement.steps if one.begins and one.threshold >= step.threshold]
    needed = -math.log((begins[-1] if begins else min(STARTS.values())) * (1 - judgement.promise.confidence))
    pilots = max(0, PILOTS - len(judgement.counting))
    return _rounded(pilots + (min(needed, step.needed) - step.last) / speed) if speed > 0 else None


def _rounded(labels: float) -> int:
    """To two digits: more would say more than is known."""
    return max(1, int(float(f"{labels:.2g}")))
