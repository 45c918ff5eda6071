from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitd.demo.handwriting import draw_digit
from digitd.errors import ConfigError
from digitd.report.plots import plot_confusion, plot_gallery


def drawn(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(np.uint8)


def colours(path: Path) -> set[tuple[int, int, int]]:
    return {(int(r), int(g), int(b)) for b, g, r in np.unique(drawn(path).reshape(-1, 3), axis=0)}


def test_right_is_blue_and_wrong_is_vermilion(tmp_path: Path) -> None:
    """A matrix without errors has full blue and no vermilion; one that is all wrong the other way about."""
    plot_confusion(np.eye(10, dtype=np.int64) * 7, tmp_path / "right.png", title="Right")
    plot_confusion(np.eye(10, dtype=np.int64)[::-1] * 7, tmp_path / "wrong.png", title="Wrong")
    blue, vermilion = (0, 114, 178), (213, 94, 0)
    assert {blue, vermilion} & colours(tmp_path / "right.png") == {blue}
    assert {blue, vermilion} & colours(tmp_path / "wrong.png") == {vermilion}


def test_an_empty_matrix_and_large_counts_can_be_drawn(tmp_path: Path) -> None:
    """Nothing counted is a picture all the same, and a million fits its tile."""
    counts = np.array([[0, 0], [4_321, 1_234_567]])
    plot_confusion(counts, tmp_path / "two.png", title="Two", rows=["a", "b"], columns=["a", "not a b"])
    plot_confusion(np.zeros((11, 12), np.int64), tmp_path / "none.png", title="None", note="nothing yet")
    assert drawn(tmp_path / "two.png").shape[1] < drawn(tmp_path / "none.png").shape[1]


@pytest.mark.parametrize("truths", [None, ["2", "", "578"]])
def test_a_gallery_shows_pictures_of_any_size(tmp_path: Path, truths: list[str] | None) -> None:
    """Numbers, single digits and nothing at all can stand side by side, with the truth and without."""
    rng = np.random.default_rng(2)
    pictures = [draw_digit(2, rng), np.zeros((28, 28), np.uint8), np.full((40, 160), 255, np.uint8)]
    plot_gallery(pictures, ["2", "", "57"], confidences=[0.99, 0.5, 0.7], truths=truths, path=tmp_path / "g.png")
    assert drawn(tmp_path / "g.png").shape[0] > (1000 if truths else 300)


def test_more_than_can_be_seen_is_cut_short(tmp_path: Path) -> None:
    """A gallery of hundreds is no larger than one of sixty."""
    rng = np.random.default_rng(2)
    for count in (60, 300):
        pictures = [draw_digit(3, rng, height_px=12)] * count
        plot_gallery(pictures, ["3"] * count, confidences=[1.0] * count, path=tmp_path / f"{count}.png")
    sizes = {drawn(tmp_path / f"{count}.png").shape for count in (60, 300)}
    assert len(sizes) == 1


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """The message holds the path and what to do."""
    with pytest.raises(ConfigError, match=r"gone/c\.png: .* folder that exists"):
        plot_confusion(np.eye(2, dtype=np.int64), tmp_path / "gone" / "c.png", title="x")
