"""What a training keeps, and how it goes on: after a kill, a full disk, a loss that is no number."""

import errno
import signal
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import AlreadyRunning, ExitCode
from digitd_trainer import checkpoints
from digitd_trainer.checkpoints import State, TrainingStopped, WorkFolder
from digitd_trainer.data.digits import Digits
from digitd_trainer.fit import Fitted, Means, fit
from digitd_trainer.frameworks import import_keras
from digitd_trainer.prepare import prepare
from digitd_trainer.progress import Silent
from digitd_trainer.recipes import RECIPES, Recipe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
]

QUICK = RECIPES["quick"]

#: Runs digitd, and kills itself, as nothing can be caught or put away after, in the middle of a round.
KILLED = """
import os, signal
from digitd.cli import main
from digitd_trainer.commands import _bars

def show(self, part, share, *, figures):
    if share > 0.6:
        os.kill(os.getpid(), signal.SIGKILL)

_bars.Bars.show = show
main()
"""


class Told(Silent):
    """Remembers the sentences."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def a_state(rounds: int = 1) -> State:
    return State(
        rounds=rounds,
        history={"loss": [0.5] * rounds},
        seconds={"learning": 1.5},
        variables=[np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, np.int64)],
        weights=[np.ones((2, 3), np.float32)],
    )


def fitted(
    digits: Digits, folder: Path, *, recipe: Recipe = QUICK, epochs: int = 3, told: Silent | None = None
) -> Fitted:
    some = replace(digits, images=digits.images[:400], labels=digits.labelled()[:400])
    with WorkFolder(folder, {"recipe.rate": recipe.rate}) as work:
        means = Means(work=work, reporter=told or Silent())
        return fit(recipe, prepare([some], recipe, seed=1), part="training", means=means, seed=1, epochs=epochs)


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Arrays with their types, history, seconds and the number of rounds are as they were; another part has none."""
    with WorkFolder(tmp_path / "work", {"seed": 1}) as work:
        work.keep("training", a_state())
    with WorkFolder(tmp_path / "work", {"seed": 1}) as work:
        state = work.state("training")
        assert work.state("teacher-1") is None
    assert state is not None
    assert (state.rounds, state.history, state.seconds) == (1, {"loss": [0.5]}, {"learning": 1.5})
    for now, then in zip([*state.variables, *state.weights], [*a_state().variables, *a_state().weights], strict=True):
        assert now.dtype == then.dtype
        np.testing.assert_array_equal(now, then)


def test_a_folder_with_nothing_worth_keeping_goes(tmp_path: Path) -> None:
    """A training that failed before its first round leaves nothing behind."""
    with WorkFolder(tmp_path / "work", {"seed": 1}) as work:
        assert work.path.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_state_that_was_being_written_is_not_taken_for_one(tmp_path: Path) -> None:
    """Killed in the middle of writing round 2, it goes on after round 1, and the half file is gone."""
    with WorkFolder(tmp_path / "work", {}) as work:
        work.keep("training", a_state())
        (work.path / "draft-training.npz").write_bytes(b"PK half of it")
    with WorkFolder(tmp_path / "work", {}) as work:
        state = work.state("training")
        assert state is not None
        assert state.rounds == 1
        assert not list(work.path.glob("draft-*"))


def test_other_settings_are_refused(tmp_path: Path) -> None:
    """What is kept is not mixed with another training: the message says what differs, and --fresh throws it away."""
    with WorkFolder(tmp_path / "work", {"seed": 1, "data": ["a"], "recipe.rate": 0.1}) as work:
        work.keep("training", a_state())
    with pytest.raises(TrainingStopped, match=r"data differs; seed was 1, now 2.*--fresh"):
        WorkFolder(tmp_path / "work", {"seed": 2, "data": ["b"], "recipe.rate": 0.1}).__enter__()
    with WorkFolder(tmp_path / "work", {"seed": 1, "data": ["a"], "recipe.rate": 0.01}) as work:
        assert work.state("training") is not None
    with WorkFolder(tmp_path / "work", {"seed": 2}, fresh=True) as work:
        assert work.state("training") is None


def test_two_do_not_train_one_model(tmp_path: Path) -> None:
    """The second is refused, whatever it wants, and harms nothing."""
    with WorkFolder(tmp_path / "work", {}) as work:
        work.keep("training", a_state())
        with pytest.raises(AlreadyRunning, match="being trained already"):
            WorkFolder(tmp_path / "work", {}, fresh=True).__enter__()
        assert work.state("training") is not None


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"\x93NUMPY"])
def test_a_damaged_state_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that a disk spoilt is named, with the way out."""
    with WorkFolder(tmp_path / "work", {}) as work:
        (work.path / "training.npz").write_bytes(content)
        with pytest.raises(TrainingStopped, match=r"training\.npz: cannot be read.*--fresh"):
            work.state("training")


def test_too_small_a_disk_is_told_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after an hour."""
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 10**6, 10**6)
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda path: usage)
    with WorkFolder(tmp_path / "work", {}) as work:
        work.check_room(10**6)
        with pytest.raises(TrainingStopped, match=r"needs about 5 MB.*1 MB are free"):
            work.check_room(5 * 10**6)


def test_a_disk_that_fills_up_costs_one_round(tmp_path: Path, digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The round that could not be kept is lost, the one before it is not, and the same command goes on with that."""
    calls: list[Path] = []
    savez = np.savez

    def full(path: Path, **arrays: Any) -> None:
        calls.append(path)
        if len(calls) == 2:
            path.write_bytes(b"PK as much as there was room for")
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(path, **arrays)

    monkeypatch.setattr(checkpoints.np, "savez", full)
    with pytest.raises(TrainingStopped, match=r"No space left on device.*Make room.*goes on"):
        fitted(digits, tmp_path / "work")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["lock", "settings.json", "training.npz"]
    told = Told()
    assert len(fitted(digits, tmp_path / "work", told=told).history["loss"]) == 3
    assert told.lines == ["training: going on after round 1 of 3"]


def test_a_loss_that_is_no_number_stops(tmp_path: Path, digits: Digits) -> None:
    """Where it happened is told and what to do; the last good round is kept, and a smaller rate goes on from there."""
    fitted_once = fitted(digits, tmp_path / "whole", epochs=1)
    assert len(fitted_once.history["loss"]) == 1
    said = r"round 2 of 3, step \d of 5: .* What round 1 reached is kept.*smaller --rate \(it was 1e\+39\)"
    with pytest.raises(TrainingStopped, match=said):
        fitted(digits, tmp_path / "whole", recipe=replace(QUICK, rate=1e39))
    again = fitted(digits, tmp_path / "whole", recipe=replace(QUICK, rate=5e-4))
    assert again.history["rate"] == pytest.approx([1e-3, 5e-4, 5e-4])
    assert np.isfinite(again.history["loss"]).all()
    assert TrainingStopped.exit_code == ExitCode.BAD_CONFIG


def test_another_network_is_not_forced_into_this_one(tmp_path: Path, digits: Digits) -> None:
    """A state written before the network's code changed is refused."""
    with WorkFolder(tmp_path / "work", {"recipe.rate": QUICK.rate}) as work:
        work.keep("training", a_state())
    with pytest.raises(TrainingStopped, match=r"another network.*--fresh"):
        fitted(digits, tmp_path / "work")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path, subprocess.CompletedProcess[str]]:
    """The arguments of a quick training of four rounds, its folder of models, and the process, killed in round 3."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("killed")
    found = load_digits()
    images = np.kron((found.images[:500] * 15.9).astype(np.uint8), np.ones((3, 3), np.uint8))
    np.savez(folder / "digits.npz", x=images, y=found.target[:500].astype(np.uint8))
    arguments = ["train", "--recipe", "quick", "--epochs", "4", "--data", str(folder / "digits.npz")]
    arguments += ["--out", str(folder / "models")]
    process = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments, "--name", "mine"], capture_output=True, text=True, check=False
    )
    return arguments, folder / "models", process


def run(arguments: list[str], *more: str) -> Result:
    return CliRunner().invoke(main, [*arguments, *more])


def test_a_killed_training_goes_on(
    killed: tuple[list[str], Path, subprocess.CompletedProcess[str]],
) -> None:
    """After SIGKILL in round 3 of 4 the same command goes on after round 2, to the weights of an unbroken run."""
    arguments, models, process = killed
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert [path.name for path in models.iterdir()] == [".mine.training"]

    other = run([*arguments, "--seed", "7"], "--name", "mine")
    assert other.exit_code == ExitCode.BAD_CONFIG
    assert "seed was 42, now 7" in other.output

    resumed = run(arguments, "--name", "mine")
    assert resumed.exit_code == ExitCode.OK, resumed.output
    assert "going on after round 2 of 4" in resumed.output
    whole = run(arguments, "--name", "whole")
    assert "going on" not in whole.output
    load = import_keras().models.load_model
    mine, unbroken = (load(models / name / "model.keras").get_weights() for name in ("mine", "whole"))
    for one, other in zip(mine, unbroken, strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(path.name for path in models.iterdir()) == ["mine", "whole"]
