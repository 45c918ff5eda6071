"""The stages in their order, with a classifier that the test controls."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from digitd.demo.handwriting import write_number
from digitd.errors import UnreadableDocument
from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.reading.load import Limits
from digitd.reading.pipeline import Form, Settings, read_document, trace_document
from digitd.reading.register import prepare
from digitd.records import Box, CellContent, FieldState, Template, TemplateField
from digitd.resources import shipped
from digitd.rules import parse_field_rules, parse_form_rules

SETTINGS = Settings(accept_confidence=0.9)
STAGES = {"load", "register", "locate", "segment", "normalise", "classify", "decode", "validate"}


def always(digit, chance=0.99):
    """A classifier that says digit of everything."""

    def classify(glyphs):
        probabilities = np.full((len(glyphs), 11), (1 - chance) / 10, np.float32)
        probabilities[:, digit] = chance
        return probabilities

    return classify


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture
def form(drawn_form):
    return Form(template=drawn_form.template, reference=prepare(drawn_form.template, drawn_form.blank))


def read(data, forms, classify, **more):
    return read_document(data, forms, classify, settings=SETTINGS, model="fake@0", **more)


def test_a_filled_in_form(drawn_form, form):
    """Every field is there, by name and in order, with a glyph for each digit and a crop for people."""
    page = drawn_form.filled({"f0": "47", "f1": "08 5", "f3": "1234"})
    reading = read(png(page), [form], always(7))
    (only,) = reading.pages
    assert (only.form, only.number, reading.model) == ("drawn", 1, "fake@0")
    assert [f.name for f in only.fields] == [f"f{i}" for i in range(6)]
    values = {f.name: f.value for f in only.fields}
    assert values == {"f0": "77", "f1": "777", "f2": "", "f3": "7777", "f4": "", "f5": ""}
    states = {f.name: f.state for f in only.fields}
    assert states["f0"] is FieldState.ACCEPTED
    assert states["f1"] is FieldState.REVIEW  # a blank cell between digits
    assert states["f2"] is states["f5"] is FieldState.BLANK
    contents = [g.content for g in only.fields[1].glyphs]
    assert contents == [CellContent.DIGIT, CellContent.DIGIT, CellContent.BLANK, CellContent.DIGIT]
    assert set(only.stage_ms) == STAGES
    assert all(f.crop.startswith(b"\xff\xd8") for f in only.fields)


def test_a_number_squeezed_into_one_cell_is_read(drawn_form, form):
    """Two digits in the first of four cells are read as two; a cross there stays no digit."""
    model = find("paper", shipped("models"))
    classify = Classifier(model.litert, temperature=float(model.card["temperature"]))
    field = drawn_form.template.fields[1]
    first = replace(field.box, x1=field.box.x0 + field.box.width / 4)
    values = []
    for seed in range(6):
        page = drawn_form.blank.copy()
        write_number(page, "27", first, np.random.default_rng(seed))
        values.append(read(png(page), [form], classify).pages[0].fields[1].value)
    assert values.count("27") >= 4
    crossed = read(png(drawn_form.filled({"f1": "X   "})), [form], classify).pages[0].fields[1]
    assert crossed.state is not FieldState.ACCEPTED


def test_a_forms_rules_are_heard(drawn_form, form):
    """A field's own rule and a sum that does not add up send their fields to a person, and no others."""
    fields = tuple(
        replace(field, rules=parse_field_rules({"maximum": 70})) if field.name == "f2" else field
        for field in drawn_form.template.fields
    )
    rules = parse_form_rules([{"sum": ["f0", "f1"], "total": "f3"}], [field.name for field in fields])
    ruled = Form(template=replace(drawn_form.template, fields=fields, rules=rules), reference=form.reference)
    page = drawn_form.filled({"f0": "47", "f2": "12", "f3": "1234", "f4": "5"})
    found = {f.name: f for f in read(png(page), [ruled], always(7, 0.9999)).pages[0].fields}
    assert found["f0"].reason == found["f3"].reason == "f0 + f1 should be f3 (77 + blank = 77, not 7777)"
    assert found["f2"].reason == "77 is above 70"
    assert [name for name, f in found.items() if f.state is FieldState.REVIEW] == ["f0", "f1", "f2", "f3"]
    assert found["f4"].state is FieldState.ACCEPTED


def test_evidence_lies_on_the_page(drawn_form, form):
    """Every glyph's box lies in its field, and its probabilities are 11 and sum to 1."""
    reading = read(png(drawn_form.filled({"f0": "471", "f1": "0815"})), [form], always(3))
    for field in reading.pages[0].fields:
        for glyph in field.glyphs:
            assert field.box.x0 - 20 <= glyph.box.x0 < glyph.box.x1 <= field.box.x1 + 20
            assert field.box.y0 - 20 <= glyph.box.y0 < glyph.box.y1 <= field.box.y1 + 20
            assert glyph.probabilities.shape == (11,)
            assert glyph.probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_a_page_of_another_form_goes_to_a_person(other_form, form):
    """A document that must be a form and is not has no fields, and says so."""
    (page,) = read(png(other_form.blank), [form], always(1), forced=True).pages
    assert page.fields == ()
    assert page.reason == "form drawn does not fit on the page"


def test_the_best_form_is_taken(drawn_form, other_form, form):
    """Of several forms the one that fits is used."""
    other = Form(template=other_form.template, reference=prepare(other_form.template, other_form.blank))
    (page,) = read(png(other_form.filled({"f0": "1"})), [form, other], always(1)).pages
    assert page.form == "other"


def test_without_a_form_lines_are_read():
    """Two lines of digits on blank paper are two fields, from top to bottom."""
    page = np.full((300, 400), 255, np.uint8)
    for y, count in ((80, 3), (220, 2)):
        for index in range(count):
            cv2.putText(page, "8", (40 + 70 * index, y), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 4)
    (only,) = read(png(page), [], always(8)).pages
    assert [(f.name, f.value) for f in only.fields] == [("line1", "888"), ("line2", "88")]


def test_a_blank_page_says_so():
    """Nothing written is not a fault; a person is told."""
    (page,) = read(png(np.full((300, 200), 255, np.uint8)), [], always(1)).pages
    assert (page.fields, page.reason) == ((), "nothing is written on the page")


def test_a_whole_page_form():
    """A picture of one number is one field, whatever its size."""
    template = Template(name="amount", fields=(TemplateField(name="page", box=Box(x0=0, y0=0, x1=0, y1=0)),))
    picture = np.full((60, 200), 240, np.uint8)
    for index in range(3):
        cv2.putText(picture, "5", (20 + 60 * index, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 20, 3)
    (page,) = read(png(picture), [Form(template=template, reference=None)], always(5), forced=True).pages
    assert [(f.name, f.value) for f in page.fields] == [("page", "555")]


def test_pages_are_traced_one_by_one(drawn_form, form):
    """Every page of a document is read, each with what its stages gave."""
    images = [Image.fromarray(drawn_form.filled({"f0": text})) for text in ("1", "22")]

    buffer = io.BytesIO()
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:])
    traces = list(trace_document(buffer.getvalue(), [form], always(2), settings=SETTINGS))
    assert [t.reading.number for t in traces] == [1, 2]
    assert [t.reading.fields[0].value for t in traces] == ["2", "22"]
    assert all(len(t.regions) == 6 for t in traces)


def test_limits_reach_the_loader():
    """A page over the limit is refused."""
    small = Settings(limits=Limits(max_megapixels=0.001))
    with pytest.raises(UnreadableDocument):
        read_document(png(np.zeros((100, 100), np.uint8)), [], always(1), settings=small, model="fake@0")
