"""Notices that the configuration names another model, and tries that model before the service reads with it.

The configuration file is looked at whenever the service looks for files, and read when it was changed. Only its key
reading.model is followed; all others take effect at the next start.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from digitd import config as configuration
from digitd.config import Config
from digitd.engine import Engine
from digitd.errors import DigitdError, ModelError
from digitd.logs import log
from digitd.models import Model, find
from digitd.reader import try_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """A model that was tried and is to read from now on, and the configuration that names it."""

    model: Model
    config: Config


class Succession:
    """Which model is to read.

    Parameters
    ----------
    config, file
        The configuration in force, and the file it came from.
    model
        What reads now.
    open_engine
        Makes the engine that reads with another configuration.
    try_out
        Raises ModelError where a model cannot read.
    """

    def __init__(
        self,
        config: Config,
        file: Path,
        *,
        model: Model,
        open_engine: Callable[[Config], Engine],
        try_out: Callable[[Model], None] | None = None,
    ) -> None:
        self._config = config
        self._file = file
        self._reads = (config.reading.model, model.id)
        self._seen: tuple[int, ...] | None = ()
        self._try_out = try_out or try_apart
        self.open_engine = open_engine

    def look(self) -> Successor | None:
        """Another model than at the last look, if there is one that can be used.

        A file or a model that cannot be used is told of once, and changes nothing.
        """
        mark = _mark(self._file)
        if mark == self._seen:
            return None
        self._seen = mark  # taken before the file is read: what is written meanwhile has another
        try:
            name = configuration.load(self._file).reading.model
            model = find(name, self._config.models)
            if (name, model.id) == self._reads:
                return None
            self._try_out(model)
        except DigitdError as fault:
            log().error("model_not_changed", still=self._reads[1], reason=str(fault))
            return None
        self._reads = (name, model.id)
        reading = self._config.reading.model_copy(update={"model": name})
        return Successor(model=model, config=self._config.model_copy(update={"reading": reading}))


def try_apart(model: Model) -> None:
    """Let model read a glyph in a process of its own, because a bad file may end the process; takes a second.

    Raises
    ------
    ModelError
        It cannot read.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        try:
            apart.submit(try_model, model).result()
        except BrokenExecutor:
            raise ModelError(
                f"{model.folder}: the process that opened it died. Copy the whole model folder again, or train it anew."
            ) from None


def _mark(file: Path) -> tuple[int, ...] | None:
    """What changes when the file does; None where it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
