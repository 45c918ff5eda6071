"""The store: every query of digitd, by subject in this package, and nothing but queries.

Methods are sentences, results are records, never rows. One transaction a method.
"""

from digitd.store.documents import Documents
from digitd.store.labels import Labels
from digitd.store.readings import Readings


class Store(Documents, Readings, Labels):
    """An open database: the ledger of documents, what was read, and what people say of it."""
