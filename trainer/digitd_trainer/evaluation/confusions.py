"""What is taken for what: the confusion matrix, counted by scikit-learn, and its worst cells. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT

#: What a machine may say, and what a glyph may be.
NAMES = (*map(str, range(NOT_A_DIGIT)), "not a digit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """So many of a label, of examples of it, were said to be something else."""

    label: str
    said: str
    count: int
    examples: int

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label, "said": self.said, "count": self.count, "share": self.count / self.examples}


def confusion(labels: NDArray[np.uint8] | None, said: NDArray[np.intp]) -> NDArray[np.int64]:
    """(11, 11) int64 counts, rows the label and columns what was said; labels None means that nothing is a digit."""
    from sklearn.metrics import confusion_matrix

    if labels is None:
        labels = np.full(len(said), NOT_A_DIGIT, np.uint8)
    if len(said) == 0:
        return np.zeros((len(NAMES), len(NAMES)), np.int64)
    return confusion_matrix(labels, said, labels=range(len(NAMES))).astype(np.int64)


def worst(matrix: NDArray[np.int64], *, limit: int = 12) -> Sequence[Confusion]:
    """The most frequent mistakes of a matrix, (11, 11), the most frequent first."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:limit]
    cells = [divmod(int(place), wrong.shape[1]) for place in order]
    return [
        Confusion(label=NAMES[row], said=NAMES[column], count=int(wrong[row, column]), examples=int(matrix[row].sum()))
        for row, column in cells
        if wrong[row, column]
    ]
