"""Names of files as people and other programs may see them: any bytes are a name, not every name can be shown."""

import os

#: Longest name digitd gives a file, in bytes; file systems allow 255, and `.reason.txt` must fit behind it.
LONGEST_BYTES = 180


def printable(name: str) -> str:
    r"""Return name as it is shown, stored and logged: bytes that are not UTF-8 and control characters are escaped.

    Examples
    --------
    >>> printable("scan\n1.png"), printable(os.fsdecode(b"caf\xe9.png"))
    ('scan\\n1.png', 'caf\\xe9.png')
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def filed_as(document_id: int, name: str) -> str:
    """The name a document's file has in the archive: its id, then its printable name, without slashes, cut to fit.

    Examples
    --------
    >>> filed_as(7, "a/b.png")
    '7-a_b.png'
    """
    return _fitting(f"{document_id}-", name, "")


def named(name: str, mark: str) -> str:
    """A name for the inbox of what is handed in: printable, no path, not hidden, with a mark behind it, cut to fit.

    Examples
    --------
    >>> named("../a.png", "1f")
    '_a-1f.png'
    """
    return _fitting("", printable(name).lstrip(".~#") or "document", f"-{mark}")


def _fitting(before: str, name: str, behind: str) -> str:
    safe = name.replace("/", "_").replace("\\", "_")
    stem, dot, suffix = safe.rpartition(".")
    tail = behind + (f".{suffix}" if dot and stem and len(suffix) <= 8 else "")
    head = f"{before}{stem if tail != behind else safe}".encode()
    return head[: LONGEST_BYTES - len(tail.encode())].decode("utf-8", "ignore") + tail
