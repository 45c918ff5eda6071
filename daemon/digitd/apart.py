"""A process of its own for what may crash, hang or eat memory: how one is started, bounded, and ended for certain.

Each is a new interpreter. Never forked from this one: its threads would be copied half-way through their work.
"""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from digitd.wake import end_with_parent

#: Of a process that has ended, it is known how within so many seconds.
KNOWN_SECONDS = 5.0

#: They mean the service, which lets its processes finish what they read.
IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def open_process(begin: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """An executor of one process, which calls begin with arguments, both importable, before anything else.

    It ends with this process, however that ends, and not by Ctrl-C or a polite signal.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, spawn, initializer=_begin, initargs=(begin, *arguments))


def begin_bounded(memory_mb: int) -> None:
    """Let this process use one core, and so much memory, 0: any."""
    import cv2

    cv2.setNumThreads(1)
    if memory_mb:
        bytes_allowed = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_allowed, bytes_allowed))


def was_killed(executor: Executor | None) -> bool:
    """Whether a process of the executor was ended from outside: what makes its own process crash does not kill it."""
    return any(_exit_code(process) == -signal.SIGKILL for process in _processes_of(executor))


def end(executor: Executor) -> None:
    """End an executor's processes at once: they ignore the polite signal, which a broken executor would send."""
    processes = _processes_of(executor)
    executor.shutdown(wait=False)  # what waits in it is told that it broke; cancelled, it would be told nothing
    for process in processes:
        process.kill()


def _begin(begin: Callable[..., None] | None, *arguments: Any) -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()
    if begin is not None:
        begin(*arguments)


def _exit_code(process: BaseProcess) -> int | None:
    """How a process ended; None while it lives. Its end is noticed a moment before it is known how it ended."""
    until = time.monotonic() + KNOWN_SECONDS
    while process.exitcode is None and connection.wait([process.sentinel], 0) and time.monotonic() < until:
        time.sleep(0.001)
    return process.exitcode


def _processes_of(executor: Executor | None) -> list[BaseProcess]:
    """The processes of an executor; none of one that has no processes, or has let them go."""
    return list((getattr(executor, "_processes", None) or {}).values())
