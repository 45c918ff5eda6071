"""How people write the digits: the paths of the pen, as data. No randomness, no pixels.

A shape is one or more strokes divided by "|"; a stroke is a run of points x,y joined by a smooth curve, in hundredths
of the digit's height, x to the right and y down from its top. "!" makes a point a corner.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: Digit -> the ways it is written, commonest first.
DIGITS: Mapping[int, tuple[str, ...]] = {
    0: (
        "36,2 13,18 4,52 15,90 36,99 56,78 59,40 46,8 30,2",
        "50,10 30,1 8,26 6,68 26,98 52,84 60,46 50,14 34,6",
    ),
    1: (
        "30,0 29,50 28,100",
        "10,26 24,12 32,0! 31,50 30,100",
        "12,22 32,0! 31,55 31,99 | 10,100 32,99 52,99",
    ),
    2: (
        "7,24 18,5 42,2 55,20 47,46 26,74 4,97! 32,96 62,95",
        "7,22 22,3 46,4 54,24 42,54 20,88 7,94 6,82 20,80 38,95 62,90",
    ),
    3: (
        "7,13 24,1 47,6 50,27 36,43 22,47! 46,52 58,72 46,94 22,99 4,87",
        "6,3 30,4 54,2! 40,22 26,40! 50,50 57,74 42,95 20,99 3,88",
    ),
    4: (
        "16,2 12,30 5,60! 34,59 63,57 | 45,26 44,60 42,100",
        "46,0 25,34 3,68! 34,67 64,66 | 46,0 45,50 44,100",
        "10,3 7,28 10,47 28,53 50,46 | 53,4 51,50 48,100",
    ),
    5: (
        "15,4 12,25 10,42! 32,35 54,48 56,75 38,96 16,99 3,90 | 15,4 36,5 58,2",
        "56,3 36,4 16,5! 12,25 10,42! 32,35 54,48 56,75 38,96 16,99 3,90",
    ),
    6: (
        "46,1 25,20 9,50 9,82 26,99 48,93 55,73 42,57 22,61 10,76",
        "34,0 16,34 7,72 20,97 44,95 52,76 40,62 20,68 10,82",
    ),
    7: (
        "4,5 30,4 56,3! 40,42 26,100",
        "4,4 30,4 57,2! 38,46 22,100 | 16,50 34,49 54,47",
        "5,17 8,4! 32,7 57,2! 42,46 30,100",
    ),
    8: (
        "50,13 33,1 13,12 16,33 36,48 55,66 53,88 30,99 8,87 11,66 31,48 49,31 51,12",
        "34,46 14,36 13,13 32,1 51,13 50,35 34,46 | 34,46 9,60 8,86 32,99 56,87 56,60 34,46",
    ),
    9: (
        "50,16 33,2 12,11 8,33 22,47 42,38 51,14! 50,55 46,100",
        "49,14 30,1 10,13 9,36 26,46 45,34 52,12! 53,52 46,84 28,99 10,93",
    ),
}

#: What stands in cells beside digits: a cross, a dash, a slash, and a scribble that strikes something out.
MARKS: Mapping[str, str] = {
    "X": "4,4 30,48 60,97 | 60,3 33,50 3,98",
    "-": "2,50 30,49 62,50",
    "/": "56,2 32,48 5,98",
    "#": "0,36 62,26! 2,50! 64,46! 2,66! 62,64",
}


def smooth_parts(shape: str) -> list[list[NDArray[np.float64]]]:
    """The strokes of a shape, each as its smooth parts: (n, 2) float64 points (x, y) in units of the height."""
    return [_parts(stroke.split()) for stroke in shape.split("|")]


def _parts(words: list[str]) -> list[NDArray[np.float64]]:
    points = np.array([[float(number) / 100 for number in word.rstrip("!").split(",")] for word in words])
    ends = [0, *(index for index, word in enumerate(words) if word.endswith("!")), len(words) - 1]
    return [points[start : stop + 1] for start, stop in pairwise(ends)]
