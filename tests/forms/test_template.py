"""Templates as files: what is written is read back, and what makes no sense is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.errors import TemplateError
from digitd.forms import template as template_file
from digitd.forms.fields_csv import pages_from_csv
from digitd.records import Box, Template, TemplateField

NEW = """
name = "tally"
[[pages]]
reference = "/forms/tally.pdf"
sha256 = "00"
width_px = 800
height_px = 600
dpi = 150
[[pages]]
reference = "/forms/tally.pdf"
reference_page = 2
sha256 = "00"
width_px = 400
height_px = 300
dpi = 75
[[fields]]
name = "total"
box = [10, 20, 110, 60]
digits = [1, 3]
[[fields]]
name = "yes"
page = 2
box = [10, 20, 110, 60]
[[fields]]
name = "no"
page = 2
box = [10, 60, 110, 90]
[[fields]]
name = "all"
page = 2
box = [10, 90, 110, 120]
[[rules]]
sum = ["yes", "no"]
total = "all"
"""

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
    assert template_file.read(file) == (template,)


def test_a_whole_page_needs_no_boxes(tmp_path):
    """A whole-page template has one field and no reference."""
    file = tmp_path / "amount.toml"
    file.write_text('name = "amount"\n[[fields]]\nname = "page"\n')
    assert template_file.read(file)[0].whole_page


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("cells = 3", "celsl = 3", "field total: no such key celsl; perhaps you meant cells"),
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


def test_a_form_has_several_pages(tmp_path):
    """Fields go to their pages, rules to all of them, and what is read is what is written again."""
    file = tmp_path / "tally.toml"
    file.write_text(NEW)
    first, second = template_file.read(file)
    assert [f.name for f in first.fields] == ["total"]
    assert [f.name for f in second.fields] == ["yes", "no", "all"]
    assert (first.reference_page, second.reference_page, second.width_px) == (1, 2, 400)
    assert first.fields[0].rules.digits == (1, 3)
    assert [rule.words() for rule in second.rules] == ["yes + no should be all"]
    template_file.write(file, first, second)
    assert template_file.read(file) == (first, second)


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("page = 2\nbox = [10, 60", "page = 3\nbox = [10, 60", "field no: page = 3, but the form has 2 pages"),
        ('"no"]', '"total"]', "the rule for all speaks of fields on pages 1 and 2"),
        ('"no"]', '"on"]', "names a field 'on' that is not there"),
        ("digits = [1, 3]", "digits = [3, 1]", "field total: "),
        ("digits = [1, 3]", "digit = 3", "field total: no such key digit; perhaps you meant digits"),
        ("reference_page = 2", "refrence_page = 2", "no such key pages.refrence_page; perhaps you meant"),
        ('name = "total"', 'name = "yes"', "two fields are called 'yes'"),
        ("box = [10, 60, 110, 90]", "box = [10, 50, 110, 90]", "fields yes and no overlap by 100 x 10 pixels"),
        ("box = [10, 90, 110, 120]", "box = [10, 90, 110, 320]", "field all: its box lies outside the page of 400"),
        ("dpi = 75", "dpi = 0.1", "page 2: at 0.1 dpi the page would be 101600 mm long"),
        ("[[rules]]", "[page]\n[[rules]]", "the form has [[pages]]: take [page]"),
        ("[[rules]]", "[rules]", "rules must be tables, each as [[rules]]"),
    ],
)
def test_faults_of_a_form_of_several_pages_are_named(tmp_path, was, becomes, words):
    """Each fault names the file and what is wrong in it."""
    file = tmp_path / "tally.toml"
    assert was in NEW
    file.write_text(NEW.replace(was, becomes, 1))
    with pytest.raises(TemplateError) as fault:
        template_file.read(file)
    assert words in str(fault.value)
    assert str(file) in str(fault.value)


def test_a_page_without_fields_is_refused(tmp_path):
    """A page that nobody reads only costs time."""
    file = tmp_path / "tally.toml"
    file.write_text(NEW.split('[[fields]]\nname = "yes"', maxsplit=1)[0])
    with pytest.raises(TemplateError, match="page 2: it has no field"):
        template_file.read(file)


def test_boxes_that_share_a_border_do_not_overlap(tmp_path):
    """Cells of a table are drawn to the middle of their lines, and may touch."""
    file = tmp_path / "tally.toml"
    file.write_text(NEW.replace("[10, 60, 110, 90]", "[10, 58, 110, 90]"))
    assert len(template_file.read(file)[1].fields) == 3


def test_fields_come_from_csv(tmp_path):
    """A CSV of boxes becomes fields; cells may be left out."""
    file = tmp_path / "f.csv"
    file.write_text("field,x0,y0,x1,y1,cells\na,1,2,30,40,\nb,50,2,90,40.5,3\n")
    assert pages_from_csv(file) == {
        1: (
            TemplateField(name="a", box=Box(x0=1, y0=2, x1=30, y1=40)),
            TemplateField(name="b", box=Box(x0=50, y0=2, x1=90, y1=40.5), cells=3),
        )
    }


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
        pages_from_csv(file)
