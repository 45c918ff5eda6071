"""Reads MNIST as Keras fetches it, once, from where its makers keep it; needs a network the first time."""

import hashlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.data.digits import DatasetError, Digits, sha256_of_arrays
from digitd_trainer.frameworks import import_keras, silence

#: What is given for a path, where no file has this name.
MNIST = "mnist"


def load_mnist(*, part: Literal["train", "test"] = "train") -> Digits:
    """MNIST's 60,000 digits to learn from, or the 10,000 to measure with; sha256 is of both, as of one file.

    Raises
    ------
    DatasetError
        It is not there and cannot be fetched.
    NotInstalled
        Keras is not there.
    """
    parts = _fetch()
    images, labels = parts[0 if part == "train" else 1]
    hashes = "".join(sha256_of_arrays(*each) for each in parts)
    return Digits(
        name=f"mnist x_{part}",
        images=images,
        labels=labels.astype(np.uint8),
        sha256=hashlib.sha256(hashes.encode()).hexdigest(),
    )


def _fetch() -> tuple[tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    datasets = import_keras().datasets
    try:
        with silence():  # a bar on standard output
            parts: tuple[tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]] = (
                datasets.mnist.load_data()
            )
    except Exception as fault:
        # Where there is no network, Keras raises a bare Exception of its own; anything else but I/O is a bug.
        if type(fault) is not Exception and not isinstance(fault, OSError | ValueError):
            raise
        raise DatasetError(
            f"{MNIST}: cannot be fetched: {str(fault).rstrip('. ')}. Download mnist.npz where there is a network, "
            "and give its path: --data mnist.npz."
        ) from None
    return parts
