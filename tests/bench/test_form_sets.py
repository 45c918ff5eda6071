"""What is dropped and what counts as right: names, boxes and truth belong together."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
from form_sets import SETS, mark_boxes, place, sums, written_rows

SHARED = Path(os.environ.get("DIGITD_SHARED", Path(__file__).parents[3] / "shared"))


def test_cells_of_an_upright_table_lie_where_its_corners_say() -> None:
    """Half as large and shifted by (100, 200), row a is the second of five rows, a1 the second of thirteen columns."""
    left, top, right, bottom = 100.0, 200.0, 860.0, 440.0
    boxes = list(mark_boxes(np.array([(left, top), (right, top), (right, bottom), (left, bottom)])))
    assert [row[0] for row in boxes] == [f"a{number}" for number in range(1, 13)]
    assert boxes[0][1:5] == pytest.approx((left + 760 / 13, 248, left + 2 * 760 / 13, 296), abs=0.1)
    assert boxes[11][3] == pytest.approx(right, abs=0.1)


def test_rows_with_digits_are_counted_from_the_top_of_each_document() -> None:
    """A struck or empty row above the numbers does not shift them, and line10 comes after line9."""
    said = [("b", "r1c1", "7"), ("a", "line10", "30"), ("a", "line9", "?2"), ("a", "line1", "")]
    rows = [{"document": document, "field": field, "value": value} for document, field, value in said]
    found = {(row["document"], row["field"]): row["value"] for row in written_rows(rows)}
    assert found == {("a", "line1"): "", ("a", "row1"): "?2", ("a", "row2"): "30", ("b", "row1"): "7"}


def test_names_stand_in_the_order_of_their_numbers() -> None:
    """Rows come before columns, and ten after nine."""
    names = ["r1c10", "r2c1", "r1c9", "line10", "line9"]
    assert sorted(names[:3], key=place) == ["r1c9", "r1c10", "r2c1"]
    assert sorted(names[3:], key=place) == ["line9", "line10"]


def test_sums_are_toml_rules() -> None:
    """One table a total, in order."""
    rules = tomllib.loads(sums(A="r1 r2", C="A B"))["rules"]
    assert rules == [{"sum": ["r1", "r2"], "total": "A"}, {"sum": ["A", "B"], "total": "C"}]


@pytest.mark.parametrize("name", SETS)
def test_every_set_names_files_that_are_there_and_fields_of_its_templates(name: str) -> None:
    """Truth of a field that no template holds could never be right."""
    folder = SHARED / "data" / SETS[name].folder
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    forms, pages = SETS[name].build(folder)
    fields = {form.name: {row[0] for row in form.boxes} or {"page"} for form in forms}
    assert pages
    for page in pages:
        assert page.path.is_file()
        assert page.form is None or {*page.truth, *page.beside} <= fields[page.form]
        assert all(value == "" or value.isdecimal() for value in {**page.truth, **page.beside}.values())
    assert len({page.path.stem for page in pages}) == len(pages)
