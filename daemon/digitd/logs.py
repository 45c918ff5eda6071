"""Logs are events with keys: console lines for people, JSON lines for machines, always on standard error."""

import logging
import sys
from contextlib import suppress

import structlog


def configure(level: str = "info", *, json: bool = False) -> None:
    """Set the log up once, at the start of a command. level is debug, info, warning or error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: _Logger(sys.stderr),  # as it is when a line is written
        cache_logger_on_first_use=False,
    )


class _Logger(structlog.PrintLogger):
    """A line that cannot be written, because the log's disk is full or nobody reads it, is lost; the service is not."""

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = warn = error = critical = fatal = exception = log = failure = err = msg


def log() -> structlog.typing.FilteringBoundLogger:
    """The logger every module uses: `log().info("document_read", document=..., ms=...)`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
