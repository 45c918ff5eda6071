"""Fields are cut where the form lies, upright, and told apart from what the scan cut off."""

import cv2
import numpy as np
import pytest

from digitd.reading.locate import boxes_on_page, locate, locate_freely, page_box
from digitd.reading.locate.regions import LOWEST_FIELD_PX
from digitd.records import Box, Page, Registration


def located(form, pixels, homography):
    found = Registration(page_from_template=np.asarray(homography, np.float64), residual_mm=0.0)
    return list(locate(Page(number=1, pixels=pixels), form.template, found))


@pytest.mark.parametrize("degrees", [0.0, 7.0, 90.0, 180.0])
def test_a_turned_form_is_cut_upright(drawn_form, degrees):
    """However the page lies, a field's pixels are those of the upright form."""
    page = drawn_form.filled({"f0": "47"})
    turn = np.vstack([cv2.getRotationMatrix2D((425, 550), degrees, 1.0), [0, 0, 1]])
    shift = np.array([[1, 0, 300], [0, 1, 300], [0, 0, 1]]) @ turn
    turned = cv2.warpPerspective(page, shift, (1500, 1700), borderValue=255)
    first = located(drawn_form, turned, shift)[0]
    straight = located(drawn_form, page, np.eye(3))[0]
    assert first.pixels.shape == straight.pixels.shape
    difference = np.abs(first.pixels.astype(int) - straight.pixels.astype(int))
    assert np.quantile(difference, 0.9) < 60
    assert not first.cut_off


def test_what_the_scan_cuts_off_is_told(drawn_form):
    """A field that reaches over the edge of the page is cut off; its neighbours are not."""
    low = located(drawn_form, drawn_form.blank[:900], np.eye(3))
    assert [r.cut_off for r in low] == [False] * 5 + [True]
    assert all(r.cut_off for r in located(drawn_form, drawn_form.blank[:, :700], np.eye(3)))


@pytest.mark.parametrize("dpi", [250.0, 600.0])
def test_a_fine_scan_is_cut_smaller_in_the_same_place(drawn_form, dpi):
    """Beyond 200 dots an inch a field has no more pixels, and its boxes lie on the page where they were."""
    scale = dpi / drawn_form.template.dpi
    page = cv2.resize(drawn_form.filled({"f0": "47"}), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    coarse = located(drawn_form, cv2.resize(page, None, fx=200 / dpi, fy=200 / dpi), np.diag([2.0, 2.0, 1.0]))[0]
    fine = located(drawn_form, page, np.diag([scale, scale, 1.0]))[0]
    assert np.abs(np.array(fine.pixels.shape) - coarse.pixels.shape).max() <= 2
    height, width = (min(sides) for sides in zip(fine.pixels.shape, coarse.pixels.shape, strict=True))
    difference = np.abs(fine.pixels[:height, :width].astype(int) - coarse.pixels[:height, :width])
    assert np.quantile(difference, 0.9) < 60
    inner = Box(x0=fine.margin_px, y0=fine.margin_px, x1=fine.pixels.shape[1] - fine.margin_px,
                y1=fine.pixels.shape[0] - fine.margin_px)  # fmt: skip
    (back,), there = boxes_on_page(fine, [inner]), page_box(fine)
    assert back.corners() == pytest.approx(there.corners())


@pytest.mark.parametrize("dpi", [300.0, 600.0, 2400.0])
@pytest.mark.parametrize(("across", "down"), [(0, 3000), (0, -3000), (3000, 0), (-3000, -3000)])
def test_a_field_beside_the_page_is_cut_off(drawn_form, dpi, across, down):
    """A field that lies off the page at any side is told of, whatever the resolution."""
    scale = dpi / drawn_form.template.dpi
    found = located(drawn_form, drawn_form.blank, [[scale, 0, across * scale], [0, scale, down * scale], [0, 0, 1]])
    assert all(region.cut_off and region.pixels.size for region in found)


def test_boxes_go_back_to_the_page(drawn_form):
    """A box in a field's pixels is found on the page again."""
    region = located(drawn_form, drawn_form.blank, np.eye(3))[0]
    field = drawn_form.template.fields[0].box
    whole = page_box(region)
    assert (whole.x0, whole.y1) == pytest.approx((field.x0, field.y1))
    inner = Box(x0=region.margin_px, y0=region.margin_px, x1=region.margin_px + 10, y1=region.margin_px + 10)
    (found,) = boxes_on_page(region, [inner])
    assert (found.x0, found.y0, found.width) == pytest.approx((field.x0, field.y0, 10), abs=0.1)


def test_lines_are_found_from_top_to_bottom():
    """Writing on blank paper is cut line by line."""
    page = np.full((400, 600), 240, np.uint8)
    for y in (100, 220, 340):
        cv2.putText(page, "31415", (60, y), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 4)
    found = list(locate_freely(Page(number=1, pixels=page)))
    assert [r.name for r in found] == ["line1", "line2", "line3"]
    assert [round(page_box(r).y1 / 120) for r in found] == [1, 2, 3]


def test_a_low_field_is_cut_larger(drawn_form):
    """On a page of a third of the size a field has as many rows as its strokes need, and still lies where it lay."""
    third = cv2.resize(drawn_form.filled({"f0": "47"}), None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    region = located(drawn_form, third, np.diag([1 / 3, 1 / 3, 1.0]))[0]
    field = drawn_form.template.fields[0].box
    assert region.pixels.shape[0] - 2 * region.margin_px == pytest.approx(LOWEST_FIELD_PX, abs=2)
    assert (page_box(region).x0, page_box(region).y1) == pytest.approx((field.x0 / 3, field.y1 / 3))
