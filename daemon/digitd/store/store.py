"""The store: every query of digitd, by subject in this package, and nothing but queries.

Methods are sentences, results are records, never rows. One transaction a method.
"""

from digitd.store.access import Access
from digitd.store.beats import Beats
from digitd.store.documents import Documents
from digitd.store.doubts import Doubts
from digitd.store.keeping import Keeping
from digitd.store.labelled import Labelled
from digitd.store.lookalikes import Lookalikes
from digitd.store.outbox import Outbox
from digitd.store.outcomes import Outcomes
from digitd.store.performance import Performance
from digitd.store.readings import Readings
from digitd.store.turns import Turns
from digitd.store.views import Views


class Store(
    Documents,
    Readings,
    Turns,
    Lookalikes,
    Doubts,
    Access,
    Labelled,
    Outcomes,
    Performance,
    Views,
    Outbox,
    Beats,
    Keeping,
):
    """An open database: documents, readings, labels and turns, verifiers, who is told, the service's sign of life."""
