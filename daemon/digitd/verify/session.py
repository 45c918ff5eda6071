"""A verifier's sitting: keys go in, labels are stored. No screen and no keyboard, so that any desk can use it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from digitd.records import LabelMode
from digitd.store import Store
from digitd.stored import StoredField
from digitd.verify.queue import Queue

#: More digits than any field has; further ones are not taken.
LONGEST = 32

ENTER, BACKSPACE = frozenset("\r\n"), frozenset("\x7f\x08")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of a sitting: labels that stand, fields skipped, keys pressed, seconds spent on fields labelled."""

    labelled: int
    skipped: int
    waiting: int
    keys: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    label_id: int
    field_id: int
    seconds: float


class Session:
    """One verifier at work on the fields that wait.

    Keyed blind, the reading is nowhere to be seen: whoever is shown a wrong digit tends to agree with it. With
    show_reading it is shown, Enter alone confirms it, and the label says so.
    """

    def __init__(
        self,
        store: Store,
        *,
        verifier: str,
        form: str | None = None,
        show_reading: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._clock = clock
        self._queue = Queue(store, form=form)
        self._given: list[_Given] = []
        self._skipped = 0
        self._keys = 0
        self.show_reading = show_reading
        self.field: StoredField | None = None
        self.typed = ""
        self.message = ""
        self.ended = False
        self.helping = False
        self._show(self._queue.next())

    @property
    def waiting(self) -> int:
        """Fields that wait, with the one that is shown."""
        return len(self._queue) + (self.field is not None)

    @property
    def labelled(self) -> int:
        """Labels given in this sitting and not taken back."""
        return len(self._given)

    def summary(self) -> Summary:
        return Summary(
            labelled=self.labelled,
            skipped=self._skipped,
            waiting=self.waiting + self._skipped,
            keys=self._keys,
            seconds=sum(given.seconds for given in self._given),
        )

    def press(self, key: str) -> None:
        """Take one key: a digit, Enter, Backspace, or a letter of `digitd.verify.terminal.HELP`; others are refused."""
        self._keys += 1
        self.message, self.helping = "", False
        if key == "q" or (key in ENTER and self.field is None):
            self.ended = True
        elif key == "?":
            self.helping = True
        elif key == "u":
            self._undo()
        elif self.field is not None:
            self._key_of_field(key, self.field)

    def _key_of_field(self, key: str, field: StoredField) -> None:
        if key in "0123456789":
            self.typed = (self.typed + key)[:LONGEST]
        elif key in BACKSPACE:
            self.typed = self.typed[:-1]
        elif key in ENTER and self.typed:
            self._save(field, self.typed)
        elif key in ENTER and self.show_reading:
            self._save(field, field.machine_value)
        elif key in ENTER:
            self.message = "Type the digits first; b if nothing is written there."
        elif key == "b":
            self._save(field, "")
        elif key == "s":
            self._skipped += 1
            self._show(self._queue.next())
        else:
            self.message = "That key does nothing; ? shows the keys."

    def _save(self, field: StoredField, value: str) -> None:
        seconds = self._clock() - self._since
        label_id = self._store.add_label(
            field.id,
            value,
            verifier=self._verifier,
            mode=LabelMode.SHOWN if self.show_reading else LabelMode.BLIND,
            shown=field.machine_value if self.show_reading else None,
            duration_ms=round(seconds * 1000),
        )
        self._given.append(_Given(label_id=label_id, field_id=field.id, seconds=seconds))
        self.message = f"Saved {value or 'blank'} for {field.name}."
        self._show(self._queue.next())

    def _undo(self) -> None:
        if not self._given:
            self.message = "There is nothing to take back."
            return
        last = self._given.pop()
        self._store.retract_label(last.label_id, verifier=self._verifier)
        for field_id in (self.field.id if self.field else None, last.field_id):
            if field_id is not None:
                self._queue.put_first(field_id)
        self._show(self._queue.next())
        self.message = "Taken back."

    def _show(self, field: StoredField | None) -> None:
        self.field, self.typed = field, ""
        self._since = self._clock()
