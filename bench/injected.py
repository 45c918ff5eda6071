"""`digitd run` in a world that fails from the inside; started by torture.py: `python bench/injected.py FAULT`.

What is patched here is patched in the service and, because they import this file anew, in the processes that read.
"""

import datetime
import errno
import os
import random
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

#: How often a step fails.
OF_STAGES, OF_MEMORY, OF_WRITES = 0.02, 0.002, 0.01

#: Seconds that the clock is right, and then wrong, and by how much.
CLOCK_SECONDS, BACK_SECONDS = 3.0, 3600.0

CHANCE = random.Random(os.getpid())  # noqa: S311 - no secret


def failing(call: Callable[..., Any], share: float, fault: Callable[[], Exception], *, after: bool = False) -> Any:
    """A call that fails now and then, and with after may do so when it has done its work."""

    @wraps(call)
    def failing_call(*args: Any, **named: Any) -> Any:
        fails = CHANCE.random() < share
        if fails and not (after and CHANCE.random() < 0.5):
            raise fault()
        result = call(*args, **named)
        if fails:
            raise fault()
        return result

    return failing_call


def stages(share: float, fault: Callable[[], Exception]) -> None:
    """Let every stage of reading fail."""
    from digitd.reading import classify, pipeline, seen

    for owner, name in (
        (pipeline, "load"),
        (pipeline, "best_form"),
        (pipeline, "_regions"),
        (pipeline, "find_writing"),
        (pipeline, "segment"),
        (pipeline, "look"),
        (classify.Classifier, "__call__"),
        (seen, "decode"),
        (pipeline, "validate_page"),
    ):
        setattr(owner, name, failing(getattr(owner, name), share, fault))


def writes() -> None:
    """Let every step of the ledger fail, before it or after."""
    from digitd.errors import DatabaseError
    from digitd.store import Store

    for name in ("take_in", "claim_next", "record_reading", "record_failure", "put_back", "beat"):
        setattr(
            Store,
            name,
            failing(getattr(Store, name), OF_WRITES, lambda: DatabaseError("the disk did not answer"), after=True),
        )


def clock() -> None:
    """Let the clock that people read go back and forth."""
    begun, now = time.monotonic(), time.time

    def wrong() -> bool:
        return int((time.monotonic() - begun) / CLOCK_SECONDS) % 2 == 1

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Jumping":
            return cls.fromtimestamp(time.time(), tz)

    time.time = lambda: now() - BACK_SECONDS * wrong()
    datetime.datetime = Jumping  # type: ignore[misc]


FAULTS: dict[str, Callable[[], None]] = {
    "stages_fail": lambda: stages(OF_STAGES, lambda: OSError(errno.EIO, "the device failed")),
    "stages_short": lambda: stages(OF_MEMORY, MemoryError),
    "writes_fail": writes,
    "clock_back": clock,
}


FAULTS[sys.argv[1]]()

if __name__ == "__main__":
    from digitd.cli import main

    main(["run"])
