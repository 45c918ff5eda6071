"""The folder of templates."""

import dataclasses

import cv2
import numpy as np
import pytest

from digitd.errors import TemplateError
from digitd.forms import library
from digitd.reading.load import Limits


def printed():
    """A page with words on it, which is what a form is found by."""
    page = np.full((600, 400), 255, np.uint8)
    for row in range(9):
        words = " ".join(chr(65 + (7 * row + 3 * k) % 26) * (2 + (row + k) % 3) for k in range(4))
        cv2.putText(page, words, (20, 90 + 60 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    return page


@pytest.fixture
def made(tmp_path):
    """A form made from a picture and a CSV, with the folder it lies in."""
    reference = tmp_path / "blank.png"
    cv2.imwrite(str(reference), printed())
    csv = tmp_path / "fields.csv"
    csv.write_text("field,x0,y0,x1,y1\na,10,10,100,40\n")
    (template,) = library.new_form("tally", forms=tmp_path / "forms", references=[reference], fields_csv=csv)
    return template, tmp_path / "forms", reference, csv


def test_a_new_form_is_listed_and_opened(made):
    """What was made is what is opened, with the size of its reference and a believable resolution."""
    template, forms, *_ = made
    assert library.names(forms) == ["tally"]
    assert library.open_form("tally", forms) == (template,)
    assert (template.width_px, template.height_px) == (400, 600)
    assert template.dpi == pytest.approx(400 / (210 / 25.4), abs=0.1)


def test_only_geometry_is_kept(made):
    """The reference picture stays where the user has it; the folder holds nothing but TOML."""
    _, forms, *_ = made
    assert [p.name for p in forms.iterdir()] == ["tally.toml"]


def test_a_name_is_not_taken_twice_unless_forced(made):
    """Replacing a form has to be asked for."""
    _, forms, reference, csv = made
    with pytest.raises(TemplateError, match="--force"):
        library.new_form("tally", forms=forms, references=[reference], fields_csv=csv)
    library.new_form("tally", forms=forms, references=[reference], fields_csv=csv, overwrite=True)


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "x" * 65, "a/b"])
def test_names_that_are_no_file_names_are_refused(tmp_path, name):
    """A form's name is a file and a folder of the inbox, and never leaves them."""
    with pytest.raises(TemplateError, match="no name for a form"):
        library.new_form(name, forms=tmp_path, whole_page=True)


def test_a_changed_reference_is_refused(made):
    """Other bytes mean other boxes."""
    template, _, reference, _ = made
    cv2.imwrite(str(reference), np.full((300, 400), 200, np.uint8))
    with pytest.raises(TemplateError, match="bytes have changed"):
        library.reference_pages([template], Limits())


def test_a_missing_reference_is_named(made):
    """The message names the picture that is gone."""
    template, _, reference, _ = made
    reference.unlink()
    with pytest.raises(TemplateError, match=r"blank\.png: the form's reference picture: No such file"):
        library.reference_pages([template], Limits())


def test_a_reference_that_is_no_picture_is_refused(made):
    """A broken reference is refused when the form is made."""
    _, forms, reference, csv = made
    reference.write_bytes(b"not a picture")
    with pytest.raises(TemplateError, match="holds text"):
        library.new_form("second", forms=forms, references=[reference], fields_csv=csv)


def test_an_unknown_form_names_the_known_ones(made):
    """The message lists what there is."""
    _, forms, *_ = made
    with pytest.raises(TemplateError, match=r"no form called 'taly'.*there: tally"):
        library.open_form("taly", forms)


def test_a_reference_without_print_is_refused(made, tmp_path):
    """A form that nothing could find again is refused when it is made."""
    _, forms, _, csv = made
    blank = tmp_path / "white.png"
    cv2.imwrite(str(blank), np.full((600, 400), 255, np.uint8))
    with pytest.raises(TemplateError, match="too little print"):
        library.new_form("white", forms=forms, references=[blank], fields_csv=csv)
    assert library.names(forms) == ["tally"]


def test_a_page_size_that_is_not_the_reference_s_is_refused(made):
    """The size in the template must be the picture's."""
    template, *_ = made
    with pytest.raises(TemplateError, match="says 999 x 600"):
        library.reference_pages([dataclasses.replace(template, width_px=999)], Limits())


def test_the_cells_of_a_printed_comb_are_counted(tmp_path):
    """Where the CSV says nothing of cells, they are counted on the reference; what it says is kept."""
    page = printed()
    for top in (100, 220):
        cv2.rectangle(page, (40, top), (240, top + 40), 0, 2)
        for divider in (90, 140, 190):
            cv2.line(page, (divider, top), (divider, top + 40), 0, 1)
    reference, csv = tmp_path / "combs.png", tmp_path / "fields.csv"
    cv2.imwrite(str(reference), page)
    csv.write_text("field,x0,y0,x1,y1,cells\na,40,100,240,140,\nb,40,220,240,260,2\nc,40,300,240,340,\n")
    (template,) = library.new_form("combs", forms=tmp_path / "forms", references=[reference], fields_csv=csv)
    assert [field.cells for field in template.fields] == [4, 2, None]
