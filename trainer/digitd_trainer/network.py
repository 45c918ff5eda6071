"""The networks: 28x28x1 in [0, 1] goes in, class probabilities come out. Nothing here knows of data or of training."""

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
    """The network that ships: no larger than the seed, with batch normalisation, which the exporter folds away.

    The second pooling leaves room for one more convolution: 307,131 weights as exported, for eleven classes.
    """
    keras = import_keras()
    layers = keras.layers

    def convolution(filters: int) -> list[Any]:
        return [layers.Conv2D(filters, 3, use_bias=False), layers.BatchNormalization(momentum=0.95), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *convolution(32),  # (26, 26, 32)
            layers.MaxPooling2D(2),  # (13, 13, 32)
            *convolution(48),  # (11, 11, 48)
            *convolution(64),  # (9, 9, 64)
            layers.MaxPooling2D(2),  # (4, 4, 64)
            layers.Flatten(),  # (1024,)
            layers.Dropout(0.3),
            layers.Dense(256, use_bias=False),
            layers.BatchNormalization(momentum=0.95),
            layers.ReLU(),
            layers.Dropout(0.4),
            layers.Dense(classes),
            layers.Softmax(),
        ],
        name="paper",
    )
