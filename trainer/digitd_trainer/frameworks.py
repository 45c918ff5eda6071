"""Imports TensorFlow's Keras: late, quietly, and with advice where it is missing. The only place that does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from digitd.errors import NotInstalled


def check_installed() -> None:
    """See, without importing it, that TensorFlow is there: a second's work that may save an hour's.

    Raises
    ------
    NotInstalled
        It is not.
    """
    for name in ("tensorflow", "keras"):
        if find_spec(name) is None:
            raise NotInstalled(f'training needs {name}, which is not installed. Run: pip install "digitd[train]"')


def import_keras() -> Any:
    """The module keras, working on TensorFlow. Takes five seconds and 800 MB the first time.

    Raises
    ------
    NotInstalled
        TensorFlow is not there.
    """
    check_installed()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors only: the rest is about processors and graphics cards
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silence():
        import keras

    return keras


def import_tensorflow() -> Any:
    """The module tensorflow, which holds the converter to LiteRT.

    Raises
    ------
    NotInstalled
        TensorFlow is not there.
    """
    import_keras()
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")  # it warns that many networks ask for many graphs, which is no fault
    return tensorflow


def versions() -> dict[str, str]:
    """Versions of what trains, for the card."""
    keras = import_keras()
    import tensorflow

    return {"tensorflow": str(tensorflow.__version__), "keras": str(keras.__version__)}


@contextmanager
def silence() -> Iterator[None]:
    """Throw away what is written to standard output and error meanwhile, by C++ too: the converter talks of itself."""
    kept = os.dup(1), os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)
