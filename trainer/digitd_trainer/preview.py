"""Shows what a recipe trains on: a sheet of glyphs by class, distorted and normalised as in training. No TensorFlow."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitd.demo.handwriting import draw_digit
from digitd.reading.normalise import GLYPH_SIDE
from digitd.records import NOT_A_DIGIT
from digitd.report.canvas import DOTS_PER_INCH, QUIET, TEXT, add_axes, blank_figure, save
from digitd_trainer.augment.penned import penned
from digitd_trainer.augment.rounds import Glyphs, as_squares, draw_round, joined
from digitd_trainer.data.cells import fitted
from digitd_trainer.data.digits import Digits, sha256_of_arrays
from digitd_trainer.prepare import as_read
from digitd_trainer.recipes import Recipe

#: A glyph is shown at this multiple of its size; gaps between glyphs, and between classes, in pixels of the sheet.
ENLARGED, GAP_PX, CLASS_GAP_PX = 2, 4, 18

#: Room left of the glyphs for the class, right, below and above them, in inches.
LEFT, RIGHT, BOTTOM, TOP = 1.05, 0.35, 0.3, 1.05

#: Least width of the glyphs, in inches, for the title to have room; characters of the note in an inch.
LEAST_WIDTH, NOTE_CHARACTERS = 5.0, 13

Blocks = Mapping[int, NDArray[np.uint8]]


def sheet(sets: Sequence[Digits], recipe: Recipe, *, count: int, seed: int) -> Blocks:
    """Draw glyphs as recipe shows them to its network.

    Parameters
    ----------
    sets
        Digits with labels; which of them are shown is chance's.
    recipe
        Where it distorts, strangers are drawn too, and as many digits are its own writing as in training.
    count
        Glyphs of each class.
    seed
        Decides which digits are shown, and how they are distorted.

    Returns
    -------
    Mapping
        Class, 0 to 9 and 10 for *not a digit*, -> (count, 28, 28) uint8; a class that is not there is left out.

    Raises
    ------
    DatasetError
        A set has no labels, or its pictures do not suit the recipe.
    """
    rng = np.random.default_rng(seed)
    if recipe.distorted:
        squares = [Glyphs(images=as_squares(each.images), labels=each.labelled()) for each in sets]
        given = joined(squares)
        written = round(10 * count * recipe.penned / (recipe.penned + len(given.labels)))
        some = [_some(given, count - written // 10, rng), *([penned(written, seed=seed)] if written else [])]
        glyphs = draw_round(joined(some), 0, seed=seed)
    else:
        glyphs = joined([as_read(each, recipe) for each in sets])
    return {
        label: glyphs.images[_places(glyphs.labels == label, count, rng)] for label in np.unique(glyphs.labels).tolist()
    }


def drawn_digits(count: int, *, seed: int) -> Digits:
    """So many digits of each kind, 28x28, drawn by the demo's pens: something to show where no set is given."""
    labels = np.repeat(np.arange(10, dtype=np.uint8), count)
    rng = np.random.default_rng(seed)
    images = as_squares(np.stack([fitted(draw_digit(int(label), rng)) for label in labels]))
    return Digits(name="digits drawn by digitd", images=images, labels=labels, sha256=sha256_of_arrays(images, labels))


def plot_sheet(blocks: Blocks, path: Path, *, columns: int, title: str, note: str) -> None:
    """Draw the glyphs of each class, columns in a row and the class at their left, as PNG at path.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    rows = {label: math.ceil(len(glyphs) / columns) for label, glyphs in blocks.items()}
    pitch = GLYPH_SIDE * ENLARGED + GAP_PX
    width, height = columns * pitch - GAP_PX, sum(rows.values()) * pitch + len(rows) * CLASS_GAP_PX
    paper, middles, top = np.full((height, width), 255, np.uint8), {}, 0
    for label, glyphs in blocks.items():
        for index, glyph in enumerate(glyphs):
            y, x = top + index // columns * pitch, index % columns * pitch
            enlarged = np.kron(glyph, np.ones((ENLARGED, ENLARGED), np.uint8))
            paper[y : y + enlarged.shape[0], x : x + enlarged.shape[1]] = enlarged
        middles[label] = top + (rows[label] * pitch - GAP_PX) / 2
        top += rows[label] * pitch + CLASS_GAP_PX
    _draw(paper, middles, path, title=title, note=note)


def _draw(paper: NDArray[np.uint8], middles: Mapping[int, float], path: Path, *, title: str, note: str) -> None:
    height, width = (length / DOTS_PER_INCH for length in paper.shape)
    room = max(width, LEAST_WIDTH)
    note = textwrap.shorten(note, round((LEFT + room) * NOTE_CHARACTERS), placeholder=" ...")
    figure = blank_figure(LEFT + room + RIGHT, height + TOP + BOTTOM, title=title, note=note)
    axes = add_axes(figure, left=LEFT, right=RIGHT + room - width, top=TOP, bottom=BOTTOM)
    axes.imshow(paper, cmap="gray", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    for label, middle in middles.items():
        at = {"x": -0.32 * DOTS_PER_INCH, "y": middle, "va": "center", "ha": "center"}
        if label == NOT_A_DIGIT:
            axes.text(**at, s="not a\ndigit", fontsize=9.5, color=QUIET)
        else:
            axes.text(**at, s=str(label), fontsize=17, fontweight="bold", color=TEXT)
    save(figure, path)


def _some(glyphs: Glyphs, count: int, rng: np.random.Generator) -> Glyphs:
    """So many of each class that count of each digit is drawn from them."""
    classes = np.unique(glyphs.labels)
    each = math.ceil(count * 10 / len(classes))
    places = np.concatenate([_places(glyphs.labels == label, each, rng) for label in classes])
    return Glyphs(images=glyphs.images[places], labels=glyphs.labels[places])


def _places(wanted: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Count places where wanted is true, at random; some twice only where there are too few."""
    there = np.flatnonzero(wanted)
    return rng.choice(there, count, replace=len(there) < count)
