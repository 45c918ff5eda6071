"""Pictures of a training: accuracy and loss over the epochs, and the confusion matrix of what was held out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digitd.report.canvas import QUIET, RIGHT, TEXT, WRONG, add_axes, blank_figure, save
from digitd.report.intervals import wilson
from digitd.report.plots import plot_confusion
from digitd_trainer.evaluation.figures import SetFigures


def plot_curves(history: Mapping[str, Sequence[float]], path: Path, *, title: str) -> None:
    """Draw accuracy and loss, while learning and of what was held out, as PNG at path.

    Parameters
    ----------
    history
        Numbers an epoch, the first epoch first: accuracy, loss, val_accuracy, val_loss.
    path
        Where the PNG goes; its folder must exist.
    title
        One line above.
    """
    last = history["val_accuracy"][-1]
    note = f"after {len(history['val_accuracy'])} epochs, held out: {100 * last:.2f} % right"
    figure = blank_figure(10.4, 4.6, title=title, note=note)
    axes = add_axes(figure, left=0.9, right=5.6, top=1.35, bottom=0.7)
    _draw(axes, {name: [100 * v for v in history[name]] for name in ("accuracy", "val_accuracy")}, heading="right, %")
    axes = add_axes(figure, left=6.0, right=0.5, top=1.35, bottom=0.7)
    _draw(axes, {name: history[name] for name in ("loss", "val_loss")}, heading="loss")
    save(figure, path)


def plot_held_out(figures: SetFigures, path: Path, *, title: str) -> None:
    """Draw the confusion matrix of figures as PNG at path."""
    low, high = wilson(figures.right, figures.examples)
    note = (
        f"{figures.name}: {figures.right:,} of {figures.examples:,} right, "
        f"{100 * figures.right / figures.examples:.2f} % (95 %: {100 * low:.2f} to {100 * high:.2f})"
    )
    rejects = bool(figures.matrix[:, -1].any())
    matrix = figures.matrix if rejects else figures.matrix[:, :10]
    columns = [*map(str, range(10)), "not a digit"][: matrix.shape[1]]
    plot_confusion(np.ascontiguousarray(matrix), path, title=f"Held out, {title}", columns=columns, note=note)


def _draw(axes: Any, curves: Mapping[str, Sequence[float]], *, heading: str) -> None:
    for (name, values), colour in zip(curves.items(), (WRONG, RIGHT), strict=True):
        label = "held out" if name.startswith("val_") else "while learning"
        mark = "o" if name.startswith("val_") else "s"
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, marker=mark, markersize=4.5, linewidth=1.8, color=colour, label=label)
    axes.set_title(heading, loc="left", fontsize=10.5, color=TEXT)
    axes.set_xlabel("epoch", fontsize=9.5, color=QUIET)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.tick_params(colors=QUIET, labelsize=9)
    axes.grid(axis="y", color="#E4E8EB", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=9.5)
