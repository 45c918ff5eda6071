"""The curve of the share that passes against the promised share of errors: as values, as text, and as a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from digitd.budget.judge import Judgement, at_promise
from digitd.errors import ConfigError

#: Promises looked at, shares that may be wrong.
PROMISES = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)

#: Characters of a bar of text.
BAR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """At the promise of at most wrong_fields the share passes, from threshold on; None for nothing."""

    wrong_fields: float
    threshold: float | None
    share: float


def curve(judgement: Judgement, promises: Iterable[float] = PROMISES) -> tuple[Point, ...]:
    """What passes at each promise, its own among them, at the same confidence."""
    wanted = sorted({*promises, judgement.promise.wrong_fields})
    found = [at_promise(judgement, replace(judgement.promise, wrong_fields=one)) for one in wanted]
    return tuple(
        Point(wrong_fields=one.promise.wrong_fields, threshold=one.threshold, share=one.share) for one in found
    )


def as_text(points: Sequence[Point], *, chosen: float) -> str:
    """A bar for each promise, that which is chosen marked."""
    lines = ["   wrong at most   passes"]
    for point in points:
        bar = "#" * round(BAR * point.share)
        mark = ">" if point.wrong_fields == chosen else " "
        from_there = "nothing" if point.threshold is None else f"from {point.threshold:g} on"
        lines.append(
            f" {mark} {100 * point.wrong_fields:>11g} %   {100 * point.share:5.1f} %  {bar:<{BAR}}  {from_there}"
        )
    return "\n".join(line.rstrip() for line in lines)


def draw(curves: Sequence[tuple[str, Sequence[Point]]], path: Path) -> None:
    """Draw curves as a picture at path, a panel a group.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.6 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), 1, squeeze=False)[:, 0]
    for panel, (title, points) in zip(panels, curves, strict=True):
        wrong = [100 * point.wrong_fields for point in points]
        passes = [100 * point.share for point in points]
        panel.step(wrong, passes, where="post", color="#0072B2", marker="o")  # blue of Okabe and Ito
        for x, y in zip(wrong, passes, strict=True):
            panel.annotate(f"{y:.0f}", (x, y), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=8)
        panel.set_xscale("log")
        panel.set_xticks(wrong, [f"{x:g}" for x in wrong])
        panel.minorticks_off()
        panel.set_ylim(-4, 112)
        panel.set_title(title, loc="left", fontsize=10)
        panel.set_xlabel("promised: wrong at most, % of what passes")
        panel.set_ylabel("passes, %")
        panel.spines[["top", "right"]].set_visible(False)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as fault:
        raise ConfigError(f"{path}: the picture cannot be written ({fault}). Name a file that ends in .png.") from None
