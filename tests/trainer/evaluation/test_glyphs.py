"""Sets become glyphs: paper is turned round, cells are isolated, and what has no ink is never a digit."""

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.glyphs import CHUNK, Way, light_on_black, read, read_sets, to_glyphs
from digitd_trainer.evaluation.sets import Source


def sevens(glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A classifier for which everything is a seven."""
    said = np.zeros((len(glyphs), 11), np.float32)
    said[:, 7] = 1
    return said


def test_paper_is_black_when_turned_round() -> None:
    """Ink is what is darker than the paper by as much as it is darker; what is lighter is no ink."""
    cell = np.full((1, 9, 9), 180, np.uint8)
    cell[0, 4, 2:7], cell[0, 0, 0] = 60, 255
    turned = light_on_black(cell)[0]
    assert (turned[4, 2:7] == 120).all()
    assert turned.sum() == 5 * 120


def test_what_has_no_ink_is_no_digit() -> None:
    """A blank cell of a page is never classified, whatever the network would have said of it."""
    glyphs = np.zeros((2, 28, 28), np.uint8)
    glyphs[1, 5:20, 14] = 255
    said = read(glyphs, sevens)  # type: ignore[arg-type]
    assert said.argmax(axis=1).tolist() == [NOT_A_DIGIT, 7]
    assert said.sum(axis=1).tolist() == [1, 1]


def test_a_set_is_read_in_each_of_its_ways(digits: Digits) -> None:
    """Paper is read with its borders in view and isolated; light on black once; in order, and progress ends at 1."""
    paper = Source(name="p", images=255 - digits.images[:30], labels=digits.labelled()[:30], sha256="", paper=True)
    plain = Source(name="d", images=digits.images[:20], labels=digits.labelled()[:20], sha256="")
    shares: list[float] = []
    said = list(read_sets([plain, paper], sevens, told=shares.append))  # type: ignore[arg-type]
    assert [(each.source.name, each.way) for each in said] == [
        ("d", Way.PLAIN),
        ("p", Way.IN_VIEW),
        ("p", Way.ISOLATED),
    ]
    assert [len(each.glyphs) for each in said] == [20, 30, 30]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_processes_change_nothing(digits: Digits) -> None:
    """A set large enough to be shared out among processes gives the same glyphs, in the same order."""
    images = np.concatenate([digits.images, digits.images[: 4 * CHUNK + 10 - len(digits.images)]])
    source = Source(name="d", images=images, labels=np.zeros(len(images), np.uint8), sha256="")
    (said,) = read_sets([source], sevens, told=lambda _: None)  # type: ignore[arg-type]
    np.testing.assert_array_equal(said.glyphs[::97], to_glyphs(images[::97], Way.PLAIN))
    assert len(said.glyphs) == len(images)
