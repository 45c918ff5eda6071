"""How many digits the numbers of a column have, where noughts in front say so: for pages that no template describes.

Nobody writes 069 or 000 but where every number is to have three digits. Numbers only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from digitd.reading.validate import FieldCandidates

#: A number that is at least so probable says how many digits its column's have.
SURE = 0.8

#: So many of a column's sure numbers must begin with a nought, and have as many digits as this share of all sure ones.
FEWEST, MOST = 2, 2 / 3

#: In such a column a number of another length is so much less probable than where nothing is known of it.
OTHERWISE = 0.05

#: What a field in a column is called, its row left out: r3c2 of a table, row3, line3.
_COLUMN = re.compile(r"(?P<table>(?:table\d+_)?r)\d+(?P<column>c\d+)|(?P<rows>row|line)\d+")


def of_one_length(reads: Sequence[FieldCandidates]) -> list[FieldCandidates]:
    """The fields of a page that were found freely; in a column with noughts in front, strings of its length gain.

    Never for good, for nobody has stated this rule: what is sure stays, and what is doubtful goes to a person.
    """
    columns: dict[str, list[FieldCandidates]] = defaultdict(list)
    for read in reads:
        if column := _column(read.name):
            columns[column].append(read)
    lengths = {column: _length(list(_sure(found))) for column, found in columns.items()}
    return [_by_length(read, lengths.get(_column(read.name))) for read in reads]


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


def _by_length(read: FieldCandidates, length: int | None) -> FieldCandidates:
    best = read.candidates[0]
    if length is None or not best.value:
        return read
    weights = [1.0 if len(each.value) == length else OTHERWISE for each in read.candidates]
    weighed = [each.probability * weight for each, weight in zip(read.candidates, weights, strict=True)]
    whole = sum(each.probability for each in read.candidates) / sum(weighed)
    told = [replace(each, probability=p * whole) for each, p in zip(read.candidates, weighed, strict=True)]
    return replace(read, candidates=tuple(sorted(told, key=lambda each: -each.probability)))
