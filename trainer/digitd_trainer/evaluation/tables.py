"""The tables of an evaluation, cells as text: shown in a terminal and on the page alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from digitd.report.intervals import wilson
from digitd_trainer.evaluation.calibration import clopper_pearson
from digitd_trainer.evaluation.evaluate import Evaluation
from digitd_trainer.evaluation.results import TOGETHER, Result
from digitd_trainer.evaluation.wording import called, main_results, per_cent, remark, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Headings and rows of as many cells; main and dim name rows by their first cell, words columns of text."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    main: frozenset[str] = frozenset((TOGETHER,))
    dim: frozenset[str] = frozenset()
    words: frozenset[int] = frozenset()


def tables_of(part: str, found: Evaluation) -> list[Table]:
    """The tables of a part of the report that have rows."""
    return [table for table in _TABLES[part](found) if table.rows] if part in _TABLES else []


def of_digits(found: Evaluation) -> list[Result]:
    """Results of digits in the way pages are read, and last those of never-trained sets together."""
    measured = [result for result in main_results(found) if result.of_digits]
    return [*measured, found.together] if found.together else measured


def accuracy(found: Evaluation) -> Iterator[Table]:
    """A line a set and way."""
    rows = []
    for result in [*found.results, *([found.together] if found.together else [])]:
        naive = [f"{value:.1f}" for value in result.naive or ()] or ["", ""]
        figures = (f"{result.right:,}", f"{result.examples:,}", per_cent(result.accuracy), span(result.interval))
        rows.append((called(result), *figures, f"{result.rejected:,}", *naive, remark(result)))
    yield Table(
        headings=("set", "right", "of", "%", "95 %", "rejected", "naive: resized", "centred", ""),
        rows=rows,
        dim=frozenset(called(result) for result in set(found.results) - set(main_results(found))),
        words=frozenset((8,)),
    )


def confusions(found: Evaluation) -> Iterator[Table]:
    """The worst confusions of all never-trained digits together, or else of each set."""
    for result in [found.together] if found.together else of_digits(found):
        rows = [
            (each.label, each.said, str(each.count), f"{each.examples:,}", per_cent(each.count / each.examples))
            for each in result.worst
        ]
        yield Table(
            headings=("is", "said", "times", "of", "% of them"), rows=rows, caption=f"Worst confusions, {result.name}"
        )


def calibration(found: Evaluation) -> Iterator[Table]:
    """A line a set: the errors, where it says at least 0.99, and where it says about 0.99."""
    rows = []
    for result in of_digits(found):
        assert result.calibration is not None
        sure, about = result.calibration.sure, result.calibration.about_99
        errors = per_cent(result.calibration.equal_width), per_cent(result.calibration.equal_mass)
        certain = (f"{sure.examples:,}", per_cent(sure.confidence), per_cent(sure.accuracy), span(sure.interval))
        near = (f"{about.examples:,}", per_cent(about.accuracy), span(about.interval))
        rows.append(
            (result.name, *errors, *(certain if sure.examples else _NONE * 4), *(near if about.examples else _NONE * 3))
        )
    yield Table(
        headings=(
            "set",
            "ECE %",
            "equal mass",
            ">= 0.99",
            "mean %",
            "right %",
            "95 %",
            "0.985-0.995",
            "right %",
            "95 %",
        ),
        rows=rows,
    )


def rejection(found: Evaluation) -> Iterator[Table]:
    """Two tables: share accepted and share right of those at thresholds; what passes within a share of errors."""
    measured = [(result.name, result.rejection) for result in of_digits(found) if result.rejection]
    for _, first in measured[:1]:
        points = [
            (
                name,
                *(
                    f"{per_cent(p.share, digits=1)} / {'-' if p.accuracy is None else per_cent(p.accuracy)}"
                    for p in each.table
                ),
            )
            for name, each in measured
        ]
        thresholds = ("all" if p.threshold == 0 else f">= {p.threshold:g}" for p in first.table)
        yield Table(headings=("set", *thresholds), rows=points, caption="% accepted / % right of those, by threshold")
        within = [
            (name, *(f"{per_cent(p.share, digits=1)} from {p.threshold:.3f}" for _, p in each.within))
            for name, each in measured
        ]
        budgets = (f"<= {100 * budget:g} % wrong" for budget, _ in first.within)
        yield Table(headings=("set", *budgets), rows=within, caption="% accepted at most, so that of them are wrong")


def junk(found: Evaluation) -> Iterator[Table]:
    """A line for each kind of what is no digit, a column for each threshold."""
    rows = []
    for row in zip(*(each.sets for each in found.junk), strict=True):
        cells = (f"{per_cent(each.share)} ({span(clopper_pearson(each.taken, each.examples))})" for each in row)
        rows.append((row[0].name, f"{row[0].examples:,}", *cells))
    columns = (f"{each.of}: >= {each.threshold:.3f}" for each in found.junk)
    yield Table(
        headings=("what", "of", *columns),
        rows=rows,
        caption="% taken for a digit (exact 95 %), by whose digits set the threshold",
    )


def left_out(found: Evaluation) -> Iterator[Table]:
    """A line for each model that was trained without a set."""
    rows = []
    for each in found.left_out:
        if each.right is None or not each.examples:
            rows.append((each.set, "not measured", "", "", "", each.model))
            continue
        counts = f"{each.right:,}", f"{each.examples:,}", per_cent(each.right / each.examples)
        rows.append((each.set, *counts, span(wilson(each.right, each.examples)), each.model))
    yield Table(headings=("left out", "right", "of", "%", "95 %", "model"), rows=rows, words=frozenset((5,)))


_NONE = ("-",)

#: The tables of each part of the report.
_TABLES: Mapping[str, Callable[[Evaluation], Iterator[Table]]] = {
    "accuracy": accuracy,
    "confusion": confusions,
    "calibration": calibration,
    "rejection": rejection,
    "junk": junk,
    "left-out": left_out,
}
