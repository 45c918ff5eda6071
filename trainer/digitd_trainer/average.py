"""The network that reading would use: its batch-norm statistics are found anew for the weights, averaged or last."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.frameworks import import_keras, import_tensorflow

#: Glyphs a batch while statistics are found, and how many are seen: some two hundred batches of training.
BATCH, SEEN = 256, 25_600


def bare_copy(network: Any) -> Any:
    """A network of the same layers and weights, without what an optimiser remembers."""
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    return copy


class Statistician:
    """Finds the batch-norm statistics of a network for given weights.

    The running averages that training keeps follow the last weights, not their average, and see what dropout leaves,
    which reading does not. So they are found anew: each layer's mean and variance over glyphs as they are trained on,
    nothing dropped. Half-way through a training on 16,000 digits of MNIST this lifts the last weights from 96.4 to
    97.5 % and the average from 97.9 to 98.2 %; at its end, with a rate of nearly 0, the average by less than a tenth.
    Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018, section 3.2;
    Li et al., "Understanding the disharmony between dropout and batch normalization", 2018.
    """

    def __init__(self, network: Any) -> None:
        layers = import_keras().layers
        self._copy = bare_copy(network)
        everything = [layer for layer in self._copy._flatten_layers() if layer is not self._copy]  # noqa: SLF001
        self._norms = [layer for layer in everything if isinstance(layer, layers.BatchNormalization)]
        for layer in everything:
            if isinstance(layer, layers.Dropout):
                layer.rate = 0.0
        for norm in self._norms:
            norm.momentum = 0.0  # what it remembers is the last batch
        self._see = import_tensorflow().function(lambda images: self._copy(images, training=True))

    def settled(self, weights: Sequence[NDArray[Any]], batches: Iterable[Any]) -> list[NDArray[Any]]:
        """Weights with the statistics of batches, (N, 28, 28, 1) float32 each, instead of those among them."""
        self._copy.set_weights(list(weights))
        if not self._norms:
            return list(weights)
        sums = [np.zeros((2, *norm.moving_mean.shape)) for norm in self._norms]  # of values, and of their squares
        count = 0
        for images in batches:
            self._see(images)
            count += len(images)
            for place, norm in enumerate(self._norms):
                mean, variance = (np.float64(each.numpy()) for each in (norm.moving_mean, norm.moving_variance))
                sums[place] += len(images) * np.stack([mean, variance + mean**2])
        for moments, norm in zip(sums, self._norms, strict=True):
            mean, square = moments / count
            norm.moving_mean.assign(mean)
            norm.moving_variance.assign(np.maximum(square - mean**2, 0))
        return list(self._copy.get_weights())
