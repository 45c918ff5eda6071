"""A described form becomes a PDF whose boxes are just where its template says."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitd.errors import TemplateError
from digitd.forms.draw import copy_pdf, draw_form, pdf_of
from digitd.forms.library import open_form, reference_pages
from digitd.reading.load import Limits
from digitd.reading.register.markers import find_markers, marker_ids
from digitd.records import Box

LIMITS = Limits(pdf_dpi=200)

DESCRIPTION = """
title = "Tally of the day"
[[fields]]
name = "desk"
label = "Number of the desk"
cells = 4
heading = "Where"
[[fields]]
name = "remark"
digits = 5
[[fields]]
name = "placed"
label = "Placed by hand"
cells = 3
at = [120, 200]
[[tables]]
rows = ["Ann", "Zoë"]
columns = ["Morning", "Evening"]
cells = 3
"""


def draw(folder: Path, text: str = DESCRIPTION, name: str = "tally", **how):
    described = folder / "tally-description.toml"
    described.write_text(text, encoding="utf-8")
    return draw_form(name, described, forms=folder / "forms", limits=LIMITS, **how)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The folder of forms, the template, and the rendered page."""
    folder = tmp_path_factory.mktemp("drawn")
    made = draw(folder)
    return folder / "forms", *made, reference_pages([made[0]], LIMITS)[0].pixels


def test_the_template_names_every_field_and_is_kept(drawn):
    """Fields in reading order with their cells; what is written is what is opened."""
    forms, made, _ = drawn
    cells = {"desk": 4, "remark": None, "placed": 3, "r1c1": 3, "r1c2": 3, "r2c1": 3, "r2c2": 3}
    assert {field.name: field.cells for field in made.fields} == cells
    assert open_form("tally", forms)[0] == made
    assert made.dpi == pytest.approx(200, abs=0.2)


def test_borders_are_printed_where_the_template_says(drawn):
    """The middle of each side of each box is dark, and the paper within is white."""
    _, made, page = drawn
    for field in made.fields:
        box = field.box
        for x, y in ((box.x0, (box.y0 + box.y1) / 2), (box.x1, (box.y0 + box.y1) / 2), ((box.x0 + 8), box.y0)):
            assert page[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].min() < 130
        assert page[round(box.y0) + 10 : round(box.y1) - 10, round(box.x0) + 8 : round(box.x0) + 20].min() > 240


def test_a_field_lies_where_the_description_says(drawn):
    """at = [x, y] is in millimetres of the paper."""
    _, made, _ = drawn
    box: Box = next(field.box for field in made.fields if field.name == "placed")
    assert np.array([box.x0, box.y0]) / 200 * 25.4 == pytest.approx([120, 200], abs=0.1)


def test_markers_and_the_code_name_the_form(drawn):
    """The four markers are the form's own, and the code says its name, edition and page."""
    _, _, page = drawn
    said = cv2.QRCodeDetector().detectAndDecode(page)[0]
    name, edition, number = said.removeprefix("digitd:").split(":")
    assert (name, number) == ("tally", "1")
    assert set(find_markers(page)) == set(marker_ids("tally", 1, edition=edition))


def test_a_form_drawn_otherwise_has_other_markers(drawn, tmp_path):
    """Papers printed before a change of the form are not taken for it."""
    _, _, page = drawn
    (changed,) = draw(tmp_path, DESCRIPTION.replace("Evening", "Night"))
    assert not set(find_markers(page)) & set(find_markers(reference_pages([changed], LIMITS)[0].pixels))


def test_the_pdf_is_kept_and_copied(drawn, tmp_path):
    """Drawing again gives the same bytes, so that a printed form stays the one of its template."""
    forms, _, _ = drawn
    copy_pdf("tally", tmp_path / "out.pdf", forms=forms)
    draw(tmp_path)
    assert (tmp_path / "out.pdf").read_bytes() == pdf_of("tally", tmp_path / "forms").read_bytes()


def test_a_form_of_that_name_is_replaced_only_when_asked(drawn):
    """A printed form's template is not lost by a slip."""
    forms, made, _ = drawn
    with pytest.raises(TemplateError, match="--force"):
        draw(forms.parent)
    assert draw(forms.parent, overwrite=True) == (made,)


def field(more: str, name: str = "a") -> str:
    return f'title = "T"\n[[fields]]\nname = "{name}"\n{more}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs a field"),
        ("title = 3\n" + field("cells = 2").split("\n", 1)[1], "title must be a line of text"),
        (field("cells = 2")[12:], "has no title"),
        (field("cells = 2\ncolour = 3"), "field 'a' has no key colour"),
        (field("cels = 2"), "perhaps you meant cells"),
        (field("label = 'A'"), "field 'a': give either cells"),
        (field("cells = 0"), "field 'a': cells must be a whole number from 1"),
        (field("cells = 2\nat = [10]"), "field 'a': at = \\[x, y\\]"),
        (field("cells = 2\nat = [1, 100]"), "field 'a' at 1, 100 mm leaves the room"),
        (field("cells = 2") + "\n[[fields]]\nname = 'a'\ncells = 2", "two fields are called 'a'"),
        (field(f"cells = 2\nlabel = '{'long ' * 40}end'"), "field 'a' needs .* mm and the page has"),
        (field("cells = 2\nlabel = '\u6f22'"), "cannot be printed"),
        (field("cells = 2\nat = [60, 80]") + "\n[[fields]]\nname='b'\ncells=2\nat=[62, 82]", "'a' and 'b' lie on"),
        (f"title = 'T'\n[[tables]]\nrows = {['A'] * 30}\ncolumns = ['A']\ncells = 2", "higher than a page"),
        (field("cells = 2\nat = [50, 90]\npage = 3"), "there is no page 3"),
        (field("cells = 2\nat = [50, 90]\npage = 2"), "page 1 has no field"),
        (field("cells = 2\npage = 2"), "page goes with at"),
        ("title = 'T'\n[[tables]]\nrows = []\ncolumns = ['A']\ncells = 2", "rows are the words"),
        ("title = 'T'\n[[tables]]\nrows = ['A']\ncolumns = ['A', 'B', 'C', 'D']\ncells = 9", "fewer columns"),
        ("title = 'T'\npaper = 'B5'\n" + field("cells = 2")[12:], "take one of A4, Letter"),
        ("title = ", "not valid TOML"),
    ],
)
def test_a_description_that_cannot_be_drawn_says_where_and_what_to_do(tmp_path, text, said):
    """Each fault names the file, and the field or key; nothing is written."""
    with pytest.raises(TemplateError, match=said) as fault:
        draw(tmp_path, text)
    assert "tally-description.toml" in str(fault.value)
    assert not (tmp_path / "forms").exists()


def test_a_form_that_was_not_drawn_has_no_pdf(tmp_path, drawn):
    """The message says what to print instead."""
    forms, _, _ = drawn
    with pytest.raises(TemplateError, match="no form called"):
        copy_pdf("other", tmp_path / "out.pdf", forms=forms)
    with pytest.raises(TemplateError, match="Name a file in a folder"):
        copy_pdf("tally", forms / "tally.toml" / "out.pdf", forms=forms)


def test_letter_paper_has_its_own_size(tmp_path):
    """A form for Letter is 8.5 by 11 inches."""
    (made,) = draw(tmp_path, "paper = 'Letter'\n" + field("cells = 3"))
    assert (made.width_px, made.height_px) == (1700, 2200)


def test_what_does_not_fit_on_a_page_goes_on_the_next(tmp_path):
    """A form of many fields has pages, each with markers of its own, and every field is on one."""
    many = "title = 'T'\ncolumns = 1\n" + "".join(f"[[fields]]\nname = 'f{n}'\ncells = 2\n" for n in range(20))
    made = draw(tmp_path, many)
    assert len(made) == 2
    assert [field.name for page in made for field in page.fields] == [f"f{n}" for n in range(20)]
    first, second = (set(find_markers(reference_pages([page], LIMITS)[0].pixels)) for page in made)
    assert len(first) == len(second) == 4
    assert not first & second
