"""Teachers: what they say is averaged, they are trained once, and a student learns from them or from given ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode, ModelError
from digitd_trainer import recipes
from digitd_trainer.checkpoints import TrainingStopped, WorkFolder
from digitd_trainer.commands import train as command
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.distil import TEACHERS, find_teachers, opinion
from digitd_trainer.export import TEMPERATURES
from digitd_trainer.fit import Means
from digitd_trainer.frameworks import import_keras
from digitd_trainer.network import seed_network
from digitd_trainer.prepare import leave_out
from digitd_trainer.progress import Silent
from digitd_trainer.recipes import RECIPES
from digitd_trainer.teachers import seed_of_teacher
from digitd_trainer.train import train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
]

TAUGHT = replace(RECIPES["quick"], teachers=2, teacher_network="seed", teacher_epochs=2, epochs=2)


class Says:
    """A teacher that says the same of everything."""

    def __init__(self, *probabilities: float) -> None:
        self._said = np.array(probabilities, np.float32)

    def predict(self, images: np.ndarray, *, batch_size: int, verbose: int) -> np.ndarray:
        return np.tile(self._said, (len(images), 1))


class Stops(Silent):
    """Ends the training, as somebody at the keyboard would, when the student begins; remembers the sentences."""

    def __init__(self, *, at: str = "") -> None:
        self.lines: list[str] = []
        self._at = at

    def say(self, line: str) -> None:
        self.lines.append(line)

    def show(self, part: str, share: float, *, figures: Mapping[str, float]) -> None:
        if part == self._at and share > 0.6:
            raise KeyboardInterrupt


def test_teachers_are_averaged_at_a_temperature() -> None:
    """Each is warmed first, then the mean is taken: by hand, for two teachers and two classes."""
    images = np.zeros((3, 28, 28), np.uint8)
    said = opinion([Says(0.5, 0.5), Says(0.9, 0.1)], images, temperature=2)
    warm = 0.9**0.5 / (0.9**0.5 + 0.1**0.5)
    np.testing.assert_allclose(said, [[(0.5 + warm) / 2, (1.5 - warm) / 2]] * 3, atol=1e-6)
    np.testing.assert_allclose(opinion([Says(1, 0)], images, temperature=4), [[1, 0]] * 3)
    assert said.dtype == np.float32


def test_no_two_teachers_share_a_seed() -> None:
    """Nor do those of another student."""
    seeds = {seed_of_teacher(seed, number) for seed in range(20) for number in range(10)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_finished_teachers_are_not_trained_again(tmp_path: Path, digits: Digits) -> None:
    """A run that ends in its student's second round goes on there, with its teachers as they were.

    What it is calibrated with may be given: with labels that are all wrong, it is as unsure as can be.
    """
    some = replace(digits, images=digits.images[:400], labels=digits.labelled()[:400])
    for at, lines in (
        ("teacher-2", []),
        ("student", ["teacher-1: is trained already", "teacher-2: going on after round 1 of 2"]),
    ):
        reporter = Stops(at=at)
        with WorkFolder(tmp_path / "work", {}) as work, pytest.raises(KeyboardInterrupt):
            train(TAUGHT, [some], means=Means(work=work, reporter=reporter))
        assert reporter.lines == lines
    reporter = Stops()
    lies = replace(some, labels=(some.labelled() + 1) % 10)
    with WorkFolder(tmp_path / "work", {}) as work:
        trained = train(TAUGHT, [some], means=Means(work=work, reporter=reporter), calibration=[lies])
    assert trained.temperature == TEMPERATURES[-1]
    assert reporter.lines[-1] == "student: going on after round 1 of 2"
    assert [teacher.name for teacher in trained.teachers] == ["teacher-1", "teacher-2"]
    assert all(teacher.accuracy is not None and teacher.accuracy > 0.15 for teacher in trained.teachers)
    assert trained.seconds["teachers"] > 0
    assert trained.seconds["asking teachers"] > 0


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A folder with two sets, and models in it: one with teachers of its own; and what was printed."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("taught")
    found = load_digits()
    images = np.kron((found.images * 15.9).astype(np.uint8), np.ones((3, 3), np.uint8))
    for name, part in (("digits", slice(0, 500)), ("others", slice(500, 700))):
        np.savez(folder / f"{name}.npz", x=images[part], y=found.target[part].astype(np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(recipes.RECIPES, "quick", TAUGHT)  # type: ignore[arg-type]
        return folder, run(folder, "--name", "mine", "--leave-out", "others", "--data", folder / "others.npz")


def run(folder: Path, *more: str | Path) -> Result:
    arguments = ["train", "--recipe", "quick", "--data", folder / "digits.npz", "--out", folder / "models", *more]
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_card_names_teachers_and_sets_left_out(taught: tuple[Path, Result]) -> None:
    """Who taught, what was not learnt from, how long it took: in the card and the metrics; the teachers stay."""
    folder, result = taught
    assert result.exit_code == ExitCode.OK, result.output
    card = json.loads((folder / "models" / "mine" / "card.json").read_text())
    assert [teacher["name"] for teacher in card["teachers"]] == ["teacher-1", "teacher-2"]
    assert card["recipe_settings"]["distil_weight"] == TAUGHT.distil_weight
    assert [each["name"] for each in card["data"]] == ["digits.npz"]
    assert [each["name"] for each in card["left_out"]] == ["others.npz"]
    left_out = [each for each in card["evaluation"] if each.get("left_out")]
    assert [(each["set"], each["examples"]) for each in left_out] == [("others.npz", 200)]
    assert "others.npz, left out" in result.output
    metrics = json.loads((folder / "models" / "mine" / "metrics.json").read_text())
    assert {"preparing", "teachers", "learning", "asking teachers"} <= metrics["seconds_by_part"].keys()
    names = sorted(path.name for path in (folder / "models").rglob("*.keras"))
    assert names == ["model.keras", "teacher-1.keras", "teacher-2.keras"]
    assert sorted(path.name for path in (folder / "models").iterdir()) == ["mine", "mine.teachers"]


def test_teachers_can_be_given(taught: tuple[Path, Result]) -> None:
    """A folder of teachers, a model folder: a plain recipe then learns from them, and the card has their hashes."""
    models = taught[0] / "models"
    result = run(
        taught[0],
        "--name",
        "second",
        "--teacher",
        models / "mine.teachers",
        "--teacher",
        models / "mine",
        "--epochs",
        "1",
    )
    assert result.exit_code == ExitCode.OK, result.output
    cards = [json.loads((models / name / "card.json").read_text()) for name in ("mine", "second")]
    assert [teacher["name"] for teacher in cards[1]["teachers"]] == ["teacher-1.keras", "teacher-2.keras", "mine"]
    assert [teacher["sha256"] for teacher in cards[1]["teachers"][:2]] == [
        teacher["sha256"] for teacher in cards[0]["teachers"]
    ]
    assert cards[1]["teachers"][2]["sha256"] == cards[0]["keras_sha256"]
    assert [teacher["epochs"] for teacher in cards[1]["teachers"]] == [2, 2, 2]
    assert [each["seed"] for each in cards[1]["teachers"]] == [seed_of_teacher(42, 0), seed_of_teacher(42, 1), 42]


def test_a_teacher_must_not_know_what_is_left_out(taught: tuple[Path, Result]) -> None:
    """Else the set that is left out would be learnt from after all."""
    others, models = taught[0] / "others.npz", taught[0] / "models"
    for teacher, said in (("mine", "mine"), ("mine.teachers", "teacher-1.keras")):
        result = run(taught[0], "--data", others, "--leave-out", "digits", "--teacher", models / teacher)
        assert result.exit_code == ExitCode.BAD_MODEL
        assert f"{said}: this teacher has learnt from a set that is left out" in result.output


def test_what_is_calibrated_with_is_not_learnt_from(taught: tuple[Path, Result]) -> None:
    """A model is surer of what it, or who taught it, has seen: it is refused before training, with the way out."""
    digits, others, models = taught[0] / "digits.npz", taught[0] / "others.npz", taught[0] / "models"
    result = run(taught[0], "--name", "sure", "--calibrate", digits)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "--calibrate digits.npz: is learnt from too" in result.output
    options = ("--data", others, "--leave-out", "digits", "--calibrate", digits, "--teacher", models / "mine")
    assert "has learnt from a set that is left out or calibrated with" in run(taught[0], *options).output
    assert not (models / "sure").exists()


def test_the_list_beside_teachers_must_be_one(tmp_path: Path) -> None:
    """A torn file is told of: nothing is known of the teachers then."""
    (tmp_path / TEACHERS).write_text("[")
    (tmp_path / "teacher-1.keras").write_bytes(b"no zip")
    with pytest.raises(ModelError, match=r"teachers\.json: cannot be read"):
        find_teachers([tmp_path], classes=10)


def test_teachers_are_not_written_over_unasked(taught: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of work beside the model are told of before the first minute."""
    folder = taught[0]
    (folder / "models" / "third.teachers").mkdir()
    monkeypatch.setitem(recipes.RECIPES, "quick", TAUGHT)
    result = run(folder, "--name", "third")
    assert result.exit_code == ExitCode.BAD_MODEL
    assert "--teacher" in result.output
    assert command._teachers(folder / "models" / "third").is_dir()


def test_what_cannot_teach_is_refused(tmp_path: Path) -> None:
    """A file that is none, a folder without any, a network of other classes: each is named, and what to give."""
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(ModelError, match=r"bad\.keras: Keras cannot open"):
        find_teachers([tmp_path], classes=10)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty: no teacher here"):
        find_teachers([tmp_path / "empty"], classes=10)
    import_keras()
    seed_network(10).save(tmp_path / "ten.keras")
    with pytest.raises(ModelError, match=r"ten\.keras: takes .* 11 classes"):
        find_teachers([tmp_path / "ten.keras"], classes=11)
    assert find_teachers([tmp_path / "ten.keras"], classes=10)[0].learnt is None


def test_sets_are_left_out_by_the_names_of_their_files(digits: Digits) -> None:
    """With their suffix and the name of the array taken away; one that is not there is told of, with those that are."""
    sets = [replace(digits, name=name) for name in ("mnist.npz x_train", "usps.npz", "train-images-idx3-ubyte.gz")]
    learnt, left = leave_out(sets, ["usps", "mnist"])
    assert [each.name for each in learnt] == ["train-images-idx3-ubyte.gz"]
    assert [each.name for each in left] == ["mnist.npz x_train", "usps.npz"]
    with pytest.raises(DatasetError, match=r"usp: no set of this name .there: mnist, usps, train-images-idx3-ubyte"):
        leave_out(sets, ["usp"])
    with pytest.raises(DatasetError, match="nothing is left"):
        leave_out(sets[:1], ["mnist"])


def test_too_little_room_is_told_of_before_training(
    tmp_path: Path, digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe with teachers asks for more."""
    free = 8 * 10**6
    usage = type("usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with WorkFolder(tmp_path / "work", {}) as work, pytest.raises(TrainingStopped, match="needs about"):
        train(TAUGHT, [digits], means=Means(work=work))
    assert not list(tmp_path.iterdir())
