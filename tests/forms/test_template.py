"""Templates as files: what is written is read back, and what makes no sense is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.errors import TemplateError
from digitd.forms import template as template_file
from digitd.records import Box, Template, TemplateField

GOOD = """
name = "tally"
[page]
width_px = 800
height_px = 600
dpi = 150
[reference]
path = "/forms/tally.png"
sha256 = "00"
[[fields]]
name = "total"
box = [10, 20, 110, 60]
cells = 3
"""

names = st.text("abcdefghij0123456789._-", min_size=1, max_size=12)


@given(
    path=st.text(min_size=1, max_size=30).filter(lambda s: s.isprintable()),
    fields=st.lists(
        st.tuples(names, st.integers(0, 9), st.none() | st.integers(1, 100)),
        min_size=1,
        max_size=8,
        unique_by=lambda f: f[0],
    ),
)
def test_what_is_written_is_read_back(tmp_path_factory, path, fields):
    """Any template survives its file, whatever the name of its reference."""
    boxes = [Box(x0=10, y0=20.5 + 50 * i, x1=90, y1=60 + 50 * i) for i in range(len(fields))]
    template = Template(
        name="any",
        fields=tuple(TemplateField(name=n, box=b, cells=c) for (n, _, c), b in zip(fields, boxes, strict=True)),
        reference=path,
        reference_sha256="ab",
        width_px=1000,
        height_px=1000,
        dpi=200.0,
    )
    file = tmp_path_factory.mktemp("forms") / "any.toml"
    template_file.write(file, template)
    assert template_file.read(file) == template


def test_a_whole_page_needs_no_boxes(tmp_path):
    """A whole-page template has one field and no reference."""
    file = tmp_path / "amount.toml"
    file.write_text('name = "amount"\n[[fields]]\nname = "page"\n')
    assert template_file.read(file).whole_page


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("cells = 3", "celsl = 3", "no such key fields.celsl; perhaps you meant fields.cells"),
        ("dpi = 150", "dots = 150", "no such key page.dots"),
        ("cells = 3", "cells = 0", "field total: 0 cells"),
        ("[10, 20, 110, 60]", "[10, 20, 910, 60]", "field total: its box lies outside the page"),
        ("[10, 20, 110, 60]", "[10, 20, 11, 60]", "field total: its box is 1 x 40 pixels"),
        ("[10, 20, 110, 60]", "[10, 20, 110]", "needs box"),
        ('name = "tally"', 'name = "other"', "its file must be called other.toml"),
        ('sha256 = "00"', "", "sha256 is missing"),
        ("width_px = 800", "width_px = 'wide'", "page.width_px: 'wide' is not a number"),
        ("width_px = 800", "width_px = inf", "page.width_px: inf is not a number"),
        ("dpi = 150", "dpi = 0", "dpi above 0"),
        ("[10, 20, 110, 60]", "[nan, 20, 110, 60]", "field total: box: nan is not a number"),
        ("[10, 20, 110, 60]", "[true, 20, 110, 60]", "True is not a number"),
        ("cells = 3", "cells = 2.7", "field total: cells: 2.7 is not a whole number"),
        ("cells = 3", "cells = " + "9" * 400, "is not a number"),
        ("cells = 3", "[[fields]]\nname = 7", "fields.name: 7 is not a text"),
        ("[page]", "[other]", "no such key other"),
        ('name = "tally"', "name = " + "[" * 3000 + "]" * 3000, "not valid TOML"),
        (
            "cells = 3",
            "cells = 3\n[[fields]]\nname = 'total'\nbox = [200, 20, 300, 60]",
            "two fields are called 'total'",
        ),
        ("cells = 3", "[[fields]]\nname = 'sum'\nbox = [20, 20, 120, 60]", "fields total and sum overlap"),
        ('"total"', '" "', "is no name for a field"),
        ("[page]", "[page", "not valid TOML"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path, was, becomes, words):
    """Each fault names the file and what is wrong in it."""
    file = tmp_path / "tally.toml"
    file.write_text(GOOD.replace(was, becomes))
    with pytest.raises(TemplateError) as fault:
        template_file.read(file)
    assert words in str(fault.value)
    assert str(file) in str(fault.value)


def test_fields_from_csv(tmp_path):
    """A CSV of boxes becomes fields; cells may be left out."""
    file = tmp_path / "f.csv"
    file.write_text("field,x0,y0,x1,y1,cells\na,1,2,30,40,\nb,50,2,90,40.5,3\n")
    assert template_file.fields_from_csv(file) == (
        TemplateField(name="a", box=Box(x0=1, y0=2, x1=30, y1=40)),
        TemplateField(name="b", box=Box(x0=50, y0=2, x1=90, y1=40.5), cells=3),
    )


def test_fields_may_not_be_anything_else(tmp_path):
    """A list where a table belongs is named."""
    file = tmp_path / "tally.toml"
    file.write_text('name = "tally"\nfields = [[]]\n')
    with pytest.raises(TemplateError, match="fields must be a table"):
        template_file.read(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column field, x0, x1, y0, y1"),
        ("field,x0,y0\na,1,2\n", "no column x1, y1"),
        ("field,x0,y0,x1,y1\na,1,2,3,4\nb,1,two,3,4\n", "line 3: y0: 'two' is not a number"),
        ("field,x0,y0,x1,y1\na,1,2\n", "line 2: x1: None is not a number"),
    ],
)
def test_a_bad_csv_names_the_line(tmp_path, text, words):
    """The line that makes no sense is named."""
    file = tmp_path / "f.csv"
    file.write_text(text)
    with pytest.raises(TemplateError, match=words):
        template_file.fields_from_csv(file)
