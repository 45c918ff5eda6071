"""What Prometheus is told. Its library is imported only here, and only when somebody asks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from digitd.vitals.signs import PARTS, Signs, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The service at one moment, as metrics show it.

    documents are those in the database, by state; oldest_seconds is how long the one that waits longest to be read has
    been waiting, in the inbox or beyond; inbox counts files still to be taken, in_hand documents that are being read;
    now is on the steady clock.
    """

    documents: Mapping[str, int]
    oldest_seconds: float
    inbox: int
    in_hand: int
    tally: Tally
    signs: Signs | None
    now: float


def exposition(facts: Callable[[], Facts]) -> bytes:
    """The metrics in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
    from prometheus_client.registry import Collector

    class Now(Collector):
        def collect(self) -> Iterator[Any]:
            return _families(facts())

    registry = CollectorRegistry()
    registry.register(Now())
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _families(facts: Facts) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily as Counter
    from prometheus_client.core import GaugeMetricFamily as Gauge
    from prometheus_client.core import InfoMetricFamily as Info

    tally, ailments = facts.tally, {} if facts.signs is None else facts.signs.ailments(facts.now)
    by_kind: tuple[tuple[Any, str, str, str, Mapping[str, float]], ...] = (
        (Gauge, "documents", "Documents in the database.", "state", facts.documents),
        (Counter, "finished", "Documents finished since the start.", "state", tally.documents),
        (Counter, "stage_seconds", "Seconds spent in a stage of reading.", "stage", tally.stage_seconds),
        (Counter, "lost", "Documents that lost their process.", "reason", tally.lost),
        (Gauge, "ailing", "1 where something is wrong.", "part", {part: float(part in ailments) for part in PARTS}),
    )
    for family, name, told, label, counts in by_kind:
        made = family(f"digitd_{name}", told, labels=[label])
        for kind, value in counts.items():
            made.add_metric([kind], value)
        yield made
    for family, name, told, value in (
        (Gauge, "inbox_files", "Files of the inbox still to be taken.", facts.inbox),
        (Gauge, "in_hand", "Documents that are being read.", facts.in_hand),
        (
            Gauge,
            "oldest_seconds",
            "Age of the document that waits longest to be read, the inbox included.",
            facts.oldest_seconds,
        ),
        (Counter, "pages", "Pages read since the start.", tally.pages),
        (Counter, "database_faults", "Writes that the database did not take.", tally.database_faults),
        (Counter, "found_without_event", "Files that no event told of.", tally.unannounced),
    ):
        yield family(f"digitd_{name}", told, value=value)
    yield Info("digitd_model", "The model that reads.", value={"id": tally.model})
