"""Logs are events with keys: console lines for people, JSON lines for machines, always on standard error."""

import logging
import sys

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
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when a line is written
        cache_logger_on_first_use=False,
    )


def log() -> structlog.typing.FilteringBoundLogger:
    """The logger every module uses: `log().info("document_read", document=..., ms=...)`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
