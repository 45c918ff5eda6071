"""Figures of a model: counted from labels, told with an interval, and measured again with one command."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.resources import shipped
from digitd_trainer import export
from digitd_trainer.augment.rounds import Glyphs, normalised
from digitd_trainer.evaluation.figures import SetFigures, measure, together
from digitd_trainer.evaluation.plots import plot_curves, plot_held_out

DATA = Path(os.environ.get("DIGITD_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


class FakeClassifier:
    """Says what it is told to, with the confidence it is told."""

    def __init__(self, says: NDArray[np.integer], *, confidence: float = 0.8) -> None:
        self.says, self.confidence = says, confidence

    def __call__(self, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
        said = np.full((len(glyphs), 11), (1 - self.confidence) / 10, np.float32)
        said[np.arange(len(glyphs)), self.says] = self.confidence
        return said


def glyphs_of(labels: list[int]) -> Glyphs:
    return Glyphs(images=np.zeros((len(labels), 28, 28), np.uint8), labels=np.array(labels, np.uint8))


def test_figures_are_counts() -> None:
    """Rows are labels and columns what was said; a rejected digit is wrong, and is seen to be rejected."""
    says = FakeClassifier(np.array([3, 3, 10]))
    figures = measure("some", glyphs_of([3, 5, 7]), classifier=says)  # type: ignore[arg-type]
    assert (figures.right, figures.examples) == (1, 3)
    assert figures.matrix[5, 3] == figures.matrix[7, 10] == figures.matrix[3, 3] == 1
    assert figures.as_json()["interval"][0] < 1 / 3 < figures.as_json()["interval"][1]
    assert figures.loss == pytest.approx(-(np.log(0.8) + 2 * np.log(0.02)) / 3, rel=1e-5)


def test_figures_add_up() -> None:
    """Several sets together are as one set of all their digits."""
    says = FakeClassifier(np.array([1, 2]))
    parts = [measure("a", glyphs_of([1, 2]), classifier=says), measure("b", glyphs_of([1, 1]), classifier=says)]  # type: ignore[arg-type]
    both = together(parts, name="both")
    assert (both.name, both.right, both.examples) == ("both", 3, 4)
    assert both.float_right is None


def test_the_temperature_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where labels are drawn from the confidences at a known temperature, that temperature is found, within a tenth."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 6, (6000, 11)).astype(np.float32)

    def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
        raised = np.exp(values - values.max(axis=1, keepdims=True))
        result: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
        return result

    monkeypatch.setattr(export, "Classifier", lambda litert: lambda images: softmax(logits))
    labels = (softmax(logits / 2).cumsum(axis=1) > rng.random((6000, 1))).argmax(axis=1).astype(np.uint8)
    glyphs = Glyphs(images=np.zeros((6000, 28, 28), np.uint8), labels=labels)
    assert export.find_temperature(b"", glyphs) == pytest.approx(2, rel=0.1)


def test_pictures_are_drawn(tmp_path: Path) -> None:
    """One epoch and a model that never rejects give pictures too."""
    history = {name: [0.5] for name in ("accuracy", "loss", "val_accuracy", "val_loss")}
    plot_curves(history, tmp_path / "curves.png", title="t")
    matrix = np.eye(10, 11, dtype=np.int64) * 7
    plot_held_out(SetFigures(name="held out", matrix=matrix, loss=0.1), tmp_path / "confusion.png", title="t")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(not (DATA / "mnist" / "mnist.npz").is_file(), reason=f"needs MNIST, which is not at {DATA}")
def test_the_card_of_the_shipped_model_tells_the_truth() -> None:
    """The first 2,000 of MNIST's x_test are read as well as the card says of all 10,000."""
    model = find("paper", shipped("models"))
    with np.load(DATA / "mnist" / "mnist.npz", allow_pickle=False) as arrays:
        images, labels = arrays["x_test"][:2000], arrays["y_test"][:2000]
    figures = measure("x_test", Glyphs(images=normalised(images), labels=labels), classifier=Classifier(model.litert))
    assert abs(figures.right / 2000 - model.card["evaluation"][0]["accuracy"]) < 0.006
