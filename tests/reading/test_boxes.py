"""Boxes, combs, tables and ruled rows are found on a page by themselves, and called by their place."""

import cv2
import numpy as np
import pytest

from digitd.demo.card import FIELDS, blank_card
from digitd.reading.locate import locate_freely
from digitd.reading.locate.boxes import Kind, find, names
from digitd.records import Page

FONT = cv2.FONT_HERSHEY_SIMPLEX


def table(rows: int, columns: int, *, headed: bool) -> np.ndarray:
    """A ruled table with a number written crookedly in every cell; headed, with a printed first row and column."""
    page = np.full((140 + 60 * rows, 160 + 120 * columns), 245, np.uint8)
    chance = np.random.default_rng(7)
    for row in range(rows + 1):
        cv2.line(page, (80, 70 + 60 * row), (80 + 120 * columns, 70 + 60 * row), 90, 2)
    for column in range(columns + 1):
        cv2.line(page, (80 + 120 * column, 70), (80 + 120 * column, 70 + 60 * rows), 90, 2)
    for row in range(rows):
        for column in range(columns):
            crooked = (0, 0) if headed and 0 in {row, column} else chance.integers(-9, 10, 2)
            at = (115 + 120 * column + int(crooked[0]), 112 + 60 * row + int(crooked[1]))
            cv2.putText(page, str(10 + 7 * row + column), at, FONT, 0.9, 40, 2)
    return page


@pytest.fixture(scope="module")
def card() -> np.ndarray:
    """The demo's card, A4 at 200 dots an inch."""
    return blank_card()


@pytest.mark.parametrize("dpi", [100, 150, 300, 500])
def test_a_card_s_boxes_and_combs_are_found_at_any_resolution(card, dpi):
    """Every field of the demo's card is found once, in place, with its number of cells."""
    scale = dpi / 200
    page = cv2.resize(card, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if dpi < 200 else cv2.INTER_LINEAR)
    found = find(page)
    for field in FIELDS:
        corners = field.box.corners() * scale
        near = [f for f in found if np.abs(f.quad - corners).max() < 0.1 * field.box.height * scale]
        assert [f.cells for f in near] == [field.cells], field.name


def test_a_bilevel_and_turned_card_is_found(card):
    """Black and white alone will do, and so will a page that lies askew."""
    turn = cv2.getRotationMatrix2D((827, 1170), 4.0, 1.0)
    turned = cv2.warpAffine(card, turn, (1654, 2339), borderValue=(250,))
    found = find(np.where(turned < 200, 0, 255).astype(np.uint8))
    centres = [field.quad.mean(axis=0) for field in found]
    for field in FIELDS:
        middle = turn @ np.array([*field.box.corners().mean(axis=0), 1.0])
        assert min(np.abs(centre - middle).max() for centre in centres) < 8


@pytest.mark.parametrize(("headed", "first"), [(False, "10"), (True, "18")])
def test_a_table_s_cells_are_called_by_row_and_column(headed, first):
    """r1c1 is the first cell that is written in: a printed header row and column of labels are left out."""
    page = table(6, 5, headed=headed)
    found = find(page)
    rows, columns = (5, 4) if headed else (6, 5)
    assert names(found) == [f"r{r}c{c}" for r in range(1, rows + 1) for c in range(1, columns + 1)]
    assert {field.kind for field in found} == {Kind.CELL}
    origin = (200, 130) if headed else (80, 70)
    assert np.abs(found[0].quad[0] - origin).max() < 5, first


def test_a_second_table_has_its_own_names():
    """Names differ over the page."""
    above = table(3, 4, headed=False)
    page = np.vstack([above, above])
    found = names(find(page))
    assert len(set(found)) == len(found) == 24
    assert "table2_r3c4" in found


def test_a_stroke_from_line_to_line_parts_no_cell():
    """Digits that touch both lines of their row are no wall."""
    page = table(6, 5, headed=False)
    for row in (1, 2, 4):
        cv2.line(page, (260, 70 + 60 * row), (260, 130 + 60 * row), 40, 2)
    assert len(find(page)) == 30


def test_rows_without_a_left_border_are_found_where_they_are_written_in():
    """Ruled rows of a cut-out column are called row1, ... from the first that is written in."""
    page = np.full((900, 420), 225, np.uint8)
    for row in range(10):
        cv2.line(page, (0, 60 + 80 * row), (330, 60 + 80 * row), 120, 2)
    cv2.line(page, (330, 60), (330, 780), 120, 2)
    for row in (1, 2, 3):
        cv2.putText(page, "275", (170, 122 + 80 * row), FONT, 1.8, 40, 4)
    found = find(page)
    assert names(found)[:3] == ["row1", "row2", "row3"]
    assert [round(float(field.quad[1, 1])) for field in found[:3]] == pytest.approx([140, 220, 300], abs=8)


def form_with_blanks():
    """A page of labels with lines to write on, an underlined heading, and a line that parts the page."""
    page = np.full((1400, 1000), 250, np.uint8)
    cv2.putText(page, "Visitors of the library", (60, 120), FONT, 1.2, 20, 2)
    cv2.line(page, (60, 132), (460, 132), 20, 2)
    cv2.line(page, (40, 220), (960, 220), 20, 2)
    for number, label in enumerate(("Age", "Visits last month", "Day", "Year")):
        y = 340 + 110 * min(number, 2)
        x = 60 if number < 3 else 360
        cv2.putText(page, label, (x, y - 4), FONT, 0.8, 20, 2)
        start = x + cv2.getTextSize(label, FONT, 0.8, 2)[0][0] + 14
        cv2.line(page, (start, y), (start + 160, y), 20, 2)
    return page


def test_underlined_blanks_are_fields_of_a_new_form():
    """A line beside a label is a place to write; one below words, and one across the page, are not."""
    found = find(form_with_blanks(), with_blanks=True)
    assert names(found) == ["field1", "field2", "field3", "field4"]
    assert {field.kind for field in found} == {Kind.BLANK}
    assert [round(float(field.quad[2, 1])) for field in found] == pytest.approx([340, 450, 560, 560], abs=3)
    assert found[2].quad[0, 0] < found[3].quad[0, 0]
    assert all(field.quad[2, 1] - field.quad[1, 1] > 25 for field in found)


def test_a_page_without_a_form_has_no_blanks():
    """On a page that is read without a template, a line below writing makes no field."""
    assert find(form_with_blanks()) == ()


@pytest.mark.parametrize("grey", [0, 255, 128])
def test_an_empty_page_has_no_fields(grey):
    """A white, black or grey page gives nothing, and does not fail."""
    assert find(np.full((1200, 900), grey, np.uint8)) == ()


def test_words_are_no_fields():
    """A page of print has nothing to write in; its lines are read as lines."""
    page = np.full((1000, 800), 250, np.uint8)
    for row in range(12):
        cv2.putText(page, "Please print the numbers below", (60, 80 + 70 * row), FONT, 1.1, 30, 2)
    assert find(page) == ()
    assert all(region.name.startswith("line") for region in locate_freely(Page(number=1, pixels=page)))


def test_a_table_is_cut_cell_by_cell():
    """Without a template, each cell is a region with a margin, upright."""
    regions = list(locate_freely(Page(number=1, pixels=table(4, 4, headed=False))))
    assert [region.name for region in regions][:5] == ["r1c1", "r1c2", "r1c3", "r1c4", "r2c1"]
    assert all(abs(region.pixels.shape[0] - 2 * region.margin_px - 60) <= 4 for region in regions)
