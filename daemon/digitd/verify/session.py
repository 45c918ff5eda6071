"""A verifier's sitting: keys go in, labels are stored. No screen and no keyboard, so that any desk can use it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digitd.records import LabelMode, Verdict
from digitd.store import Store
from digitd.stored import StoredField

#: More digits than any field has; further ones are not taken.
LONGEST = 32

#: How long a field is on one screen and on no other, where nothing else is said.
TURN = timedelta(minutes=5)

ENTER, BACKSPACE = frozenset("\r\n"), frozenset("\x7f\x08")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of a sitting: labels given and not taken back, fields skipped, keys pressed, seconds spent on these
    labels; and how many fields wait now.
    """

    labelled: int
    skipped: int
    waiting: int
    keys: int
    seconds: float


class Session:
    """One verifier at work on the fields that wait.

    Keyed blind, the reading is nowhere to be seen: whoever is shown a wrong digit tends to agree with it. With
    show_reading it is shown, Enter alone confirms it, and the label says so. With second_keying a field keyed blind is
    settled when this is what the machine read, or what another verifier says; without, by one verifier.

    What is on the screen is on nobody else's for so long as a turn.
    """

    def __init__(
        self,
        store: Store,
        *,
        verifier: str,
        form: str | None = None,
        show_reading: bool = False,
        second_keying: bool = False,
        turn: timedelta = TURN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._form = form
        self._second_keying = second_keying
        self._turn = turn
        self._clock = clock
        self._spent: dict[int, float] = {}
        self._skipped: set[int] = set()
        self._keys = 0
        self.show_reading = show_reading
        self.field: StoredField | None = None
        self.typed = ""
        self.message = ""
        self.ended = False
        self.helping = False
        store.end_turns(verifier)
        self._next()

    @property
    def waiting(self) -> int:
        """Fields that wait, with the one that is shown."""
        return self._store.waiting(form=self._form)

    @property
    def labelled(self) -> int:
        """Labels given in this sitting and not taken back."""
        return len(self._spent)

    def summary(self) -> Summary:
        return Summary(
            labelled=self.labelled,
            skipped=len(self._skipped),
            waiting=self.waiting,
            keys=self._keys,
            seconds=sum(self._spent.values()),
        )

    def press(self, key: str) -> None:
        """Take one key: a digit, Enter, Backspace, or a letter of `digitd.verify.terminal.HELP`; others are refused."""
        self._keys += 1
        self.message, self.helping = "", False
        if key == "q" or (key in ENTER and self.field is None):
            self.end()
        elif key == "?":
            self.helping = True
        elif key == "u":
            self._undo()
        elif self.field is not None:
            self._key_of_field(key, self.field)

    def end(self) -> None:
        """End the sitting: what is shown is free for others."""
        self.ended = True
        self._store.end_turns(self._verifier)

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
        elif key in _SAID:
            verdict, words = _SAID[key]
            self._save(field, "", verdict=verdict, words=words)
        elif key == "s":
            self._skipped.add(field.id)
            self._store.skip_turn(field.id, self._verifier, now=datetime.now(UTC))
            self._next()
        else:
            self.message = "That key does nothing; ? shows the keys."

    def _save(self, field: StoredField, value: str, *, verdict: Verdict = Verdict.VALUE, words: str = "") -> None:
        seconds = self._clock() - self._since
        label_id = self._store.add_label(
            field.id,
            value,
            verifier=self._verifier,
            mode=self._mode(field),
            shown=field.machine_value if self.show_reading else None,
            duration_ms=round(seconds * 1000),
            sampling_probability=1.0 if field.audit_probability is None else field.audit_probability,
            verdict=verdict,
            alone=self.show_reading or not self._second_keying,
        )
        self._spent[label_id] = seconds
        self._skipped.discard(field.id)
        self.message = f"Saved {value or words} for {field.name}."
        self._next()

    def _mode(self, field: StoredField) -> LabelMode:
        if self.show_reading:
            return LabelMode.SHOWN
        return LabelMode.BLIND if field.audit_probability is None else LabelMode.AUDIT

    def _undo(self) -> None:
        """Take back the last label that this verifier keyed, in this sitting or in one before, and show its field."""
        last = self._store.last_keyed(self._verifier)
        if last is None:
            self.message = "There is nothing to take back."
            return
        self._store.retract_label(last.id, verifier=self._verifier)
        self._spent.pop(last.id, None)
        self._store.end_turns(self._verifier, skipped=False)
        self._show(self._store.take_turn(last.field_id, self._verifier, until=datetime.now(UTC) + self._turn))
        self.message = "Taken back."

    def _next(self) -> None:
        self._show(self._store.next_turn(self._verifier, now=datetime.now(UTC), lasting=self._turn, form=self._form))

    def _show(self, field: StoredField | None) -> None:
        self.field, self.typed = field, ""
        self._since = self._clock()


#: Keys that say at once what a field is, and how that is told.
_SAID = {
    "b": (Verdict.VALUE, "blank"),
    "x": (Verdict.UNREADABLE, "cannot be read"),
    "w": (Verdict.MISPLACED, "wrong place"),
}
