"""A process of its own for what may crash, hang or eat memory: how one is started, bounded, and ended for certain."""

import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any

from digitd.wake import end_with_parent


def open_process(begin: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """An executor of one process, which calls begin with arguments, both importable, before anything else."""
    # Never plain fork: threads of OpenCV and the watcher would be copied half-way through what they were doing.
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=begin, initargs=arguments)


def begin_bounded(memory_mb: int) -> None:
    """Let this process end with its parent and not by Ctrl-C, use one core, and so much memory, 0: any."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    import cv2

    cv2.setNumThreads(1)
    if memory_mb:
        bytes_allowed = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_allowed, bytes_allowed))


def was_killed(executor: Executor | None) -> bool:
    """Whether a process of the executor was ended from outside: what makes its own process crash does not kill it."""
    return any(process.exitcode == -signal.SIGKILL for process in _processes_of(executor))


def _processes_of(executor: Executor | None) -> list[BaseProcess]:
    """The processes of an executor; none of one that has no processes, or has let them go."""
    return list((getattr(executor, "_processes", None) or {}).values())


def end(executor: Executor) -> None:
    """End an executor's processes at once: they ignore the polite signal, which a broken executor would send."""
    processes = _processes_of(executor)
    executor.shutdown(wait=False)  # what waits in it is told that it broke; cancelled, it would be told nothing
    for process in processes:
        process.kill()
