"""How a verifier takes screens of look-alikes and says which are not their digit: the rules of every desk."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digitd.config import Config
from digitd.store import Store
from digitd.stored import LookedAt, Screen
from digitd.verify.keying import TURN

#: Glyphs on a screen at most, those sown among them not counted.
SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One verifier at the digits that passed; known errors are sown into each screen, of which sown_share tells."""

    store: Store
    verifier: str
    sown_share: float = 0.0
    turn: timedelta = TURN

    def open(self, digit: int, *, size: int = SIZE) -> Screen | None:
        """A screen of at most size glyphs that were read as digit, on nobody else's desk for as long as a turn.

        One that was left open comes again, whatever its size; None where none wait.
        """
        return self.store.open_screen(
            digit,
            self.verifier,
            now=datetime.now(UTC),
            lasting=self.turn,
            size=size,
            sown_share=self.sown_share,
        )

    def close(self, screen_id: int, marked: Collection[int], *, duration_ms: int | None) -> LookedAt:
        """Say which places of a screen are not its digit; all others are.

        Raises
        ------
        NotTheirTurn
            There is no such screen on this desk, or something else was said of it elsewhere.
        """
        return self.store.close_screen(
            screen_id, self.verifier, not_that_digit=marked, now=datetime.now(UTC), duration_ms=duration_ms
        )

    def undo(self) -> Screen | None:
        """Take back the last screen that this verifier closed; None where there is none, or a field of it was keyed."""
        return self.store.reopen_screen(self.verifier, now=datetime.now(UTC), lasting=self.turn)

    def waiting(self) -> dict[int, int]:
        """How many glyphs nobody has looked at, by digit."""
        return dict(sorted(self.store.to_look_at().items()))

    def left(self, digit: int) -> int:
        """How many glyphs of one digit nobody has looked at; no more than 10,000 are counted."""
        return self.store.left_to_look_at(digit)


def looking(store: Store, config: Config, *, verifier: str) -> Looking:
    """A verifier at look-alikes, under the rules of the configuration."""
    rules = config.verify
    return Looking(
        store=store, verifier=verifier, sown_share=rules.sown_share, turn=timedelta(seconds=rules.turn_seconds)
    )
