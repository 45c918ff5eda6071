"""The gallery: the surest mistakes first, each with the picture it came from."""

from pathlib import Path

import numpy as np

from digitd.records import NOT_A_DIGIT
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.gallery import mistakes, plot_mistakes
from digitd_trainer.evaluation.glyphs import Said, Way, to_glyphs
from digitd_trainer.evaluation.sets import Source


def said(digits: Digits, says: list[int], confidences: list[float], *, labelled: bool = True) -> Said:
    count = len(says)
    labels = digits.labelled()[:count] if labelled else None
    probabilities = np.zeros((count, 11), np.float32)
    probabilities[np.arange(count), says] = confidences
    images = digits.images[:count]
    source = Source(name="bundled, some", images=images, labels=labels, sha256="")
    return Said(source=source, way=Way.PLAIN, glyphs=to_glyphs(images, Way.PLAIN), probabilities=probabilities)


def test_the_surest_mistake_comes_first(digits: Digits) -> None:
    """The first bundled digits are 0, 1, 2, 3: what was said right is not shown, and place leads back to the set."""
    (first, second) = mistakes([said(digits, [0, 7, 5, NOT_A_DIGIT], [0.9, 0.6, 1.0, 0.8])], limit=2)
    assert (first.label, first.said, first.place, first.confidence) == ("2", "5", 2, 1.0)
    assert (second.label, second.said) == ("3", "not a digit")
    np.testing.assert_array_equal(first.picture, digits.images[2])
    assert first.as_json()["set"] == "bundled, some"


def test_what_is_no_digit_is_a_mistake_where_it_is_read_as_one(digits: Digits) -> None:
    """In a set without labels *not a digit* is right."""
    found = mistakes([said(digits, [NOT_A_DIGIT, 4], [1.0, 0.7], labelled=False)])
    assert [(each.label, each.said, each.place) for each in found] == [("not a digit", "4", 1)]


def test_a_blank_glyph_is_nobodys_mistake(digits: Digits) -> None:
    """Where segmentation left no ink the network was never asked."""
    found = said(digits, [5], [1.0])
    found.glyphs[:] = 0
    assert mistakes([found]) == []


def test_it_is_drawn(tmp_path: Path, digits: Digits) -> None:
    """One mistake, or more than a row of them, give a picture."""
    path = tmp_path / "mistakes.png"
    for count in (1, 7):
        found = mistakes([said(digits, [9] * count, [0.9] * count)])
        plot_mistakes(found, path, title="t", note="n")
        assert path.read_bytes().startswith(b"\x89PNG")
