"""How many digits the numbers of a column have, where noughts in front say so: for pages that no template describes.

Nobody writes 069 or 000 but where every number is to have three digits. Numbers only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from digitd.reading.validate import FieldCandidates

#: A number is looked at for how many digits it has when it is at least so probable.
SURE = 0.8

#: So many of a column's sure numbers must begin with a nought, and have as many digits as this share of all sure ones.
FEWEST, MOST = 2, 2 / 3

#: What a field in a column is called, its row left out: r3c2 of a table, row3, line3.
_COLUMN = re.compile(r"(?P<table>(?:table\d+_)?r)\d+(?P<column>c\d+)|(?P<rows>row|line)\d+")


def of_one_length(reads: Sequence[FieldCandidates]) -> list[FieldCandidates]:
    """The fields of a page that were found freely, in their order; noughts in front give their column a rule."""
    columns: dict[str, list[FieldCandidates]] = defaultdict(list)
    for read in reads:
        if column := _column(read.name):
            columns[column].append(read)
    lengths = {column: _length(list(_sure(found))) for column, found in columns.items()}
    return [_with_length(read, lengths.get(_column(read.name))) for read in reads]


def _column(name: str) -> str:
    found = _COLUMN.fullmatch(name)
    return "" if found is None else "".join(part or "" for part in found.groups())


def _sure(column: Sequence[FieldCandidates]) -> Iterator[str]:
    for read in column:
        best = read.candidates[0]
        if best.value and best.probability >= SURE and not read.cut_off:
            yield best.value


def _length(values: Sequence[str]) -> int | None:
    filled = Counter(len(value) for value in values if len(value) > 1 and value.startswith("0"))
    if not filled:
        return None
    length, count = filled.most_common(1)[0]
    alike = sum(len(value) == length for value in values)
    return length if count >= FEWEST and alike >= MOST * len(values) else None


def _with_length(read: FieldCandidates, length: int | None) -> FieldCandidates:
    return read if length is None else replace(read, rules=replace(read.rules, digits=(length, length)))
