"""Everything a report tells, worked out from a sample of labelled fields. No files, no SQL, no words."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, FieldState, LabelMode
from digitd.report.alignment import EXTRA, NOTHING_THERE, SAID, TRUTH
from digitd.report.calibration import Calibration, Passing, calibration, passing
from digitd.report.drift import SENT, WRONG, Drift, by_week, drifts
from digitd.report.estimates import Estimate, Share, bounds, stratified, sums
from digitd.report.sample import PASSED, REVIEW, STRATA, Sample
from digitd.store.columns import Coded
from digitd.store.labelled import ReadCount

#: Places of the digit in a field that are told apart; the last stands for all behind it.
PLACES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many fields were read, and what became of them: read = passed + review + blank; waiting are in review yet."""

    read: int
    passed: int
    review: int
    blank: int
    waiting: int
    drawn: int

    @property
    def straight_through(self) -> Share:
        """The fields that needed nobody."""
        return Share(right=self.passed + self.blank, total=self.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """What is estimated of all that was read, but for what was left blank; None where it cannot be.

    fields and digits are the shares read right; unseen the share wrong of the fields that passed, and so went on
    unseen. matrix is (11, 12), how often each pair is estimated to stand in what was read; rates are the shares of its
    rows, low and high their ends, NaN where nothing can be said of a row. recall and precision are by digit.
    """

    fields: Estimate | None
    unseen: Estimate | None
    digits: Estimate | None
    matrix: NDArray[np.float64]
    rates: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    recall: tuple[Estimate | None, ...]
    precision: tuple[Estimate | None, ...]

    def rate(self, row: int, column: int) -> Estimate | None:
        """The share of a row that is in a column; None where nothing can be said of the row."""
        share, low, high = (float(each[row, column]) for each in (self.rates, self.low, self.high))
        return None if math.isnan(share) else Estimate(value=share, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One digit: of those that are this digit, how many are said to be (recall); and the other way (precision)."""

    digit: str
    recall: Share
    precision: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Labelled fields that have something in common. read counts all such fields, None where that is unknown.

    fields and digits are of the labels; all_fields is estimated of what was read, and passed the share that passed.
    """

    name: str
    read: int | None
    passed: Share
    fields: Share
    digits: Share
    all_fields: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A field of a form: where it is, in shares of the page (x0, y0, x1, y1), and how many of its labels were right."""

    name: str
    box: tuple[float, float, float, float]
    fields: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything a report tells of labels; see `Weighted` for what is told of all that was read.

    fields counts values that equal their label; passed those of them that the machine had no reason to send to
    review; digits the digits of labels whose glyph was taken for that digit, so that one no glyph was found for is
    wrong, while extra is the number of glyphs taken for a digit where there is none. matrix is (11, 12) int64, as in
    `digitd.report.alignment`. unsettled labels wait for another verifier; without_value are those that say that a field
    cannot be read. of_read says that calibration and passing are weighted to what was read.
    """

    load: Load
    keyed: tuple[int, int]
    census: bool
    unsettled: int
    without_value: int
    shown: int
    fields: Share
    passed: Share
    digits: Share
    extra: int
    matrix: NDArray[np.int64]
    classes: tuple[ClassFigures, ...]
    weighted: Weighted
    groups: Mapping[str, tuple[Group, ...]]
    drift: tuple[Drift, ...]
    of_read: bool
    field_calibration: Calibration | None
    digit_calibration: Calibration | None
    passing: tuple[Passing, ...]
    spots: Mapping[str, tuple[Spot, ...]]


def figures(found: Sample) -> Figures:
    """Work out a report of a sample."""
    counted = found.counted
    digits = found.digits.chosen(counted[found.digits.fields])
    matrix = _matrix(digits.truth, digits.said).astype(np.int64)
    weighted = weighted_figures(found)
    of_read = weighted.fields is not None
    return Figures(
        load=_load(found),
        keyed=found.keyed,
        census=found.census,
        unsettled=int((found.valued & ~found.fields.settled).sum()),
        without_value=int((~found.valued).sum()),
        shown=int((_codes_of(found.fields.modes, LabelMode.SHOWN) & counted).sum()),
        fields=_share(found.right[counted]),
        passed=_share(found.right[counted & _codes_of(found.fields.machine_states, FieldState.ACCEPTED)]),
        digits=Share(right=int(np.trace(matrix[:10, :10])), total=int(matrix[:10].sum())),
        extra=int(matrix[EXTRA, :NOT_A_DIGIT].sum()),
        matrix=matrix,
        classes=tuple(_class(matrix, digit) for digit in range(10)),
        weighted=weighted,
        groups=_groups(found),
        drift=_drift(found),
        of_read=of_read,
        field_calibration=_field_calibration(found, of_read=of_read),
        digit_calibration=_digit_calibration(found, of_read=of_read),
        passing=_passing(found, of_read=of_read),
        spots=_spots(found),
    )


def _matrix(
    truth: NDArray[np.int8], said: NDArray[np.int8], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """(11, 12): what each pair weighs together."""
    places = truth.astype(np.intp) * len(SAID) + said
    return np.bincount(places, weights, minlength=len(TRUTH) * len(SAID)).reshape(len(TRUTH), len(SAID)).astype(float)


def _share(right: NDArray[np.bool_]) -> Share:
    return Share(right=int(right.sum()), total=len(right))


def _codes_of(coded: Coded, word: str) -> NDArray[np.bool_]:
    return np.array([each == word for each in coded.words], np.bool_)[coded.codes]


def _class(matrix: NDArray[np.int64], digit: int) -> ClassFigures:
    right = int(matrix[digit, digit])
    return ClassFigures(
        digit=TRUTH[digit],
        recall=Share(right=right, total=int(matrix[digit].sum())),
        precision=Share(right=right, total=int(matrix[:, digit].sum())),
    )


def _load(found: Sample) -> Load:
    states: Counter[FieldState] = Counter()
    for each in found.read:
        states[each.state] += each.count
    return Load(
        read=sum(states.values()),
        passed=states[FieldState.ACCEPTED],
        review=states[FieldState.REVIEW],
        blank=states[FieldState.BLANK],
        waiting=sum(each.waiting for each in found.read),
        drawn=found.drawn,
    )


def weighted_figures(found: Sample) -> Weighted:
    """What is estimated of all that was read, from the fields that stand for it."""
    kept = found.weighed
    strata, weights = found.strata[kept], found.weights[kept]
    right, ones = found.right[kept].astype(float), np.ones(int(kept.sum()))
    by_field = sums(weights, right, ones, strata=strata, of=len(STRATA))
    sizes = np.array([found.sizes], float)
    passed_only = np.where(np.arange(len(STRATA)) == PASSED, sizes, 0.0)
    (passed,) = stratified(by_field, passed_only)
    matrix, rates, low, high, row_known = _rates(found)
    return Weighted(
        fields=stratified(by_field, sizes)[0],
        unseen=None if passed is None else Estimate(value=1 - passed.value, low=1 - passed.high, high=1 - passed.low),
        digits=_digits_right(found),
        matrix=matrix,
        rates=np.where(row_known, rates, np.nan),
        low=np.where(row_known, low, np.nan),
        high=np.where(row_known, high, np.nan),
        recall=tuple(_at(rates, low, high, row_known, digit) for digit in range(10)),
        precision=_precision(found),
    )


def _at(
    rates: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    known: NDArray[np.bool_],
    digit: int,
) -> Estimate | None:
    if not known[digit, digit]:
        return None
    return Estimate(value=float(rates[digit, digit]), low=float(low[digit, digit]), high=float(high[digit, digit]))


def _scaled(found: Sample) -> NDArray[np.float64]:
    """The weights, made to add up to what was read of each stratum."""
    scaled = found.weights.copy()
    for stratum, size in enumerate(found.sizes):
        inside = found.strata == stratum
        total = found.weights[inside].sum()
        scaled[inside] *= size / total if total else 0.0
    return scaled


def _digits_right(found: Sample) -> Estimate | None:
    """The share of all digits that were read right; digits of a field are counted together, as they are drawn."""
    chosen = found.digits.chosen(found.weighed[found.digits.fields])
    there = chosen.truth != EXTRA
    total = np.bincount(chosen.fields[there], minlength=len(found.fields)).astype(float)
    right = np.bincount(chosen.fields[there & ~chosen.wrong], minlength=len(found.fields)).astype(float)
    kept = found.weighed & (total > 0)
    by_field = sums(_scaled(found)[kept], right[kept], total[kept], strata=found.strata[kept], of=len(STRATA))
    empty = np.array([[size and not there for size, there in zip(found.sizes, by_field.total[0], strict=True)]])
    return None if empty.any() else stratified(by_field)[0]


def _rates(found: Sample) -> tuple[NDArray[Any], ...]:
    """Weighted counts (11, 12), the shares of their rows with both ends, and (11, 12) whether a row is known."""
    by_stratum, squares = _by_stratum(found)
    rows = by_stratum.sum(axis=1)  # (11, 2)
    worth = rows**2 / np.where(squares.sum(axis=1) > 0, squares.sum(axis=1), 1.0)
    shares = by_stratum / np.where(rows > 0, rows, 1.0)[:, None, :]
    share, low, high, known = bounds(
        shares, np.broadcast_to(worth[:, None, :], shares.shape), np.broadcast_to(rows[:, None, :], shares.shape)
    )
    known &= _all_strata_seen(found, worth)[:, None]
    return by_stratum.sum(axis=2), share, low, high, known


def _precision(found: Sample) -> tuple[Estimate | None, ...]:
    by_stratum, squares = _by_stratum(found)
    columns, square = by_stratum.sum(axis=0)[:10], squares.sum(axis=0)[:10]  # (10, 2)
    worth = columns**2 / np.where(square > 0, square, 1.0)
    right = by_stratum[np.arange(10), np.arange(10)]
    share, low, high, known = bounds(right / np.where(columns > 0, columns, 1.0), worth, columns)
    known &= _all_strata_seen(found, worth)
    return tuple(
        Estimate(value=float(share[at]), low=float(low[at]), high=float(high[at])) if known[at] else None
        for at in range(10)
    )


def _by_stratum(found: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(11, 12, 2): the weights of pairs by stratum, and the squares of them."""
    digits = found.digits.chosen(found.weighed[found.digits.fields])
    weights, strata = _scaled(found)[digits.fields], found.strata[digits.fields]
    each = [
        (_matrix(digits.truth[inside], digits.said[inside], weights[inside] ** power))
        for power in (1, 2)
        for inside in (strata == REVIEW, strata == PASSED)
    ]
    return np.stack(each[:2], axis=2), np.stack(each[2:], axis=2)


def _all_strata_seen(found: Sample, worth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether every stratum that was read has an example in each of (N, 2) effective numbers."""
    unseen: NDArray[np.bool_] = (np.array(found.sizes) > 0) & (worth <= 0)
    return np.logical_not(unseen.any(axis=1))


def _groups(found: Sample) -> dict[str, tuple[Group, ...]]:
    fields = found.fields
    alone = len({each.form for each in found.read}) < 2  # then no field's name needs that of its form
    forms, names, models, weeks = (
        _renamed(fields.forms, lambda form: form or "no form"),
        fields.names if alone else _pairs(fields.forms, fields.names),
        fields.models,
        _renamed(fields.weeks, week_of),
    )
    return {
        "form": _grouped(found, forms, lambda each: each.form or "no form"),
        "field": _grouped(found, names, lambda each: named("" if alone else each.form or "", each.field)),
        "place": _by_place(found),
        "week": tuple(sorted(_grouped(found, weeks, lambda each: week_of(each.week)), key=lambda group: group.name)),
        "model": _grouped(found, models, lambda each: each.model),
        "mode": _grouped(found, fields.modes, None),
        "verifier": _grouped(found, fields.verifiers, None),
    }


def named(form: str, field: str) -> str:
    """A field's name with its form's."""
    return f"{form}: {field}" if form else field


@lru_cache(maxsize=4096)
def week_of(day: str) -> str:
    """The ISO 8601 week of a day in ISO 8601, as 2026-W47."""
    if not day:
        return "unknown"
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def _renamed(coded: Coded, name: Callable[[str], str]) -> Coded:
    words: dict[str, int] = {}
    codes = np.array([words.setdefault(name(word), len(words)) for word in coded.words], np.int32)
    return Coded(codes=codes[coded.codes], words=tuple(words))


def _pairs(forms: Coded, names: Coded) -> Coded:
    together = forms.codes.astype(np.int64) * max(1, len(names.words)) + names.codes
    values, codes = np.unique(together, return_inverse=True)
    pairs = [divmod(value, max(1, len(names.words))) for value in values.tolist()]
    return Coded(codes=codes.astype(np.int32), words=tuple(named(forms.words[f], names.words[n]) for f, n in pairs))


def _grouped(found: Sample, coded: Coded, name: Callable[[ReadCount], str] | None) -> tuple[Group, ...]:
    """Figures of each group that has a label or was read, the largest first; without name only labels are known."""
    words = list(coded.words)
    if name is not None:
        words += sorted({name(each) for each in found.read} - set(words))
    at, groups = {word: place for place, word in enumerate(words)}, len(words)
    sizes, blank = np.zeros((groups, len(STRATA))), np.zeros(groups)
    if name is not None:
        for each in found.read:
            if (stratum := STRATA.get(each.state)) is None:
                blank[at[name(each)]] += each.count
            else:
                sizes[at[name(each)], stratum] += each.count
    codes, counted, kept = coded.codes.astype(np.intp), found.counted, found.weighed
    estimates: Sequence[Estimate | None] = [None] * groups
    if name is not None:
        by_group = sums(
            found.weights[kept], found.right[kept].astype(float), np.ones(int(kept.sum())),
            strata=found.strata[kept], of=len(STRATA), groups=codes[kept], group_count=groups,
        )  # fmt: skip
        estimates = stratified(by_group, sizes)
    fields = _counts(codes[counted], found.right[counted], groups)
    of_digits = counted[found.digits.fields] & (found.digits.truth != EXTRA)
    digits = _counts(codes[found.digits.fields[of_digits]], ~found.digits.wrong[of_digits], groups)
    made = [
        Group(
            name=word,
            read=None if name is None else int(sizes[place].sum() + blank[place]),
            passed=Share(right=int(sizes[place, PASSED] + blank[place]), total=int(sizes[place].sum() + blank[place])),
            fields=fields[place],
            digits=digits[place],
            all_fields=estimates[place],
        )
        for place, word in enumerate(words)
    ]
    shown = [group for group in made if group.read or group.fields.total]
    return tuple(sorted(shown, key=lambda group: (-group.fields.total, -(group.read or 0))))


def _counts(codes: NDArray[np.intp], right: NDArray[np.bool_], groups: int) -> list[Share]:
    totals = np.bincount(codes, minlength=groups)
    rights = np.bincount(codes, right, minlength=groups)
    return [Share(right=int(r), total=int(t)) for r, t in zip(rights, totals, strict=True)]


def _by_place(found: Sample) -> tuple[Group, ...]:
    """Digits by their place in the label, from the left."""
    kept = found.counted[found.digits.fields] & (found.digits.truth != EXTRA)
    places = np.minimum(found.digits.places[kept], PLACES - 1).astype(np.intp)
    nothing = Share(right=0, total=0)
    return tuple(
        Group(
            name=f"{place + 1}{' and on' * (place == PLACES - 1)}",
            read=None,
            passed=nothing,
            fields=nothing,
            digits=digits,
            all_fields=None,
        )
        for place, digits in enumerate(_counts(places, ~found.digits.wrong[kept], PLACES))
        if digits.total
    )


def _drift(found: Sample) -> tuple[Drift, ...]:
    """What is sent to review, and what is wrong of what passed, by form and week."""
    sent: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for each in found.read:
        cell = sent[each.form or "no form"][week_of(each.week)]
        cell[0] += each.count * (each.state is FieldState.REVIEW)
        cell[1] += each.count
    wrong: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    inside = found.weighed & (found.strata == PASSED)
    forms, weeks = found.fields.forms, _renamed(found.fields.weeks, week_of)
    together = forms.codes[inside].astype(np.int64) * max(1, len(weeks.words)) + weeks.codes[inside]
    values, codes = np.unique(together, return_inverse=True)
    for value, share in zip(values.tolist(), _counts(codes, found.right[inside], len(values)), strict=True):
        form, week = divmod(value, max(1, len(weeks.words)))
        wrong[forms.words[form] or "no form"][weeks.words[week]] = [share.total - share.right, share.total]
    return drifts(
        [
            by_week({week: (w, t) for week, (w, t) in by.items()}, form=form, what=what)
            for what, all_forms in ((SENT, sent), (WRONG, wrong))
            for form, by in sorted(all_forms.items())
        ]
    )


def _kept(found: Sample, *, of_read: bool) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which fields calibration is of, and what each weighs: all that was read, or labels each for itself."""
    return (found.weighed, _scaled(found)) if of_read else (found.counted, np.ones(len(found.fields)))


def _field_calibration(found: Sample, *, of_read: bool) -> Calibration | None:
    kept, weights = _kept(found, of_read=of_read)
    return calibration(found.fields.confidences[kept], found.right[kept], weights[kept])


def _digit_calibration(found: Sample, *, of_read: bool) -> Calibration | None:
    """Of glyphs that were taken for a digit, whether there is one or not."""
    kept, weights = _kept(found, of_read=of_read)
    digits = found.digits.chosen(kept[found.digits.fields] & (found.digits.said < NOT_A_DIGIT))
    return calibration(digits.confidences, ~digits.wrong, weights[digits.fields])


def _passing(found: Sample, *, of_read: bool) -> tuple[Passing, ...]:
    kept, weights = _kept(found, of_read=of_read)
    return passing(found.fields.confidences[kept], found.right[kept], weights[kept])


def _spots(found: Sample) -> dict[str, tuple[Spot, ...]]:
    """Fields of each form that has labels, where the newest of them is."""
    fields, counted = found.fields, found.counted
    spots: defaultdict[str, list[Spot]] = defaultdict(list)
    for key, box in sorted(found.boxes.items()):
        at = int(np.searchsorted(fields.ids, key))
        form, name = int(fields.forms.codes[at]), int(fields.names.codes[at])
        same = counted & (fields.forms.codes == form) & (fields.names.codes == name)
        if fields.forms.words[form] and same.any():
            edges = (box.x0, box.y0, box.x1, box.y1)
            spot = Spot(name=fields.names.words[name], box=edges, fields=_share(found.right[same]))
            spots[fields.forms.words[form]].append(spot)
    return {form: tuple(each) for form, each in spots.items()}


def confused(figures: Figures) -> list[tuple[int, int, int]]:
    """The cells that are errors and not empty, (row, column, count), the most frequent first."""
    return sorted(
        (
            (row, column, int(count))
            for (row, column), count in np.ndenumerate(figures.matrix)
            if count and TRUTH[row] != SAID[column] and (TRUTH[row], SAID[column]) != NOTHING_THERE
        ),
        key=lambda cell: -cell[2],
    )
