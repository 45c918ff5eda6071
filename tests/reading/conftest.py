"""A form that the tests draw themselves, and pages of it."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from digitd.demo.handwriting import write_number
from digitd.records import Box, Template, TemplateField


@dataclass(frozen=True)
class DrawnForm:
    """A template and its blank page, (1100, 850) uint8."""

    template: Template
    blank: np.ndarray

    def filled(self, values, seed=0):
        """The page with values written into its fields, by name."""
        rng = np.random.default_rng(seed)
        page = self.blank.copy()
        for field in self.template.fields:
            write_number(page, values.get(field.name, ""), field.box, rng, cells=field.cells)
        return page


def draw_form(words_seed=1, name="drawn"):
    rng = np.random.default_rng(words_seed)
    page = np.full((1100, 850), 255, np.uint8)
    letters = list("ABCDEFGHKLMNOPRSTUVW")
    for y in range(60, 1080, 70):
        text = " ".join("".join(rng.choice(letters, rng.integers(2, 8))) for _ in range(3))
        cv2.putText(page, text, (50, y), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2, cv2.LINE_AA)
    fields = []
    for index in range(6):
        x0, y0, cells = 480, 120 + 150 * index, 4 if index % 2 else None
        box = Box(x0=x0, y0=y0, x1=x0 + 260, y1=y0 + 64)
        cv2.rectangle(page, (x0, y0), (x0 + 260, y0 + 64), 0, 2)
        for divider in range(1, cells or 0):
            cv2.line(page, (x0 + 65 * divider, y0), (x0 + 65 * divider, y0 + 64), 0, 2)
        fields.append(TemplateField(name=f"f{index}", box=box, cells=cells))
    template = Template(
        name=name, fields=tuple(fields), reference="drawn", reference_sha256="", width_px=850, height_px=1100, dpi=100
    )
    return DrawnForm(template, page)


@pytest.fixture(scope="session")
def drawn_form():
    return draw_form()


@pytest.fixture(scope="session")
def other_form():
    return draw_form(words_seed=7, name="other")
