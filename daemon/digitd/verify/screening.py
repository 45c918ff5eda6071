"""A verifier's sitting at look-alikes: keys go in, screens are closed. No screen and no keyboard of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from digitd.errors import NotTheirTurn
from digitd.stored import LookedAt, Screen
from digitd.verify.haste import Haste
from digitd.verify.looking import SIZE, Looking
from digitd.verify.session import BACKSPACE, ENTER

#: Letters of labels, those under the fingers first; u and q say something else.
LETTERS = "asdfjklghewiortypvbnmczx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What came of a sitting: screens and glyphs that count, fields verified and to be keyed, screens that come again
    because a known error stayed on them; keys pressed, and seconds spent on these screens.
    """

    screens: int
    glyphs: int
    verified: int
    doubted: int
    missed: int
    keys: int
    seconds: float


class Screening:
    """A sitting of one verifier, screen after screen of one digit.

    room tells how many glyphs can be shown at once, now. A screen that is larger, left open at a wider desk, is shown
    part by part; what there is room for since the last key was not seen yet.
    """

    def __init__(
        self,
        looking: Looking,
        digit: int,
        *,
        room: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._looking = looking
        self._room = room
        self._clock = clock
        self._closed: dict[int, tuple[int, LookedAt, float]] = {}
        self._missed = 0
        self._keys = 0
        self._haste = Haste(clock)
        self.digit = digit
        self.screen: Screen | None = None
        self.marked: set[int] = set()
        #: The place that was marked or unmarked last; the one whose field is shown large, if any.
        self.last: int | None = None
        self.looked_at: int | None = None
        self.first = 0
        #: The places that are drawn now.
        self.shown = range(0)
        self.typed = ""
        self.message = ""
        self.ended = False
        self.helping = False
        #: How many glyphs of the digit nobody had looked at when the screen was opened.
        self.left = 0
        self._open()
        self._fit()

    @property
    def labels(self) -> list[str]:
        """What is typed for each place: letters, as many for each as tell all of them apart."""
        count = len(self.screen.glyphs) if self.screen else 0
        length = next(length for length in range(1, 9) if len(LETTERS) ** length >= count)
        return ["".join(letters) for letters, _ in zip(product(LETTERS, repeat=length), range(count), strict=False)]

    def summary(self) -> Glance:
        came = [came for _, came, _ in self._closed.values()]
        return Glance(
            screens=len(came),
            glyphs=sum(glyphs for glyphs, _, _ in self._closed.values()),
            verified=sum(one.verified for one in came),
            doubted=sum(one.doubted for one in came),
            missed=self._missed,
            keys=self._keys,
            seconds=sum(seconds for _, _, seconds in self._closed.values()),
        )

    def waiting(self) -> dict[int, int]:
        """How many glyphs nobody has looked at, by digit."""
        return self._looking.waiting()

    def drawn(self) -> None:
        """Take note that what is to be seen is drawn."""
        self._haste.drawn((self.screen and self.screen.id, self.first))

    def press(self, key: str) -> None:
        """Take one key: a letter of a label, Enter, or one of `digitd.verify.grid.HELP`; others are refused.

        An Enter that comes before anybody can have looked does nothing: it is held, bounced, or was typed ahead.
        """
        self._keys += 1
        if key in ENTER and self._haste.too_soon():
            return
        self.message = ""
        if self.helping or self.looked_at is not None:
            self.helping, self.looked_at = False, None
        elif key == "q" or (key in ENTER and self.screen is None):
            self.ended = True
        elif key == "?":
            self.helping = True
        elif key == "u":
            self._undo()
        elif self.screen is not None:
            self._key_of_screen(key, self.screen)
        elif key in "0123456789":
            self.digit = int(key)
            self._open()
        self._fit()

    def _key_of_screen(self, key: str, screen: Screen) -> None:
        if key in LETTERS:
            self._letter(key)
        elif key in BACKSPACE:
            self.typed = ""
        elif key == " " and self.last is not None:
            self.looked_at = self.last
        elif key == "-":
            self.first = max(0, self.first - max(1, self._room()))
        elif key in ENTER and self.typed:
            self.message = f"No label is {self.typed}: type the rest of it, or Backspace."
        elif key in ENTER and self.shown.stop < len(screen.glyphs):
            self.first = self.shown.stop
        elif key in ENTER:
            self._close(screen)
        else:
            self.message = "That key does nothing; ? shows the keys."

    def _letter(self, letter: str) -> None:
        typed, labels = self.typed + letter, self.labels
        if typed in labels:
            self.last, self.typed = labels.index(typed), ""
            self.marked ^= {self.last}
            self._tell_marked()
        elif any(label.startswith(typed) for label in labels):
            self.typed = typed
        else:
            self.typed, self.message = "", f"No label is {typed}."

    def _tell_marked(self) -> None:
        labels = [self.labels[place] for place in sorted(self.marked)]
        some = f"Not {self.digit}: {' '.join(labels)}."
        self.message = some if labels else f"All are {self.digit}."

    def _close(self, screen: Screen) -> None:
        seconds = self._clock() - self._since
        try:
            came = self._looking.close(screen.id, frozenset(self.marked), duration_ms=round(seconds * 1000))
        except NotTheirTurn as fault:
            self._open(f"Not confirmed: {fault}.")
            return
        if came.missed:
            self._missed += 1
        else:
            self._closed[screen.id] = (len(screen.glyphs), came, seconds)
        self._open(told(came))

    def _undo(self) -> None:
        if self.marked and self.screen is not None and self.marked != set(self.screen.marked):
            self.message = "There are marks: take them away first, or Enter confirms the others."
            return
        taken_back = self._looking.undo()
        if taken_back is None:
            self.message = "There is no screen to take back, or a field of the last was keyed since."
            return
        self._closed.pop(taken_back.id, None)
        self.digit = taken_back.digit
        self._show(taken_back, "Taken back: this screen is as you left it.")

    def _open(self, message: str = "") -> None:
        self._show(self._looking.open(self.digit, size=self._size()), message)

    def _size(self) -> int:
        """So many glyphs that they fit with the known errors among them."""
        room, share = max(2, self._room()), self._looking.sown_share
        return min(SIZE, room - max(1, round(share * room)) if share else room)

    def _fit(self) -> None:
        """Settle what is drawn next."""
        count = len(self.screen.glyphs) if self.screen else 0
        self.shown = range(self.first, min(count, self.first + max(1, self._room())))

    def _show(self, screen: Screen | None, message: str) -> None:
        self.screen, self.message = screen, message
        self.left = self._looking.left(self.digit)
        self.marked = set(screen.marked) if screen else set()
        self.last, self.looked_at, self.first, self.typed = None, None, 0, ""
        self._since = self._clock()


def told(came: LookedAt) -> str:
    """What came of a screen, in words."""
    if came.missed:
        known = (
            "One that was known to be another" if came.missed == 1 else f"{came.missed} that were known to be others"
        )
        return f"{known} stayed: they come again. Look once more."
    verified = "1 field" if came.verified == 1 else f"{came.verified} fields"
    return f"{verified} verified{f', {came.doubted} to be keyed' if came.doubted else ''}."
