from typing import Any

import numpy as np
import pytest

from digitd.records import LabelMode
from digitd.report.doubtful import confident_margins, doubtful
from digitd.store import Store


def test_a_label_is_doubtful_where_another_digit_is_probable_enough() -> None:
    """Probable enough: as probable as that digit is, on average, where it is the label."""
    probabilities = np.full((6, 11), 0.01, np.float32)
    for row, (digit, sure) in enumerate([(1, 0.9), (1, 0.8), (7, 0.9), (7, 0.7), (7, 0.95), (7, 0.6)]):
        probabilities[row, digit] = sure
    given = np.array([1, 1, 7, 7, 1, 1])
    margins = confident_margins(given, probabilities)
    assert margins[:4].tolist() == [0, 0, 0, 0]
    assert margins[4] == pytest.approx(0.94)
    assert margins[5] == 0  # 0.6 is less than 7 has where it is said


def test_random_labels_among_true_ones_are_found() -> None:
    """Of 150 wrong labels most, and few others, whatever the digits are confused with."""
    chance = np.random.default_rng(5)
    truth = chance.integers(0, 10, 5000)
    probabilities = chance.dirichlet(np.full(11, 0.05), 5000).astype(np.float32) * 0.2
    probabilities[np.arange(5000), truth] += 0.8
    given = truth.copy()
    wrong = chance.choice(5000, 150, replace=False)
    given[wrong] = (truth[wrong] + chance.integers(1, 10, 150)) % 10
    found = np.flatnonzero(confident_margins(given, probabilities) > 0)
    assert len(set(found) & set(wrong)) > 100
    assert len(set(found) - set(wrong)) < 20


@pytest.fixture
def labelled(store: Store, record: Any, make_field: Any) -> None:
    """Ten fields keyed as they are, and one of which a digit was keyed wrongly."""
    record("a.png", [make_field(f"f{place}", "17") for place in range(10)] + [make_field("odd", "17")])
    for field in store.fields():
        store.add_label(field.id, "11" if field.name == "odd" else "17", verifier="ada", mode=LabelMode.BLIND)


def test_the_field_of_a_doubtful_digit_is_told(store: Store, labelled: None) -> None:
    """With how much surer the machine is of another digit."""
    (found,) = doubtful(store)
    assert found.field.name == "odd"
    assert 0.5 < found.margin <= 1


def test_what_two_have_keyed_alike_is_settled(store: Store, labelled: None) -> None:
    """The machine is one voice against two."""
    (found,) = doubtful(store)
    store.add_label(found.field.id, "11", verifier="bob", mode=LabelMode.BLIND)
    assert doubtful(store) == []


def test_nothing_is_said_of_no_labels(store: Store) -> None:
    """Nor does it fail."""
    assert doubtful(store) == []
