"""Who has to look at a field, and why."""

from digitd.reading.validate import validate
from digitd.records import Candidate, CellContent, FieldState

DIGIT, BLANK, OTHER = CellContent.DIGIT, CellContent.BLANK, CellContent.OTHER


def judged(value, probability, contents, *rivals):
    candidates = [Candidate(value=value, probability=probability), *rivals]
    return validate(candidates, contents, accept_confidence=0.9)


def test_a_sure_value_passes():
    """Confidence at the threshold is accepted without a reason."""
    assert judged("12", 0.9, [DIGIT, DIGIT]) == (FieldState.ACCEPTED, "")


def test_an_unsure_value_names_its_rival():
    """The reason tells the confidence and what else it may be."""
    state, reason = judged("12", 0.5, [DIGIT, DIGIT], Candidate(value="72", probability=0.4))
    assert state is FieldState.REVIEW
    assert reason == "confidence 0.50 is below 0.9 (perhaps 72)"


def test_blank_cells_are_blank_whatever_their_number():
    """Nothing written is a fact, not a doubt."""
    assert judged("", 1.0, [BLANK, BLANK])[0] is FieldState.BLANK
    assert judged("", 1.0, [])[0] is FieldState.BLANK


def test_leading_crosses_and_blanks_are_facts():
    """Crossed and empty cells beside the number are fine; between its digits they are not."""
    assert judged("7", 0.99, [OTHER, BLANK, DIGIT])[0] is FieldState.ACCEPTED
    assert judged("17", 0.99, [DIGIT, BLANK, DIGIT]) == (
        FieldState.REVIEW,
        "an empty or crossed cell stands between digits",
    )


def test_writing_without_digits_goes_to_a_person():
    """A field that is all crosses has no value to accept."""
    assert judged("", 0.99, [OTHER, OTHER])[0] is FieldState.REVIEW
