"""How fast the service is, and whether it loses anything when it is killed. Run it as `make bench`, or by itself.

Draws an A4 form of 28 fields at 300 dpi, then measures in a folder of its own: `latency`, from a page being dropped
to its rows being committed, the service idle; `throughput`, pages a second of `run --once`, beside the floor, which
is decoding the same files on one core and nothing else; `kill`, `kill -9` in the middle of `run --once`, three times.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.demo.handwriting import some_hand, write_number
from digitd.records import Box

DIGITD = (sys.executable, "-m", "digitd")
FORM = "bench"
ROWS, COLUMNS, DIGITS = 14, 2, 5
A4_PX = (3508, 2480)


def boxes() -> dict[str, Box]:
    """The 28 fields of the form, in pixels."""
    found = {}
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = 500 + column * 1050, 420 + row * 200
            found[f"f{row + 1}{'ab'[column]}"] = Box(x0=x, y0=y, x1=x + 700, y1=y + 110)
    return found


def blank_form() -> NDArray[np.uint8]:
    """(3508, 2480) uint8: the form without writing."""
    page = np.full(A4_PX, 255, np.uint8)
    cv2.putText(page, "Tally of the bench", (500, 260), cv2.FONT_HERSHEY_DUPLEX, 3.0, 0, 5, cv2.LINE_AA)
    for name, box in boxes().items():
        corner, other = (int(box.x0), int(box.y0)), (int(box.x1), int(box.y1))
        cv2.rectangle(page, corner, other, 60, 4)
        cv2.putText(page, f"No. {name}", (corner[0] - 260, corner[1] + 75), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3, cv2.LINE_AA)
    return page


def filled_form(seed: int) -> NDArray[np.uint8]:
    """The form filled in by hand, a little skewed and shifted."""
    rng = np.random.default_rng(seed)
    page, hand = blank_form(), some_hand(rng)
    for box in boxes().values():
        write_number(page, "".join(str(d) for d in rng.integers(0, 10, DIGITS)), box, rng, hand=hand)
    turn = cv2.getRotationMatrix2D((A4_PX[1] / 2, A4_PX[0] / 2), rng.uniform(-1, 1), 1.0)
    turn[:, 2] += rng.uniform(-15, 15, 2)
    skewed = cv2.warpAffine(page, turn, A4_PX[::-1], borderValue=255)
    noise = rng.normal(0, 4, (A4_PX[0] // 4, A4_PX[1] // 4)).astype(np.float32)
    noisy = skewed + cv2.resize(noise, A4_PX[::-1])
    return np.clip(noisy, 0, 255).astype(np.uint8)


def distinct_jpegs(count: int, seeds: int = 8) -> list[bytes]:
    """Scans as JPEG; more than seeds of them are copies with other bytes, as a comment in the file makes them."""
    drawn = [cv2.imencode(".jpg", filled_form(seed), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for seed in range(seeds)]
    return [_with_comment(drawn[index % seeds], f"copy {index}") for index in range(count)]


def _with_comment(jpeg: bytes, text: str) -> bytes:
    body = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]
