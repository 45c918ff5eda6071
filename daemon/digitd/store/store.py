"""The store: every query of digitd, by subject in this package, and nothing but queries.

Methods are sentences, results are records, never rows. One transaction a method.
"""

from digitd.store.beats import Beats
from digitd.store.documents import Documents
from digitd.store.keeping import Keeping
from digitd.store.lookalikes import Lookalikes
from digitd.store.outbox import Outbox
from digitd.store.outcomes import Outcomes
from digitd.store.readings import Readings
from digitd.store.turns import Turns


class Store(Documents, Readings, Turns, Lookalikes, Outcomes, Outbox, Beats, Keeping):
    """An open database: documents, readings, labels and turns, who is told, and the service's sign of life."""
