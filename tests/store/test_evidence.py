import pickle
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
import pytest

from digitd.evidence import evidence_of
from digitd.records import (
    Box,
    CellContent,
    DocumentReading,
    DocumentState,
    FieldReading,
    FieldState,
    Glyph,
    PageReading,
)
from digitd.store import Store
from digitd.store import fields as module
from digitd.store.tables import models

ACCEPTED, REVIEW, BLANK = FieldState.ACCEPTED, FieldState.REVIEW, FieldState.BLANK


def test_what_was_read_comes_back_as_it_was(store: Store, read: Any) -> None:
    """Value, confidence, place, reason and evidence of a field survive the database unchanged."""
    read(ACCEPTED, REVIEW, name="a.png", form="tally")
    first, second = store.fields(evidence=True)
    assert (first.name, first.value, first.state, first.document, first.form) == (
        "f0",
        "00",
        ACCEPTED,
        "a.png",
        "tally",
    )
    assert (second.confidence, second.reason, second.box.x1, second.crop) == (0.9, "why", 31.5, b"png")
    glyph = second.glyphs[1]
    assert glyph.probabilities.dtype == np.float32
    assert int(glyph.probabilities.argmax()) == 1
    pixels = cv2.imdecode(np.frombuffer(glyph.pixels_png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, np.full((28, 28), 1))


def test_evidence_is_left_out_unless_asked_for(store: Store, read: Any) -> None:
    """An export does not carry pictures."""
    read(ACCEPTED)
    (field,) = store.fields()
    assert (field.crop, field.glyphs) == (b"", ())


def test_fields_are_chosen_by_form_state_time_and_document(store: Store, read: Any) -> None:
    """Every choice narrows, and choices combine."""
    tally = read(ACCEPTED, REVIEW, form="tally")
    other = read(ACCEPTED)
    assert [f.name for f in store.fields(form="tally")] == ["f0", "f1"]
    assert [f.name for f in store.fields(form="tally", states=[REVIEW])] == ["f1"]
    assert [f.document_id for f in store.fields(document_id=other.id)] == [other.id]
    assert len(list(store.fields(since=tally.read_at))) == 3
    assert list(store.fields(since=other.read_at + timedelta(seconds=1))) == []


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 500])
def test_a_walk_gives_every_field_once_in_order(
    store: Store, read: Any, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """However many are fetched at a time, fields come by document, page and position, none twice, none left out."""
    monkeypatch.setattr(module, "BATCH", batch)
    documents = [read(ACCEPTED, REVIEW, BLANK, pages=2), read(ACCEPTED), read(*[REVIEW] * 5)]
    walked = [(f.document_id, f.page, f.name) for f in store.fields()]
    first, second, third = (d.id for d in documents)
    assert walked == [
        *[(first, page, f"f{n}") for page in (1, 2) for n in range(3)],
        (second, 1, "f0"),
        *[(third, 1, f"f{n}") for n in range(5)],
    ]


def test_the_order_of_pages_is_theirs_not_the_order_of_writing(store: Store, take: Any, reading: Any) -> None:
    """A reading that holds page 2 before page 1 is walked from page 1."""
    document = take(1)
    store.claim_next()
    made = reading(ACCEPTED, pages=2)
    turned = replace(made, pages=made.pages[::-1])
    store.record_reading(document.id, turned, card={})
    assert [f.page for f in store.fields()] == [1, 2]


def test_a_walk_sees_what_is_committed_while_it_goes_on(
    store: Store, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long export does not hold the database, and fields that leave its choice meanwhile break nothing."""
    monkeypatch.setattr(module, "BATCH", 1)
    read(REVIEW, REVIEW)
    walk = store.fields(states=[FieldState.REVIEW], evidence=True)
    assert next(walk).name == "f0"
    read(REVIEW)
    assert [f.name for f in walk] == ["f1", "f0"]


def test_a_field_is_found_by_document_page_and_name(store: Store, read: Any) -> None:
    """A name that was dropped twice gives both fields."""
    read(ACCEPTED, name="a.png")
    read(ACCEPTED, name="a.png")
    assert len(store.field_named(document="a.png", page=1, field="f0")) == 2
    assert store.field_named(document="a.png", page=2, field="f0") == []


def test_the_model_is_remembered_with_the_card_it_had_first(store: Store, take: Any, reading: Any) -> None:
    """A model's row is written once, in the transaction of the first reading."""
    for number in range(2):
        document = take(number)
        store.claim_next()
        store.record_reading(document.id, reading(), card={"n": number})
    with store._reading() as connection:
        rows = connection.execute(models.select()).all()
    assert [(row.id, row.card) for row in rows] == [("made-up@0", {"n": 0})]


def test_a_confidence_that_is_no_probability_is_refused(store: Store, take: Any, reading: Any) -> None:
    """The schema keeps confidences in [0, 1]; the document stays as it was."""
    document = take(1)
    store.claim_next()
    made = reading(ACCEPTED)
    page = made.pages[0]
    wrong = replace(page, fields=(page.fields[0]._replace(confidence=1.5),))
    with pytest.raises(Exception, match="CHECK"):
        store.record_reading(document.id, replace(made, pages=(wrong,)), card={})
    assert store.document(document.id).state is DocumentState.READING


def test_evidence_is_taken_in_without_what_pictures_need(reading: Any) -> None:
    """The process that writes takes it from those that read, and loads neither NumPy nor OpenCV for it."""
    sent = pickle.dumps(reading(ACCEPTED, REVIEW))
    assert b"numpy" not in sent
    assert b"cv2" not in sent


@pytest.mark.parametrize(
    ("value", "contents", "digits"),
    [
        ("-1.5", "od_d", [None, 1, None, 5]),
        ("15", "ddd", [None, None, None]),
    ],
)
def test_a_glyph_says_which_digit_of_the_value_it_is(value: str, contents: str, digits: list[int | None]) -> None:
    """Signs, points and blank cells are none; where digits and glyphs are not as many, nobody knows."""
    kinds = {"d": CellContent.DIGIT, "o": CellContent.OTHER, "_": CellContent.BLANK}
    sureness = np.linspace(0, 1, 11, dtype=np.float32)
    glyphs = tuple(
        Glyph(
            position=place,
            box=Box(x0=0, y0=0, x1=1, y1=1),
            content=kinds[kind],
            pixels=np.zeros((28, 28), np.uint8),
            probabilities=sureness,
        )
        for place, kind in enumerate(contents)
    )
    field = FieldReading(
        name="f", box=Box(x0=0, y0=0, x1=9, y1=9), value=value, confidence=0.9, state=ACCEPTED, glyphs=glyphs
    )
    page = PageReading(
        number=1, width_px=9, height_px=9, form=None, residual_mm=None, fields=(field,), stage_ms={"load": 1.0}
    )
    (found,) = evidence_of(DocumentReading(pages=(page,), model="m@1", pipeline="1")).pages[0].glyphs
    assert [glyph.digit for glyph in found] == digits
    assert [glyph.sure for glyph in found] == [None if one is None else float(sureness[one]) for one in digits]
