"""The first stage: the bytes of a document become pages."""

from digitd.reading.load.pages import Limits, load

__all__ = ["Limits", "load"]
