"""Pictures of a report: the confusion matrix, and a gallery of what was read. matplotlib is used here only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.report.alignment import NOTHING_THERE, SAID, TRUTH, confusion
from digitd.report.canvas import FAINT, QUIET, RIGHT, TEXT, WRONG, add_axes, blank_figure, save

#: Pictures in a row of the gallery, and at most in all: more cannot be seen at one glance.
GALLERY_COLUMNS, GALLERY_LIMIT = 10, 60


def plot_confusion(
    matrix: NDArray[np.int64],
    path: Path,
    *,
    title: str,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    note: str = "",
) -> None:
    """Draw a confusion matrix as PNG at path, with a number in every cell and the share right beside each row.

    Parameters
    ----------
    matrix
        (R, C) int64 counts; rows are the truth, columns what the machine said. Cells where both have the same name
        are right (blue, by the share of their row), all others wrong (vermilion, stronger the more frequent).
    path
        Where the PNG goes; its folder must exist.
    title
        One line above.
    rows, columns
        Names of the rows and columns; 0, 1, 2, ... where they are not given.
    note
        A line below the title, such as the accuracy with its interval.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    save(draw_confusion(matrix, title=title, rows=rows, columns=columns, note=note), path)


def draw_confusion(
    matrix: NDArray[np.int64],
    *,
    title: str,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    note: str = "",
) -> Any:
    """The figure that `plot_confusion` writes."""
    rows = rows or [str(number) for number in range(matrix.shape[0])]
    columns = columns or [str(number) for number in range(matrix.shape[1])]
    figure = blank_figure(2.4 + 0.62 * len(columns), 2.2 + 0.56 * len(rows), title=title, note=note)
    axes = add_axes(figure, left=1.25, right=0.95, top=1.6, bottom=0.3)
    _draw_matrix(axes, _Matrix(counts=matrix, rows=rows, columns=columns))
    return figure


def plot_gallery(
    pictures: Sequence[NDArray[np.uint8]],
    predictions: Sequence[str],
    *,
    confidences: Sequence[float],
    path: Path,
    truths: Sequence[str] | None = None,
    title: str = "What was read",
) -> None:
    """Draw what was read beside the truth, and the confusion matrix of it, as PNG at path.

    Parameters
    ----------
    pictures
        One (h, w) uint8 picture for each thing read, of any size and polarity.
    predictions, confidences
        What the machine said of each, "" for nothing, and its probability in [0, 1].
    path
        Where the PNG goes; its folder must exist.
    truths
        What each is; without it there is no right or wrong, and no matrix.
    title
        One line above.

    Raises
    ------
    ConfigError
        The file cannot be written.
    ValueError
        The sequences differ in length.
    """
    items = list(zip(pictures, predictions, confidences, truths or repeat(None, len(pictures)), strict=True))
    shown = items[:GALLERY_LIMIT]
    lines = max(1, -(-len(shown) // GALLERY_COLUMNS))
    across = min(GALLERY_COLUMNS, max(5, len(shown)))
    matrix_height = 7.2 if truths else 0.0
    width, height = max(1.15 * across + 0.6, 9.6 if truths else 0), 1.2 + 1.75 * lines + matrix_height
    figure = blank_figure(width, height, title=title, note=_gallery_note(items))
    for index, item in enumerate(shown):
        _draw_item(figure, item, row=index // GALLERY_COLUMNS, column=index % GALLERY_COLUMNS, across=across)
    if truths:
        axes = add_axes(figure, left=1.25, right=0.95, top=1.9 + 1.75 * lines, bottom=0.4)
        counts = confusion([(truth, said) for _, said, _, truth in items if truth is not None])
        _draw_matrix(axes, _Matrix(counts=counts, rows=TRUTH, columns=SAID))
    save(figure, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matrix:
    counts: NDArray[np.int64]
    rows: Sequence[str]
    columns: Sequence[str]

    def right(self, row: int, column: int) -> bool:
        pair = (self.rows[row], self.columns[column])
        return pair[0] == pair[1] or pair == NOTHING_THERE


def _draw_matrix(axes: Any, matrix: _Matrix) -> None:
    counts = matrix.counts
    totals = counts.sum(axis=1)
    for (row, column), count in np.ndenumerate(counts):
        share = count / totals[row] if totals[row] else 0.0
        axes.text(
            column, row, _short(int(count)), ha="center", va="center", **_style(int(count), share, matrix, row, column)
        )
        axes.add_patch(_tile(row, column, _shade(share, right=matrix.right(row, column))))
    for row, total in enumerate(totals):
        right = sum(int(counts[row, column]) for column in range(counts.shape[1]) if matrix.right(row, column))
        text = f"{right / total * 100:.1f} %\nof {_short(int(total))}" if total else "none"
        axes.text(counts.shape[1] - 0.4, row, text, ha="left", va="center", fontsize=7.5, color=QUIET)
    axes.set_xlim(-0.5, counts.shape[1] - 0.5)
    axes.set_ylim(counts.shape[0] - 0.5, -0.5)
    axes.set_xticks(range(counts.shape[1]), ["\n".join(name.rsplit(" ", 1)) for name in matrix.columns], fontsize=9.5)
    axes.set_yticks(range(counts.shape[0]), matrix.rows, fontsize=9.5)
    axes.tick_params(length=0, colors=TEXT, top=False, labeltop=True, labelbottom=False)
    axes.set_xlabel("what the machine said", fontsize=9.5, color=QUIET, labelpad=7)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("what it is", fontsize=9.5, color=QUIET, labelpad=7)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _tile(row: int, column: int, colour: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, facecolor=colour, edgecolor="none")


def _shade(share: float, *, right: bool) -> tuple[float, ...]:
    """The tile's colour: white at 0; a wrong tile reaches full colour at 1 in 10, since errors are rare."""
    from matplotlib.colors import to_rgb

    strength = share**0.5 if right else min(1.0, (share * 10) ** 0.5)
    full = np.array(to_rgb(RIGHT if right else WRONG))
    floor = np.array(to_rgb("#EAF2F8" if right else "#F6F7F8"))
    return tuple(floor + (full - floor) * strength)


def _style(count: int, share: float, matrix: _Matrix, row: int, column: int) -> dict[str, Any]:
    if count == 0:
        return {"color": FAINT, "fontsize": 9}
    dark = share > 0.35 if matrix.right(row, column) else share > 0.05
    return {"color": "white" if dark else TEXT, "fontsize": 10, "fontweight": "bold"}


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.1f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _gallery_note(items: Sequence[tuple[Any, str, float, str | None]]) -> str:
    judged = [said == truth for _, said, _, truth in items if truth is not None]
    hidden = f"; the first {GALLERY_LIMIT} of {len(items)} are shown" if len(items) > GALLERY_LIMIT else ""
    return (f"{sum(judged)} of {len(judged)} right" if judged else f"{len(items)} read, truth not given") + hidden


def _draw_item(
    figure: Any, item: tuple[NDArray[np.uint8], str, float, str | None], *, row: int, column: int, across: int
) -> None:
    picture, said, confidence, truth = item
    width, height = figure.get_size_inches()
    step = (width - 0.7) / across
    top = 1.15 + 1.75 * row
    left = 0.41 + step * column
    axes = add_axes(figure, left=left, right=width - left - step + 0.12, top=top, bottom=height - top - 1.05)
    axes.imshow(
        picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest" if max(picture.shape) < 64 else "antialiased"
    )
    axes.set_xticks([])
    axes.set_yticks([])
    colour = FAINT if truth is None else RIGHT if said == truth else WRONG
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=2)
    words = f"{said or 'nothing'}  {confidence * 100:.1f} %"
    axes.set_xlabel(words, fontsize=10, fontweight="bold", color=TEXT if truth is None else colour, labelpad=4)
    if truth is not None:
        verdict = "right" if said == truth else f"is {truth or 'nothing'}"
        axes.annotate(
            verdict,
            (0.5, 0),
            (0, -25),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=colour,
        )
