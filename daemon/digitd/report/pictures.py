"""The pictures of a report, by the name of their file and the section they belong to, as PNG."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitd.report import canvas, charts
from digitd.report.alignment import SAID, TRUTH
from digitd.report.figures import Figures
from digitd.report.plots import draw_confusion
from digitd.report.told import sentence

#: Forms whose errors are drawn on a page, at most.
FORMS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture: where it belongs, its file, what it shows, its PNG."""

    section: str
    file: str
    title: str
    png: bytes


def confusion_picture(figures: Figures, *, scope: str, dots: int = canvas.DOTS_PER_INCH) -> Picture:
    """The matrix of labels, which a page sets as a table instead."""
    note = f"{sentence(figures.digits)} of digits right" if figures.digits.total else "no digit labelled yet"
    drawn = draw_confusion(
        figures.matrix, title=f"Digits of verified fields, {scope}", rows=TRUTH, columns=SAID, note=note
    )
    return Picture(
        section="confusion", file="confusion.png", title="Digits of labels", png=canvas.png(drawn, dots=dots)
    )


def weighted_picture(figures: Figures, *, scope: str) -> Picture | None:
    """The matrix of all that was read, in digits out of a hundred thousand of each; None where it is not known."""
    if not figures.of_read:
        return None
    drawn = draw_confusion(
        np.rint(np.nan_to_num(figures.weighted.matrix)).astype(np.int64),
        title=f"Estimated of all digits read, {scope}",
        rows=TRUTH,
        columns=SAID,
        note="how many of each are estimated to stand in what was read",
    )
    return Picture(
        section="confusion", file="confusion-weighted.png", title="Estimated of all digits read", png=canvas.png(drawn)
    )


def charts_of(figures: Figures, *, dots: int = canvas.DOTS_PER_INCH) -> Iterator[Picture]:
    """Every picture that is no matrix."""
    of = "all fields read, estimated" if figures.of_read else "labels only, mostly of doubtful fields"
    weeks = figures.groups.get("week", ())
    if len(weeks) > 1:
        yield _picture("accuracy", "weeks.png", "Week by week", charts.draw_weeks(weeks), dots)
    if figures.field_calibration is not None or figures.digit_calibration is not None:
        drawn = charts.draw_calibration(figures.field_calibration, figures.digit_calibration, of=of)
        yield _picture("confidence", "calibration.png", "Share right against confidence", drawn, dots)
    if figures.passing:
        drawn = charts.draw_passing(figures.passing, of=of, now=_now(figures))
        yield _picture("confidence", "passing.png", "What passes, and how much of it is wrong", drawn, dots)
    for form, spots in list(figures.spots.items())[:FORMS]:
        name = re.sub(r"[^a-z0-9]+", "-", form.lower()).strip("-")[:40] or "form"
        yield _picture(
            "accuracy", f"errors-{name}.png", f"Where errors sit: {form}", charts.draw_spots(form, spots), dots
        )


def _now(figures: Figures) -> tuple[float, float] | None:
    judged = figures.load.passed + figures.load.review
    if figures.weighted.unseen is None or not figures.of_read or not judged:
        return None
    return figures.load.passed / judged, figures.weighted.unseen.value


def _picture(section: str, file: str, title: str, figure: object, dots: int) -> Picture:
    return Picture(section=section, file=file, title=title, png=canvas.png(figure, dots=dots))
