"""The networks: 28x28x1 in [0, 1] goes in, class probabilities come out. Nothing here knows of data or of training."""

from collections.abc import Sequence
from typing import Any

from digitd_trainer.frameworks import import_keras


def seed_network(classes: int) -> Any:
    """The network the project began with: three convolutions, two poolings, 390,410 weights for ten classes.

    Softmax is a layer of its own, so that the exporter can leave it out; the arithmetic is that of
    `Dense(classes, activation="softmax")`.
    """
    keras = import_keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),  # (26, 26, 32)
            layers.MaxPooling2D(2),  # (13, 13, 32)
            layers.Conv2D(64, 3, activation="relu"),  # (11, 11, 64)
            layers.MaxPooling2D(2),  # (5, 5, 64)
            layers.Conv2D(128, 3, activation="relu"),  # (3, 3, 128)
            layers.Flatten(),  # (1152,)
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(classes),
            layers.Softmax(),
        ],
        name="seed",
    )


def paper_network(classes: int) -> Any:
    """The network that ships: deeper than the seed's, and as it is run, 8-bit, more than half as fast.

    One convolution before the first pooling, where the picture is large and its channels dear; two pairs after it.
    """
    return _network("paper", classes, stem=24, pairs=((48, 64), (128, 128)), hidden=192)


def teacher_network(classes: int) -> Any:
    """What the shipped network learns from: the same, but wider; of no use for reading but in an hour of training."""
    return _network("teacher", classes, stem=32, pairs=((64, 96), (128, 160)), hidden=256)


def _network(name: str, classes: int, *, stem: int, pairs: Sequence[tuple[int, int]], hidden: int) -> Any:
    """A convolution and a pair, each followed by pooling, and a second pair; channels as given, then hidden units.

    Batch normalisation, which the exporter folds away, follows all but the first, where it costs most and helps least.
    """
    keras = import_keras()
    layers = keras.layers

    def normalised(*layer: Any) -> list[Any]:
        return [*layer, layers.BatchNormalization(momentum=0.95), layers.ReLU()]

    (first, second), (third, fourth) = pairs
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(stem, 3, activation="relu"),  # (26, 26, stem)
            layers.MaxPooling2D(2),  # (13, 13, stem)
            *normalised(layers.Conv2D(first, 3, padding="same", use_bias=False)),  # (13, 13, first)
            *normalised(layers.Conv2D(second, 3, use_bias=False)),  # (11, 11, second)
            layers.MaxPooling2D(2),  # (5, 5, second)
            *normalised(layers.Conv2D(third, 3, padding="same", use_bias=False)),  # (5, 5, third)
            *normalised(layers.Conv2D(fourth, 3, use_bias=False)),  # (3, 3, fourth)
            layers.Flatten(),
            layers.Dropout(0.2),
            *normalised(layers.Dense(hidden, use_bias=False)),
            layers.Dropout(0.3),
            layers.Dense(classes),
            layers.Softmax(),
        ],
        name=name,
    )
