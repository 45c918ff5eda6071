"""A verifier's sitting: keys go in, labels are stored. No screen and no keyboard, so that any desk can use it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from digitd.errors import NotTheirTurn
from digitd.records import Verdict
from digitd.stored import ALL, Choice, StoredField
from digitd.verify.haste import Haste
from digitd.verify.keying import LONGEST, Keying

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
    """A sitting of one verifier, field after field."""

    def __init__(self, keying: Keying, choice: Choice = ALL, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._keying = keying
        self._choice = choice
        self._clock = clock
        self._spent: dict[int, float] = {}
        self._skipped: set[int] = set()
        self._keys = 0
        self._haste = Haste(clock)
        self.show_reading = keying.show_reading
        self.field: StoredField | None = None
        self.typed = ""
        self.message = ""
        self.ended = False
        self.helping = False
        keying.leave()
        #: Fields that wait and this verifier has not keyed; if it fell only where the reading is keyed, it would tell.
        self.waiting = keying.waiting(choice)
        self._next()

    @property
    def labelled(self) -> int:
        """Labels given in this sitting and not taken back."""
        return len(self._spent)

    def summary(self) -> Summary:
        return Summary(
            labelled=self.labelled,
            skipped=len(self._skipped),
            waiting=self._keying.store.waiting(self._choice),
            keys=self._keys,
            seconds=sum(self._spent.values()),
        )

    def drawn(self) -> None:
        """Take note that what is to be seen is drawn."""
        self._haste.drawn(self.field and self.field.id)

    def press(self, key: str) -> None:
        """Take one key: a digit, Enter, Backspace, or a letter of `digitd.verify.terminal.HELP`; others are refused.

        An Enter that would confirm a reading before anybody can have looked does nothing.
        """
        self._keys += 1
        if key in ENTER and self._haste.too_soon() and self.show_reading and self.field is not None and not self.typed:
            return
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
        self._keying.leave()

    def _key_of_field(self, key: str, field: StoredField) -> None:
        if key in "0123456789":
            self.typed = (self.typed + key)[:LONGEST]
        elif key in BACKSPACE:
            self.typed = self.typed[:-1]
        elif key in ENTER and self._too_long(field):
            self._warned = self.typed
            self.message = f"The form has room for {self._keying.longest(field)} there: Enter once more if it is so."
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
            self._keying.skip(field.id)
            self._next()
        else:
            self.message = "That key does nothing; ? shows the keys."

    def _too_long(self, field: StoredField) -> bool:
        """Whether more was typed than the field holds, and that was not said yet."""
        longest = self._keying.longest(field)
        return longest is not None and len(self.typed) > longest and self._warned != self.typed

    def _save(self, field: StoredField, value: str, *, verdict: Verdict = Verdict.VALUE, words: str = "") -> None:
        seconds = self._clock() - self._since
        try:
            label_id = self._keying.save(field, value, verdict=verdict, duration_ms=round(seconds * 1000))
        except NotTheirTurn as fault:
            self.message = f"{value or words} is not saved for {field.name}: {fault}."
        else:
            self._spent[label_id] = seconds
            self.waiting = max(0, self.waiting - 1)
            self._skipped.discard(field.id)
            self.message = f"Saved {value or words} for {field.name}."
        self._next()

    def _undo(self) -> None:
        taken_back = self._keying.undo()
        if taken_back is None:
            self.message = "There is nothing to take back."
            return
        label, field = taken_back
        self._spent.pop(label.id, None)
        self.waiting += 1
        self._show(field)
        self.message = "Taken back."

    def _next(self) -> None:
        self._show(next(iter(self._keying.next(self._choice)), None))

    def _show(self, field: StoredField | None) -> None:
        self.field, self.typed, self._warned = field, "", ""
        self._since = self._clock()


#: Keys that say at once what a field is, and how that is told.
_SAID = {
    "b": (Verdict.VALUE, "blank"),
    "x": (Verdict.UNREADABLE, "cannot be read"),
    "w": (Verdict.MISPLACED, "wrong place"),
}
