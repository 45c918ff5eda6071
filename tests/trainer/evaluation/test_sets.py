"""Sets to measure with: shared ones by name, any other as the trainer loads it; and what was learnt from them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitd_trainer.data.digits import DatasetError, Digits, sha256_of
from digitd_trainer.evaluation.evaluate import check_names
from digitd_trainer.evaluation.sets import Relation, find_sets, relation


@pytest.fixture
def shared(tmp_path: Path, digits: Digits) -> Path:
    """A folder like that of the shared sets, of bundled digits."""
    images, labels = digits.images[:60], digits.labelled()[:60]
    for name in ("mnist", "sjcet_cells"):
        (tmp_path / name).mkdir()
    np.savez(tmp_path / "mnist" / "mnist.npz", x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    cells = {f"x_{kind}": 255 - images[:10] for kind in ("marks40", "cell64", "half64", "blank40")}
    np.savez(tmp_path / "sjcet_cells" / "cells.npz", **cells, y_marks40=labels[:10], y_cell64=labels[:10])
    return tmp_path


def test_a_folder_of_shared_sets_is_known(shared: Path) -> None:
    """Each array that is there is a set of its own; what is not there is passed over."""
    found = {source.name: source for source in find_sets(shared)}
    assert list(found) == ["mnist x_test", "sjcet x_marks40", "sjcet x_cell64", "sjcet x_half64", "sjcet x_blank40"]
    assert found["sjcet x_half64"].labels is None
    assert found["sjcet x_marks40"].paper
    assert not found["mnist x_test"].paper


def test_another_file_is_what_the_trainer_loads(shared: Path, digits: Digits, tmp_path: Path) -> None:
    """Of an npz with x_test only that is measured; paper comes cleaned, light on black, and bad rows are named."""
    (source,) = find_sets(shared / "mnist" / "mnist.npz")
    assert (source.name, len(source.images), source.paper) == ("mnist.npz x_test", 20, False)
    np.savez(tmp_path / "mine.npz", x=255 - digits.images[:9], y=[*digits.labelled()[:8], 11])
    (mine,) = find_sets(tmp_path / "mine.npz")
    assert (mine.name, mine.paper, mine.part) == ("mine.npz", False, "")
    assert np.median(mine.images) == 0
    assert mine.left_out == ("picture 9: the label is 11, not 0 to 9",)


def test_what_is_no_digit_is_a_set_of_its_own(tmp_path: Path, digits: Digits) -> None:
    """In a folder of pictures by class some may be no digits: they are what must not pass for one."""
    for place, name in enumerate(["3", "3", "5", "other"]):
        (tmp_path / name).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name / f"{place}.png"), digits.images[place])
    found = {source.name: source for source in find_sets(tmp_path)}
    assert {name: len(source.images) for name, source in found.items()} == {
        tmp_path.name: 3,
        f"{tmp_path.name}, no digits": 1,
    }
    assert [source.labels is None for source in found.values()] == [False, True]


def test_a_set_that_is_not_what_it_is_called_is_refused(shared: Path) -> None:
    """A file in the place of a known set must hold its arrays; a folder without sets says what it may hold."""
    np.savez(shared / "mnist" / "mnist.npz", x=np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DatasetError, match=r"mnist\.npz: no array x_test"):
        list(find_sets(shared))
    (shared / "empty").mkdir()
    with pytest.raises(DatasetError, match="no set of digits in it"):
        list(find_sets(shared / "empty"))


def test_the_card_says_what_was_learnt_from(shared: Path) -> None:
    """The same file and array is learnt from but for what was held out; another array of it is kin; others are new."""
    path = shared / "mnist" / "mnist.npz"
    (test,) = find_sets(path)
    named = {"name": "mnist.npz x_train", "sha256": sha256_of(path), "examples": 60, "held_out": 15}
    assert relation(test, {"data": [named]}) == (Relation.KIN, 0.0)
    assert relation(test, {"data": [named | {"name": "old.npz x_test"}]}) == (Relation.LEARNT, 0.75)
    assert relation(test, {"data": [named | {"name": "x.npz", "sha256": "0" * 64}]}) == (Relation.STRANGE, 0.0)
    assert relation(test, {}) == relation(test, {"data": "much"}) == (Relation.STRANGE, 0.0)


def test_what_was_calibrated_with_is_not_new(shared: Path) -> None:
    """Confidences that were fitted to a set do not show how well they fit others; what was learnt from is worse."""
    (test,) = find_sets(shared / "mnist" / "mnist.npz")
    same = {"name": "mnist.npz x_train", "sha256": test.sha256, "examples": 60, "held_out": 15}
    assert relation(test, {"calibrated_with": [same]}) == (Relation.CALIBRATED, 0.0)
    assert relation(test, {"data": [same], "calibrated_with": [same]}) == (Relation.CALIBRATED, 0.0)
    learnt = {"data": [same | {"name": "mnist.npz x_test"}], "calibrated_with": [same]}
    assert relation(test, learnt) == (Relation.LEARNT, 0.75)
    assert relation(test, {"calibrated_with": [same | {"sha256": "0"}]}) == (Relation.STRANGE, 0.0)


def test_mnist_is_kin_of_mnist_in_any_file(shared: Path, digits: Digits, tmp_path: Path) -> None:
    """Kaggle's train.csv and a copy of mnist.npz hold the same hands: neither is new to who learnt from the other."""
    header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    (tmp_path / "train.csv").write_text(f"{header}\n3,{','.join(['9'] * 784)}\n")
    np.savez(tmp_path / "mine.npz", x=digits.images[:9], y=digits.labelled()[:9])
    kaggle, mine = (next(find_sets(tmp_path / name)) for name in ("train.csv", "mine.npz"))
    card = {"data": [{"name": "mnist.npz x_train", "sha256": "0"}]}
    assert relation(kaggle, card) == (Relation.KIN, 0.0)
    assert relation(mine, card) == (Relation.STRANGE, 0.0)


def test_kaggles_csv_is_kin_of_mnist(shared: Path) -> None:
    """train.csv is MNIST parted anew: x_test is nothing new to who learnt from it, whatever its hash."""
    mnist = next(find_sets(shared))
    assert relation(mnist, {"data": [{"name": "train.csv", "sha256": "0"}]}) == (Relation.KIN, 0.0)
    assert relation(mnist, {"data": [{"name": "mine.csv", "sha256": "0"}]}) == (Relation.STRANGE, 0.0)


def test_two_sets_of_one_name_are_refused(shared: Path) -> None:
    """In the report they could not be told apart."""
    twice = [*find_sets(shared), *find_sets(shared)]
    with pytest.raises(DatasetError, match="two sets are called so"):
        check_names(twice)
