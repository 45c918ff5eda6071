"""A folder of pictures by class is read: bare glyphs as they are, paper cleaned as a form's cell is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from digitd.demo.handwriting import draw_digit
from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.records import NOT_A_DIGIT
from digitd.resources import shipped
from digitd_trainer.augment.rounds import normalised
from digitd_trainer.data.cells import LARGEST_BARE_PX, SIDE, cleaned, fitted, is_bare
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.data.load import load


def glyph(digit: int, seed: int = 0, *, side: int = 28) -> NDArray[np.uint8]:
    """(side, side) uint8: a digit drawn light on black, as MNIST has them."""
    ink = draw_digit(digit, np.random.default_rng((digit, seed)), height_px=side * 2 // 3)
    canvas = np.zeros((side, side), np.uint8)
    top, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


def cell(digit: int, seed: int = 0) -> NDArray[np.uint8]:
    """(64, 48) uint8: a digit written on grainy grey paper, in a printed box."""
    rng = np.random.default_rng((digit, seed, 1))
    paper = np.clip(rng.normal(205, 4, (64, 48)), 0, 255)
    ink = draw_digit(digit, rng, height_px=38)
    top, left = (64 - ink.shape[0]) // 2, (48 - ink.shape[1]) // 2
    paper[top : top + ink.shape[0], left : left + ink.shape[1]] *= 1 - 0.8 * (ink / 255)
    drawn = paper.astype(np.uint8)
    cv2.rectangle(drawn, (3, 3), (44, 60), 90, 1)
    return drawn


def save(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def only(path: Path) -> Digits:
    (digits,) = load(path)
    return digits


def test_bare_glyphs_stay_as_they_are(tmp_path: Path) -> None:
    """MNIST saved as pictures is MNIST again, pixel for pixel, in the order of classes and names."""
    for digit in range(10):
        for seed in (1, 0):
            save(tmp_path / str(digit) / f"{seed}.png", glyph(digit, seed))
    digits = only(tmp_path)
    np.testing.assert_array_equal(digits.images, [glyph(d, seed) for d in range(10) for seed in (0, 1)])
    np.testing.assert_array_equal(digits.labelled(), np.repeat(np.arange(10), 2))
    assert digits.left_out == ()
    assert digits.name == tmp_path.name


def test_cells_are_cleaned(tmp_path: Path) -> None:
    """Pictures of cells, dark on grey paper in a printed box, PNG or JPEG, become digits the shipped model reads."""
    for digit in range(10):
        for seed in range(6):
            save(tmp_path / str(digit) / f"{seed}.{'png' if seed % 2 else 'jpg'}", cell(digit, seed))
    digits = only(tmp_path)
    assert digits.images.shape == (60, SIDE, SIDE)
    assert not np.concatenate([digits.images[:, 0], digits.images[:, -1]]).any()
    model = find("paper", shipped("models"))
    said = Classifier(model.litert)(normalised(digits.images)).argmax(axis=1)
    assert (said == digits.labelled()).sum() >= 57


def test_light_on_dark_and_dark_on_light_are_the_same_digit(tmp_path: Path) -> None:
    """Polarity is found, not asked for: a chalk board reads as the paper does."""
    save(tmp_path / "paper" / "3" / "a.png", cell(3))
    save(tmp_path / "chalk" / "3" / "a.png", 255 - cell(3))
    found = normalised(np.concatenate([only(tmp_path / name).images for name in ("paper", "chalk")]))
    assert np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1] > 0.9


def test_faint_ink_becomes_full(tmp_path: Path) -> None:
    """A pencil's grey is contrast to be found, as MNIST's was, or distorting would wipe it out."""
    faint = 255 - (255 - cell(3)) // 3
    save(tmp_path / "3" / "a.png", faint)
    image = only(tmp_path).images[0]
    assert image.max() > 240
    assert (image[image > 0] > 200).mean() > 0.2


def test_glyphs_of_several_sizes_get_one(tmp_path: Path) -> None:
    """Sizes may be mixed: each digit is fitted to the same square, its shape kept."""
    save(tmp_path / "1" / "a.png", glyph(1))
    save(tmp_path / "1" / "b.png", glyph(1, side=40))
    save(tmp_path / "8" / "a.png", glyph(8, side=LARGEST_BARE_PX + 40))
    digits = only(tmp_path)
    assert digits.images.shape == (3, SIDE, SIDE)
    assert [max(cv2.boundingRect(image)[2:]) for image in digits.images] == [40, 40, 40]


def test_what_is_no_digit_has_a_folder_too(tmp_path: Path) -> None:
    """other/ and not-a-digit/ hold examples of the eleventh class."""
    save(tmp_path / "0" / "a.png", glyph(0))
    save(tmp_path / "other" / "a.png", glyph(4))
    save(tmp_path / "not-a-digit" / "a.png", glyph(5))
    (digits,) = load(tmp_path, strangers=True)
    np.testing.assert_array_equal(digits.labelled(), [0, NOT_A_DIGIT, NOT_A_DIGIT])


def test_whoever_knows_ten_classes_gets_digits(tmp_path: Path) -> None:
    """Unless it is asked for, what is no digit is not given; a set of nothing else is refused."""
    save(tmp_path / "other" / "a.png", glyph(4))
    with pytest.raises(DatasetError, match="holds only what is no digit"):
        load(tmp_path)
    save(tmp_path / "0" / "a.png", glyph(0))
    digits = only(tmp_path)
    np.testing.assert_array_equal(digits.labelled(), [0])
    np.testing.assert_array_equal(digits.images, [glyph(0)])


def test_bad_pictures_are_named_and_left_out(tmp_path: Path) -> None:
    """Each bad file costs itself: cut off, empty, no picture, too small, nothing drawn; and folders of no class."""
    save(tmp_path / "2" / "good.png", glyph(2))
    save(tmp_path / "2" / "blank.png", np.full((40, 30), 220, np.uint8))
    save(tmp_path / "2" / "black.png", np.zeros((28, 28), np.uint8))
    save(tmp_path / "2" / "tiny.png", glyph(2)[:5, :4])
    save(tmp_path / "ten" / "a.png", glyph(2))
    (tmp_path / "2" / "cut.png").write_bytes((tmp_path / "2" / "good.png").read_bytes()[:-30])
    (tmp_path / "2" / "empty.jpg").touch()
    (tmp_path / "2" / "notes.txt").write_text("twos")
    (tmp_path / "2" / ".hidden").write_text("of an operating system")
    digits = only(tmp_path)
    np.testing.assert_array_equal(digits.images, [glyph(2)])
    told = dict(fault.split(": ", 1) for fault in digits.left_out)
    assert told.keys() == {
        "ten/",
        *(f"2/{n}" for n in ("black.png", "blank.png", "cut.png", "empty.jpg", "notes.txt", "tiny.png")),
    }
    assert told["ten/"] == "no class has this name; classes are 0 to 9 and other"
    assert told["2/blank.png"] == told["2/black.png"] == "nothing is drawn in it"
    assert told["2/tiny.png"] == "only 4 x 5 pixels"
    assert "cut off" in told["2/cut.png"]
    assert "empty" in told["2/empty.jpg"]
    assert "holds text" in told["2/notes.txt"]


def test_a_folder_without_a_good_picture_is_refused(tmp_path: Path) -> None:
    """Empty folders of classes, and classes of bad pictures only, are an error."""
    (tmp_path / "4").mkdir()
    with pytest.raises(DatasetError, match="folders of classes are empty"):
        load(tmp_path)
    (tmp_path / "4" / "a.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"not one of its 1 digits can be used. 4/a\.png: the file is empty"):
        load(tmp_path)


def test_an_array_of_cells_is_cleaned_too(tmp_path: Path) -> None:
    """Cells in an npz come out as their ink, light on black; one in which nothing stands is named and left out."""
    cells = np.stack([cell(digit) for digit in range(10)])
    empty = np.full_like(cells[:1], 205)
    np.savez(tmp_path / "cells.npz", x=np.concatenate([cells, empty]), y=np.arange(11) % 10)
    digits = only(tmp_path / "cells.npz")
    assert digits.images.shape == (10, SIDE, SIDE)
    assert digits.left_out == ("picture 11: nothing is drawn in it",)
    assert all(is_bare(image) and image.max() > 200 for image in digits.images)


def test_an_array_of_bare_glyphs_stays_as_it_is() -> None:
    """A few that touch the edge do not make cells of the others."""
    glyphs = np.stack([glyph(digit) for digit in range(10)])
    glyphs[3] = 255
    np.testing.assert_array_equal(cleaned(glyphs), glyphs)


def test_the_hash_is_of_names_and_files(tmp_path: Path) -> None:
    """The card's hash changes with a file's bytes, its name or its class, and not with where the folder lies."""

    def of(name: str, file: str, digit: int) -> str:
        save(tmp_path / name / file, glyph(digit))
        return only(tmp_path / name).sha256

    first = of("first", "6/a.png", 6)
    assert first == of("second", "6/a.png", 6)
    assert len({first, of("third", "6/b.png", 6), of("fourth", "5/a.png", 6), of("fifth", "6/a.png", 5)}) == 4


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picture=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_picture_is_read_or_left_out(tmp_path: Path, picture: NDArray[np.uint8]) -> None:
    """Whatever a picture shows, it is a digit with ink or is named as left out."""
    save(tmp_path / "7" / "good.png", glyph(7))
    save(tmp_path / "7" / "some.png", picture)
    digits = only(tmp_path)
    assert len(digits.images) + len(digits.left_out) == 2
    assert digits.images.any(axis=(1, 2)).all()


def test_paper_is_never_bare() -> None:
    """Grain, shadow and a light ground are not the black margin of a glyph; JPEG's noise in it is."""
    assert is_bare(glyph(5))
    noisy = cv2.imdecode(cv2.imencode(".jpg", glyph(5), [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)
    assert is_bare(noisy.astype(np.uint8))
    assert not is_bare(cell(5))
    assert not is_bare(255 - cell(5))
    assert not is_bare(255 - glyph(5))


@given(height=st.integers(1, 90), width=st.integers(1, 90))
def test_fitting_keeps_the_shape(height: int, width: int) -> None:
    """The longer side becomes 40 pixels of 56 and the other follows, at least one."""
    x, y, fitted_width, fitted_height = cv2.boundingRect(fitted(np.full((height, width), 200, np.uint8)))
    scale = 40 / max(height, width)
    assert (fitted_width, fitted_height) == (max(1, round(width * scale)), max(1, round(height * scale)))
    assert abs(2 * x + fitted_width - SIDE) <= 1
    assert abs(2 * y + fitted_height - SIDE) <= 1
