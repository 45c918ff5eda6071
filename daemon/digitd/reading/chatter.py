"""What libraries in C write to standard error past every log: caught, so that it can be judged instead of shown."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def caught() -> Iterator[list[str]]:
    """Catch what is written to standard error inside; the list holds it, in one piece, after the end.

    The whole process' standard error is caught: use it where nothing else runs, for a moment.
    """
    said: list[str] = []
    sys.stderr.flush()
    with os.fdopen(os.memfd_create("said"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
