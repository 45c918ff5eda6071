"""How a verifier takes fields from the queue and gives labels: the rules of every desk, whatever its screen."""

import getpass
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digitd.config import Config
from digitd.errors import ConfigError
from digitd.forms.library import longest_of
from digitd.records import FieldState, LabelMode, Verdict
from digitd.store import Store
from digitd.stored import ALL, Choice, Label, StoredField

#: How long a field is on one screen and on no other, where nothing else is said.
TURN = timedelta(minutes=5)

#: The longest name of a verifier, in characters.
LONGEST_NAME = 64

#: More digits than any field has.
LONGEST = 32

#: What a field can hold: digits as they are written, or nothing.
VALUE = re.compile(rf"[0-9]{{0,{LONGEST}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keying:
    """One verifier at the shared queue.

    Keyed blind, the reading is nowhere to be seen: whoever is shown a wrong digit tends to agree with it. With
    show_reading it is shown, and the label says so and settles its field. With second_keying a field keyed blind is
    settled when this is what the machine read, or what another verifier says; without, by one verifier.
    """

    store: Store
    verifier: str
    show_reading: bool = False
    second_keying: bool = False
    turn: timedelta = TURN
    forms: Path | None = None

    def next(self, choice: Choice = ALL, *, count: int = 1, evidence: bool = True) -> list[StoredField]:
        """The fields to key next, at most count; they are on nobody else's desk for as long as a turn."""
        return self.store.next_turns(
            self.verifier,
            now=datetime.now(UTC),
            lasting=self.turn,
            choice=choice,
            count=count,
            evidence=evidence,
        )

    def waiting(self, choice: Choice = ALL) -> int:
        """How many fields wait that this verifier has not keyed."""
        return self.store.waiting(choice, verifier=self.verifier)

    def save(
        self,
        field: StoredField,
        value: str,
        *,
        verdict: Verdict = Verdict.VALUE,
        duration_ms: int | None = None,
        entry: str | None = None,
    ) -> int:
        """Say what a field is; returns the label's id. entry names this act of saying: sent twice, it is one label.

        Raises
        ------
        NotTheirTurn
            It waits no longer, or not for this verifier.
        """
        return self.store.add_label(
            field.id,
            value,
            verifier=self.verifier,
            mode=self._mode(field),
            shown=field.machine_value if self.show_reading else None,
            duration_ms=duration_ms,
            sampling_probability=_sampling_probability(field),
            verdict=verdict,
            alone=self.show_reading or not self.second_keying,
            in_turn=True,
            entry=entry,
        )

    def longest(self, field: StoredField) -> int | None:
        """How many digits the form has room for; None where it does not say. What is written there may be longer."""
        if self.forms is None or field.form is None:
            return None
        return longest_of(field.form, field.name, self.forms)

    def skip(self, field_id: int) -> None:
        """Pass a field over."""
        self.store.skip_turn(field_id, self.verifier, now=datetime.now(UTC))

    def undo(self) -> tuple[Label, StoredField] | None:
        """Take back the last label that this verifier keyed, in this sitting or in one before.

        Returns it, and its field, whose turn it is again; None where there is none.
        """
        return self.store.take_back(self.verifier, until=datetime.now(UTC) + self.turn)

    def leave(self) -> None:
        """Give back what is not keyed."""
        self.store.end_turns(self.verifier)

    def _mode(self, field: StoredField) -> LabelMode:
        if self.show_reading:
            return LabelMode.SHOWN
        return LabelMode.BLIND if field.audit_probability is None else LabelMode.AUDIT


def _sampling_probability(field: StoredField) -> float | None:
    """With which probability a field that was read as this one comes to be keyed; None for what somebody picked out."""
    if field.audit_probability is not None:
        return field.audit_probability
    return 1.0 if field.machine_state is FieldState.REVIEW else None


def verifier_name(config: Config, given: str | None = None) -> str:
    """Who signs labels: who is given, else who the configuration names, else who is logged in.

    Raises
    ------
    ConfigError
        Nobody is named, and the system does not know who is logged in.
    """
    try:
        return given or config.verify.verifier or getpass.getuser()
    except (OSError, KeyError):  # no such user in the system's list, as in some containers
        raise ConfigError("who verifies? Give --verifier NAME, or set verify.verifier in config.toml.") from None


def keying(store: Store, config: Config, *, verifier: str, show_reading: bool = False) -> Keying:
    """A verifier at the queue, under the rules of the configuration."""
    return Keying(
        store=store,
        verifier=verifier,
        show_reading=show_reading,
        second_keying=config.verify.second_keying,
        turn=timedelta(seconds=config.verify.turn_seconds),
        forms=config.forms,
    )
