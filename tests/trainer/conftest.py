"""What tests of the trainer need: scikit-learn's bundled digits, light on black, as a set of the trainer's own."""

import functools

import numpy as np
import pytest

from digitd_trainer.data.digits import Digits


@functools.cache
def bundled() -> Digits:
    """1,797 digits of 8x8, grown to 24x24 so that `normalise` finds strokes; the first come from other writers."""
    import cv2
    from sklearn.datasets import load_digits

    found = load_digits()
    small = (found.images * (255 / 16)).astype(np.uint8)
    images = np.stack([cv2.resize(image, (24, 24), interpolation=cv2.INTER_CUBIC) for image in small])
    return Digits(name="bundled", images=images, labels=found.target.astype(np.uint8), sha256="0" * 64)


@pytest.fixture
def digits() -> Digits:
    """The bundled digits of scikit-learn."""
    return bundled()
