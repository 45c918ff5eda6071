"""Processes of their own: what ends them, and how it is told how they ended."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import Any

import pytest

from digitd.apart import end, open_process, was_killed

PATIENCE_SECONDS = 60


@pytest.fixture
def process() -> Iterator[ProcessPoolExecutor]:
    made = open_process()
    yield made
    end(made)


def within(process: ProcessPoolExecutor, expression: str) -> Any:
    """What an expression is, with os, signal and sys, in the process."""
    said = f"[{expression} for os, signal, sys in [map(__import__, ('os', 'signal', 'sys'))]][0]"
    return process.submit(eval, said).result(timeout=PATIENCE_SECONDS)


def test_a_process_ends_by_no_polite_signal(process: ProcessPoolExecutor) -> None:
    """They mean the service, which lets it finish what it reads."""
    ignored = "[signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]"
    assert within(process, ignored) == [signal.SIG_IGN] * 3


def test_a_process_that_is_killed_is_told_from_one_that_crashes(process: ProcessPoolExecutor) -> None:
    """What it was reading when it was killed is not to blame."""
    assert not was_killed(process)
    os.kill(within(process, "os.getpid()"), signal.SIGKILL)
    with pytest.raises(BrokenExecutor):
        within(process, "__import__('time').sleep(600)")
    assert was_killed(process)
    other = open_process()
    with pytest.raises(BrokenExecutor):
        within(other, "os.abort()")
    assert not was_killed(other)
    end(other)
