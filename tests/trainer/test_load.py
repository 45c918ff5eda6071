"""Sets of digits are read from every file they come in; what is bad in them is named and left out, or refused."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitd.errors import DigitdError
from digitd_trainer.data.digits import DatasetError, Digits, classes_missing
from digitd_trainer.data.load import load, load_tests

Change = Callable[[str], str]
Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]

HEADER = ",".join(["label", *(f"pixel{i}" for i in range(784))])


def some(count: int = 5) -> Arrays:
    rng = np.random.default_rng(count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 1:-1, 1:-1] = rng.integers(1, 256, (count, 26, 26), np.uint8)  # a black margin, as bare glyphs have
    return images, rng.integers(0, 10, count, np.uint8)


def write_csv(path: Path, *, labelled: bool = True, header: str = HEADER, count: int = 5) -> Path:
    images, labels = some(count)
    rows = np.hstack([labels[:, None], images.reshape(len(images), -1)])[:, 0 if labelled else 1 :]
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([header if labelled else header.removeprefix("label,"), *lines]) + "\n")
    return path


def write_idx(folder: Path, *, suffix: str = "", given: Arrays | None = None) -> Path:
    images, labels = given or some()
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
        (lambda text: text.removeprefix("label,"), "not one of its 5 digits can be used. line 2: 785 values"),
        (lambda text: "", "line 1: the column pixel0 is missing"),
        (lambda text: HEADER + "\n", "has no line after its header"),
        (lambda text: HEADER + "\n\n\n", "has no line after its header"),
        (
            lambda text: HEADER + "\n10" + ",1" * 784 + "\n",
            "not one of its 1 digits can be used. line 2: the label is 10",
        ),
        (lambda text: HEADER + "\n3" + ",0" * 784 + "\n", "line 2: nothing is drawn in it"),
        (lambda text: HEADER + "\n3" + ",0" * 783 + "\n", "line 2: 784 values, the header has 785"),
    ],
)
def test_a_csv_without_a_good_line_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    """A wholly bad file is an error, which names the file and its first fault."""
    path = write_csv(tmp_path / "train.csv")
    path.write_text(change(path.read_text()))
    with pytest.raises(DatasetError, match=rf"train\.csv.*{said}"):
        load(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("3,4", "line 4: 2 values, the header has 785"),
        ("3" + ",7" * 785, "line 4: 786 values, the header has 785"),
        ("3" + ",7" * 783 + ",dark", "line 4: 'dark' is not a whole number"),
        ("3" + ",7" * 783 + ",1.5", "line 4: '1.5' is not a whole number"),
        ("3" + ",7" * 783 + ",", "line 4: '' is not a whole number"),
        ("3" + ",7" * 783 + ',"', "line 4: '\\n' is not a whole number"),
        ("3" + ",7" * 783 + f",{10**30}", "line 4: a number is too large"),
        ("3" + ",7" * 783 + ",256", "line 4: a pixel is not in 0 to 255"),
        ("3" + ",7" * 783 + ",-1", "line 4: a pixel is not in 0 to 255"),
        ("10" + ",7" * 784, "line 4: the label is 10, not 0 to 9"),
        ("-1" + ",7" * 784, "line 4: the label is -1, not 0 to 9"),
        ("3" + ",0" * 784, "line 4: nothing is drawn in it"),
        ("\ufffd" + ",7" * 784, "line 4: '\ufffd' is not a whole number"),
    ],
)
def test_a_bad_line_of_a_csv_is_named_and_left_out(tmp_path: Path, line: str, said: str) -> None:
    """One bad line costs itself and nothing more, and an empty line before it does not move its number."""
    images, labels = some()
    path = write_csv(tmp_path / "train.csv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], "", line, *lines[2:]]) + "\n")
    (digits,) = load(path)
    assert digits.left_out == (said,)
    np.testing.assert_array_equal(digits.images, images)
    np.testing.assert_array_equal(digits.labelled(), labels)


def test_bad_lines_far_apart_are_each_named(tmp_path: Path) -> None:
    """A large file is read in parts; lines keep their numbers in all of them, and good ones their order."""
    images, labels = some(2500)
    path = write_csv(tmp_path / "train.csv", count=2500)
    lines = path.read_text().splitlines()
    for number in (2, 1001, 1002, 2501):
        lines[number - 1] += ",9"
    path.write_text("\n".join(lines))
    (digits,) = load(path)
    assert [fault.split(":")[0] for fault in digits.left_out] == ["line 2", "line 1001", "line 1002", "line 2501"]
    kept = np.delete(np.arange(2500), [0, 999, 1000, 2499])
    np.testing.assert_array_equal(digits.images, images[kept])
    np.testing.assert_array_equal(digits.labelled(), labels[kept])


def test_faults_of_all_kinds_are_told_in_the_order_of_lines(tmp_path: Path) -> None:
    """Whoever corrects the file goes through it once."""
    path = write_csv(tmp_path / "train.csv")
    lines = path.read_text().splitlines()
    lines[1] = "10" + lines[1][1:]
    lines[2] = lines[2].rsplit(",", 1)[0] + ",256"
    lines[4] += ",1"
    path.write_text("\n".join(lines))
    assert load(path)[0].left_out == (
        "line 2: the label is 10, not 0 to 9",
        "line 3: a pixel is not in 0 to 255",
        "line 5: 786 values, the header has 785",
    )


def test_a_csv_as_a_spreadsheet_saves_it_is_read(tmp_path: Path) -> None:
    """A byte order mark, quotes and Windows' line ends are no faults."""
    path = write_csv(tmp_path / "train.csv")
    text = ",".join(f'"{name}"' for name in HEADER.split(",")) + path.read_text().removeprefix(HEADER)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert_is_some(path)


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
        (
            {"x": some()[0], "y": some()[1] + 10},
            "not one of its 5 digits can be used. picture 1: the label is 1., not 0",
        ),
        ({"x": 0 * some()[0], "y": some()[1]}, "picture 1: nothing is drawn in it"),
        ({"x": some()[0][:, :, :0], "y": some()[1]}, r"x is uint8 \(5, 28, 0\)"),
        ({"x": some()[0], "y": some()[1] / 2}, "labels are float64"),
        ({"x": some()[0], "y": np.array([None] * 5)}, "not an npz of plain arrays"),
    ],
)
def test_a_bad_npz_is_refused(tmp_path: Path, arrays: dict[str, NDArray[np.generic]], said: str) -> None:
    """Shapes, types and values are checked before a network stumbles over them; nothing is ever unpickled."""
    with pytest.raises(DatasetError, match=rf"set\.npz.*{said}"):
        load(write_npz(tmp_path / "set.npz", **arrays))


def test_bad_pictures_of_arrays_are_named_and_left_out(tmp_path: Path) -> None:
    """A wrong label or an empty picture costs itself, in npz as in IDX."""
    images, labels = some()
    images[1], labels[3] = 0, 12
    expected = ("picture 2: nothing is drawn in it", "picture 4: the label is 12, not 0 to 9")
    write_idx(tmp_path, given=(images, labels))
    for path in (write_npz(tmp_path / "set.npz", x=images, y=labels), tmp_path / "train-images-idx3-ubyte"):
        (digits,) = load(path)
        assert digits.left_out == expected
        np.testing.assert_array_equal(digits.images, images[[0, 2, 4]])
        np.testing.assert_array_equal(digits.labelled(), labels[[0, 2, 4]])


def test_an_array_named_npz_is_refused(tmp_path: Path) -> None:
    """A .npy under the name .npz does not end in a traceback."""
    with (tmp_path / "set.npz").open("wb") as file:
        np.save(file, some()[0])
    with pytest.raises(DatasetError, match="not an npz of plain arrays"):
        load(tmp_path / "set.npz")


def test_classes_that_are_missing_are_told(digits: Digits) -> None:
    """A digit without an example is named; with one class only there is nothing to learn."""
    labels = digits.labelled()

    def only(*wanted: int) -> Digits:
        return replace(digits, images=digits.images[np.isin(labels, wanted)], labels=labels[np.isin(labels, wanted)])

    assert classes_missing([digits]) == []
    assert classes_missing([only(0, 1, 2, 3, 4, 5, 6), only(8, 9)]) == [7]
    assert classes_missing([only(3), only(4)]) == [0, 1, 2, 5, 6, 7, 8, 9]
    with pytest.raises(DatasetError, match="bundled: no digit but 3 is in it"):
        classes_missing([only(3)])


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
    with pytest.raises(DigitdError):
        load(path)
