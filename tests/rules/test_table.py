"""Rules as they stand in a template: read, written back, and refused with one clear sentence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.rules import (
    NO_RULES,
    Blanks,
    Check,
    FieldRules,
    Part,
    field_rules_table,
    form_rule_table,
    number_of,
    parse_field_rules,
    parse_form_rules,
)

FIELDS = ("r1", "r2", "total", "-odd", "r-3")

field_tables = st.fixed_dictionaries(
    {},
    optional={
        "digits": st.integers(1, 9) | st.tuples(st.integers(1, 5), st.integers(5, 9)).map(list),
        "minimum": st.integers(0, 50) | st.sampled_from([0.5, 1.25]),
        "maximum": st.integers(60, 10**9) | st.sampled_from([99.5]),
        "pattern": st.sampled_from([r"\d+", "[0-9]*", "1.*"]),
        "check": st.sampled_from([check.value for check in Check]),
        "decimals": st.integers(0, 1),
        "required": st.booleans(),
        "warn": st.booleans(),
    },
)


def test_every_key_is_read():
    """Each key stands where its words say."""
    table = {
        "name": "a",
        "box": [0, 0, 9, 9],
        "cells": 8,
        "digits": [6, 8],
        "minimum": 1,
        "maximum": 99.5,
        "decimals": 1,
    }
    rules = parse_field_rules(table | {"pattern": "[0-9]+", "check": "luhn", "required": True, "warn": ["maximum"]})
    assert rules == FieldRules(
        digits=(6, 8),
        minimum=Decimal(1),
        maximum=Decimal("99.5"),
        decimals=1,
        pattern="[0-9]+",
        check=Check.LUHN,
        required=True,
        warn=frozenset({"maximum"}),
    )
    assert parse_field_rules({"allowed": [1, "02"]}).allowed == ("1", "02")
    assert parse_field_rules({"name": "a", "cells": 3}) == NO_RULES


@given(field_tables)
def test_field_rules_survive_the_way_through_their_table(table):
    """What is written is read as the same rules."""
    try:
        rules = parse_field_rules(table)
    except ValueError:
        rules = NO_RULES  # a minimum that so few digits cannot reach
    assert parse_field_rules(field_rules_table(rules)) == rules


@pytest.mark.parametrize(
    "table",
    [
        {"sum": ["r1", "-r2"], "total": "total"},
        {"sum": ["r1", "-odd", "r-3"], "total": "total", "holds": 0.9, "blanks": "skip", "warn": True},
        {"equal": ["r1", "r2"]},
    ],
)
def test_form_rules_survive_the_way_through_their_table(table):
    """What is written is what was read."""
    (rule,) = parse_form_rules([table], FIELDS)
    assert form_rule_table(rule) == table


def test_a_sign_is_no_part_of_a_name_unless_the_field_is_called_so():
    """-r2 is taken away; -odd is a field."""
    (rule,) = parse_form_rules([{"sum": ["r1", "-r2", "-odd", "+ r-3"], "total": "total"}], FIELDS)
    assert rule.parts == (Part(name="r1"), Part(name="r2", sign=-1), Part(name="-odd"), Part(name="r-3"))
    assert rule.words() == "r1 - r2 + -odd + r-3 should be total"
    assert rule.blanks is Blanks.ZERO


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"minimun": 1}, "no such key minimun; perhaps you meant minimum"),
        ({"digits": 0}, "digits = 0 must be a whole number from 1 to 100"),
        ({"digits": True}, "digits = True must be a whole number from 1 to 100"),
        ({"digits": [1, 2, 3]}, "digits = [1, 2, 3] must be a number, or the fewest and the most, as [6, 8]"),
        ({"digits": [8, 6]}, "digits = [8, 6]: the fewest are more than the most"),
        ({"digits": 9, "cells": 8}, "digits = 9, but the field has 8 cells"),
        ({"minimum": 5, "maximum": 4}, "minimum 5 is above maximum 4"),
        ({"minimum": "five"}, "minimum = 'five' must be a number"),
        ({"minimum": float("nan")}, "minimum = nan must be a number"),
        ({"maximum": -1}, "maximum = -1: what is read is never below 0"),
        ({"minimum": 1000, "digits": 3}, "no value of 3 digits reaches minimum 1000"),
        ({"minimum": 100, "digits": [1, 3], "decimals": 1}, "no value of 1 to 3 digits reaches minimum 100"),
        ({"decimals": 4, "digits": 3}, "4 decimals, but at most 3 digits"),
        ({"decimals": -1}, "decimals = -1 must be a whole number from 0 to 100"),
        ({"pattern": "[0-"}, "pattern '[0-': a [ is not closed (character 4)"),
        ({"pattern": "[0-9]{4}", "digits": 3}, "no value of 3 digits matches the pattern [0-9]{4}"),
        ({"pattern": 4}, "pattern = 4 must be a text of 1 to 500 characters"),
        (
            {"date": "DD.MM.YYYY"},
            "'DD.MM.YYYY' is no format for a date: write DD, MM and YYYY or YY in order, as DDMMYYYY",
        ),
        ({"date": "DDMMYYYY", "cells": 6}, "a date DDMMYYYY has 8 digits, the field 1 to 6"),
        ({"check": "lun"}, "check = 'lun' must be one of luhn, mod97, verhoeff; perhaps you meant luhn"),
        ({"allowed": "12"}, 'allowed = \'12\' must be a list, as ["1", "2"]'),
        ({"allowed": ["x"]}, "allowed = ['x']: each must be a number as it is written, as 12 or \"012\""),
        ({"allowed": [1, 2], "minimum": 3}, "none of the allowed values obeys the other rules: 1 is below 3"),
        ({"allowed": ["123"], "cells": 2}, "none of the allowed values fits into 2 cells"),
        ({"warn": ["maximum"]}, "warn names 'maximum', which is no rule of this field"),
        ({"required": 1}, "required = 1 must be true or false"),
        ({"warn": "maximum"}, "warn = 'maximum' must be true, or a list of rules, as [\"maximum\"]"),
        ({"date": ["DD"]}, "date = ['DD'] must be a text of 1 to 500 characters"),
        ({"check": ["luhn"]}, "check = ['luhn'] must be one of luhn, mod97, verhoeff"),
        (
            {"warn": [["maximum"]], "maximum": 3},
            "warn names ['maximum'], which is no rule of this field",
        ),
    ],
)
def test_an_impossible_field_rule_is_refused(table, sentence):
    """One sentence says what is wrong with what was written."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        parse_field_rules(table)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"sums": ["r1"]}, "no such key rules.sums; perhaps you meant rules.sum"),
        ({}, 'a rule over fields is sum = ["a", "b"] with total = "c", or equal = ["a", "b"]'),
        ({"sum": ["r1", "r2"]}, 'a rule over fields is sum = ["a", "b"] with total = "c", or equal = ["a", "b"]'),
        (
            {"sum": ["r1", "rr2"], "total": "total"},
            "the rule for total names a field 'rr2' that is not there; perhaps you meant r2",
        ),
        ({"sum": ["r1", "-x"], "total": "total"}, "the rule for total names a field 'x' that is not there"),
        (
            {"sum": ["r1", "r2"], "total": "totl"},
            "the rule for totl names a field 'totl' that is not there; perhaps you meant total",
        ),
        ({"sum": ["r1", "r1"], "total": "total"}, "the rule for total names r1 twice"),
        ({"sum": ["r1", "total"], "total": "total"}, "the rule for total names total twice"),
        ({"sum": "r1", "total": "total"}, 'sum = \'r1\' must be a list of names, as ["r1", "r2"]'),
        ({"sum": [], "total": "total"}, 'sum = [] must be a list of names, as ["r1", "r2"]'),
        ({"sum": ["r1"], "total": ["total"]}, "total = ['total'] must be the name of a field"),
        ({"equal": ["r1", "r2", "total"]}, "equal needs two fields, not 3"),
        (
            {"equal": ["r1", "r2"], "holds": 1},
            "the rule for r2: holds = 1 must be a probability of at least 0.5 and below 1",
        ),
        (
            {"equal": ["r1", "r2"], "holds": "x"},
            "the rule for r2: holds = 'x' must be a probability of at least 0.5 and below 1",
        ),
        ({"equal": ["r1", "r2"], "blanks": "no"}, 'the rule for r2: blanks = \'no\' must be "zero" or "skip"'),
        ({"equal": ["r1", "r2"], "blanks": []}, 'the rule for r2: blanks = [] must be "zero" or "skip"'),
        ({"equal": ["r1", "r2"], "warn": 1}, "the rule for r2: warn = 1 must be true or false"),
    ],
)
def test_an_impossible_rule_over_fields_is_refused(table, sentence):
    """One sentence says what is wrong with what was written."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared
        parse_form_rules([table], FIELDS)
    assert str(caught.value) == sentence


def test_rules_that_are_no_tables_and_too_many_are_refused():
    """A single table, a text, and more rules than a form may have."""
    for tables in ({"sum": ["r1"]}, "sum", ["sum"]):
        with pytest.raises(ValueError, match=r"each as \[\[rules\]\]"):
            parse_form_rules(tables, FIELDS)
    with pytest.raises(ValueError, match="101 rules over fields; at most 100"):
        parse_form_rules([{"equal": ["r1", "r2"]}] * 101, FIELDS)


simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = simple | st.lists(simple, max_size=3) | st.dictionaries(st.text(max_size=3), simple, max_size=2)


@given(st.dictionaries(st.sampled_from([*FieldRules.__dataclass_fields__, "cells", "x"]), anything, max_size=4))
def test_any_field_table_is_read_or_refused(table):
    """Whatever stands in a template, no worse than a ValueError comes of it."""
    try:
        rules = parse_field_rules(table)
    except ValueError:
        return
    assert rules.fault("") == ""


@given(st.dictionaries(st.sampled_from(["sum", "total", "equal", "holds", "blanks", "warn"]), anything, max_size=4))
def test_any_form_table_is_read_or_refused(table):
    """The same for rules over fields, whose names may be anything."""
    try:
        rules = parse_form_rules([table], ["", "0"])
    except ValueError:
        return
    assert len(rules) == 1


@given(st.integers(0, 10**40), st.integers(0, 6))
def test_a_number_is_exact_whatever_its_length(number, decimals):
    """Digits and decimals give the number they write."""
    found = number_of(str(number), decimals)
    assert found is not None
    assert found.as_integer_ratio() == Decimal((0, tuple(map(int, str(number))), -decimals)).as_integer_ratio()


def test_what_a_value_breaks_is_told_in_words():
    """Several faults are joined; a warning is told apart."""
    rules = parse_field_rules({"digits": 3, "maximum": 20, "allowed": ["012", "013"], "warn": ["maximum"]})
    assert rules.fault("44") == "has 2 digits, not 3 and is none of the allowed values"
    assert rules.fault("44", warnings=True) == "is above 20"
    assert rules.fault("012") == rules.fault("") == ""
