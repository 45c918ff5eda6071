"""The fourth stage: a field's pixels become symbols."""

from digitd.reading.segment.symbols import find_writing, isolate, segment, segment_again

__all__ = ["find_writing", "isolate", "segment", "segment_again"]
