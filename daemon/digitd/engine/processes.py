"""The processes of this machine that read: how one is started, prepared and bounded."""

import os
from collections.abc import Callable
from concurrent.futures import Executor
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from digitd import logs
from digitd.apart import begin_bounded, open_process
from digitd.config import Config
from digitd.engine.engine import Engine
from digitd.engine.lane import Bounds
from digitd.errors import DigitdError
from digitd.evidence import DocumentEvidence

if TYPE_CHECKING:
    from digitd.reader import Reader

#: Pages of a document that a process reads before others may go on with the rest.
PAGES_AT_ONCE = 4


def open_engine(config: Config, *, wake: Callable[[], None]) -> Engine:
    """The engine of the configuration: processes on this machine, started before the first document comes."""
    return Engine(
        partial(_process, config),
        partial(read_here, config),
        processes=config.workers.processes or os.cpu_count() or 1,
        wake=wake,
        bounds=Bounds(seconds=config.workers.seconds, documents=config.workers.documents),
    )


def read_here(config: Config, data: bytes, form: str | None, first: int = 0) -> DocumentEvidence:
    """Read a document, or as many pages of a long one as are read at once, from first on, in this process.

    Raises
    ------
    DigitdError
        The document, the form or the model is at fault.
    """
    return _reader(config).evidence(data, form, wanted=slice(first, first + PAGES_AT_ONCE))


def _process(config: Config) -> Executor:
    return open_process(_begin_process, config)


@lru_cache(maxsize=1)
def _reader(config: Config) -> "Reader":
    from digitd.reader import open_reader  # OpenCV, which the process that starts the others can do without

    return open_reader(config)


def _begin_process(config: Config) -> None:
    """Prepare a reading process."""
    begin_bounded(config.workers.memory_mb)
    logs.configure(config.log.level, json=config.log.json_lines)  # or lines would go to standard output
    try:
        _reader(config)
    except DigitdError:
        return  # told with the first document: here it would only break the executor
