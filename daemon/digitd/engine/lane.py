"""One process that reads, and the documents in line for it: the first is being read, and answers for what happens.

An executor of one process each, and not one of many, because it cannot be known which document killed a process that
had several in hand, or has hung in one.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digitd.apart import end, was_killed
from digitd.errors import DigitdError, ModelError, TemplateError, UnreadableDocument
from digitd.evidence import DocumentEvidence
from digitd.logs import log

#: Documents in line for a process, so that it never waits for the coordinator.
LINE = 2

#: A process that has not come up after so many seconds will not.
START_SECONDS = 120.0

#: What stands in line for a process that ended is told so within so many seconds.
TOLD_WITHIN_SECONDS = 10.0

#: Seconds until a process that did not come up is started again: doubled each time, up to the last.
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 60.0

#: Bytes, form, and where it is not the first part of a long document, how many pages are before it.
Read = Callable[..., DocumentEvidence]


class Outcome(StrEnum):
    """What became of a document that was handed over."""

    #: Read; there is evidence.
    READ = "read"
    #: It cannot be read, and trying again will not help.
    REFUSED = "refused"
    #: The process that should have read it died, hung, or ran out of memory; whether it is to blame is told.
    LOST = "lost"
    #: It cannot be read just now: the disk is full, or a device fails. Whoever reads it later may succeed.
    HINDERED = "hindered"
    #: Nothing can be read: the model or the configuration is at fault, not the document.
    UNABLE = "unable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A document, or a part of one, that came back; blamed says that it was being read when its process was lost.

    killed says that the process was ended from outside, by a person or a system that is short of memory: the document
    is to blame only if that goes on.
    """

    document_id: int
    outcome: Outcome
    evidence: DocumentEvidence | None = None
    reason: str = ""
    blamed: bool = False
    killed: bool = False
    fault: DigitdError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a process may do: seconds with one document, and documents until a fresh one takes its place; 0: any."""

    seconds: float = 0.0
    documents: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class _Handed:
    """A document in line. given says that a process took it; ended_at is when it came back, on the steady clock."""

    document_id: int
    future: Future[DocumentEvidence]
    given: bool = True
    ended_at: float = 0.0


class Lane:
    """A process, and its line.

    Parameters
    ----------
    open_executor
        Makes an executor that does one thing at a time, in order; called again when it broke.
    read
        What it runs; must be importable where it runs.
    wake
        Called, from another thread, when a document may have come back.
    bounds
        What its process may do.

    answered_at is when its process last gave a sign of life, on the steady clock; None where it never did.
    """

    def __init__(
        self, open_executor: Callable[[], Executor], read: Read, *, wake: Callable[[], None], bounds: Bounds
    ) -> None:
        self._open_executor = open_executor
        self._read = read
        self._wake = wake
        self._bounds = bounds
        self._line: deque[_Handed] = deque()
        self._since = 0.0
        self._served = 0
        self._rest_seconds = 0.0
        self._rests_until = 0.0
        self._executor: Executor | None = None
        self._up: Future[int] = Future()
        self._up_since = 0.0
        self.answered_at: float | None = None
        self._open()

    @property
    def in_line(self) -> int:
        """How many documents are being read or wait here."""
        return len(self._line)

    @property
    def room(self) -> int:
        """How many more may stand in line now; none while the process is to be replaced, or rests."""
        return 0 if self._executor is None or self._worn else LINE - len(self._line)

    def submit(self, document_id: int, data: bytes, form: str | None, *pages: int) -> None:
        """Put a document in line, or of a long one what follows after so many pages; there must be room."""
        assert self._executor is not None
        handed = _Handed(document_id=document_id, future=Future())
        try:
            handed.future = self._executor.submit(self._read, data, form, *pages)
        except BrokenExecutor as fault:  # the process died while nobody was looking
            handed.given = False
            handed.future.set_exception(fault)
        if not self._line:
            self._since = time.monotonic()
        self._line.append(handed)
        handed.future.add_done_callback(lambda _: self._came_back(handed))

    def ping(self) -> None:
        """See whether the process lives, if it has nothing to do; one that died is replaced before a document comes."""
        if self._executor is None or self._line:
            return
        try:
            self._executor.submit(os.getpid).add_done_callback(self._answered)
        except BrokenExecutor:
            log().warning("worker_died_idle")
            self._kill()
            self._open()

    def finished(self) -> Iterator[Finished]:
        """What has come back since the last call, in order."""
        if self._executor is None and time.monotonic() >= self._rests_until:
            self._open()
        if self._overdue():
            self._kill()
            yield from self._lost(f"reading it took more than {self._bounds.seconds:g} s")
        while self._line and self._line[0].future.done():
            if isinstance(self._line[0].future.exception(), BrokenExecutor):
                yield from self._lost("the process that read it ended", killed=was_killed(self._executor))
                return
            handed = self._line.popleft()
            self._since = handed.ended_at or time.monotonic()  # its callback may be a moment late
            self._served += 1
            self._rest_seconds = 0.0
            yield _finished(handed)
        if self._worn and not self._line:
            self.close()
            self._open()

    def due(self) -> float | None:
        """When the first in line has taken too long, or a process that rests is started, on the steady clock."""
        if self._executor is None:
            return self._rests_until
        if not self._line:
            return None
        if not self._up.done():
            return self._up_since + START_SECONDS
        return max(self._since, self._up_since) + self._bounds.seconds if self._bounds.seconds else None

    def close(self) -> None:
        """Let the process go; what is in line is read to its end first."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)

    def abandon(self) -> None:
        """Stop the process at once; what is in line is lost."""
        self._kill()

    @property
    def _worn(self) -> bool:
        return 0 < self._bounds.documents <= self._served

    def _came_back(self, handed: _Handed) -> None:
        handed.ended_at = time.monotonic()
        self._answered(handed.future)
        self._wake()

    def _came_up(self, up: Future[int]) -> None:
        self._up_since = time.monotonic()
        self._answered(up)
        self._wake()  # from now on another time is due

    def _answered(self, future: Future[Any]) -> None:
        if not future.cancelled() and not isinstance(future.exception(), BrokenExecutor):
            self.answered_at = time.monotonic()

    def _overdue(self) -> bool:
        due = self.due()
        return bool(self._line) and due is not None and time.monotonic() >= due and not self._line[0].future.done()

    def _lost(self, reason: str, *, killed: bool = False) -> Iterator[Finished]:
        """All in line, of which the first was being read, if the process had come up; then another process."""
        wait([handed.future for handed in self._line], timeout=TOLD_WITHIN_SECONDS)
        came_up = self._up.done() and self._up.exception() is None
        for place, handed in enumerate(self._line):
            yield Finished(
                document_id=handed.document_id,
                outcome=Outcome.LOST,
                reason=reason if came_up else "no process could be started to read it",
                blamed=came_up and handed.given and place == 0,
                killed=killed,
            )
        self._line.clear()
        self._kill()
        if came_up:
            self._open()
        else:
            self._rest("its process ended before it was ready")

    def _open(self) -> None:
        self._served, self._up_since = 0, time.monotonic()
        try:
            self._executor = self._open_executor()
            self._up = self._executor.submit(os.getpid)  # starts the process now
        except (OSError, RuntimeError) as fault:  # no memory for a process, or no thread to watch it
            self._rest(str(fault))
        else:
            self._up.add_done_callback(self._came_up)

    def _rest(self, reason: str) -> None:
        """Start no process for a while: there is no memory for one, or no more are allowed."""
        self._executor = None
        self._rest_seconds = min(LONGEST_REST_SECONDS, 2 * self._rest_seconds or FIRST_REST_SECONDS)
        self._rests_until = time.monotonic() + self._rest_seconds
        log().error("worker_not_started", reason=reason, retry_seconds=self._rest_seconds)

    def _kill(self) -> None:
        if self._executor is not None:
            end(self._executor)


def _finished(handed: _Handed) -> Finished:
    fault = handed.future.exception()
    key = handed.document_id
    if fault is None:
        return Finished(document_id=key, outcome=Outcome.READ, evidence=handed.future.result())
    if isinstance(fault, (UnreadableDocument, TemplateError)):
        return Finished(document_id=key, outcome=Outcome.REFUSED, reason=str(fault))
    if isinstance(fault, MemoryError):
        return Finished(document_id=key, outcome=Outcome.LOST, reason="not enough memory", blamed=True)
    if isinstance(fault, OSError):
        return Finished(document_id=key, outcome=Outcome.HINDERED, reason=fault.strerror or str(fault))
    told = fault if isinstance(fault, DigitdError) else ModelError(f"reading is not possible: {fault}")
    return Finished(document_id=key, outcome=Outcome.UNABLE, reason=str(told), fault=told)
