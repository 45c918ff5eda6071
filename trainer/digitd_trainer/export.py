"""A trained network becomes a LiteRT file of 8-bit integers that gives logits, and finds its temperature."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.reading.classify import Classifier
from digitd.records import NOT_A_DIGIT
from digitd_trainer.augment.rounds import Glyphs
from digitd_trainer.frameworks import import_keras, import_tensorflow, silence

#: Glyphs shown to the converter, from which it takes the range of every layer. More changes nothing measurable.
REPRESENTATIVES = 1000

#: Temperatures tried; 1 leaves the confidences as they are.
TEMPERATURES = np.geomspace(0.25, 8, 401)


def to_litert(network: Any, glyphs: NDArray[np.uint8]) -> bytes:
    """Convert network, which ends in softmax, to a LiteRT file without it, int8 inside and float32 logits outside.

    Parameters
    ----------
    network
        A Keras model of (N, 28, 28, 1) in [0, 1].
    glyphs
        (N, 28, 28) uint8, such as it will read.
    """
    keras, tensorflow = import_keras(), import_tensorflow()
    logits = keras.Model(network.inputs, network.layers[-1].input)

    def representatives() -> Iterator[list[NDArray[np.float32]]]:
        for glyph in glyphs[:: max(1, len(glyphs) // REPRESENTATIVES)]:
            yield [glyph[None, :, :, None].astype(np.float32) / np.float32(255)]

    with silence(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")  # the converter's word for "as asked"
        lite = tensorflow.lite
        converter = lite.TFLiteConverter.from_keras_model(logits)
        converter.optimizations = [lite.Optimize.DEFAULT]
        converter.representative_dataset = representatives
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tensorflow.int8
        converter.inference_output_type = tensorflow.float32
        converted: bytes = converter.convert()
    return converted


def find_temperature(litert: bytes, glyphs: Glyphs) -> float:
    """The temperature under which the file's confidences fit glyphs best: the least mean negative log-likelihood.

    Guo et al., "On calibration of modern neural networks", 2017. One number cannot change which class is likeliest.
    """
    said = Classifier(litert)(glyphs.images)
    used = said[:, :NOT_A_DIGIT] if said[:, NOT_A_DIGIT].max() == 0 else said  # a file of ten classes
    logits = np.log(np.maximum(used, 1e-30))  # the logits themselves, but for a constant in each row
    losses = [_mean_loss(logits / temperature, glyphs.labels) for temperature in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def _mean_loss(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    total = np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)) + logits.max(axis=1)
    return float((total - logits[np.arange(len(labels)), labels]).mean())
