"""Charts of an evaluation: reliability, and error against the share accepted. No figure is counted here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitd.report.canvas import FAINT, QUIET, RIGHT, TEXT, WRONG, add_axes, blank_figure, save
from digitd_trainer.evaluation.calibration import BINS, SURE, Bin, Calibration
from digitd_trainer.evaluation.rejection import BUDGETS, Rejection

#: Lines told apart by every kind of colour blindness (Okabe and Ito, 2008); the most important is black.
COLOURS = (TEXT, RIGHT, WRONG, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

#: The working threshold of the configuration's default, marked on the curves.
MARKED_THRESHOLD = 0.97

SAYS = "what it says: probability of the likeliest class"

#: Per cent from which the bin above SURE is drawn; below it there is only a mark at the edge, and the number.
SURE_FROM = 98.4

Named = Sequence[tuple[str, Calibration]]


def plot_reliability(named: Named, path: Path, *, title: str) -> None:
    """Draw the reliability of the first of named, and the bin above 0.99 of each, as PNG at path."""
    name, first = named[0]
    note = f"{name}: {first.examples:,} digits, expected calibration error {100 * first.equal_width:.2f} %"
    figure = blank_figure(
        11.4, 6.0, title=title, note=f"{note} ({BINS} bins of equal width); bars are exact 95 % intervals"
    )
    _reliability(add_axes(figure, left=0.95, right=6.2, top=1.2, bottom=1.75), first)
    _counts(add_axes(figure, left=0.95, right=6.2, top=4.5, bottom=0.7), first.bins)
    _sure(add_axes(figure, left=7.4, right=0.45, top=1.45, bottom=0.7), named)
    save(figure, path)


def plot_reliability_of_each(named: Named, path: Path, *, title: str) -> None:
    """Draw a small reliability diagram for each of named as PNG at path."""
    columns = min(3, len(named))
    rows = -(-len(named) // columns)
    width, height = 0.5 + 3.6 * columns, 1.2 + 3.7 * rows
    figure = blank_figure(max(width, 7.5), height, title=title, note="bars are exact 95 % intervals")
    width = figure.get_size_inches()[0]
    for index, (name, found) in enumerate(named):
        row, column = divmod(index, columns)
        left, top = 0.75 + 3.6 * column, 1.4 + 3.7 * row
        axes = add_axes(figure, left=left, right=width - left - 2.75, top=top, bottom=height - top - 2.75)
        _reliability(axes, found)
        axes.set_xlabel(SAYS, fontsize=9, color=QUIET)
        axes.set_title(f"{name}: {100 * found.equal_width:.2f} %", loc="left", fontsize=10, color=TEXT)
    save(figure, path)


def plot_rejection(named: Sequence[tuple[str, Rejection]], path: Path, *, title: str) -> None:
    """Draw errors among what is accepted against the share accepted, a line for each of named, as PNG at path."""
    note = f"a digit is accepted from some probability upward; dots: {MARKED_THRESHOLD:g}, which is the default"
    figure = blank_figure(10.4, 6.0, title=title, note=note)
    axes = add_axes(figure, left=0.95, right=3.2, top=1.2, bottom=0.75)
    for (name, found), colour in zip(named, _colours(len(named)), strict=True):
        shown = [
            (100 * share, 100 * error) for share, error in zip(found.shares, found.errors, strict=True) if error > 0
        ]
        style = {"color": colour, "linewidth": 2.4 if colour == TEXT else 1.6}
        axes.plot([x for x, _ in shown], [y for _, y in shown], label=name, **style)
        for point in found.table:
            if point.threshold == MARKED_THRESHOLD and point.accuracy is not None and point.accuracy < 1:
                axes.plot(100 * point.share, 100 * (1 - point.accuracy), "o", color=colour, markersize=6)
    for budget in BUDGETS:
        axes.axhline(100 * budget, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.text(60.3, 100 * budget * 1.05, f"{100 * budget:g} % wrong", fontsize=8.5, color=QUIET, va="bottom")
    axes.set_yscale("log")
    axes.set_xlim(60, 100.4)
    axes.set_ylim(0.01, 20)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("accepted, % of the digits", fontsize=9.5, color=QUIET)
    axes.set_ylabel("wrong, % of the accepted", fontsize=9.5, color=QUIET)
    _bare(axes)
    axes.grid(axis="both", color="#E9ECEE", linewidth=0.8)
    axes.legend(frameon=False, fontsize=9.5, loc="upper left", bbox_to_anchor=(1.02, 1.0), labelcolor=TEXT)
    save(figure, path)


def _reliability(axes: Any, found: Calibration) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for each in found.bins:
        if each.examples:
            colour = TEXT if each.low >= SURE else RIGHT
            _bar(axes, each, x=each.confidence, colour=colour, size=5.5 if each.examples >= 30 else 3.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("share right", fontsize=9, color=QUIET)
    _bare(axes)


def _bar(axes: Any, each: Bin, *, x: float, colour: str, size: float) -> None:
    low, high = each.interval
    axes.plot([x, x], [low, high], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot(x, each.accuracy, "o", color=colour, markersize=size)


def _counts(axes: Any, bins: Sequence[Bin]) -> None:
    widths = [each.high - each.low for each in bins]
    axes.bar([each.low for each in bins], [each.examples for each in bins], width=widths, align="edge", color="#BCD6E6")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(SAYS, fontsize=9, color=QUIET)
    axes.set_ylabel("digits", fontsize=9, color=QUIET)
    _bare(axes)


def _sure(axes: Any, named: Named) -> None:
    """Of each, where it says 0.99 or more: the share right with its exact interval, and what it says on average."""
    shown = [(name, found.sure) for name, found in named if found.sure.examples]
    for row, (name, each) in enumerate(shown):
        low, high = (100 * end for end in each.interval)
        colour = TEXT if row == 0 else RIGHT
        axes.plot([low, high], [row, row], color=colour, linewidth=3 if row == 0 else 2, solid_capstyle="butt")
        seen = 100 * each.accuracy > SURE_FROM
        axes.plot(max(SURE_FROM + 0.02, 100 * each.accuracy), row, "o" if seen else "<", color=colour, markersize=7)
        axes.plot(100 * each.confidence, row, "|", color=WRONG, markersize=15, markeredgewidth=2)
        axes.text(
            -0.03,
            row,
            f"{name}\n{100 * each.accuracy:.2f} % of {each.examples:,}",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=8.5,
            color=TEXT,
        )
    axes.set_xlim(SURE_FROM, 100.04)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_title(f"where it says {SURE:g} or more", loc="left", fontsize=10.5, color=TEXT)
    axes.set_xlabel("right, %; the upright stroke is what it says on average", fontsize=9, color=QUIET)
    _bare(axes)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="#E9ECEE", linewidth=0.8)


def _colours(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


def _bare(axes: Any) -> None:
    axes.tick_params(colors=QUIET, labelsize=8.5)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
