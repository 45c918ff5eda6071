"""Sets of digits are read from every format they come in, and refused with file, line and next step."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitd_trainer.data.digits import DatasetError
from digitd_trainer.data.load import load, load_tests

HEADER = ",".join(["label", *(f"pixel{i}" for i in range(784))])


def some(count: int = 5) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count, np.uint8)


def write_csv(path: Path, *, labelled: bool = True, header: str = HEADER) -> Path:
    images, labels = some()
    rows = np.hstack([labels[:, None], images.reshape(len(images), -1)])[:, 0 if labelled else 1 :]
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([header if labelled else header.removeprefix("label,"), *lines]) + "\n")
    return path


def write_idx(folder: Path, *, suffix: str = "") -> Path:
    images, labels = some()
    for name, values, magic in (("images-idx3", images, 3), ("labels-idx1", labels, 1)):
        sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
        data = bytes([0, 0, 8, magic]) + sizes + values.tobytes()
        (folder / f"train-{name}-ubyte{suffix}").write_bytes(gzip.compress(data) if suffix else data)
    return folder / f"train-images-idx3-ubyte{suffix}"


def write_npz(path: Path, **arrays: NDArray[np.generic]) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def assert_is_some(path: Path) -> None:
    images, labels = some()
    (digits,) = load(path)
    np.testing.assert_array_equal(digits.images, images)
    np.testing.assert_array_equal(digits.labelled(), labels)
    assert digits.labelled().dtype == digits.images.dtype == np.uint8
    assert len(digits.sha256) == 64


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_is_read(tmp_path: Path, suffix: str) -> None:
    """MNIST's own files are read, compressed or not, by themselves or as a folder."""
    assert_is_some(write_idx(tmp_path, suffix=suffix))
    assert_is_some(tmp_path)


def test_csv_is_read(tmp_path: Path) -> None:
    """Kaggle's train.csv is read, by itself or as a folder."""
    assert_is_some(write_csv(tmp_path / "train.csv"))
    assert_is_some(tmp_path)


def test_npz_is_read(tmp_path: Path) -> None:
    """Both namings of arrays are read, and a test part only when it is asked for."""
    images, labels = some()
    assert_is_some(write_npz(tmp_path / "a.npz", x=images, y=labels))
    parted = write_npz(tmp_path / "b.npz", x_train=images, y_train=labels, x_test=images[:2], y_test=labels[:2])
    assert_is_some(parted)
    assert [len(digits.images) for digits in load_tests(parted)] == [2]
    assert [digits.name for digits in load_tests(tmp_path)] == ["b.npz x_test"]
    assert [digits.name for digits in load(tmp_path)] == ["a.npz", "b.npz x_train"]


def test_a_csv_without_labels_teaches_nothing(tmp_path: Path) -> None:
    """Kaggle's test.csv is read, but whoever wants to learn from it is told which file to give."""
    (digits,) = load(write_csv(tmp_path / "test.csv", labelled=False))
    assert digits.labels is None
    assert digits.images.shape == (5, 28, 28)
    with pytest.raises(DatasetError, match=r"test\.csv: has no column label.*train\.csv"):
        digits.labelled()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("pixel3,", ""), "line 1: the column pixel3 is missing"),
        (lambda text: text.replace("pixel783", "pixel783,pixel784"), "line 1: 785 columns of pixels, not 784"),
        (lambda text: "", "line 1: the column pixel0 is missing"),
        (lambda text: HEADER + "\n", "has no line after its header"),
        (lambda text: text + "3,4\n", "line 7: 2 values, the header has 785"),
        (lambda text: text.rsplit(",", 1)[0] + ",dark\n", "line 6: 'dark' is not a whole number"),
        (lambda text: text.rsplit(",", 1)[0] + ",256\n", "line 6: a pixel is not in 0 to 255"),
        (lambda text: text.rsplit(",", 1)[0] + ",-1\n", "line 6: a pixel is not in 0 to 255"),
        (lambda text: HEADER + "\n" + "10" + ",0" * 784 + "\n", "line 2: the label is 10, not 0 to 9"),
        (lambda text: HEADER + "\n3" + ",0" * 783 + "\n", "line 2: 784 values, the header has 785"),
        (lambda text: HEADER + "\n3" + ",0" * 783 + f",{10**30}\n", "a number is too large"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, change: object, said: str) -> None:
    """The person is shown the line to correct."""
    path = write_csv(tmp_path / "train.csv")
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    with pytest.raises(DatasetError, match=rf"train\.csv.*{said}"):
        load(path)


def test_a_csv_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A picture named .csv does not end in a traceback."""
    path = tmp_path / "train.csv"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(DatasetError, match="cannot be read as text"):
        load(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": some()[0]}, "no array y in it .there: x."),
        ({}, "no array x in it .there: nothing."),
        ({"x": some()[0], "y": some()[1][:3]}, "5 pictures and labels of shape"),
        ({"x": some()[0][:0], "y": some()[1][:0]}, "0 pictures"),
        ({"x": some()[0] / 255, "y": some()[1]}, "x is float64 .*must be uint8"),
        ({"x": some()[0].reshape(5, 784), "y": some()[1]}, r"x is uint8 \(5, 784\)"),
        ({"x": some()[0], "y": some()[1] + 7}, "the label is 1., not 0 to 9"),
        ({"x": some()[0], "y": some()[1] / 2}, "labels are float64"),
        ({"x": some()[0], "y": np.array([None] * 5)}, "not an npz of plain arrays"),
    ],
)
def test_a_bad_npz_is_refused(tmp_path: Path, arrays: dict[str, NDArray[np.generic]], said: str) -> None:
    """Shapes, types and values are checked before a network stumbles over them; nothing is ever unpickled."""
    with pytest.raises(DatasetError, match=rf"set\.npz.*{said}"):
        load(write_npz(tmp_path / "set.npz", **arrays))


def test_bad_idx_files_are_refused(tmp_path: Path) -> None:
    """Missing labels, a cut-off file and a broken archive each have their sentence."""
    path = write_idx(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte"
    kept = labels.read_bytes()
    labels.unlink()
    with pytest.raises(DatasetError, match="should lie beside it as train-labels-idx1-ubyte"):
        load(path)
    labels.write_bytes(kept[:-1])
    with pytest.raises(DatasetError, match="says it holds 5 bytes and has 4"):
        load(path)
    labels.write_bytes(path.read_bytes())
    with pytest.raises(DatasetError, match="not an IDX file of labels"):
        load(path)
    packed = write_idx(tmp_path, suffix=".gz")
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(DatasetError, match=r"\.gz: cannot be read"):
        load(packed)


def test_nothing_there_is_said(tmp_path: Path) -> None:
    """A wrong path and an empty folder say what may be given."""
    with pytest.raises(DatasetError, match="no such file"):
        load(tmp_path / "absent.npz")
    with pytest.raises(DatasetError, match=r"no set of digits in it.*train\.csv"):
        load(tmp_path)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=64), name=st.sampled_from(["a.csv", "a.npz", "a-images-idx3", "a-images-idx3.gz"]))
def test_any_bytes_are_refused_cleanly(tmp_path: Path, data: bytes, name: str) -> None:
    """No file, whatever it holds, gives anything but a fault with a sentence."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DatasetError):
        load(path)
