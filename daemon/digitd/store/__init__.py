"""The database: the ledger of documents, the evidence of readings, the labels of people."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitd.store.store import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    """Import the store when it is asked for: `Glance`, which does without SQLAlchemy, need not wait for it."""
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from digitd.store.store import Store

    return Store
