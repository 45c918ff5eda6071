"""Notices that the configuration changed, and tries another model before the service reads with it.

The file is looked at whenever the service looks for files, and read when it was changed: then its key reading.model is
followed. Of the other keys most are taken up when a person asks for it, and some at the next start only.
"""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from digitd import config as configuration
from digitd.apart import end, open_process
from digitd.config import Config
from digitd.engine import Engine
from digitd.errors import DigitdError, ModelError
from digitd.logs import log
from digitd.models import Model, find
from digitd.sections import keys_of

#: Sections of the configuration that a running service takes up when it is asked to.
FOLLOWED = frozenset({"intake", "reading", "workers", "budget", "log"})


#: Seconds that a model has to read a digit before it is taken up.
TRIED_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """The configuration to go on with, and the model that it names, which was tried."""

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

    def look(self, *, everything: bool = False) -> Successor | None:
        """What to go on with, if that is another model than before, or with everything, another configuration.

        A file or a model that cannot be used is told of once, and changes nothing.
        """
        mark = _mark(self._file)
        if mark == self._seen and not everything:
            return None
        self._seen = mark  # taken before the file is read: what is written meanwhile has another
        try:
            written = configuration.load(self._file)
            name = written.reading.model
            model = find(name, self._config.models)
            other_model = (name, model.id) != self._reads
            if other_model:
                self._try_out(model)
        except DigitdError as fault:
            log().error("configuration_not_changed", still=self._reads[1], reason=str(fault))
            return None
        wanted = self._followed(written) if everything else self._with_model(name)
        if not other_model and wanted == self._config:
            return None
        self._reads, self._config = (name, model.id), wanted
        return Successor(model=model, config=wanted)

    def _with_model(self, name: str) -> Config:
        return replace(self._config, reading=replace(self._config.reading, model=name))

    def _followed(self, written: Config) -> Config:
        """The configuration in force with those sections of the written one that need no new start."""
        for section in sorted(set(keys_of(Config)) - FOLLOWED):
            if getattr(written, section) != getattr(self._config, section):
                log().warning(
                    "configuration_needs_a_start", section=section, next="stop the service and start it again"
                )
        return replace(self._config, **{section: getattr(written, section) for section in FOLLOWED})


def try_apart(model: Model) -> None:
    """Let model read a glyph in a process of its own, because a bad file may end the process.

    Raises
    ------
    ModelError
        It cannot read.
    """
    apart = open_process()
    try:
        apart.submit(_try, model).result(timeout=TRIED_WITHIN_SECONDS)
    except BrokenExecutor:
        raise ModelError(
            f"{model.folder}: the process that opened it died. Copy the whole model folder again, or train it anew."
        ) from None
    except TimeoutError:
        raise ModelError(f"{model.folder}: it reads nothing in {TRIED_WITHIN_SECONDS:g} s. Train it anew.") from None
    except (OSError, EOFError, RuntimeError, ValueError) as fault:
        raise ModelError(f"{model.folder}: it cannot be tried ({fault}). Copy the whole model folder again.") from None
    finally:
        end(apart)


def _try(model: Model) -> None:
    from digitd.reader import try_model  # OpenCV, which only the process that tries it needs

    try_model(model)


def _mark(file: Path) -> tuple[int, ...] | None:
    """What changes when the file does; None where it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
