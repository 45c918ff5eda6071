"""Forms found by their markers, and in photos: on a table, turned, filled in; and forms that only look alike."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitd.reading.register import Features, can_be_found, coarse, fit, prepare, register
from digitd.reading.register.markers import marker_bits, marker_ids
from digitd.records import Box, Template, TemplateField

MAX_MM = 1.5
WORDS = ("water", "before", "meter", "now", "persons", "floor", "number", "street", "total", "gas", "power", "month")


def drawn(words, *, name=None):
    """A template and its blank page of six boxes: words decide what is printed, name the markers, if any."""
    page = np.full((1400, 1000), 252, np.uint8)
    cv2.putText(page, " ".join(words[:3]).upper(), (150, 130), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 30, 3, cv2.LINE_AA)
    fields = []
    for index in range(6):
        x, y = 150 + 380 * (index % 2), 260 + 330 * (index // 2)
        text = f"{words[2 * index]} {words[2 * index + 1]}"
        cv2.putText(page, text, (x, y - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.75, 30, 2, cv2.LINE_AA)
        cv2.rectangle(page, (x, y), (x + 240, y + 60), 90, 2)
        fields.append(TemplateField(name=f"f{index}", box=Box(x0=x, y0=y, x1=x + 240, y1=y + 60)))
    cv2.putText(page, " ".join(words[6:]), (150, 1270), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 30, 2, cv2.LINE_AA)
    if name:
        corners = ((40, 40), (898, 40), (898, 1298), (40, 1298))
        for number, (x, y) in zip(marker_ids(name, 1), corners, strict=True):
            page[y : y + 63, x : x + 63] = np.kron(marker_bits(number), np.ones((9, 9), np.uint8))
    template = Template(
        name=name or "plain", fields=tuple(fields), reference="drawn", width_px=1000, height_px=1400, dpi=120
    )
    return template, page


def shot(page, *, degrees, seed=0, cut=0):
    """A photo of the page on a grained table with a shadow, and the homography that made it."""
    rng = np.random.default_rng(seed)
    height, width = page.shape
    given = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    seen = cv2.transform(given[:, None], turn)[:, 0] + (400, 200) + rng.uniform(-50, 50, (4, 2))
    view = cv2.getPerspectiveTransform(given, seen.astype(np.float32))
    table = cv2.resize(rng.normal(90, 25, (90, 400)), (1800, 1800)).astype(np.float32)
    sheet = cv2.warpPerspective(np.full_like(page, 255), view, (1800, 1800))
    photo = np.where(sheet > 127, cv2.warpPerspective(page, view, (1800, 1800)), table)
    photo = photo * np.where(np.arange(1800) > 900, 0.65, 1.0)[None] + rng.normal(0, 4, photo.shape)
    photo = cv2.GaussianBlur(np.clip(photo, 0, 255).astype(np.uint8), (0, 0), 0.8)
    return photo[:, cut:], np.array([(1, 0, -cut), (0, 1, 0), (0, 0, 1)]) @ view


def worst_mm(template, found, truth):
    corners = np.concatenate([field.box.corners() for field in template.fields])[:, None]
    back = cv2.perspectiveTransform(cv2.perspectiveTransform(corners, found.page_from_template), np.linalg.inv(truth))
    return float(np.linalg.norm(back - corners, axis=2).max()) / template.dpi * 25.4


def registered(photo, reference):
    return register(Features(photo), reference, max_residual_mm=MAX_MM)


@pytest.mark.parametrize("name", [None, "meters"], ids=["print", "markers"])
@pytest.mark.parametrize("degrees", [37, 90, 180, -75])
def test_a_photo_at_any_angle_is_found_within_a_millimetre(name, degrees):
    """In perspective, half in shadow, on a grained table; by its print or by its markers."""
    template, page = drawn(WORDS, name=name)
    photo, truth = shot(page, degrees=degrees)
    found = registered(photo, prepare(template, page))
    assert found is not None
    assert worst_mm(template, found, truth) < 1


@pytest.mark.parametrize("name", [None, "meters"], ids=["print", "markers"])
def test_a_form_of_the_same_boxes_and_other_words_is_another(name):
    """All boxes and lines agree, and nothing of what the form says."""
    template, page = drawn(WORDS, name=name)
    _, other = drawn(WORDS[::-1], name=name)
    assert registered(shot(other, degrees=5)[0], prepare(template, page)) is None


def test_markers_of_another_form_end_the_search(monkeypatch):
    """A page with three markers of others is not even looked at for print."""
    template, page = drawn(WORDS, name="meters")
    photo, _ = shot(drawn(WORDS, name="votes")[1], degrees=5)
    reference = prepare(template, page)
    monkeypatch.setattr(fit, "from_features", lambda *_: pytest.fail("looked for print"))
    assert registered(photo, reference) is None


def test_a_page_of_another_edition_is_another_form_wherever_it_lies():
    """The same print in the same place does not outweigh the markers."""
    template, page = drawn(WORDS, name="meters")
    assert registered(drawn(WORDS, name="votes")[1], prepare(template, page)) is None


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_hidden_markers_do_no_harm(hidden):
    """With three markers, with two, and with none left, the form is found all the same."""
    template, page = drawn(WORDS, name="meters")
    reference = prepare(template, page)
    for x, y in ((40, 40), (898, 1298), (898, 40), (40, 1298))[:hidden]:
        page[y : y + 63, x : x + 63] = 120
    photo, truth = shot(page, degrees=20)
    found = registered(photo, reference)
    assert found is not None
    assert worst_mm(template, found, truth) < 1


def test_pages_are_not_searched_for_markers_that_no_form_has(monkeypatch):
    """A form without markers costs nothing for them."""
    template, page = drawn(WORDS)
    reference = prepare(template, page)
    monkeypatch.setattr(coarse, "find_markers", lambda _: pytest.fail("looked for markers"))
    assert registered(shot(page, degrees=3)[0], reference) is not None


def test_the_table_in_a_reference_photo_is_not_the_form():
    """A template made from a photo is found on another table: only what is on the sheet counts."""
    template, page = drawn(WORDS)
    first, there = shot(page, degrees=4, seed=1)
    fields = []
    for field in template.fields:
        corners = cv2.perspectiveTransform(field.box.corners()[:, None], there)[:, 0]
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        fields.append(replace(field, box=Box(x0=x0, y0=y0, x1=x1, y1=y1)))
    of_photo = replace(template, fields=tuple(fields), width_px=1800, height_px=1800, dpi=96)
    second, truth = shot(page, degrees=-15, seed=2)
    found = registered(second, prepare(of_photo, first))
    assert found is not None
    assert worst_mm(of_photo, found, truth @ np.linalg.inv(there)) < 1


def test_half_a_page_does_not_fit():
    """Where a large part of the form is not in the picture, it is not said to be there."""
    template, page = drawn(WORDS)
    photo, _ = shot(page, degrees=0, cut=1000)
    assert registered(photo, prepare(template, page)) is None


def test_a_blank_sheet_cannot_be_found():
    """A reference without print is told when the template is made."""
    template, page = drawn(WORDS)
    assert not can_be_found(prepare(template, np.full_like(page, 250)))
