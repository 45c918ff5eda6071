import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.intake.whole import Wholeness, judge, wholeness_of

PAGE = np.random.default_rng(0).integers(0, 255, (60, 80), np.uint8).astype(np.uint8)
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n"


def encoded(suffix: str, *flags: int) -> bytes:
    return bytes(cv2.imencode(suffix, PAGE, flags)[1].tobytes())


def tiff_with_directory_first() -> bytes:
    """A TIFF whose directory stands before its strip, as some scanners write it."""
    entries = [(256, 3, 80), (257, 3, 60), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 122), (278, 3, 60)]
    entries.append((279, 4, PAGE.size))
    head = b"II*\0" + (8).to_bytes(4, "little") + len(entries).to_bytes(2, "little")
    for tag, kind, value in entries:
        head += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + b"\1\0\0\0" + value.to_bytes(4, "little")
    head += bytes(4)
    return head.ljust(122, b"\0") + PAGE.tobytes()


WHOLE: dict[str, Callable[[], bytes]] = {
    "png": lambda: encoded(".png"),
    "jpeg": lambda: encoded(".jpg"),
    "progressive jpeg": lambda: encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "tiff": lambda: encoded(".tiff"),
    "tiff, directory first": tiff_with_directory_first,
    "many-page tiff": lambda: bytes(cv2.imencodemulti(".tiff", [PAGE, PAGE, PAGE])[1]),
    "pdf": lambda: PDF,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_complete_file_is_whole(kind: str) -> None:
    """Each format's own end is found."""
    assert judge(WHOLE[kind]()) is Wholeness.WHOLE


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_cut_anywhere_is_cut_off(kind: str) -> None:
    """However much is missing, as long as the format can be told, the end is known to be missing."""
    data = WHOLE[kind]()
    for length in {16, 40, len(data) // 4, len(data) // 2, len(data) - 12}:
        assert judge(data[:length]) is Wholeness.CUT_OFF


@pytest.mark.parametrize("kind", WHOLE)
def test_room_reserved_beforehand_is_not_taken_for_the_end(kind: str) -> None:
    """A writer that sets the size first and fills the file in later leaves zeros; they are not whole."""
    data = WHOLE[kind]()
    if kind not in {"tiff, directory first"}:  # its strip's zeros may be a picture
        assert judge(data[: len(data) // 2].ljust(len(data), b"\0")) is Wholeness.CUT_OFF
    assert judge(bytes(len(data))) is Wholeness.CUT_OFF


def test_nothing_is_not_whole() -> None:
    """An empty file may be one that is about to be written."""
    assert judge(b"") is Wholeness.CUT_OFF


@pytest.mark.parametrize("data", [b"hello", b"GIF89a", b"PK\3\4", b"\x89PNG\nbroken"])
def test_other_formats_are_unknown(data: bytes) -> None:
    """What digitd does not read has no end that it knows; reading says what is wrong with it."""
    assert judge(data) is Wholeness.UNKNOWN


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"%PDF-"]), st.binary())
def test_any_bytes_are_judged(start: bytes, rest: bytes) -> None:
    """No bytes whatever make the look at the inbox fail."""
    assert judge(start + rest) in Wholeness


def test_a_thumbnail_s_end_is_not_the_picture_s(tmp_path: Path) -> None:
    """A JPEG that holds another one is cut off as long as its own end is missing."""
    outer, thumbnail = encoded(".jpg"), encoded(".jpg")
    nested = outer[:2] + b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + outer[2:]
    assert judge(nested) is Wholeness.WHOLE
    assert judge(nested[:-200]) is Wholeness.CUT_OFF


def test_a_link_is_refused_even_if_it_came_after_the_look(tmp_path: Path) -> None:
    """A file that turns into a link between listing and opening is not followed."""
    (tmp_path / "a").write_bytes(zlib.compress(b"x"))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="symbolic"):
        wholeness_of(tmp_path / "link")
