"""The service: recover, look, take, dispatch, collect; then wait. One process writes the ledger, others read pages.

Killing it at any instant loses nothing: a file is in the inbox, in `var/work`, or where its row says.
"""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from digitd import logs
from digitd.announce.courier import Courier
from digitd.announce.receivers import Receiver
from digitd.bookkeeping import Bookkeeper
from digitd.config import Config
from digitd.engine import Engine, Finished, Outcome, open_engine
from digitd.errors import DatabaseError, DigitdError, UnreadableDocument
from digitd.intake.folders import check_folders
from digitd.intake.inbox import Inbox
from digitd.intake.listing import LeftAlone
from digitd.intake.lock import Lock
from digitd.intake.watch import Watcher, on_network
from digitd.ledger import Ledger
from digitd.logs import log
from digitd.models import find
from digitd.pulse import Pulse
from digitd.records import DocumentState
from digitd.retention import Retention
from digitd.store import Store
from digitd.stored import Document
from digitd.succession import Succession, Successor
from digitd.vitals import systemd
from digitd.vitals.metrics import Facts
from digitd.vitals.signs import Tally
from digitd.wake import Bell, Reload, Stop, listening_to_signals

#: Seconds until a database that took no writes is tried again.
RETRY_SECONDS = 5.0

#: A document whose process was killed from outside is set aside after so many times: most likely something else is
#: short of memory, and what was being read is not to blame.
KILLED_TRIES = 10

#: Seconds until a document that lost its process, or found the disk full, is read again: doubled each time, up to the
#: last, for what is short just now may be there again then.
REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 60.0


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run has come: its finished documents by state, pages read, documents and files still to come.

    unsettled counts files of the inbox that were still being written at the end, and left is what is not taken from
    it, with the reasons; stopped says that a person ended the run.
    """

    states: Counter[DocumentState] = field(default_factory=Counter)
    pages: int = 0
    waiting: int = 0
    unsettled: int = 0
    left: tuple[LeftAlone, ...] = ()
    seconds: float = 0.0
    stopped: bool = False

    def __str__(self) -> str:
        return f"{self.finished} finished, {self.waiting} waiting"

    @property
    def finished(self) -> int:
        """How many documents this run has finished."""
        return self.states.total()


def serve(
    config: Config,
    *,
    file: Path | None = None,
    once: bool = False,
    receivers: Sequence[Receiver] = (),
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Run the service on the folders of config until it is asked to stop; with once, until nothing is left to read.

    file is where config came from; where it is given, another model that is named there is taken up while running.
    receivers are told what becomes of documents.

    Raises
    ------
    DigitdError
        It cannot run: folders, model, database, or another service. The message says what to do.
    """
    with ExitStack() as closing:
        check_folders(config)
        closing.enter_context(Lock(config.var / "lock"))
        model = find(config.reading.model, config.models)
        store = closing.enter_context(Store.open(config.database, create=True))
        bell = Bell()
        stop, reload = Stop(bell), Reload(bell)
        closing.enter_context(listening_to_signals(stop, reload))
        watcher = None
        if not once:
            watcher = Watcher(config.inbox, bell.ring, polling=on_network(config.inbox))
            watcher.start()
            closing.callback(watcher.stop)
        bookkeeper = Bookkeeper(config, store, model=model.id, wake=bell.ring)  # before a reader looks into its book
        closing.callback(bookkeeper.close)
        opened = partial(open_engine, wake=bell.ring)
        inbox = Inbox(config, watcher)
        inbox.probe()
        service = Service(
            config,
            Ledger(config, store, model=model),
            opened(config),
            inbox=inbox,
            bell=bell,
            stop=stop,
            reload=reload,
            succession=Succession(config, file, model=model, open_engine=opened) if file else None,
        )
        closing.callback(service.abandon)
        service.retention = None if once else Retention(config, store)
        service.bookkeeper = bookkeeper
        for receiver in receivers:
            courier = Courier(receiver, store)
            courier.start()
            closing.callback(partial(courier.finish, enough=lambda: stop.asked) if once else courier.stop)
            service.couriers.append(courier)
        if not once:
            _open_addresses(config, store, service, closing)
        return service.run(once=once, on_progress=on_progress)


def _open_addresses(config: Config, store: Store, service: "Service", closing: ExitStack) -> None:
    """Answer over HTTP how the service is, and serve the desk, where config asks for them."""
    if config.health.listen:
        from digitd.vitals.endpoint import Endpoint  # a web server, which few need

        endpoint = Endpoint(config.health.listen, signs=lambda: service.pulse.signs, facts=service.facts)
        endpoint.start()
        closing.callback(endpoint.stop)
        log().info("health_answers", listen=config.health.listen)
    if config.web.enabled:
        from digitd.desk.server import Server  # FastAPI, which takes a second to import
        from digitd.verify.keying import verifier_name

        desk = Server(config, store, verifier=verifier_name(config))
        desk.start()
        closing.callback(desk.stop)
        log().info("desk_open", url=desk.url)


class Service:
    """The loop over an open ledger, engine and inbox."""

    def __init__(
        self,
        config: Config,
        ledger: Ledger,
        engine: Engine,
        *,
        inbox: Inbox,
        bell: Bell,
        stop: Stop,
        reload: Reload | None = None,
        succession: Succession | None = None,
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._engine = engine
        self._inbox = inbox
        self._bell = bell
        self._stop = stop
        self._reload = reload or Reload(bell)
        self._succession = succession
        self._successor: Successor | None = None
        self._claimed: deque[str] = deque()
        self._results: deque[Finished] = deque()
        self._suspects: set[int] = set()
        self._losses: Counter[int] = Counter()
        self._resting: dict[int, float] = {}
        self._queued = 0
        self._once = False
        self._has_read = False
        self._unanswered = False
        self._fault: DigitdError | None = None
        self._begun = time.monotonic()
        self.couriers: list[Courier] = []
        self.retention: Retention | None = None
        self.bookkeeper: Bookkeeper | None = None
        self.progress = Progress()
        self.pulse = Pulse(inbox, ledger)
        self._tally = Tally()

    def facts(self) -> Facts:
        """The service as metrics show it; asked for by other threads."""
        oldest = self._ledger.oldest_in_flight()
        entered_seconds = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
        tally = replace(  # copies: the loop goes on counting
            self._tally,
            documents=Counter({str(state): count for state, count in self.progress.states.copy().items()}),
            stage_seconds=self._tally.stage_seconds.copy(),
            lost=self._tally.lost.copy(),
            pages=self.progress.pages,
            unannounced=self._inbox.unannounced,
            model=self._ledger.model_id,
        )
        return Facts(
            documents={str(state): count for state, count in self._ledger.counts().items()},
            oldest_seconds=max(entered_seconds, self._inbox.waits_seconds),
            inbox=self._inbox.waiting,
            in_hand=self._engine.in_hand,
            tally=tally,
            signs=self.pulse.signs,
            now=time.monotonic(),
        )

    def run(self, *, once: bool, on_progress: Callable[[Progress], None] | None = None) -> Progress:
        """Work until stopped, or with once until nothing is left to read.

        Raises
        ------
        DigitdError
            Nothing can be read, or with once the database takes no writes.
        """
        self._once = once
        self._suspects = self._ledger.recover()
        self._claimed.extend(self._ledger.unentered())
        self._queued = self._ledger.queued
        log().info(
            "service_started", once=once, queued=self._queued, recovered=len(self._suspects) + len(self._claimed)
        )
        while True:
            pause_seconds = 0.0
            try:
                self._step()
            except DatabaseError as fault:
                if once:
                    raise
                self._tally.database_faults += 1
                self._unanswered = True
                log().error("database_takes_no_writes", reason=str(fault), retry_seconds=RETRY_SECONDS)
                pause_seconds = RETRY_SECONDS
            self._note()
            if on_progress is not None:
                on_progress(self.progress)
            if self._over(once=once):
                break
            if pause_seconds:
                self._pause(pause_seconds)
            elif (seconds := self._idle_seconds()) > 0:
                self._bell.wait(seconds)
        self._note()
        log().info("service_stopped", finished=self.progress.finished, seconds=round(self.progress.seconds, 1))
        if self._fault is not None:
            raise self._fault
        return self.progress

    def _pause(self, seconds: float) -> None:
        """Do nothing for so long, whatever happens, unless a stop is asked for."""
        until, asked = time.monotonic() + seconds, self._stop.asked
        while self._stop.asked == asked and (left := until - time.monotonic()) > 0:
            self._bell.wait(left)

    def abandon(self) -> None:
        """Stop the engine at once; what is in hand is lost."""
        self._engine.abandon()

    def _step(self) -> None:
        self._collect()
        if self.pulse.beat(self._engine):
            self._claimed.extend(self._ledger.unreadable())
        if not self._stop.asked:
            self._follow()
            self._inbox.look()
            self._dispatch()
            self._take()
            if self.retention is not None:
                self.retention.step()
            if self.bookkeeper is not None:
                self.bookkeeper.step()

    def _follow(self) -> None:
        """Take up another model or configuration, once all that is in hand has been read with the one before."""
        if self._succession is None:
            return
        asked = self._reload.taken()
        if asked:
            systemd.reloading()
            log().info("configuration_read_again")
        self._successor = self._succession.look(everything=asked) or self._successor
        if asked:
            systemd.ready()
        if self._successor is None or self._engine.in_hand or self._results:
            return
        successor = self._successor
        if self.bookkeeper is not None:  # before a reader looks into its book; tried again where it takes no writes
            self.bookkeeper.go_on_with(successor.config, model=successor.model.id)
        self._successor = None
        self._engine.abandon()
        self._engine = self._succession.open_engine(successor.config)
        self._has_read = False
        if successor.model.id != self._ledger.model_id:
            log().info("model_changed", model=successor.model.id)
        self._ledger.go_on_with(successor.model, successor.config)
        self._inbox.go_on_with(successor.config)
        logs.configure(successor.config.log.level, json=successor.config.log.json_lines)
        self._config = successor.config

    def _take(self) -> None:
        """Enter files into the ledger that can be read now: the others are as safe in the inbox."""
        for _ in range(self._engine.room):
            if not self._has_room:
                return
            if not self._claimed and (token := self._inbox.take()):
                self._claimed.append(token)
            if not self._claimed:
                return
            document = self._ledger.enter(self._claimed[0], read_now=True)
            self._claimed.popleft()
            if document is None or document.id in self._held:
                continue
            if document.state is DocumentState.READING:
                self._hand_over(document)
            elif document.state is DocumentState.QUEUED:  # by a try whose answer was lost
                self._queued += 1
            elif document.state is DocumentState.DUPLICATE:
                self.progress.states[document.state] += 1

    @property
    def _has_room(self) -> bool:
        """Whether what comes now can be read at once, and nothing goes before it."""
        return self._engine.free > 0 and not self._suspects and self._successor is None

    @property
    def _held(self) -> Set[int]:
        """Documents that are being read, stand in line, or came back and are not written."""
        return self._engine.holds | {result.document_id for result in self._results}

    def _dispatch(self) -> None:
        """Hand queued documents to the engine; one that may have killed the service goes alone."""
        now = time.monotonic()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        if self._successor is not None:
            return
        if self._unanswered:
            self._queued += self._ledger.reclaim(besides=self._held)
            self._unanswered = False
        while self._engine.free and not (self._suspects and self._engine.in_hand):
            document = self._ledger.claim_next(among=self._suspects or None, besides=self._resting)
            if document is not None:
                self._queued = max(0, self._queued - 1)
                self._hand_over(document)
            elif self._suspects:
                self._suspects.clear()
            else:
                self._queued = len(self._resting)
                return

    def _hand_over(self, document: Document) -> None:
        """Give a document that was claimed to the engine, which must be free; what hinders it is its result."""
        try:
            self._engine.submit(document.id, self._ledger.bytes_of(document), form=document.form)
        except (UnreadableDocument, OSError) as fault:
            outcome = Outcome.HINDERED if isinstance(fault, OSError) else Outcome.REFUSED
            self._results.append(Finished(document_id=document.id, outcome=outcome, reason=str(fault)))

    def _collect(self) -> None:
        """Write what came back; a result stays in line until the database has it."""
        self._results.extend(self._engine.finished())
        while self._results:
            self._write(self._results[0])
            self._results.popleft()
            for courier in self.couriers:
                courier.ring()

    def _write(self, result: Finished) -> None:
        self._suspects.discard(result.document_id)
        if result.outcome is Outcome.LOST:
            tries = KILLED_TRIES if result.killed else None
            given_up = self._ledger.lost(result.document_id, result.reason, blamed=result.blamed, tries=tries)
            self._tally.lost[result.reason] += 1
            self.progress.states[DocumentState.FAILED] += given_up
            self._queued += not given_up
            if result.blamed and not given_up:
                self._rest(result.document_id)
        elif self._may_pass(result.outcome):
            self._ledger.put_back(result.document_id, result.reason)
            log().warning("document_hindered", id=result.document_id, reason=result.reason)
            self._tally.lost[result.reason] += 1
            self._queued += 1
            self._rest(result.document_id)
        elif result.outcome in {Outcome.UNABLE, Outcome.HINDERED}:
            self._ledger.put_back(result.document_id, result.reason)
            if self._fault is None:
                self._fault = result.fault or DigitdError(f"reading is not possible now: {result.reason}")
                self._stop.ask()
        elif result.evidence is None:
            self._ledger.failed(result.document_id, result.reason)
            self.progress.states[DocumentState.FAILED] += 1
        else:
            self._has_read = True
            self.progress.states[self._ledger.read(result.document_id, result.evidence)] += 1
            self.progress.pages += len(result.evidence.pages)
            for page in result.evidence.pages:
                self._tally.stage_seconds.update({stage: ms / 1000 for stage, ms in page.stage_ms.items()})
        if result.document_id not in self._resting:
            self._losses.pop(result.document_id, None)

    def _may_pass(self, outcome: Outcome) -> bool:
        """Whether what hinders reading is waited out; also a model that has read before, and may be being copied."""
        return not self._once and (outcome is Outcome.HINDERED or (outcome is Outcome.UNABLE and self._has_read))

    def _rest(self, document_id: int) -> None:
        """Let a document wait that could not be read, longer each time."""
        self._resting[document_id] = time.monotonic() + min(
            LONGEST_REST_SECONDS, REST_SECONDS * 2 ** min(10, self._losses[document_id])
        )
        self._losses[document_id] += 1

    def _over(self, *, once: bool) -> bool:
        if self._stop.asked:
            self.progress.stopped = True
            return self._stop.at_once or not (self._engine.in_hand or self._results)
        if not once or self._engine.in_hand or self._results or self._claimed or self._queued:
            return False
        if not self._inbox.candidates:
            self._inbox.look(now_please=True)
        growing = self._inbox.waiting and time.monotonic() - self._begun < self._config.intake.incomplete_seconds
        self.progress.unsettled = self._inbox.waiting
        return not self._inbox.candidates and not growing

    def _note(self) -> None:
        self.progress.seconds = time.monotonic() - self._begun
        self.progress.waiting = self._inbox.waiting + len(self._claimed) + self._queued + self._engine.in_hand
        self.progress.left = self._inbox.left
        courier_at = min((courier.came_round_at for courier in self.couriers), default=None)
        self.pulse.note(self._engine, status=str(self.progress), courier_at=courier_at)

    def _idle_seconds(self) -> float:
        """How long there is nothing to do unless a document comes back or the inbox changes."""
        now = time.monotonic()
        engine_due = self._engine.due() or math.inf
        if self._stop.asked:
            return min(RETRY_SECONDS, engine_due - now, self.pulse.due() - now)
        more = self._claimed or self._inbox.candidates
        if self._results or (more and self._has_room):
            return 0.0
        deletion_due = math.inf if self.retention is None else self.retention.due()
        budget_due = math.inf if self.bookkeeper is None else self.bookkeeper.due()
        dues = (self._inbox.due(now), engine_due, self.pulse.due(), deletion_due, budget_due)
        return min(*dues, *self._resting.values()) - now
