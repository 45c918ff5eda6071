"""Finding a form on a page: where every point of the template lies there, or that it does not fit.

Two steps. Coarse: the corners of markers where the form has some, else a few tiles of print on a very small picture,
near where they lie in the reference; where those lead nowhere ORB features (Rublee et al., 2011) of small pictures,
matched, and a similarity by RANSAC (Fischler and Bolles, 1981) or a homography by MAGSAC++ (Barath et al., 2020). Fine:
small patches of the reference's print are looked for around where the coarse step puts them; what agrees
gives the homography, how well it agrees is the residual, and where nothing agrees is another form.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.register.coarse import FEWEST, Features, from_features, from_markers
from digitd.reading.register.markers import Markers
from digitd.reading.register.overlay import choose_overlay, from_overlay
from digitd.reading.register.patches import Look, Patches, choose_patches, convincing, enough, look_closer
from digitd.reading.register.pyramid import Pyramid
from digitd.reading.register.sheet import sheet_mask
from digitd.reading.register.tiles import Tiles
from digitd.records import Registration, Template

#: Where the coarse step fits a part of the page only, patches elsewhere lie too far off; a second look, from what the
#: first one agreed on, finds them.
ROUNDS = 3

#: So many markers say by themselves which form it is; fewer may be a thing that looks like one.
MARKS = 3

#: A page is never larger or smaller than its template by more than this factor.
MOST_SCALE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What registration needs of a template, prepared once: its markers if it has any, overlay, features, patches."""

    template: Template
    markers: Markers
    overlay: Tiles
    features: Features
    patches: Patches


def prepare(template: Template, pixels: NDArray[np.uint8]) -> Reference:
    """Find the print of a template's reference, (H, W) uint8; what is written in its fields is left out."""
    fields = _inside_fields(template, pixels.shape)
    printed = ~fields & sheet_mask(pixels)
    features = Features(pixels, printed)
    markers = features.markers
    return Reference(
        template=template,
        markers=markers if len(markers) > 1 else {},
        overlay=choose_overlay(pixels, printed),
        features=features,
        patches=choose_patches(pixels, printed, fields),
    )


def can_be_found(reference: Reference) -> bool:
    """Whether there is enough print on a reference to find it anywhere."""
    return len(reference.features.points) >= FEWEST and enough(reference.patches)


def register(page: Features, reference: Reference, *, max_residual_mm: float) -> Registration | None:
    """Find the template on the page; None where it does not fit.

    Parameters
    ----------
    page
        Features of the page; dark on light.
    reference
        The prepared template.
    max_residual_mm
        A worse fit than this, in millimetres on the paper, is no fit.
    """
    marked = len(page.markers.keys() & reference.markers.keys()) >= MARKS if reference.markers else False
    for guess in _guesses(page, reference):
        found = _fine(page.page, reference, guess, marked=marked)
        if found is None:
            continue
        residual_mm = found.residual_px / reference.template.dpi * 25.4
        if residual_mm <= max_residual_mm and _plausible(found.page_from_template, reference.template):
            return Registration(page_from_template=found.page_from_template, residual_mm=residual_mm)
    return None


def _guesses(page: Features, reference: Reference) -> Iterator[NDArray[np.float64]]:
    """Where the form may lie: by its markers, if it has any, as in its reference, by its features.

    Nowhere, if the markers are another form's.
    """
    if reference.markers:
        yield from from_markers(page.markers, reference.markers)
        if len(page.markers) >= MARKS and not page.markers.keys() & reference.markers.keys():
            return
    yield from from_overlay(page.page, reference.overlay)
    yield from from_features(page, reference.features)


def _fine(page: Pyramid, reference: Reference, guess: NDArray[np.float64], *, marked: bool) -> Look | None:
    """What the patches make of a guess, or None where they do not bear it out."""
    for _ in range(ROUNDS):
        if not _plausible(guess, reference.template):
            return None
        look = look_closer(page, reference.patches, guess)
        if look is None:
            return None
        if convincing(reference.patches, look, marked=marked):
            return look
        guess = look.page_from_template
    return None


def _inside_fields(template: Template, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(H, W) uint8, 255 where people write, within the fields' border lines, and else 0."""
    mask = np.zeros(shape[:2], np.uint8)
    for field in template.fields:
        box, edge = field.box, 0.1 * field.box.height
        inner = [round(v) for v in (box.x0 + edge, box.y0 + edge, box.x1 - edge, box.y1 - edge)]
        mask[max(inner[1], 0) : max(inner[3], 0), max(inner[0], 0) : max(inner[2], 0)] = 255
    return mask


def _plausible(page_from_template: NDArray[np.float64], template: Template) -> bool:
    """Whether a sheet of paper can look so: a convex quadrilateral, not mirrored, of a believable size."""
    corners = np.array(
        [(0, 0), (template.width_px, 0), (template.width_px, template.height_px), (0, template.height_px)], np.float64
    )
    seen = cv2.perspectiveTransform(corners[:, None], page_from_template)[:, 0]
    edges = np.roll(seen, -1, axis=0) - seen
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if not np.isfinite(seen).all() or not (turns > 0).all():
        return False
    size = float(np.sqrt(cv2.contourArea(seen.astype(np.float32)) / (template.width_px * template.height_px)))
    return 1 / MOST_SCALE < size < MOST_SCALE
