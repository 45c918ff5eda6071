"""The database: the ledger of documents, the evidence of readings, the labels of people."""

from digitd.store.store import Store

__all__ = ["Store"]
