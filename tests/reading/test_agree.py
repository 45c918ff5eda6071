"""Several fields read together: what the trellis says is what looking at every combination says."""

import math
from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.reading import agree as trellis
from digitd.reading.agree import Options, agree
from digitd.rules import FormRule, Part
from digitd.rules.forms import WRONG_TOTALS

NAMES = ("a", "b", "c", "d")


def by_every_combination(fields, rules):
    """Bayes' rule by brute force: the best combination of known strings, its weight, and every posterior."""
    weights, best = defaultdict(float), (0.0, ())
    for said in product(*([*field.strings, *([None] if field.left_out else [])] for field in fields)):
        weight = math.prod(
            field.left_out if s is None else field.strings[s] for field, s in zip(fields, said, strict=True)
        )
        number = {f.name: None if s is None else f.numbers[s] for f, s in zip(fields, said, strict=True)}
        for rule in rules:
            numbers = [number[name] for name in rule.names()]
            obeyed = None if None in numbers else sum(p.sign * number[p.name] for p in rule.parts) == number[rule.total]
            weight *= rule.weight(obeyed=obeyed)
        if None not in said and weight > best[0]:
            best = (weight, said)
        for field, s in zip(fields, said, strict=True):
            weights[field.name, s] += weight
            weights[field.name] += weight
    return best, {(f.name, s): weights[f.name, s] / weights[f.name] for f in fields for s in f.strings}


@st.composite
def fields(draw):
    found = []
    for name in NAMES:
        numbers = draw(st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True))
        shares = [draw(st.integers(1, 50)) for _ in numbers]
        total = sum(shares) + draw(st.integers(0, 20))
        found.append(
            Options(
                name=name,
                strings={str(n): share / total for n, share in zip(numbers, shares, strict=True)},
                numbers={str(n): n for n in numbers},
                left_out=max(0.0, 1 - sum(share / total for share in shares)),
            )
        )
    return found


@st.composite
def form_rules(draw):
    names = draw(st.permutations(NAMES))[: draw(st.integers(2, 4))]
    parts = tuple(Part(name=name, sign=draw(st.sampled_from([1, 1, -1]))) for name in names[:-1])
    return FormRule(parts=parts, total=names[-1], holds=draw(st.sampled_from([0.6, 0.97, 0.999])))


@given(fields=fields(), rules=st.lists(form_rules(), max_size=3))
@settings(deadline=None)
def test_the_trellis_says_what_every_combination_says(fields, rules):
    """Posteriors are those of Bayes' rule, and the values the most probable combination, whatever the rules share."""
    (weight, _), posterior = by_every_combination(fields, rules)
    beliefs = agree(fields, rules)
    for field, belief in zip(fields, beliefs, strict=True):
        for said, chance in belief.posterior.items():
            assert chance == pytest.approx(posterior[field.name, said], rel=1e-6, abs=1e-9)
            assert 0 <= chance <= 1
    alone = [
        Options(name=f.name, strings={b.value: f.strings[b.value]}, numbers=f.numbers)
        for f, b in zip(fields, beliefs, strict=True)
    ]
    assert by_every_combination(alone, rules)[0][0] == pytest.approx(weight, rel=1e-6)


def test_a_sum_by_hand():
    """12 + 30 = 42: Bayes' rule written out for two readings of a total."""
    fields = [
        Options(name="a", strings={"12": 1.0}, numbers={"12": 12}),
        Options(name="b", strings={"30": 1.0}, numbers={"30": 30}),
        Options(name="c", strings={"43": 0.6, "42": 0.3}, numbers={"43": 43, "42": 42}, left_out=0.1),
    ]
    rule = FormRule(parts=(Part(name="a"), Part(name="b")), total="c", holds=0.97)
    right, wrong, other = 0.3 * 0.97, 0.6 * 0.03 / WRONG_TOTALS, 0.1 / (WRONG_TOTALS + 1)
    belief = agree(fields, [rule])[2]
    assert belief.value == "42"
    assert belief.posterior["42"] == pytest.approx(right / (right + wrong + other))


def many(names, numbers, chances):
    strings = {str(number): chance for number, chance in zip(numbers, chances, strict=True)}
    return [
        Options(name=name, strings=strings, numbers={str(n): n for n in numbers}, left_out=1 - sum(chances))
        for name in names
    ]


def test_pruned_sums_stay_in_the_denominator(monkeypatch):
    """With too little work allowed for every sum, no confidence grows: what is not told apart is unknown."""
    names = [f"f{n}" for n in range(8)]
    fields = many(names, [10**n for n in range(4)], [0.4, 0.3, 0.2, 0.05])
    rule = FormRule(parts=tuple(Part(name=name) for name in names[:-1]), total=names[-1])
    monkeypatch.setattr(trellis, "MOST_WORK", 1)
    for belief in agree(fields, [rule]):
        assert sum(belief.posterior.values()) < 1
        assert all(0 <= chance <= 1 for chance in belief.posterior.values())


@pytest.mark.parametrize("digits", [3, 40])
def test_a_hundred_fields_under_rules_that_all_cross_are_read(digits):
    """Rules that share everything, and numbers of any length, are pruned and give a belief for each field."""
    names = [f"f{n}" for n in range(100)]
    fields = many(names, [7 * 10 ** (digits - 1) + n * n for n in range(6)], [0.5, 0.2, 0.1, 0.05, 0.02, 0.01])
    rules = [
        FormRule(parts=tuple(Part(name=name) for name in names[k::7] if name != names[k]), total=names[k])
        for k in range(7)
    ] + [FormRule(parts=tuple(Part(name=name) for name in names[1:]), total=names[0])]
    beliefs = agree(fields, rules)
    assert len(beliefs) == 100
    assert all(0 <= chance <= 1 for belief in beliefs for chance in belief.posterior.values())


def test_hopeless_strings_keep_their_share():
    """A string that is not followed is as probable as its part of all that is left out."""
    strings = {"1": 0.9, "2": 1e-7}
    fields = [Options(name=n, strings=strings, numbers={"1": 1, "2": 2}, left_out=0.0999999) for n in ("a", "b")]
    belief = agree(fields, [FormRule(parts=(Part(name="a"),), total="b")])[0]
    assert 0 < belief.posterior["2"] < 1e-7


def test_fields_apart_are_not_touched():
    """A field that no rule names keeps its probabilities, exactly."""
    fields = many(["a", "b"], [1, 2], [0.7, 0.2])
    assert agree(fields, [])[0].posterior == {"1": 0.7, "2": 0.2}
