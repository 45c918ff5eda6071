"""Documents are read by an Executor: bytes go in, readings come out, in processes that may die without harm.

The ledger is the truth; whatever the engine loses is put back in the queue. A process that dies takes every document
in hand with it, and which one killed it cannot be known, unless only one was in hand: so `alone` is told.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial

from digitd import logs
from digitd.config import Config
from digitd.errors import DigitdError, ModelError, TemplateError, UnreadableDocument
from digitd.reader import open_reader
from digitd.records import DocumentReading
from digitd.wake import end_with_parent

#: Documents in hand for each process, so that one never waits for the coordinator.
IN_HAND_PER_PROCESS = 2

Read = Callable[[bytes, str | None], DocumentReading]


class Outcome(StrEnum):
    """What became of a document that was handed over."""

    #: Read; there is a reading.
    READ = "read"
    #: It cannot be read, and trying again will not help.
    REFUSED = "refused"
    #: The process that read it died or ran out of memory; the document may be innocent.
    LOST = "lost"
    #: Nothing can be read: the model or the configuration is at fault, not the document.
    UNABLE = "unable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A document that came back. alone says that no other was in hand when it was lost."""

    document_id: int
    outcome: Outcome
    reading: DocumentReading | None = None
    reason: str = ""
    alone: bool = False
    fault: DigitdError | None = None


class Engine:
    """Reads documents in the background.

    Parameters
    ----------
    open_executor
        Makes the executor; called again when it broke.
    read
        What the executor runs: bytes and a form to a reading. Must be importable where it runs.
    processes
        How many documents the executor reads at once.
    wake
        Called, from another thread, when a document may have come back.
    """

    def __init__(
        self, open_executor: Callable[[], Executor], read: Read, *, processes: int, wake: Callable[[], None]
    ) -> None:
        self._open_executor = open_executor
        self._read = read
        self._wake = wake
        self._executor = open_executor()
        self._in_hand: dict[Future[DocumentReading], int] = {}
        self.room = processes * IN_HAND_PER_PROCESS

    @property
    def in_hand(self) -> int:
        """How many documents are being read or wait inside the engine."""
        return len(self._in_hand)

    def submit(self, document_id: int, data: bytes, *, form: str | None) -> None:
        """Hand a document over."""
        try:
            future = self._executor.submit(self._read, data, form)
        except BrokenExecutor as fault:  # a process died while nobody was looking
            future = Future()
            future.set_exception(fault)
        self._in_hand[future] = document_id
        future.add_done_callback(lambda _: self._wake())

    def finished(self) -> list[Finished]:
        """What has come back since the last call."""
        done = [future for future in self._in_hand if future.done()]
        if any(isinstance(future.exception(), BrokenExecutor) for future in done):
            wait(self._in_hand)  # the others are told within moments
            done = list(self._in_hand)
            _kill(self._executor)
            self._executor = self._open_executor()
        alone = len(self._in_hand) == 1
        return [_finished(self._in_hand.pop(future), future, alone=alone) for future in done]

    def close(self) -> None:
        """Let the processes go; what is in hand is read to its end first."""
        self._executor.shutdown(wait=True)

    def abandon(self) -> None:
        """Stop the processes at once; what is in hand is lost."""
        _kill(self._executor)


def open_engine(config: Config, *, wake: Callable[[], None]) -> Engine:
    """The engine of the configuration: processes on this machine, started before the first document comes."""
    processes = config.workers.processes or os.cpu_count() or 1
    return Engine(partial(_process_pool, config, processes), partial(read_here, config), processes=processes, wake=wake)


def read_here(config: Config, data: bytes, form: str | None) -> DocumentReading:
    """Read a document in this process, with a reader that is opened once.

    Raises
    ------
    DigitdError
        The document, the form or the model is at fault.
    """
    return _reader(config).read(data, form)


def _process_pool(config: Config, processes: int) -> Executor:
    # Never plain fork: threads of OpenCV and the watcher would be copied half-way through what they were doing.
    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_begin_process, initargs=(config,)
    )
    for _ in range(processes):  # each starts one process, and the pool watches those that have answered
        pool.submit(os.getpid)
    return pool


_reader = lru_cache(maxsize=1)(open_reader)


def _begin_process(config: Config) -> None:
    """Prepare a reading process: it ends with its parent, not with the terminal's Ctrl-C, and uses one core."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    logs.configure(config.log.level, json=config.log.json_lines)  # or lines would go to standard output
    import cv2

    cv2.setNumThreads(1)
    try:
        _reader(config)
    except DigitdError:
        return  # told with the first document: here it would only break the pool


def _kill(executor: Executor) -> None:
    """End an executor's processes for certain: they ignore the polite signal, which a broken pool would send."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


def _finished(document_id: int, future: Future[DocumentReading], *, alone: bool) -> Finished:
    fault = future.exception()
    if fault is None:
        return Finished(document_id=document_id, outcome=Outcome.READ, reading=future.result())
    if isinstance(fault, (UnreadableDocument, TemplateError)):
        return Finished(document_id=document_id, outcome=Outcome.REFUSED, reason=str(fault))
    if isinstance(fault, BrokenExecutor):
        return Finished(
            document_id=document_id, outcome=Outcome.LOST, reason="the process that read it ended", alone=alone
        )
    if isinstance(fault, MemoryError):
        return Finished(document_id=document_id, outcome=Outcome.LOST, reason="not enough memory", alone=alone)
    told = fault if isinstance(fault, DigitdError) else ModelError(f"reading is not possible: {fault}")
    return Finished(document_id=document_id, outcome=Outcome.UNABLE, reason=str(told), fault=told)
