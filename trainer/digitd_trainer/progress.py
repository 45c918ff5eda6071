"""How training tells what it does, and counts the seconds; nothing here prints."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol


class Reporter(Protocol):
    """Who is told."""

    def say(self, line: str) -> None:
        """A sentence for a person."""

    def show(self, part: str, share: float, *, figures: Mapping[str, float]) -> None:
        """The share of part that is done, in [0, 1], and the figures so far: loss, accuracy."""


class Silent:
    """Tells nobody."""

    def say(self, line: str) -> None:
        """Say nothing."""

    def show(self, part: str, share: float, *, figures: Mapping[str, float]) -> None:
        """Show nothing."""


class Stopwatch:
    """Seconds by what they were spent on. seconds may be those of a run that this one goes on with."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count what is done meanwhile as what."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.monotonic() - started

    def add(self, seconds: Mapping[str, float], *, under: str = "") -> None:
        """Count the seconds of others too, by what they say, or all under one name."""
        for what, spent in seconds.items():
            name = under or what
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
