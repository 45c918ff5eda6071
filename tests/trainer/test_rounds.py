"""What is drawn for training: always glyphs, always the same for a seed, and strangers beside the digits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd.reading.normalise import normalise
from digitd.records import NOT_A_DIGIT
from digitd_trainer.augment.distort import distort, on_canvas
from digitd_trainer.augment.rounds import (
    LARGEST_REPEAT,
    STRANGER_SHARE,
    Glyphs,
    as_squares,
    balanced,
    draw_round,
    draw_rounds,
    normalised,
    round_size,
)
from digitd_trainer.augment.strangers import stranger
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.prepare import as_read, prepare, split
from digitd_trainer.recipes import RECIPES


def of(digits: Digits, count: int) -> Glyphs:
    return Glyphs(images=as_squares(digits.images[:count]), labels=digits.labelled()[:count])


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), which=st.integers(0, 9))
def test_a_distorted_digit_keeps_its_ink(seed: int, which: int) -> None:
    """Whatever is done to a digit, something of it is left to normalise."""
    digits = drawn_digits()
    rng = np.random.default_rng(seed)
    drawn = distort(digits.images[which], rng, others=digits.images)
    assert drawn.dtype == np.uint8
    assert normalise(drawn).any()


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_a_stranger_is_a_picture(seed: int) -> None:
    """Every kind of stranger can be normalised like a digit."""
    digits = drawn_digits()
    drawn = stranger(digits.images, digits.labels, np.random.default_rng(seed))
    assert drawn.shape == (64, 64)
    assert drawn.dtype == np.uint8
    assert normalise(drawn).shape == (28, 28)


def test_strangers_come_of_any_set() -> None:
    """A set of a few kinds, of hairlines, specks and empty pictures, gives strangers all the same."""
    poor = np.zeros((4, 28, 28), np.uint8)
    poor[0, 3, 4:9] = poor[1, 3:9, 4] = poor[2, 5, 5] = 255
    rng = np.random.default_rng(1)
    for _ in range(400):
        assert normalise(stranger(poor, np.array([0, 1, 3, 3], np.uint8), rng)).shape == (28, 28)


@given(size=st.tuples(st.integers(1, 70), st.integers(1, 70)))
@settings(deadline=None, max_examples=60)
def test_pictures_of_any_size_become_squares(size: tuple[int, int]) -> None:
    """Small ones are not blown up, large ones are not cut off."""
    squares = as_squares(np.full((2, *size), 200, np.uint8))
    assert squares.shape == (2, 28, 28)
    assert squares.max() == 200
    inked = int((squares[0] > 0).sum())
    assert inked == size[0] * size[1] if max(size) <= 28 else inked >= 28


def test_an_empty_picture_stays_empty() -> None:
    """A digit without ink, which some set may hold, breaks nothing."""
    empty = np.zeros((20, 20), np.uint8)
    assert not on_canvas(empty).any()
    for seed in range(40):
        distort(empty, np.random.default_rng(seed), others=empty[None])


def test_a_round_depends_on_its_seed_alone(digits: Digits) -> None:
    """Worker processes, however many, draw what one process draws; the next round is another."""
    some = of(digits, 40)
    first, second = draw_rounds(some, 2, seed=7, processes=2)
    again = draw_round(some, 0, seed=7)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (second.images != first.images).any()


def test_strangers_join_the_digits(digits: Digits) -> None:
    """A round holds every digit once and the strangers after them."""
    drawn = draw_round(of(digits, 100), 0, seed=1)
    assert len(drawn.labels) == round_size(100) == 115
    np.testing.assert_array_equal(drawn.labels[:100], digits.labelled()[:100])
    assert (drawn.labels[100:] == NOT_A_DIGIT).all()


def test_small_sets_are_repeated_but_not_without_end(digits: Digits) -> None:
    """A set of another pen is heard beside a large one."""
    large, small = of(digits, 1000), of(digits, 5)
    assert len(balanced([large, small]).labels) == 1000 + LARGEST_REPEAT * 5
    assert len(balanced([large, large]).labels) == 2000


def test_what_is_held_out_is_the_seeds_choice(digits: Digits) -> None:
    """The split is scikit-learn's with 42, the same in every run, and leaves nothing out."""
    from sklearn.model_selection import train_test_split

    learnt, kept = split(digits, share=0.2)
    expected = train_test_split(digits.images, test_size=0.2, random_state=42)
    np.testing.assert_array_equal(learnt.images, expected[0])
    np.testing.assert_array_equal(kept.images, expected[1])


def test_nothing_held_out_is_learnt(digits: Digits) -> None:
    """Calibration is drawn from what is held out only; what the pen writes is learnt."""
    recipe = replace(RECIPES["paper"], penned=30)
    some = Digits(name="some", images=digits.images[:120], labels=digits.labelled()[:120], sha256="")
    prepared = prepare([some], recipe, seed=1)
    ((name, held_out),) = prepared.held_out
    assert name == "some"
    kept = round(120 * recipe.held_out)
    assert abs(len(held_out.labels) - kept) <= 1
    assert len(prepared.learnt.labels) + len(held_out.labels) == 120 + recipe.penned
    assert len(prepared.calibration.labels) == round_size(len(held_out.labels))


def test_what_a_set_shows_as_no_digit_is_learnt(digits: Digits) -> None:
    """It is trained on and calibrated with, and left out of what is measured: that is digits."""
    labels = digits.labelled()[:200].copy()
    labels[:60] = NOT_A_DIGIT
    some = Digits(name="some", images=digits.images[:200], labels=labels, sha256="")
    prepared = prepare([some], replace(RECIPES["paper"], penned=0), seed=1)
    ((_, held_out),) = prepared.held_out
    strangers = int((prepared.learnt.labels == NOT_A_DIGIT).sum())
    kept = prepared.calibration.labels[: -round(STRANGER_SHARE * 16)]
    assert 40 < strangers < 60
    assert strangers + int((kept == NOT_A_DIGIT).sum()) == 60
    assert not (held_out.labels == NOT_A_DIGIT).any()


def test_sets_of_one_name_stay_two(digits: Digits) -> None:
    """Two files called train.csv in two folders are two sets."""
    prepared = prepare([digits, digits], RECIPES["quick"], seed=1)
    assert [name for name, _ in prepared.held_out] == ["bundled", "bundled"]
    assert len(prepared.learnt.labels) + sum(len(kept.labels) for _, kept in prepared.held_out) == 2 * 1797


def test_the_seed_recipe_takes_pictures_as_they_are(digits: Digits) -> None:
    """Raw 28x28 goes in unchanged; other sizes are refused with the recipe that takes them."""
    squares = Digits(name="squares", images=as_squares(digits.images[:60]), labels=digits.labelled()[:60], sha256="")
    np.testing.assert_array_equal(as_read(squares, RECIPES["seed"]).images, squares.images)
    np.testing.assert_array_equal(as_read(squares, RECIPES["paper"]).images, normalised(squares.images))
    with pytest.raises(DatasetError, match=r"bundled: pictures of 24 x 24.*--recipe paper"):
        as_read(digits, RECIPES["seed"])


def test_too_few_digits_are_refused(digits: Digits) -> None:
    """Nothing can be learnt and measured with a handful."""
    few = Digits(name="few", images=digits.images[:9], labels=digits.labelled()[:9], sha256="")
    with pytest.raises(DatasetError, match="few: 9 digits are too few"):
        split(few, share=0.2)


def drawn_digits() -> Glyphs:
    """Ten angles, one for each label: what is drawn from them need not look like anything."""
    rng = np.random.default_rng(3)
    images = np.zeros((10, 28, 28), np.uint8)
    for image in images:
        y, x = rng.integers(4, 12, 2)
        image[y : y + 12, x : x + 3] = 255
        image[y : y + 3, x : x + 10] = 200
    return Glyphs(images=images, labels=np.arange(10, dtype=np.uint8))
