"""How many digits a column's numbers have is taken from noughts in front, and from nothing less."""

import pytest

from digitd.reading.lengths import of_one_length
from digitd.reading.validate import FieldCandidates, validate_page
from digitd.records import Candidate, CellContent, FieldState


def field(name: str, *strings: tuple[str, float]) -> FieldCandidates:
    candidates = tuple(Candidate(value=value, probability=probability) for value, probability in strings)
    return FieldCandidates(name=name, candidates=candidates, contents=(CellContent.DIGIT,) * len(strings[0][0]))


def rows(*values: str, name: str = "row{}") -> list[FieldCandidates]:
    return [field(name.format(place), (value, 0.95)) for place, value in enumerate(values, start=1)]


#: A number of which nobody is sure whether it has four digits or three.
UNSURE = (("0811", 0.5), ("081", 0.4), ("11", 0.1))


def best(reads: list[FieldCandidates], name: str) -> str:
    """What is read of the unsure number beside others."""
    (found,) = (read for read in of_one_length([*reads, field(name, *UNSURE)]) if read.name == name)
    assert sum(each.probability for each in found.candidates) == pytest.approx(sum(p for _, p in UNSURE))
    return found.candidates[0].value


@pytest.mark.parametrize("name", ["row{}", "line{}", "r{}c4", "table2_r{}c1"])
def test_noughts_in_front_tell_the_length_of_a_column(name):
    """Where 069 and 000 stand, the unsure number has three digits too, whatever kind of column it is."""
    assert best(rows("069", "000", "375", name=name), name.format(9)) == "081"


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
    assert best(rows(*values), "row9") == "0811"


def test_what_is_sure_stays():
    """A total below the column has the digits that it has; an improbable string is not dug out."""
    sure, hopeless = field("row8", ("1244", 0.999), ("124", 0.001)), field("row9", ("1244", 0.7), ("124", 0.01))
    ruled = of_one_length([*rows("069", "000", "375"), sure, hopeless])
    assert [read.candidates[0].value for read in ruled[3:]] == ["1244", "1244"]


def test_a_sure_number_of_another_length_is_not_turned_round():
    """Where a column's two noughts speak against a number that was nearly sure, a person decides."""
    reads = [*rows("05", "07", "12"), field("row4", ("9", 0.885), ("91", 0.112))]
    verdict = validate_page(of_one_length(reads), rules=(), accept_confidence=0.97)[3]
    assert verdict.state is FieldState.REVIEW
    assert verdict.confidence < 0.8


def test_it_takes_more_than_a_column_to_be_sure():
    """A string that by itself is improbable goes to a person, who is told of the other one."""
    unsure = field("row9", ("9", 0.79), ("091", 0.1))
    (*_, verdict) = validate_page(of_one_length([*rows("069", "000"), unsure]), rules=(), accept_confidence=0.9)
    assert (verdict.value, verdict.state) == ("091", FieldState.REVIEW)
    assert "perhaps 9" in verdict.reason


def test_columns_are_apart():
    """Numbers of one column say nothing of another, or of boxes anywhere on the page."""
    reads = [*rows("069", "000", name="r{}c1"), *rows("7", "12", name="r{}c2")]
    assert [best(reads, name) for name in ("r9c1", "r9c2", "field1")] == ["081", "0811", "0811"]
