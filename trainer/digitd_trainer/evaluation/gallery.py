"""The gallery of mistakes: what a model was surest of and wrong, as it saw it, beside the picture as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT
from digitd.report.canvas import QUIET, WRONG, add_axes, blank_figure, save
from digitd_trainer.evaluation.confusions import NAMES
from digitd_trainer.evaluation.glyphs import Said

#: Mistakes in a row, and in all: more cannot be seen at one glance.
COLUMNS, LIMIT = 6, 36

#: Inches: of a picture's side, and of the place of a mistake with its words.
_SIDE, _WIDTH, _HEIGHT = 0.82, 1.95, 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mistake:
    """A glyph that was read wrong: (28, 28) uint8 as the network saw it, picture (h, w) uint8 as it was, and words.

    place is where it stands in its set, from 0; confidence is the probability, in [0, 1], of what was said.
    """

    glyph: NDArray[np.uint8]
    picture: NDArray[np.uint8]
    label: str
    said: str
    confidence: float
    set: str
    place: int

    def as_json(self) -> dict[str, Any]:
        return {
            "set": self.set,
            "place": self.place,
            "label": self.label,
            "said": self.said,
            "confidence": self.confidence,
        }


def mistakes(sets: Sequence[Said], *, limit: int = LIMIT) -> list[Mistake]:
    """The most confident mistakes in sets, the most confident first. A glyph without ink is nobody's mistake."""
    found = []
    for said in sets:
        choice, confidence = said.probabilities.argmax(axis=1), said.probabilities.max(axis=1)
        labels = np.full(len(choice), NOT_A_DIGIT) if said.labels is None else said.labels
        wrong = np.flatnonzero((choice != labels) & ~said.blank)
        found += [
            Mistake(
                glyph=said.glyphs[place],
                picture=said.source.images[place],
                label=NAMES[labels[place]],
                said=NAMES[choice[place]],
                confidence=float(confidence[place]),
                set=said.source.name,
                place=int(place),
            )
            for place in wrong[np.argsort(-confidence[wrong], kind="stable")][:limit]
        ]
    return sorted(found, key=lambda mistake: -mistake.confidence)[:limit]


def plot_mistakes(found: Sequence[Mistake], path: Path, *, title: str, note: str) -> None:
    """Draw mistakes, each as the network saw it beside the picture as it was, as PNG at path."""
    rows = max(1, -(-len(found) // COLUMNS))
    figure = blank_figure(0.7 + _WIDTH * COLUMNS, 1.1 + _HEIGHT * rows, title=title, note=note)
    for index, mistake in enumerate(found):
        row, column = divmod(index, COLUMNS)
        _draw(figure, mistake, left=0.35 + _WIDTH * column, top=1.05 + _HEIGHT * row)
    save(figure, path)


def _draw(figure: Any, mistake: Mistake, *, left: float, top: float) -> None:
    width, height = figure.get_size_inches()
    for shift, pixels in ((0.0, mistake.glyph), (_SIDE + 0.06, mistake.picture)):
        at = left + shift
        axes = add_axes(figure, left=at, right=width - at - _SIDE, top=top, bottom=height - top - _SIDE)
        axes.set_facecolor("#E9ECEE")
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(color=WRONG if shift == 0 else "#C4CBD0", linewidth=1.4)
    words = f"{_short(mistake.label)}, said {_short(mistake.said)}  {100 * mistake.confidence:.1f} %"
    y = 1 - (top + _SIDE + 0.13) / height
    figure.text(left / width, y, words, fontsize=9.5, fontweight="bold", color=WRONG, va="center")
    where = f"{mistake.set.partition(',')[0]}, {mistake.place}"
    figure.text(left / width, y - 0.17 / height, where, fontsize=7.5, color=QUIET, va="center")


def _short(name: str) -> str:
    return "none" if name == NAMES[NOT_A_DIGIT] else name
