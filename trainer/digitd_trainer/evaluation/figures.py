"""What a finished model gets right: the shipped file, run by LiteRT as pages are read, not the network it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.reading.classify import Classifier
from digitd.records import NOT_A_DIGIT
from digitd.report.intervals import wilson
from digitd_trainer.augment.rounds import Glyphs


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFigures:
    """A model's figures on one set.

    matrix is (10, 11) int64 counts, rows the label, columns what was said, the last *not a digit*. loss is the mean
    negative log-likelihood of the calibrated confidences. float_right counts what the network gets right before it
    is made 8-bit; None where it was not asked.
    """

    name: str
    matrix: NDArray[np.int64]
    loss: float
    float_right: int | None = None

    @property
    def right(self) -> int:
        return int(np.trace(self.matrix))

    @property
    def examples(self) -> int:
        return int(self.matrix.sum())

    def as_json(self) -> dict[str, Any]:
        """The figures as the card and `--json` give them; shares in [0, 1], the interval is Wilson's at 95 %."""
        return {
            "set": self.name,
            "examples": self.examples,
            "right": self.right,
            "accuracy": self.right / self.examples,
            "interval": [round(end, 6) for end in wilson(self.right, self.examples)],
            "loss": round(self.loss, 5),
            "float_right": self.float_right,
            "confusion": self.matrix.tolist(),
        }


def measure(name: str, glyphs: Glyphs, *, classifier: Classifier, network: Any = None) -> SetFigures:
    """Let classifier, and the Keras network where given, read labelled glyphs."""
    said = classifier(glyphs.images)
    matrix = np.zeros((10, NOT_A_DIGIT + 1), np.int64)
    np.add.at(matrix, (glyphs.labels, said.argmax(axis=1)), 1)
    of_truth = said[np.arange(len(glyphs.labels)), glyphs.labels]
    return SetFigures(
        name=name,
        matrix=matrix,
        loss=float(-np.log(np.maximum(of_truth, 1e-30)).mean()),
        float_right=None if network is None else _float_right(network, glyphs),
    )


def as_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 28, 28) uint8 to what a network takes, (N, 28, 28, 1) float32 in [0, 1]."""
    scaled: NDArray[np.float32] = images[..., None].astype(np.float32) / np.float32(255)
    return scaled


def _float_right(network: Any, glyphs: Glyphs) -> int:
    said = network.predict(as_input(glyphs.images), batch_size=512, verbose=0)
    return int((said.argmax(axis=1) == glyphs.labels).sum())


def together(figures: Sequence[SetFigures], *, name: str) -> SetFigures:
    """The figures of all sets as if they were one."""
    matrices = [each.matrix for each in figures]
    examples = sum(each.examples for each in figures)
    floats = [each.float_right for each in figures if each.float_right is not None]
    return SetFigures(
        name=name,
        matrix=np.sum(matrices, axis=0),
        loss=sum(each.loss * each.examples for each in figures) / examples,
        float_right=sum(floats) if len(floats) == len(figures) else None,
    )
