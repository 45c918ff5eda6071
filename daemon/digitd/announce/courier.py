"""A thread for each receiver, which tells it what the outbox holds, and tries again what it did not take."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from digitd.announce.receivers import NotTaken, Receiver
from digitd.logs import log
from digitd.store import Store
from digitd.store.outbox import LONGEST_WAIT
from digitd.stored import Delivery, as_row

#: Seconds until what was not taken is tried again: doubled each time, up to the longest wait.
FIRST_SECONDS = 1.0

#: Seconds between two looks for what others than the service did: people verify in processes of their own.
LOOK_SECONDS = 5.0

#: What is told of a field; the rest of its row is the document's.
TOLD_OF_A_FIELD = ("page", "form", "field", "value", "confidence", "state", "reason")


class Courier:
    """Tells one receiver, in a thread of its own, from `start` to `stop`.

    came_round_at is when it last looked for something to tell, on the steady clock.
    """

    def __init__(self, receiver: Receiver, store: Store) -> None:
        self._receiver = receiver
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self.came_round_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"announce {receiver.name}", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._store.enter_receivers([self._receiver.name])
        self._thread.start()

    def ring(self) -> None:
        """Something may have happened; from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Let the one that is being told be told to its end; the outbox keeps the rest."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def finish(self, *, enough: Callable[[], bool] = lambda: False) -> None:
        """Stop when all that is due has been tried once, or when it is enough."""
        self.stop()
        begun = datetime.now(UTC)
        while not enough() and self.tell_next(now=begun):
            pass

    def tell_next(self, *, now: datetime | None = None) -> bool:
        """Tell the next thing there is to tell, and return whether there was one. now is the time, if it is not now."""
        now = now or datetime.now(UTC)
        delivery = self._store.next_delivery(self._receiver.name, now=now)
        if delivery is None:
            return False
        try:
            self._receiver.tell(delivery.move_id, announcement(delivery, self._store))
        except NotTaken as fault:
            seconds = min(LONGEST_WAIT.total_seconds(), FIRST_SECONDS * 2 ** min(delivery.tries, 20))
            self._store.put_off(delivery, str(fault), due_at=datetime.now(UTC) + timedelta(seconds=seconds))
            log().warning(
                "announcement_not_taken",
                receiver=self._receiver.name,
                document=delivery.document_id,
                reason=str(fault),
                tries=delivery.tries + 1,
                retry_seconds=seconds,
            )
        else:
            self._store.delivered(delivery)
        return True

    def _run(self) -> None:
        while not self._stopping:
            self.came_round_at = time.monotonic()
            try:
                idle_seconds = 0.0 if self.tell_next() else self._idle_seconds()
            except Exception as fault:  # noqa: BLE001 - a thread that ends would tell nothing any more, and nobody
                log().error("announcements_wait", receiver=self._receiver.name, reason=str(fault))
                idle_seconds = LOOK_SECONDS
                self._wake.clear()
            if idle_seconds:
                self._wake.wait(idle_seconds)
                self._wake.clear()

    def _idle_seconds(self) -> float:
        due = self._store.next_due(self._receiver.name)
        if due is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.01, (due - datetime.now(UTC)).total_seconds()))


def announcement(delivery: Delivery, store: Store) -> bytes:
    """What a receiver gets: the document and its fields as they stand now, as JSON.

    number is the same each time it is tried, and greater for what happened later.
    """
    document = store.document(delivery.document_id)
    facts: dict[str, Any] = {
        "number": delivery.move_id,
        "at": delivery.at.isoformat(timespec="seconds"),
        "state": str(delivery.state),
        "document": document.name,
        "id": document.id,
        "sha256": document.sha256,
        "form": document.form,
        "reason": document.reason,
        "fields": [
            {column: value for column, value in as_row(field).items() if column in TOLD_OF_A_FIELD}
            for field in store.fields(document_id=document.id)
        ],
    }
    return json.dumps(facts, ensure_ascii=False).encode()
