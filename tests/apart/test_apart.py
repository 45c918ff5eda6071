"""Processes of their own: what they are forked from, and how it is told how they ended."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import connection
from typing import Any

import pytest

from digitd.apart import end, open_process, start_server, was_killed

PATIENCE_SECONDS = 60


@pytest.fixture
def process() -> Iterator[ProcessPoolExecutor]:
    start_server()
    made = open_process()
    yield made
    end(made)


def within(process: ProcessPoolExecutor, expression: str) -> Any:
    """What an expression is, with os, signal and sys, in the process."""
    said = f"[{expression} for os, signal, sys in [map(__import__, ('os', 'signal', 'sys'))]][0]"
    return process.submit(eval, said).result(timeout=PATIENCE_SECONDS)


def test_what_processes_are_forked_from_has_one_thread(process: ProcessPoolExecutor) -> None:
    """Of another, only the locks that it holds would be in what is forked."""
    assert within(process, "len(os.listdir(f'/proc/{os.getppid()}/task'))") == 1


def test_a_process_has_imported_what_reading_needs(process: ProcessPoolExecutor) -> None:
    """Before it was forked: nobody waits for it, and its memory is shared."""
    wanted = ("cv2", "ai_edge_litert.interpreter", "digitd.reader", "digitd.engine.processes")
    assert within(process, f"all(name in sys.modules for name in {wanted})")


def test_a_process_ends_by_no_polite_signal(process: ProcessPoolExecutor) -> None:
    """Nor does what it is forked from: they mean the service, which lets it finish what it reads."""
    ignored = "[signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]"
    assert within(process, ignored) == [signal.SIG_IGN] * 3
    server = within(process, "os.getppid()")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(server, number)
    assert within(process, "os.getppid()") == server


def test_a_process_whose_server_is_killed_counts_as_killed(process: ProcessPoolExecutor) -> None:
    """It ends too, and what it was reading is not to blame; who needs another process gets one."""
    assert not was_killed(process)
    ending = os.pidfd_open(within(process, "os.getpid()"))
    os.kill(within(process, "os.getppid()"), signal.SIGKILL)
    with pytest.raises(BrokenExecutor):
        within(process, "__import__('time').sleep(600)")
    assert was_killed(process)
    assert connection.wait([ending], timeout=PATIENCE_SECONDS)
    os.close(ending)
    other = open_process()
    assert within(other, "1 + 1") == 2
    end(other)
