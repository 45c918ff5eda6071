import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from digitd.verify.blocks import ASCII_QUARTERS, QUARTERS, picture


def lines(pixels: np.ndarray, **settings: int) -> list[str]:
    page = io.StringIO()
    Console(file=page, width=400, color_system=None).print(picture(pixels, **{"columns": 40, "lines": 12} | settings))
    return page.getvalue().splitlines()


@given(width=st.integers(1, 500), height=st.integers(1, 300), columns=st.integers(1, 120), room=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_a_picture_never_exceeds_its_room(width: int, height: int, columns: int, room: int) -> None:
    """Whatever its size and aspect."""
    drawn = picture(np.full((height, width), 200, np.uint8), columns=columns, lines=room)
    rows = "".join(segment.text for segment in drawn.segments).splitlines()
    assert 1 <= len(rows) <= room
    assert all(1 <= len(row) <= columns for row in rows)


def test_ink_is_where_it_is_on_paper() -> None:
    """A dark left half is full blocks on the left and spaces on the right, without greys and with ASCII alone."""
    paper = np.full((20, 40), 240, np.uint8)
    paper[:, :20] = 30
    assert lines(paper, greys=False)[3] == "█" * 20 + " " * 20
    assert lines(paper, greys=False, ascii_only=True)[3] == "#" * 20 + " " * 20


def test_each_character_has_the_quarters_its_number_says() -> None:
    """One dark quarter each gives the four single quarters, in both alphabets."""
    for alphabet, ascii_only in ((QUARTERS, False), (ASCII_QUARTERS, True)):
        assert len(alphabet) == 16
        for bit, (y, x) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            paper = np.full((2, 1), 240, np.uint8).repeat(2, axis=1)
            paper[y, x] = 0
            wide = np.repeat(paper, 20, axis=0)
            (row,) = "".join(
                s.text
                for s in picture(
                    np.repeat(wide, 10, axis=1), columns=1, lines=1, greys=False, ascii_only=ascii_only
                ).segments
            ).splitlines()
            assert row == alphabet[1 << bit]


def test_faint_writing_on_grey_paper_is_seen() -> None:
    """Contrast is stretched before anything is called ink."""
    paper = np.full((20, 40), 190, np.uint8)
    paper[8:12, 4:36] = 130
    assert "█" in "".join(lines(paper, greys=False)) or "▄" in "".join(lines(paper, greys=False))
