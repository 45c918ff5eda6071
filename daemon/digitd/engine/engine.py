"""Documents are read by lanes, a process each. The ledger is the truth: what is lost here is put back in the queue."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import count

from digitd.engine.lane import LINE, Bounds, Finished, Lane, Read
from digitd.evidence import DocumentEvidence


@dataclass(slots=True, kw_only=True, eq=False)
class _InHand:
    """A document that is being read. tickets are those of its parts that stand in line, by their first page.

    waiting holds the first pages of parts that no lane had room for, read those that came back.
    """

    document_id: int
    data: bytes
    form: str | None
    waiting: deque[int] = field(default_factory=deque)
    tickets: dict[int, int] = field(default_factory=dict)
    read: dict[int, DocumentEvidence] = field(default_factory=dict)


class Engine:
    """Reads documents in the background; the pages of a long one in several processes.

    Parameters
    ----------
    open_executor
        Makes an executor that reads one document at a time; called for each process, and again when one broke.
    read
        What an executor runs: bytes and a form, and for what follows in a long document how many pages are before it,
        to what is kept of some pages, which tells how many there are. Must be importable where it runs.
    processes
        How many documents are read at once.
    wake
        Called, from another thread, when a document may have come back.
    bounds
        What each process may do.
    """

    def __init__(
        self,
        open_executor: Callable[[], Executor],
        read: Read,
        *,
        processes: int,
        wake: Callable[[], None],
        bounds: Bounds | None = None,
    ) -> None:
        self._lanes = [Lane(open_executor, read, wake=wake, bounds=bounds or Bounds()) for _ in range(processes)]
        self._tickets = count()
        self._in_hand: dict[int, _InHand] = {}
        self.room = processes * LINE

    @property
    def in_hand(self) -> int:
        """How many documents are being read or stand in line."""
        return len(self._in_hand)

    @property
    def holds(self) -> Set[int]:
        """Which documents are being read or stand in line."""
        return self._in_hand.keys()

    @property
    def free(self) -> int:
        """How many more documents can be handed over now; what is begun goes first."""
        return max(0, sum(lane.room for lane in self._lanes) - sum(len(one.waiting) for one in self._in_hand.values()))

    def submit(self, document_id: int, data: bytes, *, form: str | None) -> None:
        """Hand a document over; something must be free."""
        self._in_hand[document_id] = one = _InHand(document_id=document_id, data=data, form=form)
        self._give(one)

    def finished(self) -> list[Finished]:
        """What has come back since the last call."""
        found = [result for lane in self._lanes for part in lane.finished() for result in self._whole(part)]
        for one in self._in_hand.values():
            while one.waiting and any(lane.room for lane in self._lanes):
                self._give(one, one.waiting.popleft())
        return found

    def ping(self) -> None:
        """Ask the processes that have nothing to do whether they live."""
        for lane in self._lanes:
            lane.ping()

    @property
    def answered_at(self) -> float | None:
        """When a process last gave a sign of life, on the steady clock; one that reads within its time does so now."""
        if self.in_hand:
            return time.monotonic()
        return max((lane.answered_at for lane in self._lanes if lane.answered_at is not None), default=None)

    def due(self) -> float | None:
        """When `finished` should be called even if nothing comes back, on the steady clock."""
        return min((due for lane in self._lanes if (due := lane.due()) is not None), default=None)

    def close(self) -> None:
        """Let the processes go; what is in line is read to its end first."""
        for lane in self._lanes:
            lane.close()

    def abandon(self) -> None:
        """Stop the processes at once; what is in hand is lost."""
        for lane in self._lanes:
            lane.abandon()

    def _give(self, one: _InHand, *first: int) -> None:
        """Put a document in the shortest line, or the part of it that begins at a page."""
        lane = min((lane for lane in self._lanes if lane.room), key=lambda lane: lane.in_line)
        ticket = next(self._tickets)
        one.tickets[ticket] = first[0] if first else 0
        lane.submit(ticket, one.data, one.form, *first)

    def _whole(self, part: Finished) -> Iterator[Finished]:
        """The document that a part completes, if it does; what is wrong with a part is wrong with its document."""
        one = next((one for one in self._in_hand.values() if part.document_id in one.tickets), None)
        if one is None:  # of a document that another part has ended
            return
        first = one.tickets.pop(part.document_id)
        if part.evidence is not None:
            one.read[first] = part.evidence
            step = len(part.evidence.pages)
            if first == 0 and 0 < step < part.evidence.of_pages:
                one.waiting.extend(range(step, part.evidence.of_pages, step))
            if one.tickets or one.waiting:
                return
            pages = tuple(page for _, evidence in sorted(one.read.items()) for page in evidence.pages)
            part = replace(part, evidence=replace(part.evidence, pages=pages)) if len(one.read) > 1 else part
        del self._in_hand[one.document_id]
        yield replace(part, document_id=one.document_id)
