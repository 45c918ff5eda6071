"""Whether the service gets better or worse from week to week, by tests that are named. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digitd.report.significance import LEVEL, holm, trend, two_shares

#: What is tested.
SENT, WRONG = "sent to review", "wrong of what passed"

#: How: over all weeks, and the last one against all before.
TREND, LAST = "trend", "last week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A share from week to week, of one form: wrong of total, by week, oldest first."""

    form: str
    what: str
    weeks: tuple[str, ...]
    wrong: tuple[int, ...]
    total: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One test of one series. probability is corrected for the number of tests; before and after are the shares."""

    series: Series
    test: str
    before: float
    after: float
    probability: float

    @property
    def found(self) -> bool:
        return self.probability < LEVEL

    def as_json(self) -> dict[str, Any]:
        return {
            "form": self.series.form,
            "what": self.series.what,
            "test": self.test,
            "before": self.before,
            "after": self.after,
            "p": self.probability,
            "drift": self.found,
        }


def drifts(series: Sequence[Series]) -> tuple[Drift, ...]:
    """Every test that the counts allow, its probability corrected by Holm for all of them, the least first.

    The trend over weeks by Cochran and Armitage's test; the last week against all before by the chi-squared test of
    two shares. What has too few errors is left out: nothing could be found there.
    """
    tests = []
    for each in series:
        filled = [(w, t) for w, t in zip(each.wrong, each.total, strict=True) if t]
        if len(filled) < 2:
            continue
        (first_wrong, first_total), (last_wrong, last_total) = filled[0], filled[-1]
        before = (sum(w for w, _ in filled[:-1]), sum(t for _, t in filled[:-1]))
        last = last_wrong / last_total
        if len(filled) > 2 and (found := trend(each.wrong, each.total)) is not None:
            tests.append((each, TREND, first_wrong / first_total, last, found))
        if (found := two_shares((before[0], last_wrong), (before[1], last_total))) is not None:
            tests.append((each, LAST, before[0] / before[1], last, found))
    corrected = holm([probability for *_, probability in tests])
    found_all = [
        Drift(series=each, test=test, before=before_share, after=after, probability=probability)
        for (each, test, before_share, after, _), probability in zip(tests, corrected, strict=True)
    ]
    return tuple(sorted(found_all, key=lambda drift: drift.probability))


def by_week(counts: Mapping[str, tuple[int, int]], *, form: str, what: str) -> Series:
    """A series of (wrong, total) by week, which sorts as it is named."""
    weeks = tuple(sorted(counts))
    return Series(
        form=form,
        what=what,
        weeks=weeks,
        wrong=tuple(counts[week][0] for week in weeks),
        total=tuple(counts[week][1] for week in weeks),
    )
