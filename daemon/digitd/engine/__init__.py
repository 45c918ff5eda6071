"""The processes that read: bytes go in, evidence comes out, and one that dies or hangs costs one document a try."""

from digitd.engine.engine import Engine
from digitd.engine.lane import Finished, Outcome
from digitd.engine.processes import open_engine

__all__ = ["Engine", "Finished", "Outcome", "open_engine"]
