"""Tells an Enter that confirms what somebody saw from one that is held, bounces, or was typed ahead."""

from collections.abc import Callable

#: Seconds for which an Enter does nothing after something new was drawn or Enter was pressed: more than keyboards wait
#: before they repeat a key that is held (0.25 to 0.66), less than anybody looks at a screen.
QUIET_SECONDS = 0.7


class Haste:
    """When something new was drawn, and when Enter was pressed last. clock counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._drawn: object = None

    def drawn(self, what: object) -> None:
        """Take note that what is on the screen; drawn once more it is nothing new."""
        if what != self._drawn:
            self._drawn, self._since = what, self._clock()

    def too_soon(self) -> bool:
        """Whether Enter, pressed now, comes before anybody can have looked."""
        before, self._since = self._since, self._clock()
        return self._since - before < QUIET_SECONDS
