"""The second stage: where a form lies on a page, or that it does not."""

from digitd.reading.register.coarse import Features
from digitd.reading.register.fit import Reference, can_be_found, prepare, register

__all__ = ["Features", "Reference", "can_be_found", "prepare", "register"]
