import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.intake.names import LONGEST_BYTES, filed_as, printable

any_name = st.binary(min_size=1, max_size=255).filter(lambda b: b"\0" not in b and b"/" not in b).map(os.fsdecode)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"scan 1.png", "scan 1.png"),
        ("Zählung №7.png".encode(), "Zählung №7.png"),
        (b"caf\xe9.png", "caf\\xe9.png"),
        (b"two\nlines\t\x1b[31m.png", "two\\nlines\\t\\x1b[31m.png"),
        ("turned \u202egnp.png".encode(), "turned \\u202egnp.png"),
        (b'it\'s "quoted".png', 'it\'s "quoted".png'),
    ],
)
def test_names_are_shown_without_surprises(raw: bytes, shown: str) -> None:
    """What is no UTF-8, or would move a terminal's cursor, is escaped; everything else is shown as it is."""
    assert printable(os.fsdecode(raw)) == shown


@given(any_name)
def test_every_name_can_be_shown_and_stored(name: str) -> None:
    """Whatever bytes a name has, what is shown of it is printable and encodes as UTF-8."""
    shown = printable(name)
    assert shown.isprintable()
    assert shown.encode("utf-8")


@given(st.integers(1, 10**9), any_name)
def test_every_name_can_be_filed(number: int, name: str) -> None:
    """The name in the archive fits a file system, stays in its folder, and begins with the document's number."""
    filed = filed_as(number, printable(name))
    assert filed.startswith(f"{number}-")
    assert len(filed.encode()) <= LONGEST_BYTES
    assert not set(filed) & {"/", "\\", "\0", "\n"}


def test_a_long_name_keeps_its_suffix() -> None:
    """A name that is cut still says what kind of file it is."""
    assert filed_as(12, "ä" * 255 + ".tiff").endswith("ä.tiff")
