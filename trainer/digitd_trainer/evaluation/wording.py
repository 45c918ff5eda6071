"""Figures in words, as the text and the page of an evaluation both say them."""

import re

from digitd_trainer.evaluation.evaluate import Evaluation
from digitd_trainer.evaluation.glyphs import Way
from digitd_trainer.evaluation.results import Result
from digitd_trainer.evaluation.sets import Relation


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


def sentence(result: Result) -> str:
    """How many of a set are right, with the interval."""
    share = f"{result.right:,} of {result.examples:,} right, {per_cent(result.accuracy)} %"
    return f"{share} (95 %: {span(result.interval)})"


def slug(name: str) -> str:
    """A name of a set as part of a file's name.

    Examples
    --------
    >>> slug("sjcet x_marks40")
    'sjcet-x_marks40'
    """
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "set"


def called(result: Result) -> str:
    """The name of a set, with the way it was read where there are two."""
    return f"{result.name}, {result.way}" if result.way in (Way.IN_VIEW, Way.ISOLATED) else result.name


def remark(result: Result) -> str:
    """What the model had to do with a set, in words; empty where nothing."""
    if result.relation is Relation.LEARNT:
        return f"{100 * result.learnt:.0f} % of it learnt"
    return "" if result.relation is Relation.STRANGE else str(result.relation)
