"""What a word that nobody knows was perhaps meant to be: for keys of files that people write."""

import difflib
from collections.abc import Collection, Iterable

#: How alike two words are at least, of 1, for the one to be a slip for the other.
NEAR = 0.5


def perhaps(word: object, known: Collection[str], *, before: str = "") -> str:
    """Return "; perhaps you meant ..." where a known word, told with what stands before it, is near; else nothing.

    >>> perhaps("celsl", ["cells", "box"]), perhaps("colour", ["cells", "box"])
    ('; perhaps you meant cells', '')
    """
    close = difflib.get_close_matches(word, known, n=1, cutoff=NEAR) if isinstance(word, str) else []
    return f"; perhaps you meant {before}{close[0]}" if close else ""


def refuse_unknown(keys: Iterable[str], known: Collection[str], where: str) -> None:
    """Refuse keys that are not known, told with where before them.

    Raises
    ------
    ValueError
        There is one.
    """
    for key in keys:
        if key not in known:
            raise ValueError(f"no such key {where}{key}{perhaps(key, known, before=where)}")
