"""The first stage: the bytes of a document become pages."""

from digitd.reading.load.pages import ALL, Limits, load, page_count

__all__ = ["ALL", "Limits", "load", "page_count"]
