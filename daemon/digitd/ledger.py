"""A document's row and its file, moved together: first the row, in one transaction, then the file, by one rename.

A crash between the two leaves the file in `var/work`; `recover` moves it on, because where it belongs follows from
the row. Nothing here waits, reads pages, or knows of processes.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import digitd
from digitd.config import Config
from digitd.errors import ModelError, UnreadableDocument
from digitd.evidence import DocumentEvidence
from digitd.intake import archive, claim
from digitd.intake.lock import this_process
from digitd.logs import log
from digitd.models import Model, open_model
from digitd.records import IN_FLIGHT, DocumentState
from digitd.store import Store
from digitd.stored import Document, LastService

#: A document that alone was being read when the service itself ended is set aside after so many times. Readers have
#: processes and bounds of their own, so it is most likely that a person or the machine ended the service.
SERVICE_ENDS = 10


class Ledger:
    """Every step in a document's life, as the service takes them. All write methods may raise DatabaseError.

    Parameters
    ----------
    config
        Folders, and how often a document may kill its process.
    store
        The open database.
    model
        The model that reads, remembered with what it has read.
    """

    def __init__(self, config: Config, store: Store, *, model: Model) -> None:
        self._var = config.var
        self._attempts = config.workers.attempts
        self._audit_share = config.verify.audit_share
        self._store = store
        self._model = model
        self._started_at = datetime.now(UTC)
        self._not_put_away: set[int] = set()
        self._unreadable: list[str] = []

    @property
    def queued(self) -> int:
        """How many documents wait for a reader."""
        return self.counts()[DocumentState.QUEUED]

    @property
    def model_id(self) -> str:
        """The model that is remembered with what is read from now on."""
        return self._model.id

    def counts(self) -> Mapping[DocumentState, int]:
        """How many documents are in each state."""
        return self._store.counts()

    def oldest_in_flight(self) -> datetime | None:
        """When the document that has waited longest to be read was seen; None where none waits."""
        return self._store.oldest_in_flight()

    def go_on_with(self, model: Model, config: Config) -> None:
        """Remember model with what is read from now on, and follow another configuration of the same folders."""
        self._model = model
        self._attempts = config.workers.attempts

    def recover(self) -> set[int]:
        """Finish the moves of files that a crash left half-way and queue what was being read; returns its ids."""
        for token in claim.tokens(self._var / archive.WORK):
            document = self._store.document_with_token(token)
            if document is not None and document.state not in IN_FLIGHT:
                self._put_away(document)
        half_read = self._store.documents(states=[DocumentState.READING])
        for document in half_read:
            alone = len(half_read) == 1
            self.lost(document.id, "the service ended while reading it", blamed=alone, tries=SERVICE_ENDS)
        return {document.id for document in half_read}

    def unentered(self) -> Iterator[str]:
        """Tokens of files that were taken from the inbox and have no row yet."""
        for token in claim.tokens(self._var / archive.WORK):
            if self._store.document_with_token(token) is None:
                yield token

    def enter(self, token: str, *, read_now: bool = False) -> Document | None:
        """Enter a file that lies in `var/work`: queued, or put away as a duplicate; None where there is none.

        With read_now it does not wait in the queue, but is the next to read, as `claim_next` gives it.
        """
        work = self._var / archive.WORK
        try:
            found = claim.inspect(work, token)
        except OSError as fault:
            log().error("file_unreadable", token=token, reason=fault.strerror, next="it stays in var/work, tried again")
            self._unreadable.append(token)
            return None
        if found is None:
            claim.discard(work, token)
            return None
        document = self._store.take_in(
            name=found.name,
            form=found.form,
            sha256=found.sha256,
            size_bytes=found.size_bytes,
            token=token,
            seen_at=found.seen_at,
            read_now=read_now,
        )
        if document.state is DocumentState.DUPLICATE:
            log().info("document_duplicate", document=document.name, id=document.id, original=document.original_id)
            self._put_away(document)
        return document

    def beat(self) -> None:
        """Write a sign of life."""
        self._store.beat(
            LastService(
                holder=this_process(),
                version=digitd.__version__,
                model=self._model.id,
                started_at=self._started_at,
                beat_at=datetime.now(UTC),
            )
        )

    def claim_next(self, *, among: Collection[int] | None = None, besides: Collection[int] = ()) -> Document | None:
        """The next document to read, or None."""
        return self._store.claim_next(among=among, besides=besides)

    def bytes_of(self, document: Document) -> bytes:
        """The bytes of a document that is to be read.

        Raises
        ------
        UnreadableDocument
            They are gone or are not those that were entered.
        OSError
            They cannot be read just now.
        """
        path = archive.find(document, self._var)
        if path is None:
            raise UnreadableDocument(
                f"its file is gone from {archive.WORK}: drop it again, then `digitd retry {document.id}`"
            )
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != document.sha256:
            raise UnreadableDocument("its file was written to after it was taken: drop the complete file again")
        return data

    def read(self, document_id: int, evidence: DocumentEvidence) -> DocumentState:
        """Keep what was read and put the file away; returns done or review."""
        document = self._store.record_reading(
            document_id, evidence, card=self._card(evidence.model), audit_share=self._audit_share
        )
        log().info(
            "document_read",
            document=document.name,
            id=document_id,
            state=str(document.state),
            pages=len(evidence.pages),
            fields=sum(len(page.fields) for page in evidence.pages),
            ms=round(sum(sum(page.stage_ms.values()) for page in evidence.pages)),
        )
        self._put_away(document)
        return document.state

    def _card(self, model_id: str) -> Mapping[str, Any]:
        """The card of the model that read; empty where it cannot be known.

        It is not the card at hand where another model was put into the folder, and a process that ended was followed by
        one that opened that: readings name the model they are of.
        """
        if model_id != self._model.id:
            with suppress(ModelError):
                found = open_model(self._model.folder)
                if found.id == model_id:
                    self._model = found
                    log().warning("model_replaced", model=model_id, next="digitd model use NAME, to read with it only")
        return self._model.card if self._model.id == model_id else {}

    def failed(self, document_id: int, reason: str) -> None:
        """Give a document up, with the reason beside its file."""
        self._store.record_failure(document_id, reason)
        document = self._store.document(document_id)
        log().warning("document_failed", document=document.name, id=document_id, reason=reason)
        self._put_away(document)

    def lost(self, document_id: int, reason: str, *, blamed: bool, tries: int | None = None) -> bool:
        """Queue a document again that never came back; returns whether it was given up instead, after so many tries.

        Only a try during which nothing else was in hand counts: a neighbour may be to blame for any other.
        """
        document = self._store.document(document_id)
        if blamed and document.attempts >= (tries or self._attempts):
            times = f"{document.attempts} times" if document.attempts > 1 else "once"
            self.failed(
                document_id, f"given up: {reason}, {times}; look at the file, then `digitd retry {document_id}`"
            )
            return True
        log().warning("document_lost", document=document.name, id=document_id, reason=reason, blamed=blamed)
        self._store.put_back(document_id, reason, count_attempt=blamed)
        return False

    def reclaim(self, *, besides: Collection[int]) -> int:
        """Queue again what was claimed by a try whose answer was lost; besides are in hand. Returns how many."""
        found = [one for one in self._store.documents(states=[DocumentState.READING]) if one.id not in besides]
        for document in found:
            self.put_back(document.id, "the database did not answer when it was to be read")
        return len(found)

    def put_back(self, document_id: int, reason: str) -> None:
        """Queue a document again that was not tried."""
        self._store.put_back(document_id, reason, count_attempt=False)

    def unreadable(self) -> list[str]:
        """Tokens of files that could not be read when they were to be entered, for another try; each is given once."""
        found, self._unreadable = self._unreadable, []
        return found

    def tidy(self) -> None:
        """Try again to put files away that could not be; each is told of once."""
        for key in sorted(self._not_put_away):
            document = self._store.document(key)
            if document.state not in IN_FLIGHT:
                self._put_away(document)
            else:
                self._not_put_away.discard(key)  # it was queued again, and is put away when it is read

    def _put_away(self, document: Document) -> None:
        try:
            archive.put_away(document, self._var)
        except OSError as fault:
            if document.id not in self._not_put_away:
                log().error(
                    "file_not_put_away",
                    document=document.name,
                    id=document.id,
                    reason=fault.strerror,
                    next="it stays in var/work, and is tried again",
                )
            self._not_put_away.add(document.id)
        else:
            self._not_put_away.discard(document.id)


def retry(document: Document, store: Store, config: Config, *, form: str | None = None) -> None:
    """Queue a failed document again, its file back in `var/work`; form replaces the one it was dropped with.

    Raises
    ------
    UnreadableDocument
        Its file is gone.
    """
    holders = (document, *store.duplicates_of(document.id))
    paths = [path for holder in holders if (path := archive.find(holder, config.var))]
    source = next((p for p in paths if hashlib.sha256(p.read_bytes()).hexdigest() == document.sha256), None)
    if source is None:
        raise UnreadableDocument(
            f"{document.name}: its file is gone from {config.var / archive.FAILED}. "
            f"Drop it into the inbox again, then `digitd retry {document.id}`."
        )
    archive.take_out(source, document, config.var)
    store.retry(document.id, form=form)
