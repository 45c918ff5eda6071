"""The classifier, with the shipped model: probabilities, whatever the batch; and bytes that are no model."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitd.errors import ModelError
from digitd.models import find
from digitd.reading.classify import BATCH_SIZES, Classifier, softmax
from digitd.records import NOT_A_DIGIT
from digitd.resources import shipped


@functools.cache
def shipped_classifier() -> Classifier:
    """One for all tests, since preparing it costs more than reading."""
    model = find("paper", shipped("models"))
    return Classifier(model.litert, temperature=model.card["temperature"])


def scribbles(count: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)


@settings(deadline=None, max_examples=30)
@given(count=st.integers(0, 2 * max(BATCH_SIZES) + 3), seed=st.integers(0, 9))
def test_rows_are_probabilities(count: int, seed: int) -> None:
    """However many glyphs, each gets eleven probabilities that sum to 1."""
    said = shipped_classifier()(scribbles(count, seed))
    assert said.shape == (count, NOT_A_DIGIT + 1)
    assert said.dtype == np.float32
    assert (said >= 0).all()
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(count=st.integers(1, 150), first=st.integers(0, 149))
def test_company_does_not_matter(count: int, first: int) -> None:
    """A glyph is read the same alone, in any batch, and at any place of it."""
    glyphs = scribbles(count, 3)
    alone = shipped_classifier()(glyphs[first % count][None])
    np.testing.assert_allclose(shipped_classifier()(glyphs)[first % count], alone[0], atol=1e-4)


def test_order_is_kept() -> None:
    """The third glyph's probabilities are in the third row."""
    glyphs = scribbles(140, 5)
    order = np.random.default_rng(1).permutation(140)
    said = shipped_classifier()(glyphs)
    np.testing.assert_allclose(shipped_classifier()(glyphs[order]), said[order], atol=1e-4)


def test_temperature_never_changes_what_is_likeliest() -> None:
    """Calibration softens confidences and leaves every decision as it was."""
    model = find("paper", shipped("models"))
    glyphs = scribbles(64, 2)
    cool, warm = (Classifier(model.litert, temperature=t)(glyphs) for t in (1.0, 3.0))
    np.testing.assert_array_equal(cool.argmax(axis=1), warm.argmax(axis=1))
    assert warm.max(axis=1).mean() < cool.max(axis=1).mean()


@pytest.mark.parametrize("litert", [b"", b"no model", b"TFL3" * 100])
def test_bytes_that_are_no_model_are_refused(litert: bytes) -> None:
    """What no interpreter takes is a fault with a sentence, not a crash."""
    with pytest.raises(ModelError, match="not a LiteRT file"):
        Classifier(litert)


def test_softmax_bears_large_logits() -> None:
    """Nothing overflows."""
    np.testing.assert_allclose(softmax(np.array([[1e4, 0], [-1e4, -1e4]], np.float32)), [[1, 0], [0.5, 0.5]])
