"""Logs are events with keys: console lines for people, JSON lines for machines, always on standard error.

structlog is imported with the first line: most commands write none, and need not wait for it.
"""

import logging
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger, Processor

#: Sets the log up as it was asked for last, where that is still to be done.
_put_off: "Callable[[], None] | None" = None


def configure(level: str = "info", *, json: bool = False) -> None:
    """Set the log up once, at the start of a command. level is debug, info, warning or error."""
    global _put_off  # noqa: PLW0603 - a process has one log
    _put_off = partial(_configure, level, json=json)
    if "structlog" in sys.modules:
        _begin()


def log() -> "FilteringBoundLogger":
    """The logger every module uses: `log().info("document_read", document=..., ms=...)`."""
    import structlog

    _begin()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _begin() -> None:
    global _put_off  # noqa: PLW0603
    set_up = _put_off  # another thread may write a first line too
    if set_up is not None:
        set_up()
        _put_off = None


def _configure(level: str, *, json: bool) -> None:
    import structlog

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )


class _Lines:
    """A line that cannot be written, because the log's disk is full or nobody reads it, is lost; the service is not."""

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{message}\n")  # as it is when a line is written; in one piece, for threads write too
            sys.stderr.flush()

    debug = info = warning = warn = error = critical = fatal = exception = log = failure = err = msg
