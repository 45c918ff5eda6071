"""Training itself: the seed's network is the seed's, and a quick run gives a model folder that reads."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode, NotInstalled
from digitd.models import check_keras, find, open_model
from digitd.reading.classify import Classifier
from digitd.resources import shipped
from digitd_trainer import export, frameworks
from digitd_trainer.augment.rounds import Glyphs, as_squares, draw_round, normalised
from digitd_trainer.checkpoints import TrainingStopped
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.figures import as_input, measure
from digitd_trainer.export import find_temperature
from digitd_trainer.network import paper_network, seed_network, teacher_network
from digitd_trainer.train import _temperature

pytestmark = [
    pytest.mark.slow,
    # TensorFlow 2.21 with numpy 2.4 and Keras 3.15: warnings of their own code, one line each.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
]


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_the_seeds_network_is_the_seeds() -> None:
    """Conv 32-64-128, two poolings, Dense 256, Dropout 0.5, softmax 10: shapes and weights as by hand."""
    network = seed_network(10)
    shapes = [tuple(layer.output.shape[1:]) for layer in network.layers]
    assert shapes == [
        (26, 26, 32),
        (13, 13, 32),
        (11, 11, 64),
        (5, 5, 64),
        (3, 3, 128),
        (1152,),
        (256,),
        (256,),
        (10,),
        (10,),
    ]
    assert network.count_params() == 320 + 18_496 + 73_856 + 295_168 + 2_570
    assert network.layers[7].rate == 0.5
    np.testing.assert_allclose(network.predict(np.ones((2, 28, 28, 1)), verbose=0).sum(axis=1), 1, atol=1e-5)


def test_the_shipped_network_fits_600_kb() -> None:
    """Eight bits a weight; a teacher may be larger."""
    assert paper_network(11).count_params() < 550_000 < teacher_network(11).count_params()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A folder of models with one that the quick recipe made of scikit-learn's digits, and what was printed."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("quick")
    found = load_digits()
    images = np.kron((found.images * 15.9).astype(np.uint8), np.ones((3, 3), np.uint8))
    np.savez(folder / "digits.npz", x=images, y=found.target.astype(np.uint8))
    options = ("--recipe", "quick", "--epochs", "6", "--name", "mine")
    np.savez(folder / "others.npz", x=images[:200], y=found.target[:200].astype(np.uint8))
    data = ("--data", folder / "digits.npz", "--calibrate", folder / "others.npz")
    return folder / "models", train(*options, *data, "--out", folder / "models")


def test_a_quick_run_gives_a_model_folder(quick: tuple[Path, Result]) -> None:
    """Files, card, figures and pictures are there, agree, and tell where the model comes from."""
    folder, result = quick
    assert result.exit_code == ExitCode.OK, result.output
    model = open_model(folder / "mine")
    check_keras(model)
    assert model.card["recipe"] == "quick"
    assert model.card["data"][0]["examples"] == 1797
    assert len(model.card["data"][0]["sha256"]) == 64
    assert [(each["name"], each["examples"]) for each in model.card["calibrated_with"]] == [("others.npz", 200)]
    assert {"tensorflow", "keras", "python", "digitd", "pipeline"} <= model.card["versions"].keys()
    metrics = json.loads((folder / "mine" / "metrics.json").read_text())
    assert len(metrics["history"]["val_accuracy"]) == metrics["epochs"] == 6
    assert (folder / "mine" / "model.keras").stat().st_size < 5 * 390_410
    for name in ("curves.png", "confusion.png"):
        assert (folder / "mine" / name).read_bytes().startswith(b"\x89PNG")
    assert "held out" in result.output
    assert not list(folder.glob(".*"))


def test_a_quick_run_has_learnt_to_read(quick: tuple[Path, Result], digits: Digits) -> None:
    """The exported 8-bit file, found as the service finds it, reads digits; Keras says the same of nearly all."""
    keras = frameworks.import_keras()
    model = find("mine", quick[0])
    glyphs = Glyphs(images=normalised(digits.images[:600]), labels=digits.labelled()[:600])
    network = keras.models.load_model(quick[0] / "mine" / "model.keras")
    figures = measure("some", glyphs, classifier=Classifier(model.litert), network=network)
    assert figures.float_right is not None
    assert figures.right > 0.93 * 600
    assert abs(figures.right - figures.float_right) <= 6


def test_a_model_that_is_there_is_not_replaced_unasked(quick: tuple[Path, Result]) -> None:
    """An hour's work is not written over by a second run, and the second run hears of it before it begins."""
    folder = quick[0]
    result = train("--recipe", "quick", "--data", folder / "absent.npz", "--out", folder, "--name", "mine")
    assert result.exit_code == ExitCode.BAD_MODEL
    assert "--replace" in result.output


def test_eight_bits_lose_next_to_nothing(digits: Digits) -> None:
    """The shipped file and the network it came from say the same of digits and strangers, drawn as for training."""
    keras = frameworks.import_keras()
    model = find("paper", shipped("models"))
    network = keras.models.load_model(model.folder / "model.keras")
    squares = Glyphs(images=as_squares(digits.images[:400]), labels=digits.labelled()[:400])
    images = draw_round(squares, 0, seed=1).images
    said, by_float = Classifier(model.litert)(images), network.predict(as_input(images), verbose=0)
    sure = by_float.max(axis=1) > 0.9
    assert sure.mean() > 0.5
    assert (said.argmax(axis=1) == by_float.argmax(axis=1))[sure].all()
    assert np.abs(said - by_float).mean() < 0.01


def test_without_data_it_says_what_to_give(tmp_path: Path) -> None:
    """`digitd train` alone explains the formats it learns from."""
    result = train("--out", tmp_path)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "train.csv" in result.output
    assert "IDX" in result.output
    assert "npz" in result.output


def test_a_folder_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    """--name cannot be made to delete somebody's photographs, not even with --replace."""
    (tmp_path / "photographs").mkdir()
    result = train("--out", tmp_path, "--name", "photographs", "--replace")
    assert result.exit_code == ExitCode.BAD_MODEL
    assert (tmp_path / "photographs").is_dir()


@pytest.mark.parametrize("name", ["a/b", "../b", "..", "."])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    """A model anywhere else than in the folder of models would be found by nobody."""
    result = train("--out", tmp_path, "--name", name)
    assert result.exit_code == ExitCode.BAD_MODEL
    assert "a name, not a path" in result.output


def test_a_set_that_does_not_suit_is_told_of_before_training(tmp_path: Path, digits: Digits) -> None:
    """What is only measured or calibrated with is read before the first round, as what is learnt from is."""
    np.savez(tmp_path / "right.npz", x=as_squares(digits.images[:200]), y=digits.labelled()[:200])
    np.savez(tmp_path / "wrong.npz", x=digits.images[:200], y=digits.labelled()[:200])
    data = ("--recipe", "seed", "--out", tmp_path / "models", "--data", tmp_path / "right.npz")
    for more in (("--calibrate",), ("--leave-out", "wrong", "--data")):
        result = train(*data, *more, tmp_path / "wrong.npz")
        assert result.exit_code == ExitCode.BAD_INPUT
        assert "wrong.npz: pictures of 24 x 24" in result.output
    assert not list((tmp_path / "models").iterdir()), "no round was kept"


def test_what_makes_no_file_that_reads_is_told_of(digits: Digits) -> None:
    """Weights that grew without bounds may give a file that the interpreter refuses: the way on is named."""
    glyphs = Glyphs(images=normalised(digits.images[:9]), labels=digits.labelled()[:9])
    with pytest.raises(TrainingStopped, match=r"--fresh and a smaller --rate \(it was 0\.5\)"):
        _temperature(b"no file", glyphs, rate=0.5)


def test_the_temperature_is_that_of_all_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the digits it is found with lack the highest ones, what was said of those counts all the same."""
    said = np.full((4, 11), 0.01, np.float32)
    said[:, 9], said[:, 10], said[[0, 1, 2, 3], [0, 1, 0, 1]] = 0.6, 0, 0.3
    monkeypatch.setattr(export, "Classifier", lambda litert: lambda images: said)
    glyphs = Glyphs(images=np.zeros((4, 28, 28), np.uint8), labels=np.array([0, 1, 0, 1], np.uint8))
    assert find_temperature(b"", glyphs) > 1, "it is surer of 9 than of what is right"


def test_without_tensorflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The extra is named, and the command that installs it, before any data is read."""
    monkeypatch.setattr(frameworks, "find_spec", lambda name: None)
    result = train("--data", tmp_path / "absent.csv", "--out", tmp_path)
    assert result.exit_code == ExitCode.NOT_INSTALLED
    assert 'pip install "digitd[train]"' in result.output
    with pytest.raises(NotInstalled):
        frameworks.import_keras()


def test_without_the_trainer_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose trainer was taken out says so, as every other fault does."""
    monkeypatch.setattr("digitd.cli._joined.entry_points", lambda **_: ())
    monkeypatch.delitem(sys.modules, "digitd.cli.train", raising=False)
    result = train("--help")
    monkeypatch.delitem(sys.modules, "digitd.cli.train", raising=False)
    assert result.exit_code == ExitCode.NOT_INSTALLED
    assert "the trainer is not installed" in result.output


def test_help_does_not_import_tensorflow() -> None:
    """Whoever asks for help does not wait five seconds for it."""
    said = "import sys; from digitd.cli import main; main(['train', '--help'], standalone_mode=False); "
    said += "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], check=False, capture_output=True).returncode == 0
