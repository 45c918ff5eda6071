"""Digits written with a drawn pen in ways that the training sets lack: one more set, distorted like the others."""

import numpy as np
from numpy.random import Generator

from digitd.demo.pen import draw_shape, some_hand
from digitd_trainer.augment.allographs import ALLOGRAPHS
from digitd_trainer.augment.rounds import Glyphs, as_squares

#: Height of what is drawn, in pixels: as the digits of MNIST's kind, but with the room that a wide one takes.
HEIGHT_PX = 26

#: Standard deviation by which each point of a path is moved, in hundredths of the height.
JITTER = 2.5


def penned(count: int, *, seed: int) -> Glyphs:
    """Write count digits, each class as often as the others, each of its ways too; 2 ms each.

    The same seed writes the same: images (count, 28, 28) uint8 light on black, labels (count,) uint8 0 to 9.
    """
    rng = np.random.default_rng((seed, count))
    digits = np.arange(count) % len(ALLOGRAPHS)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, digit in zip(images, digits, strict=True):
        shape = jittered(str(rng.choice(ALLOGRAPHS[int(digit)])), rng)
        image[:] = as_squares(draw_shape(shape, rng, height_px=HEIGHT_PX, hand=some_hand(rng))[None])[0]
    return Glyphs(images=images, labels=digits.astype(np.uint8))


def jittered(shape: str, rng: Generator) -> str:
    """A path with each of its points moved a little.

    >>> jittered("0,0 50,50! 0,99 | 3,3 9,9", np.random.default_rng(1))
    '0.9,2.1 50.8,46.7! 2.3,100.1 | 1.7,4.5 9.9,9.7'
    """
    return " ".join(word if word == "|" else _moved(word, rng) for word in shape.split())


def _moved(word: str, rng: Generator) -> str:
    x, y = (float(number) + rng.normal(0, JITTER) for number in word.rstrip("!").split(","))
    return f"{x:.1f},{y:.1f}" + "!" * word.endswith("!")
