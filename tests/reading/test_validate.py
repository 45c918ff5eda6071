"""Who has to look at a field, and why."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.reading.validate import FieldCandidates, validate, validate_page
from digitd.records import UNSURE, Candidate, CellContent, FieldState
from digitd.rules import NO_RULES, parse_field_rules, parse_form_rules

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


def field(name, *said, contents=(DIGIT,), rules=NO_RULES, cut_off=False):
    candidates = tuple(Candidate(value=value, probability=chance) for value, chance in said)
    return FieldCandidates(name=name, candidates=candidates, contents=contents, rules=rules, cut_off=cut_off)


def blank(name):
    return field(name, ("", 1.0), contents=(BLANK, BLANK))


def verdicts(*reads, rules=()):
    parsed = parse_form_rules(list(rules), [read.name for read in reads])
    return validate_page(reads, rules=parsed, accept_confidence=0.9)


SUM = {"sum": ["r1", "r2"], "total": "total"}


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5),
    st.lists(st.sampled_from(CellContent), max_size=4),
    st.booleans(),
)
def test_without_rules_a_page_is_its_fields(chances, contents, cut_off):
    """No rules: the same state, reason, value and confidence as the field by itself."""
    scale = max(1.0, sum(chances))
    said = sorted(((str(n), chance / scale) for n, chance in enumerate(chances)), key=lambda pair: -pair[1])
    read = field("a", *said, contents=tuple(contents), cut_off=cut_off)
    state, reason = validate(read.candidates, contents, accept_confidence=0.9, cut_off=cut_off)
    (verdict,) = verdicts(read)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert (verdict.value, verdict.confidence) == said[0]
    assert verdict.candidates == (() if state is FieldState.BLANK else read.candidates)


def test_a_sum_decides_between_two_good_readings():
    """A total read 43 or 42 is 42 beside 12 and 30, and passes: the sum makes it as good as certain."""
    *_, total = verdicts(
        field("r1", ("12", 0.99)), field("r2", ("30", 0.99)), field("total", ("43", 0.6), ("42", 0.39)), rules=[SUM]
    )
    assert (total.value, total.state, total.reason) == ("42", FieldState.ACCEPTED, "")
    assert total.confidence > 0.98
    assert [c.value for c in total.candidates] == ["42", "43"]


def test_ink_that_a_sum_makes_a_digit_does_not_stand_between_digits():
    """Where 172 is right and not 12, what was taken for no digit is the 7."""
    *_, total = verdicts(
        field("r1", ("132", 1.0)),
        field("r2", ("40", 1.0)),
        field("total", ("12", 0.6), ("172", 0.4), contents=(DIGIT, OTHER, DIGIT)),
        rules=[SUM],
    )
    assert (total.value, total.state) == ("172", FieldState.ACCEPTED)


def test_an_improbable_reading_is_looked_at_with_the_reason():
    """What only the sum puts first, from far down the list, goes to review whatever its posterior."""
    *parts, total = verdicts(
        field("r1", ("12", 1.0)), field("r2", ("30", 1.0)), field("total", ("43", 0.95), ("42", 0.05)), rules=[SUM]
    )
    assert total.value == "42"
    assert total.state is FieldState.REVIEW
    assert total.reason == "r1 + r2 should be total: 43 taken for 42, which by itself has probability 0.05"
    assert [part.state for part in parts] == [FieldState.ACCEPTED] * 2


def test_where_nothing_adds_up_the_values_stay_and_all_go_to_review():
    """No combination obeys: the most probable values, and the sum told in each field's reason."""
    found = verdicts(field("r1", ("12", 0.9999)), blank("r2"), field("total", ("43", 0.9999)), rules=[SUM])
    assert [verdict.value for verdict in found] == ["12", "", "43"]
    assert {verdict.state for verdict in found} == {FieldState.REVIEW}
    assert {verdict.reason for verdict in found} == {"r1 + r2 should be total (12 + blank = 12, not 43)"}


def test_blank_counts_as_nothing():
    """A blank part adds 0, and stays blank."""
    r1, r2, total = verdicts(field("r1", ("12", 0.8)), blank("r2"), field("total", ("12", 0.8)), rules=[SUM])
    assert (r1.state, r2.state, total.state) == (FieldState.ACCEPTED, FieldState.BLANK, FieldState.ACCEPTED)
    assert min(r1.confidence, total.confidence) > 0.97


@pytest.mark.parametrize(
    "total", [blank("total"), field("total", ("4", 1.0), cut_off=True)], ids=["skipped while blank", "cut off"]
)
def test_a_rule_that_cannot_be_looked_at_says_nothing(total):
    """A blank total with blanks = "skip", or one that is half outside the page, changes nothing in the parts."""
    r1, _, last = verdicts(
        field("r1", ("12", 0.95)), field("r2", ("30", 0.95)), total, rules=[SUM | {"blanks": "skip"}]
    )
    assert (r1.value, r1.confidence, r1.state, r1.reason) == ("12", 0.95, FieldState.ACCEPTED, "")
    assert "should be" not in last.reason


def test_a_rule_on_a_field_that_was_not_read_says_nothing():
    """A form's other page has fields of its own."""
    rules = parse_form_rules([SUM], ["r1", "r2", "total"])
    (verdict,) = validate_page([field("r1", ("12", 0.95))], rules=rules, accept_confidence=0.9)
    assert (verdict.state, verdict.confidence) == (FieldState.ACCEPTED, 0.95)


def test_a_rule_that_only_warns_tells_and_lets_pass():
    """Values and states are those without the rule; the words stand in the reason."""
    found = verdicts(
        field("r1", ("12", 0.99)), blank("r2"), field("total", ("43", 0.9), ("12", 0.1)), rules=[SUM | {"warn": True}]
    )
    assert [(v.value, v.state) for v in found] == [
        ("12", FieldState.ACCEPTED),
        ("", FieldState.BLANK),
        ("43", FieldState.ACCEPTED),
    ]
    assert found[2].reason == "r1 + r2 should be total (12 + blank = 12, not 43)"


def test_a_fields_own_rule_leaves_out_what_breaks_it():
    """A day that does not exist is not taken, while what is not among the candidates stays possible."""
    rules = parse_field_rules({"date": "DDMMYYYY"})
    (verdict,) = verdicts(field("d", ("31022020", 0.5), ("21022020", 0.45), rules=rules))
    assert verdict.value == "21022020"
    assert verdict.confidence == pytest.approx(0.45 / 0.5)
    assert (verdict.state, verdict.candidates[1].probability) == (FieldState.ACCEPTED, 0.0)


def test_a_field_that_nothing_makes_valid_goes_to_review():
    """No string obeys: the most probable stays, with what it breaks."""
    (verdict,) = verdicts(field("d", ("31022020", 0.99), rules=parse_field_rules({"date": "DDMMYYYY"})))
    assert (verdict.value, verdict.state) == ("31022020", FieldState.REVIEW)
    assert verdict.reason == "31022020 is no date DDMMYYYY"


def test_a_fields_own_rule_can_warn():
    """A mark above the maximum is told, and passes."""
    rules = parse_field_rules({"maximum": 40, "warn": True})
    (verdict,) = verdicts(field("mark", ("41", 0.99), ("40", 0.01), rules=rules))
    assert (verdict.value, verdict.state, verdict.reason) == ("41", FieldState.ACCEPTED, "41 is above 40")


@pytest.mark.parametrize(
    ("warn", "state"), [(False, FieldState.REVIEW), (True, FieldState.BLANK)], ids=["asked", "only told"]
)
def test_a_required_field_that_is_blank(warn, state):
    """Nothing written is a fault of a required field, which a person has to look at, or is only told."""
    rules = parse_field_rules({"required": True, "digits": 2, "warn": ["required"] if warn else []})
    (verdict,) = verdicts(field("age", ("", 1.0), contents=(BLANK, BLANK), rules=rules))
    assert (verdict.value, verdict.state, verdict.reason) == ("", state, "it must be filled in")
    (filled,) = verdicts(field("age", ("12", 0.99), rules=rules))
    assert (filled.state, filled.reason) == (FieldState.ACCEPTED, "")


def test_writing_without_a_digit_is_no_digit_because_one_is_required():
    """What is crossed out stays so in a required field, and goes to a person."""
    rules = parse_field_rules({"required": True})
    (verdict,) = verdicts(field("age", ("", 0.8), ("7", 0.199), contents=(CellContent.OTHER,), rules=rules))
    assert (verdict.value, verdict.state) == ("", FieldState.REVIEW)
    assert verdict.reason.endswith("none of it is a digit; confidence 0.80 is below 0.9 (perhaps 7)")


def test_decimals_are_added_as_such():
    """1.5 + 2.25 is 3.75, each field with its own decimals."""
    one, two = parse_field_rules({"decimals": 1}), parse_field_rules({"decimals": 2})
    found = verdicts(
        field("r1", ("15", 0.99), rules=one),
        field("r2", ("225", 0.99), rules=two),
        field("total", ("376", 0.5), ("375", 0.45), rules=two),
        rules=[SUM],
    )
    assert found[2].value == "375"
    wrong = verdicts(
        field("r1", ("15", 1.0), rules=one),
        field("r2", ("225", 1.0), rules=two),
        field("total", ("9", 1.0)),
        rules=[SUM],
    )
    assert wrong[0].reason == "r1 + r2 should be total (1.5 + 2.25 = 3.75, not 9)"


@st.composite
def pages(draw):
    own = draw(st.sampled_from([NO_RULES, parse_field_rules({"maximum": 5}), parse_field_rules({"digits": 1})]))
    reads = []
    for name in ("r1", "r2", "total"):
        numbers = draw(st.lists(st.integers(0, 15), min_size=1, max_size=4, unique=True))
        shares = sorted((draw(st.integers(1, 99)) for _ in numbers), reverse=True)
        total = sum(shares) + draw(st.integers(0, 5))
        reads.append(field(name, *((str(n), s / total) for n, s in zip(numbers, shares, strict=True)), rules=own))
    return reads


@given(pages())
def test_what_passes_obeys_every_rule(reads):
    """Values obey all rules, or the fields they break go to review; probabilities stay probabilities."""
    found = verdicts(*reads, rules=[SUM])
    r1, r2, total = (int(verdict.value) for verdict in found)
    for read, verdict in zip(reads, found, strict=True):
        breaks = bool(read.rules.fault(verdict.value)) or r1 + r2 != total
        assert verdict.state is FieldState.REVIEW or not breaks
        assert all(0 <= c.probability <= 1 for c in verdict.candidates)
        assert sum(c.probability for c in verdict.candidates) <= 1 + 1e-9
        assert sorted(c.value for c in verdict.candidates) == sorted(c.value for c in read.candidates)
        assert verdict.candidates[0] == Candidate(value=verdict.value, probability=verdict.confidence)


@pytest.mark.parametrize(
    ("value", "contents", "alone"),
    [("72", [CellContent.DIGIT] * 2, True), ("72", [CellContent.DIGIT, CellContent.OTHER, CellContent.DIGIT], False)],
)
def test_the_reason_tells_whether_only_confidence_is_against_a_field(
    value: str, contents: list[CellContent], alone: bool
) -> None:
    """It begins so where another threshold would let the field pass, and names confidence last where it would not."""
    best = Candidate(value=value, probability=0.5)
    state, reason = validate([best], contents, accept_confidence=0.9)
    assert state is FieldState.REVIEW
    assert reason.startswith(UNSURE) is alone
    assert reason.endswith(f"{UNSURE}0.50 is below 0.9")
    assert (validate([best], contents, accept_confidence=0.5)[0] is FieldState.ACCEPTED) is alone


def test_above_one_nothing_passes() -> None:
    """However sure: where nothing is proved of a form under its budget."""
    sure = [Candidate(value="7", probability=1.0)]
    state, reason = validate(sure, [CellContent.DIGIT], accept_confidence=math.inf)
    assert state is FieldState.REVIEW
    assert reason == f"{UNSURE}1.00 is not enough: nothing like it is proved to keep the budget"
