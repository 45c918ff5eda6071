"""The work folder of a training: what each round reached is kept in it, so that a kill or a full disk costs a round."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from digitd.errors import AlreadyRunning, DigitdError, ExitCode

SETTINGS, LOCK, DRAFT = "settings.json", "lock", "draft-"

#: May differ when a training is taken up again: one whose loss was no number goes on with a smaller rate.
MAY_DIFFER = ("recipe.rate",)


class TrainingStopped(DigitdError):
    """Training cannot go on; what the last whole round reached is kept."""

    exit_code = ExitCode.BAD_CONFIG


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a network's training has reached after so many rounds.

    history holds a number a round; seconds are by what they were spent on. variables is all that the next round begins
    with: weights, running averages, states of random layers, the optimiser's. weights are those that the finished
    network would have if this round were the last.
    """

    rounds: int
    history: Mapping[str, Sequence[float]]
    seconds: Mapping[str, float]
    variables: Sequence[NDArray[Any]]
    weights: Sequence[NDArray[Any]]


class WorkFolder:
    """Keeps the states of one training, that of settings; held by one process at a time.

    Parameters
    ----------
    path
        The folder; made on entering, and removed on leaving unless something in it is worth keeping.
    settings
        Plain values by name that decide what comes of the training.
    fresh
        Throw away what is kept, whatever it is.

    Raises
    ------
    AlreadyRunning
        On entering: another process trains here.
    TrainingStopped
        On entering: what is kept is of other settings, or the folder cannot be written.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        self.path = path
        self._settings = json.loads(json.dumps(settings))  # as they will be when they are read again
        self._fresh = fresh
        self._lock: int | None = None

    def __enter__(self) -> "WorkFolder":
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._unlock()
            raise AlreadyRunning(
                f"{self.path}: this model is being trained already. Wait for that, or choose another --name."
            ) from None
        except OSError as fault:
            raise TrainingStopped(f"{self.path}: {fault.strerror}. Name another folder with --out.") from None
        try:
            self._take_up()
        except DigitdError:
            self._unlock()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for draft in self.path.glob(f"{DRAFT}*"):
            draft.unlink(missing_ok=True)
        if self.path.is_dir() and not self._kept():
            self.clear()
        self._unlock()

    def state(self, part: str) -> State | None:
        """The last state of part kept; None where there is none.

        Raises
        ------
        TrainingStopped
            It cannot be read.
        """
        path = self.path / f"{part}.npz"
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                told = json.loads(bytes(arrays["told"]))
                variables = [arrays[f"variable-{i}"] for i in range(told.pop("variables"))]
                weights = [arrays[f"weight-{i}"] for i in range(told.pop("weights"))]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as fault:
            raise TrainingStopped(f"{path}: cannot be read: {fault}. Begin again with --fresh.") from None
        return State(variables=variables, weights=weights, **told)

    def keep(self, part: str, state: State) -> None:
        """Keep state in place of the last one of part: at any instant one of them is whole.

        Raises
        ------
        TrainingStopped
            It cannot be written, most likely for lack of room; the last one is still there.
        """
        told = {"rounds": state.rounds, "history": state.history, "seconds": state.seconds}
        told |= {"variables": len(state.variables), "weights": len(state.weights)}
        arrays = {f"variable-{i}": value for i, value in enumerate(state.variables)}
        arrays |= {f"weight-{i}": value for i, value in enumerate(state.weights)}
        arrays["told"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
        self.place(f"{part}.npz", lambda draft: np.savez(draft, allow_pickle=False, **arrays))

    def forget(self, part: str) -> None:
        """Throw the state of part away: the part is finished, and kept as something else."""
        (self.path / f"{part}.npz").unlink(missing_ok=True)

    def place(self, name: str, write: Callable[[Path], None]) -> Path:
        """Let write make the file called name under another name, and put it in place whole; where it is.

        Raises
        ------
        TrainingStopped
            It cannot be written.
        """
        draft, path = self.path / f"{DRAFT}{name}", self.path / name
        try:
            write(draft)
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.replace(path)
        except OSError as fault:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise TrainingStopped(
                f"{path}: cannot be written: {fault.strerror or fault}. Make room there and run the same command "
                "again: it goes on with what was kept before."
            ) from None
        return path

    def check_room(self, needed: int) -> None:
        """Before an hour of work, not in it: see that needed bytes are free.

        Raises
        ------
        TrainingStopped
            They are not.
        """
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise TrainingStopped(
                f"{self.path}: training needs about {needed / 1e6:.0f} MB for what it keeps, and {free / 1e6:.0f} MB "
                "are free. Make room, or name a folder elsewhere with --out."
            )

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _kept(self) -> list[Path]:
        return [path for path in self.path.iterdir() if path.suffix in {".npz", ".keras"}]

    def _take_up(self) -> None:
        path = self.path / SETTINGS
        if self._fresh:
            for kept in self.path.iterdir():
                if kept.name != LOCK:
                    kept.unlink()
        if self._kept():
            self._check_same(path)
        self.place(SETTINGS, lambda draft: write_json(draft, self._settings))

    def _check_same(self, path: Path) -> None:
        try:
            then = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise TrainingStopped(f"{path}: cannot be read: {fault}. Begin again with --fresh.") from None
        names = sorted((then.keys() | self._settings.keys()) - set(MAY_DIFFER))
        changed = [name for name in names if then.get(name) != self._settings.get(name)]
        if changed:
            differ = "; ".join(_difference(name, then.get(name), self._settings.get(name)) for name in changed)
            raise TrainingStopped(
                f"{self.path}: an unfinished training with other arguments is kept here ({differ}). "
                "Run that one to its end, begin again with --fresh, or choose another --name."
            )

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)  # drops the lock
            self._lock = None


def _difference(name: str, then: object, now: object) -> str:
    if isinstance(then, int | float | str) and isinstance(now, int | float | str):
        return f"{name} was {then}, now {now}"
    return f"{name} differs"


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write value as JSON that a person can read."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
