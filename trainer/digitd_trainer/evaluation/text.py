"""An evaluation as text for a terminal or a file. The figures come from `digitd_trainer.evaluation.results`."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from digitd.report.intervals import wilson
from digitd_trainer.evaluation.evaluate import Evaluation
from digitd_trainer.evaluation.results import Result
from digitd_trainer.evaluation.sets import Relation


def text(found: Evaluation) -> RenderableType:
    """The whole evaluation; each part has a heading."""
    parts: list[RenderableType] = [Text(f"{found.model.id}", style="bold"), Text(), _accuracy(found)]
    for heading, table in _parts(found):
        parts += [Text(), Text(heading, style="bold"), table]
    return Group(*parts)


def _parts(found: Evaluation) -> Iterator[tuple[str, RenderableType]]:
    measured = [each for each in (*main_results(found), found.together) if each is not None]
    digits = [each for each in measured if each.calibration]
    if digits:
        yield "Worst confusions", _confusions(digits[-1])
        yield "Does it mean what it says? (right, of those it says so of; exact 95 %)", _calibration(digits)
        yield "Accepted at a threshold, and right of those, %", _rejection(digits)
    if found.junk:
        yield "What is no digit and passes for one, where 99.5 % of the digits pass (exact 95 %)", _junk(found)
    if found.left_out:
        yield "Trained without a set, then measured on the whole of it", _left_out(found)


def main_results(found: Evaluation) -> list[Result]:
    """Those in the way pages are read."""
    return [result for result, said in zip(found.results, found.said, strict=True) if said.as_read]


def per_cent(share: float, *, digits: int = 2) -> str:
    """A share in [0, 1] in per cent.

    Examples
    --------
    >>> per_cent(0.98765), per_cent(1.0)
    ('98.77', '100.00')
    """
    return f"{100 * share:.{digits}f}"


def span(interval: tuple[float, float]) -> str:
    """An interval in per cent.

    Examples
    --------
    >>> span((0.9, 0.9912))
    '90.00 to 99.12'
    """
    return f"{per_cent(interval[0])} to {per_cent(interval[1])}"


def remark(result: Result) -> str:
    """What the model had to do with a set, in words; empty where nothing."""
    if result.relation is Relation.LEARNT:
        return f"{100 * result.learnt:.0f} % of it learnt"
    return "" if result.relation is Relation.STRANGE else str(result.relation)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=True)
    return table


def _accuracy(found: Evaluation) -> Table:
    table = _table("set", "right", "of", "%", "95 %", "rejected", "naive: resize", "mass", "")
    table.columns[-1].justify = "left"
    for result in [*found.results, *([found.together] if found.together else [])]:
        naive = [f"{value:.1f}" for value in result.naive or ()] or ["", ""]
        name = f"{result.name}, {result.way}" if result.way and result.way != "as it is" else result.name
        table.add_row(
            name,
            f"{result.right:,}",
            f"{result.examples:,}",
            per_cent(result.accuracy),
            span(result.interval),
            str(result.rejected),
            *naive,
            remark(result),
        )
    return table


def _confusions(result: Result) -> Table:
    table = _table("is", "said", "times", "% of them", "")
    for each in result.worst:
        table.add_row(each.label, each.said, str(each.count), per_cent(each.count / each.examples))
    table.caption, table.caption_justify = result.name, "left"
    return table


def _calibration(digits: list[Result]) -> Table:
    table = _table("set", "ECE %", "equal mass", "says >= 99 %", "mean", "right %", "95 %", "says ~99 %", "right %")
    for result in digits:
        found = result.calibration
        assert found is not None
        table.add_row(
            result.name,
            per_cent(found.equal_width),
            per_cent(found.equal_mass),
            f"{found.sure.examples:,}",
            per_cent(found.sure.confidence),
            per_cent(found.sure.accuracy) if found.sure.examples else "-",
            span(found.sure.interval),
            str(found.about_99.examples),
            per_cent(found.about_99.accuracy) if found.about_99.examples else "-",
        )
    return table


def _rejection(digits: list[Result]) -> Table:
    first = digits[0].rejection
    assert first is not None
    table = _table(
        "set",
        *(f">= {point.threshold:g}" for point in first.table[1:]),
        *(f"error <= {100 * budget:g} %" for budget, _ in first.within),
    )
    for result in digits:
        found = result.rejection
        assert found is not None
        table.add_row(
            result.name,
            *(
                f"{per_cent(point.share, digits=1)} {per_cent(point.accuracy)}" if point.accuracy is not None else "0 -"
                for point in found.table[1:]
            ),
            *(f"{per_cent(point.share, digits=1)} at {point.threshold:.3f}" for _, point in found.within),
        )
    return table


def _junk(found: Evaluation) -> Table:
    table = _table("what", *(f"{junk.of}: >= {junk.threshold:.3f}" for junk in found.junk))
    for row in zip(*(junk.sets for junk in found.junk), strict=True):
        cells = [f"{each.taken} of {each.examples:,}, {per_cent(each.share)} %" for each in row]
        table.add_row(row[0].name, *cells)
    return table


def _left_out(found: Evaluation) -> Table:
    table = _table("left out", "right", "of", "%", "95 %", "model")
    for each in found.left_out:
        if each.right is None or not each.examples:
            table.add_row(each.set, "not measured", "", "", "", each.model)
            continue
        share = per_cent(each.right / each.examples)
        interval = span(wilson(each.right, each.examples))
        table.add_row(each.set, f"{each.right:,}", f"{each.examples:,}", share, interval, each.model)
    return table
