"""A process of its own for what may crash, hang or eat memory: how one is started, bounded, and ended for certain.

Each is forked from a server that has imported what they all need (preloaded.py): it is there in milliseconds,
and shares that memory. Never forked from this process: its threads would be copied half-way through their work.
"""

import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from digitd.wake import end_with_parent

#: What the server imports before it forks; named only, because importing it here would be the price it saves.
PRELOADED = "digitd.preloaded"

#: What is told of a process whose server was killed, and nobody knows how itself ended.
SERVER_GONE = 255


def start_server() -> None:
    """Let the server get ready in the background, before a process is asked for; it ends when its processes have.

    It keeps the environment of this moment. Where it cannot be started, whoever asks for a process is told.
    """
    context()
    with suppress(OSError):
        forkserver.ensure_running()


@cache
def context() -> BaseContext:
    """How processes are started."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload([PRELOADED])
    return forking


def open_process(begin: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """An executor of one process, which calls begin with arguments, both importable, before anything else.

    It ends with this process, however that ends, and not by Ctrl-C or a polite signal.
    """
    return ProcessPoolExecutor(1, context(), initializer=_begin, initargs=(begin, *arguments))


def begin_bounded(memory_mb: int) -> None:
    """Let this process use one core, and so much memory, 0: any."""
    import cv2

    cv2.setNumThreads(1)
    if memory_mb:
        bytes_allowed = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_allowed, bytes_allowed))


def was_killed(executor: Executor | None) -> bool:
    """Whether a process of the executor was ended from outside: what makes its own process crash does not kill it."""
    return any(process.exitcode in {-signal.SIGKILL, SERVER_GONE} for process in _processes_of(executor))


def end(executor: Executor) -> None:
    """End an executor's processes at once: they ignore the polite signal, which a broken executor would send."""
    processes = _processes_of(executor)
    executor.shutdown(wait=False)  # what waits in it is told that it broke; cancelled, it would be told nothing
    for process in processes:
        process.kill()


def _begin(begin: Callable[..., None] | None, *arguments: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    if begin is not None:
        begin(*arguments)


def _processes_of(executor: Executor | None) -> list[BaseProcess]:
    """The processes of an executor; none of one that has no processes, or has let them go."""
    return list((getattr(executor, "_processes", None) or {}).values())
