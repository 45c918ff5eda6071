"""The pictures of an evaluation, as PNG files in a folder: which there are, what each is called and what it shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitd.report.plots import plot_confusion
from digitd_trainer.evaluation.charts import plot_rejection, plot_reliability, plot_reliability_of_each
from digitd_trainer.evaluation.confusions import NAMES, confusion
from digitd_trainer.evaluation.evaluate import Evaluation
from digitd_trainer.evaluation.gallery import mistakes, plot_mistakes
from digitd_trainer.evaluation.results import Result
from digitd_trainer.evaluation.sets import Relation
from digitd_trainer.evaluation.wording import main_results, per_cent, sentence, slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG that was drawn: the part of the report it belongs to, and what it shows."""

    path: Path
    part: str
    title: str


def draw(found: Evaluation, folder: Path) -> Iterator[Picture]:
    """Draw every picture of found into folder, which must exist, and name each when it is done.

    Raises
    ------
    ConfigError
        The folder cannot be written.
    """
    yield from _confusions(found, folder)
    yield from _galleries(found, folder)
    yield from _charts(found, folder)


def _confusions(found: Evaluation, folder: Path) -> Iterator[Picture]:
    measured = [result for result in main_results(found) if result.of_digits]
    if found.together:
        yield _together(found, found.together, folder)
    for result in measured:
        path = folder / f"confusion-{slug(result.name)}.png"
        plot_confusion(
            np.ascontiguousarray(result.matrix[:-1]),
            path,
            title=result.name,
            rows=NAMES[:-1],
            columns=NAMES,
            note=sentence(result),
        )
        yield Picture(path=path, part="confusion", title=result.name)


def _together(found: Evaluation, result: Result, folder: Path) -> Picture:
    """The confusion matrix of all digits never trained on, with what is no digit as its last row."""
    path = folder / "confusion-together.png"
    matrix = result.matrix.copy()
    for said in found.no_digits:
        matrix += confusion(said.labels, said.probabilities.argmax(axis=1))
    plot_confusion(
        matrix,
        path,
        title="Never trained on, together",
        rows=NAMES,
        columns=NAMES,
        note=f"{result.right:,} of {result.examples:,} digits right, {per_cent(result.accuracy)} %; "
        "below them what is no digit, drawn and real",
    )
    return Picture(path=path, part="confusion", title="never trained on, together, and what is no digit")


def _galleries(found: Evaluation, folder: Path) -> Iterator[Picture]:
    beside = "left as the network saw it, right the picture as it was; what it said, and how sure it was"
    kinds = (
        ("mistakes-new.png", "Its most confident mistakes on sets never trained on", found.digits(Relation.STRANGE)),
        ("mistakes-kin.png", "Its most confident mistakes on kin of what it learnt from", found.digits(Relation.KIN)),
        (
            "mistakes-calibrated.png",
            "Its most confident mistakes on what it was calibrated with",
            found.digits(Relation.CALIBRATED),
        ),
        ("mistakes-none.png", "What is no digit, and was most confidently taken for one", found.no_digits),
    )
    for name, title, sets in kinds:
        if shown := mistakes(sets):
            plot_mistakes(shown, folder / name, title=title, note=beside)
            yield Picture(path=folder / name, part="junk" if sets is kinds[-1][2] else "mistakes", title=title)


def _charts(found: Evaluation, folder: Path) -> Iterator[Picture]:
    measured = [*([found.together] if found.together else []), *(r for r in main_results(found) if r.of_digits)]
    calibrations = [(result.name, result.calibration) for result in measured if result.calibration]
    rejections = [(result.name, result.rejection) for result in measured if result.rejection]
    if not calibrations:
        return
    path = folder / "reliability.png"
    plot_reliability(calibrations, path, title="Does it mean what it says?")
    yield Picture(path=path, part="calibration", title="reliability, and the bin above 0.99 alone")
    path = folder / "reliability-sets.png"
    plot_reliability_of_each(
        calibrations[1 if found.together else 0 :], path, title="Reliability and expected calibration error of each set"
    )
    yield Picture(path=path, part="calibration", title="each set")
    path = folder / "rejection.png"
    plot_rejection(rejections, path, title="How wrong is what passes?")
    yield Picture(path=path, part="rejection", title="wrong among the accepted, by the share accepted")
