"""Signs of life, gathered by the service's own loop, and what is wrong by them. A loop that stands still shows too."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

#: Seconds between two signs of life of database and workers, and what may pass without one until something is wrong.
BEAT_SECONDS, OVERDUE_SECONDS = 10.0, 60.0

#: The same for telling others, of which one alone may take a minute.
TOLD_WITHIN_SECONDS = 180.0

#: What may ail.
PARTS = ("observer", "loop", "look", "database", "worker", "courier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The service at one moment. Times are on the steady clock, in seconds; None for never.

    looked_at is the last look at the inbox, and rescan_seconds how often there is one whatever happens; wrote_at the
    last write that the database took; worker_at the last answer of a process that reads. courier_at is when the one of
    those who tell others that did so longest ago looked for something to tell; at, where there are none.
    """

    at: float
    watched: bool
    looked_at: float | None
    rescan_seconds: float
    wrote_at: float | None
    worker_at: float | None
    courier_at: float

    @property
    def ready(self) -> bool:
        """Whether the first look is done, the database has taken a write, and a model is loaded."""
        return None not in (self.looked_at, self.wrote_at, self.worker_at)

    def ailments(self, now: float) -> Mapping[str, str]:
        """What is wrong at now, by what it is of; empty where all is well."""
        return dict(self._ailments(now))

    def _ailments(self, now: float) -> Iterator[tuple[str, str]]:
        if not self.watched:
            yield "observer", "the inbox is not watched: it was removed, or cannot be listed"
        for name, last, allowed, wrong in (
            ("loop", self.at, OVERDUE_SECONDS, "the service has not come round"),
            ("look", self.looked_at, self.rescan_seconds + OVERDUE_SECONDS, "the inbox has not been looked at"),
            ("database", self.wrote_at, OVERDUE_SECONDS, "the database has taken no write"),
            ("worker", self.worker_at, OVERDUE_SECONDS, "no process that reads has answered"),
            ("courier", self.courier_at, TOLD_WITHIN_SECONDS, "others have not been told"),
        ):
            if last is None:
                yield name, f"{wrong} yet"
            elif now - last > allowed:
                yield name, f"{wrong} for {now - last:.0f} s"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has happened since the service was started: counts, and seconds of stages. For metrics only."""

    documents: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    stage_seconds: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    database_faults: int = 0
    unannounced: int = 0
    model: str = ""
