"""Whether a file is there to its last byte, by its own format. Decodes nothing; `load` has the last word."""

import os
from enum import StrEnum
from pathlib import Path

from digitd.errors import UnreadableDocument
from digitd.reading import headers

#: A PDF ends with this mark; some writers add a few hundred bytes behind it.
PDF_END, PDF_END_WITHIN = b"%%EOF", 2048


class Wholeness(StrEnum):
    """What a file's format says of its end."""

    #: The format's own end is there.
    WHOLE = "whole"
    #: The format's own end is missing, or nothing has been written yet.
    CUT_OFF = "cut off"
    #: A format without an end that digitd knows; reading it will tell.
    UNKNOWN = "unknown"


def wholeness_of(path: Path) -> Wholeness:
    """Judge the file at path.

    Raises
    ------
    OSError
        It cannot be read, or it has become a link.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return judge(file.read())


def judge(data: bytes) -> Wholeness:
    """Judge the bytes of a file. Nothing but zeros at the start is what a file looks like whose room was reserved."""
    try:
        if not data[:16].strip(b"\0"):
            whole = False
        elif data.startswith(b"\x89PNG\r\n\x1a\n"):
            whole = headers.png(data).complete
        elif data.startswith(b"\xff\xd8\xff"):
            whole = headers.jpeg(data).complete
        elif data.startswith((b"II*\0", b"MM\0*")):
            whole = all(page.complete for page in headers.tiff(data))
        elif data.startswith(b"%PDF-"):
            whole = PDF_END in data[-PDF_END_WITHIN:]
        else:
            return Wholeness.UNKNOWN
    except UnreadableDocument:
        return Wholeness.UNKNOWN  # damaged rather than unfinished
    return Wholeness.WHOLE if whole else Wholeness.CUT_OFF
