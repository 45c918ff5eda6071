"""A form is found on a page however it was scanned, and is not found where it is not."""

import cv2
import numpy as np
import pytest

from digitd.reading.register import Features, fit, prepare, register
from digitd.reading.register.overlay import from_overlay
from digitd.reading.register.pyramid import Pyramid

MAX_MM = 1.5


def moved(page, *, degrees=0.0, scale=1.0, shift=(0, 0), tilt=0.0, noise=0.0, seed=0):
    """The page as a scanner sees it, and the homography that made it."""
    height, width = page.shape
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), [0, 0, 1]])
    turn[:2, 2] += shift
    turn[2, 0] = tilt
    size = (round(width * max(scale, 1)) + 60, round(height * max(scale, 1)) + 60)
    seen = cv2.warpPerspective(page, turn, size, flags=cv2.INTER_AREA, borderValue=255)
    grain = np.random.default_rng(seed).normal(0, noise, seen.shape)
    return np.clip(seen + grain, 0, 255).astype(np.uint8), turn


def worst_mm(form, found, truth):
    """The largest distance, in millimetres of paper, between where the fields' corners are and were found."""
    corners = np.concatenate([field.box.corners() for field in form.template.fields])[:, None]
    there = cv2.perspectiveTransform(corners, truth)
    said = cv2.perspectiveTransform(corners, found.page_from_template)
    scale = np.sqrt(abs(np.linalg.det(truth[:2, :2])))
    return float(np.linalg.norm(there - said, axis=2).max()) / scale / form.template.dpi * 25.4


@pytest.mark.parametrize(
    "scan",
    [
        {},
        {"shift": (37, 21)},
        {"degrees": 3.5, "noise": 12},
        {"degrees": -4.0, "scale": 1.5, "shift": (10, 30), "noise": 8},
        {"degrees": 2.0, "scale": 0.8},
        {"tilt": 5e-5, "degrees": 1.0},
        {"degrees": 180.0},
    ],
)
def test_a_filled_in_form_is_found_within_half_a_millimetre(drawn_form, scan):
    """Shift, scale, skew, a little perspective, noise and handwriting do not hide a form."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    page, truth = moved(drawn_form.filled({"f0": "4711", "f1": "0815"}), **scan)
    found = register(Features(page), reference, max_residual_mm=MAX_MM)
    assert found is not None
    assert worst_mm(drawn_form, found, truth) < 0.5
    assert found.residual_mm < 0.3


@pytest.mark.parametrize(
    "scan", [{"degrees": 1.5, "noise": 8}, {"degrees": -1.0, "shift": (-12, 9)}, {"scale": 2.0, "shift": (425, 550)}]
)
def test_a_page_that_lies_as_its_reference_does_is_found_without_features(drawn_form, monkeypatch, scan):
    """What a feeder gives costs no search of the whole page, at any resolution."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    monkeypatch.setattr(fit, "from_features", lambda *_: pytest.fail("looked for features"))
    page, truth = moved(drawn_form.filled({"f0": "4711", "f1": "0815"}), **scan)
    found = register(Features(page), reference, max_residual_mm=MAX_MM)
    assert found is not None
    assert worst_mm(drawn_form, found, truth) < 0.25


def test_a_page_of_another_shape_is_found_by_its_features(drawn_form):
    """Where a form lies in a picture twice as wide as its page, no reference says."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    page, truth = moved(drawn_form.filled({"f0": "4711"}), degrees=1.0)
    wide = np.hstack([np.full_like(page, 255), page])
    wider = np.hstack([page, np.full_like(page[:, : page.shape[1] // 10], 255)])
    assert list(from_overlay(Pyramid(page), reference.overlay))
    assert not list(from_overlay(Pyramid(wider), reference.overlay))
    aside = np.array([(1, 0, page.shape[1]), (0, 1, 0), (0, 0, 1)], np.float64)
    found = register(Features(wide), reference, max_residual_mm=MAX_MM)
    assert found is not None
    assert worst_mm(drawn_form, found, aside @ truth) < 0.5


def test_a_page_without_its_print_lies_as_no_reference_does(drawn_form):
    """What is found in noise by chance says nothing; on the form itself nearly all is found."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    noise = np.random.default_rng(1).normal(200, 40, drawn_form.blank.shape).clip(0, 255).astype(np.uint8)
    for page in (cv2.GaussianBlur(noise, (0, 0), 2), np.full_like(drawn_form.blank, 255)):
        assert not list(from_overlay(Pyramid(page), reference.overlay))
    assert list(from_overlay(Pyramid(drawn_form.blank), reference.overlay))


def test_another_form_does_not_fit(drawn_form, other_form):
    """A form with the same boxes but other words is another form."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    assert register(Features(other_form.filled({"f0": "1"})), reference, max_residual_mm=MAX_MM) is None


@pytest.mark.parametrize(
    "page",
    [
        np.full((1100, 850), 255, np.uint8),
        np.zeros((1100, 850), np.uint8),
        np.random.default_rng(0).integers(0, 256, (1100, 850), np.uint8),
        np.full((1, 1), 200, np.uint8),
    ],
    ids=["white", "black", "noise", "one pixel"],
)
def test_nothing_fits_on_a_page_without_print(drawn_form, page):
    """White, black, noisy and tiny pages are no form, and no fault."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    assert register(Features(page), reference, max_residual_mm=MAX_MM) is None


def test_a_mirrored_page_does_not_fit(drawn_form):
    """A sheet scanned through its back is not read."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    mirrored = np.ascontiguousarray(drawn_form.blank[:, ::-1])
    assert register(Features(mirrored), reference, max_residual_mm=MAX_MM) is None


def test_a_worse_fit_than_allowed_is_none(drawn_form):
    """The limit is the operator's: an impossible one refuses even a good fit."""
    reference = prepare(drawn_form.template, drawn_form.blank)
    page, _ = moved(drawn_form.blank, degrees=2.3, scale=0.9, noise=10)
    assert register(Features(page), reference, max_residual_mm=1e-6) is None
