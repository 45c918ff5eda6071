"""Glyphs become class probabilities. LiteRT is used here and nowhere else; it trains nothing and reads no files."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.errors import ModelError
from digitd.reading.chatter import caught
from digitd.reading.normalise import GLYPH_SIDE
from digitd.records import NOT_A_DIGIT

#: Glyphs given to the interpreter at once. One is prepared for each size, because preparing costs more than reading;
#: a glyph costs the same in all but the first.
BATCH_SIZES = (1, 4, 16, 64)


class Classifier:
    """A LiteRT model ready to read. Not shared between threads: each process has its own.

    Parameters
    ----------
    litert
        The bytes of a LiteRT file taking (N, 28, 28, 1) and giving (N, classes) logits; int8, uint8 or float32.
    temperature
        What the logits are divided by before softmax (Guo et al., "On calibration of modern neural networks", 2017).
    threads
        Threads of the interpreter.

    Raises
    ------
    ModelError
        The bytes are not such a model.
    """

    def __init__(self, litert: bytes, *, temperature: float = 1.0, threads: int = 1) -> None:
        self._litert = litert
        self._temperature = temperature
        self._threads = threads
        self._prepared = lru_cache(maxsize=len(BATCH_SIZES))(self._prepare)
        self._prepared(BATCH_SIZES[0])

    def __call__(self, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, 11) float32 probabilities of glyphs, (N, 28, 28) uint8; the last is *not a digit*.

        A model of ten classes gives *not a digit* the probability 0.
        """
        probabilities = np.zeros((len(glyphs), NOT_A_DIGIT + 1), np.float32)
        done = 0
        while done < len(glyphs):
            left = len(glyphs) - done
            size = max(size for size in BATCH_SIZES if size <= left + 1)
            batch = glyphs[done : done + size]
            logits = self._run(size, batch)
            probabilities[done : done + len(batch), : logits.shape[1]] = softmax(logits / self._temperature)
            done += len(batch)
        return probabilities

    def _prepare(self, size: int) -> Any:
        from ai_edge_litert.interpreter import Interpreter  # 40 MB: only a process that reads pays for it

        try:
            with caught():  # it tells of its delegates each time
                interpreter = Interpreter(model_content=self._litert, num_threads=self._threads)
                index = interpreter.get_input_details()[0]["index"]
                interpreter.resize_tensor_input(index, (size, GLYPH_SIDE, GLYPH_SIDE, 1))
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError, IndexError) as fault:
            raise ModelError(f"the model is not a LiteRT file for 28x28 glyphs: {fault}") from None
        outputs = interpreter.get_output_details()[0]["shape"][-1]
        if outputs not in (NOT_A_DIGIT, NOT_A_DIGIT + 1):
            raise ModelError(f"the model gives {outputs} classes; digitd needs 10, or 11 with *not a digit*")
        return interpreter

    def _run(self, size: int, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter = self._prepared(size)
        given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        batch = np.zeros((size, GLYPH_SIDE, GLYPH_SIDE, 1), given["dtype"])
        batch[: len(glyphs), :, :, 0] = _quantise(glyphs, given)
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        return _dequantise(interpreter.get_tensor(got["index"]), got)[: len(glyphs)]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, classes) logits to probabilities, each row summing to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return result


def _quantise(glyphs: NDArray[np.uint8], given: dict[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(given["dtype"])
    if dtype == np.float32:
        return glyphs.astype(np.float32) / np.float32(255)
    scale, zero = given["quantization"]
    limits = np.iinfo(dtype)
    table = np.clip(np.rint(np.arange(256) / 255.0 / scale + zero), limits.min, limits.max).astype(dtype)
    quantised: NDArray[Any] = table[glyphs]
    return quantised


def _dequantise(logits: NDArray[Any], got: dict[str, Any]) -> NDArray[np.float32]:
    if logits.dtype == np.float32:
        return logits
    scale, zero = got["quantization"]
    return ((logits.astype(np.float32) - zero) * scale).astype(np.float32)
