"""Patterns mean what they mean to Python, and cannot take long."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.rules.pattern import MOST_STATES, compiled

items = st.sampled_from(["0", "1", "2", r"\d", ".", "[01]", "[^0]", "[1-2]", r"\-", "[2-]"])
times = st.sampled_from(["", "", "?", "*", "+", "{2}", "{0,2}", "{1,}", "{0}"])
expressions = st.recursive(
    st.builds(str.__add__, items, times),
    lambda inner: st.one_of(
        st.builds(str.__add__, inner, inner),
        st.builds("({}){}".format, inner, times),
        st.builds("(?:{}|{}){}".format, inner, inner, times),
    ),
    max_leaves=6,
)


@given(expressions, st.lists(st.text("012-", max_size=8), min_size=1, max_size=5))
@settings(deadline=None)
def test_a_pattern_means_what_python_says(expression, texts):
    """On the kinds understood here, a whole match is the same as Python's."""
    pattern = compiled(expression)
    for text in texts:
        assert pattern.matches(text) == bool(re.fullmatch(expression, text))


@pytest.mark.parametrize("expression", [r"(\d*)*x", r"(\d|\d\d)+x", r"\d*\d*\d*\d*\d*\d*\d*\d*x", "((([0-9]*)*)*)*x"])
def test_what_takes_python_years_is_matched_at_once(expression):
    """Expressions that double the ways with each digit are followed all at once: states stay few."""
    pattern = compiled(expression)
    assert len(pattern.steps) < 100
    assert not pattern.matches("1" * 100)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("[12", "a \\[ is not closed"),
        ("(1", "a bracket is not closed"),
        ("1)", r"'\)' at character 2 is not understood"),
        ("[]", "nothing stands between"),
        ("[2-1]", "backwards"),
        ("*", "not understood here"),
        ("1**", "repeated twice"),
        ("1{2,1}", "at least more than at most"),
        ("1{x}", "repetitions are written"),
        (r"(1)\1", r"\\1 is not understood"),
        ("(?=1)", "not understood here"),
        ("^1$", "not understood here"),
        ("1{1,99999}", "too large"),
        ("((1{100}){100}){100}", "too large"),
        ("(" * 50 + ")" * 50, "too many brackets"),
        ("\\", "is not understood"),
    ],
)
def test_what_is_not_understood_is_said(expression, words):
    """The message gives the pattern, the fault and where."""
    with pytest.raises(ValueError, match=words):
        compiled(expression)


@given(st.text(r"01[](){}|?*+.^$\-d,", max_size=30))
def test_any_text_is_a_pattern_or_refused(text):
    """No text does worse than a ValueError, and what is compiled is bounded."""
    try:
        pattern = compiled(text)
    except ValueError:
        return
    assert len(pattern.steps) <= MOST_STATES


def test_lengths_of_what_matches():
    """The numbers of digits that a pattern leaves possible."""
    assert compiled("1(23)*|0{5}").lengths(6) == {1, 3, 5}
    assert compiled("x.*").lengths(6) == set()
