"""MNIST by name: fetched by Keras, here by one that is made up; without a network the way out is named."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest

from digitd_trainer.data import fetched
from digitd_trainer.data.digits import DatasetError
from digitd_trainer.data.load import load, load_tests

RNG = np.random.default_rng(3)
PARTS = tuple(
    (RNG.integers(0, 256, (count, 28, 28), np.uint8), RNG.integers(0, 10, count, np.uint8)) for count in (30, 10)
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run where nothing is called mnist."""
    monkeypatch.chdir(tmp_path)


def keras_whose(monkeypatch: pytest.MonkeyPatch, load_data: Any) -> None:
    keras = SimpleNamespace(datasets=SimpleNamespace(mnist=SimpleNamespace(load_data=load_data)))
    monkeypatch.setattr(fetched, "import_keras", lambda: keras)


def test_mnist_is_fetched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """`mnist` gives what is learnt from, and apart from it what is measured with: two parts of one thing."""
    keras_whose(monkeypatch, lambda: PARTS)
    for found, (images, labels), name in (
        (load(Path("mnist")), PARTS[0], "mnist x_train"),
        (load_tests(Path("mnist")), PARTS[1], "mnist x_test"),
    ):
        (digits,) = found
        assert digits.name == name
        np.testing.assert_array_equal(digits.images, images)
        np.testing.assert_array_equal(digits.labelled(), labels)
    assert load(Path("mnist"))[0].sha256 == load_tests(Path("mnist"))[0].sha256


@pytest.mark.parametrize("fault", [Exception, OSError, ValueError])
def test_without_a_network_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception], capfd: pytest.CaptureFixture[str]
) -> None:
    """Keras' own fault, a bare Exception, ends in a sentence that offers a file; its chatter is not shown."""

    def refuse() -> NoReturn:
        print("Downloading data")  # noqa: T201
        raise fault("URL fetch failure: Name or service not known.")

    keras_whose(monkeypatch, refuse)
    with pytest.raises(DatasetError, match=r"mnist: cannot be fetched: URL fetch.*known\. .*--data mnist\.npz"):
        load(Path("mnist"))


def test_a_bug_is_not_taken_for_a_missing_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of other kinds are not hidden behind advice that would not help."""

    def stumble() -> NoReturn:
        raise TypeError("unexpected")

    keras_whose(monkeypatch, stumble)
    with pytest.raises(TypeError, match="unexpected"):
        load(Path("mnist"))


def test_a_file_of_that_name_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever has a folder called mnist means it."""
    keras_whose(monkeypatch, lambda: PARTS)
    (tmp_path / "mnist").mkdir()
    np.savez(tmp_path / "mnist" / "mine.npz", x=PARTS[1][0], y=PARTS[1][1])
    assert [digits.name for digits in load(Path("mnist"))] == ["mine.npz"]
