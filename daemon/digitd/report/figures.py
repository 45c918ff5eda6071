"""Everything a report tells, worked out from a sample of labelled fields. No files, no SQL, no words."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, FieldState, LabelMode
from digitd.report.alignment import EXTRA, NOTHING_THERE, SAID, TRUTH
from digitd.report.calibration import Calibration, Passing, calibration, passing
from digitd.report.drift import Drift
from digitd.report.estimates import Share
from digitd.report.groups import Group, drift_of, groups_of
from digitd.report.sample import Sample
from digitd.report.weighted import Weighted, matrix_of, scaled, weighted_figures


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
class ClassFigures:
    """One digit: of those that are this digit, how many are said to be (recall); and the other way (precision)."""

    digit: str
    recall: Share
    precision: Share


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
    matrix = matrix_of(digits.truth, digits.said).astype(np.int64)
    weighted = weighted_figures(found)
    of_read = weighted.fields is not None
    return Figures(
        load=_load(found),
        keyed=found.keyed,
        census=found.census,
        unsettled=int((found.valued & ~found.fields.settled).sum()),
        without_value=int((~found.valued).sum()),
        shown=int((found.fields.modes.are(LabelMode.SHOWN) & counted).sum()),
        fields=_share(found.right[counted]),
        passed=_share(found.right[counted & found.fields.machine_states.are(FieldState.ACCEPTED)]),
        digits=Share(right=int(np.trace(matrix[:10, :10])), total=int(matrix[:10].sum())),
        extra=int(matrix[EXTRA, :NOT_A_DIGIT].sum()),
        matrix=matrix,
        classes=tuple(_class(matrix, digit) for digit in range(10)),
        weighted=weighted,
        groups=groups_of(found),
        drift=drift_of(found),
        of_read=of_read,
        field_calibration=_field_calibration(found, of_read=of_read),
        digit_calibration=_digit_calibration(found, of_read=of_read),
        passing=_passing(found, of_read=of_read),
        spots=_spots(found),
    )


def _share(right: NDArray[np.bool_]) -> Share:
    return Share(right=int(right.sum()), total=len(right))


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


def _kept(found: Sample, *, of_read: bool) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which fields calibration is of, and what each weighs: all that was read, or labels each for itself."""
    return (found.weighed, scaled(found)) if of_read else (found.counted, np.ones(len(found.fields)))


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
