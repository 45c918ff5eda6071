from itertools import combinations

import numpy as np
import pytest

from digitd.demo.card import DPI, FIELDS, HEIGHT_PX, WIDTH_PX, blank_card, fields_csv
from digitd.demo.scans import HOW_MANY, LEFT_TO_VERIFY, Scan, scans, truth_csv
from digitd.errors import UnreadableDocument
from digitd.forms.fields_csv import pages_from_csv
from digitd.reading.load import Limits, load


@pytest.fixture(scope="module")
def found() -> list[Scan]:
    return list(scans())


def test_the_fields_of_the_card_lie_on_it_apart_and_are_empty() -> None:
    """No field overlaps another, none leaves the paper, and inside its lines there is nothing but paper."""
    page = blank_card()
    for one, other in combinations([field.box for field in FIELDS], 2):
        assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
    for field in FIELDS:
        box = field.box
        assert 0 < box.x0 < box.x1 < WIDTH_PX
        assert 0 < box.y0 < box.y1 < HEIGHT_PX
        cell = box.width / (field.cells or 1)
        inner = page[int(box.y0) + 5 : int(box.y1) - 5, int(box.x0) + 5 : int(box.x0 + cell) - 5]
        assert inner.min() == page.max()


def test_the_field_file_is_what_a_template_takes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Names, boxes and cells survive the CSV."""
    path = tmp_path_factory.mktemp("card") / "fields.csv"
    path.write_text(fields_csv())
    assert pages_from_csv(path) == {1: FIELDS}


def test_every_scan_can_be_loaded_at_its_resolution_but_the_broken_one(found: list[Scan]) -> None:
    """PNG, JPEG, TIFF and PDF hold as many pages as there are truths, at the size and resolution of the card."""
    for scan in found:
        if "cut off" in scan.name:
            with pytest.raises(UnreadableDocument, match="cut off"):
                list(load(scan.data, Limits()))
            continue
        pages = list(load(scan.data, Limits()))
        assert len(pages) == max(1, len(scan.pages))
        assert all(page.pixels.shape == (HEIGHT_PX, WIDTH_PX) for page in pages)
        assert all(page.dpi == pytest.approx(DPI, rel=0.01) for page in pages)


def test_one_is_a_copy_one_is_broken_and_one_has_three_pages(found: list[Scan]) -> None:
    """The kinds of files the demo promises are there, under names of their own."""
    assert len({scan.name for scan in found}) == len(found) == HOW_MANY
    assert len({scan.data for scan in found}) == 6
    assert sorted(len(scan.pages) for scan in found) == [0, 0, 1, 1, 1, 1, 3]
    assert LEFT_TO_VERIFY in {scan.name for scan in found}


def test_the_truth_names_every_field_of_every_page_in_digits(found: list[Scan]) -> None:
    """The changed card has crosses, a struck digit and a dash, none of which are in its values."""
    names = {field.name for field in FIELDS}
    for page in (page for scan in found for page in scan.pages):
        assert set(page) == names
        assert all(value == "" or value.isdecimal() for value in page.values())
    (changed,) = (scan for scan in found if scan.name == LEFT_TO_VERIFY)
    assert changed.pages[0]["floor"] == ""
    assert (len(changed.pages[0]["card"]), len(changed.pages[0]["persons"])) == (6, 1)
    assert len(truth_csv(found).splitlines()) == 1 + 7 * len(FIELDS)


def test_the_same_seed_gives_the_same_cards(found: list[Scan]) -> None:
    """The first scan is drawn again byte for byte; another seed writes other numbers."""
    assert next(scans()).data == found[0].data
    assert next(scans(seed=1)).pages != found[0].pages


def test_scans_are_askew_and_dark_in_places(found: list[Scan]) -> None:
    """No scan is the blank card with digits on it: light and place differ."""
    (page,) = load(found[1].data, Limits())
    assert np.median(page.pixels) < 235
    assert np.abs(page.pixels.astype(int) - blank_card()).mean() > 10
