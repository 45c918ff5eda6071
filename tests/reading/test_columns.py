"""How many digits a column's numbers have is taken from noughts in front, and from nothing less."""

import pytest

from digitd.reading.columns import of_one_length
from digitd.reading.validate import FieldCandidates, validate_page
from digitd.records import Candidate, CellContent


def field(name: str, *strings: tuple[str, float]) -> FieldCandidates:
    candidates = tuple(Candidate(value=value, probability=probability) for value, probability in strings)
    return FieldCandidates(name=name, candidates=candidates, contents=(CellContent.DIGIT,) * len(strings[0][0]))


def rows(*values: str, name: str = "row{}") -> list[FieldCandidates]:
    return [field(name.format(place), (value, 0.95)) for place, value in enumerate(values, start=1)]


def lengths(reads: list[FieldCandidates]) -> set[tuple[int, int] | None]:
    return {read.rules.digits for read in of_one_length(reads)}


@pytest.mark.parametrize("name", ["row{}", "line{}", "r{}c4", "table2_r{}c1"])
def test_noughts_in_front_tell_the_length_of_a_column(name):
    """Where 069 and 000 stand, 375 has its three digits too, whatever kind of column it is."""
    assert lengths(rows("069", "000", "375", name=name)) == {(3, 3)}


@pytest.mark.parametrize(
    "values",
    [
        ("069", "375", "275"),  # one nought may be a slip
        ("12", "375", "275"),  # marks out of a hundred
        ("0", "0", "12"),  # a nought by itself stands for nothing
        ("069", "000", "12", "7"),  # half of them are no such numbers
    ],
)
def test_less_says_nothing(values):
    """A column without noughts in front in most of its numbers may hold numbers of any length."""
    assert lengths(rows(*values)) == {None}


def test_doubtful_numbers_have_no_say():
    """A number that is not sure says nothing of the others, and is what the rule is for."""
    unsure = field("row4", ("0081", 0.5), ("081", 0.4))
    ruled = of_one_length([*rows("069", "000", "375"), unsure])
    verdicts = validate_page(ruled, rules=(), accept_confidence=0.97)
    assert verdicts[3].value == "081"


def test_columns_are_apart():
    """Numbers of one column say nothing of another, or of boxes anywhere on the page."""
    reads = [*rows("069", "000", name="r{}c1"), *rows("7", "12", name="r{}c2"), field("field1", ("7", 0.9))]
    assert [read.rules.digits for read in of_one_length(reads)] == [(3, 3), (3, 3), None, None, None]
