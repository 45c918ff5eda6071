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
    """The network that ships: the seed's convolutions with batch normalisation, which the exporter folds away.

    It learns faster for that, and needs fewer hidden units: 316,171 weights as exported, for eleven classes.
    """
    keras = import_keras()
    layers = keras.layers

    def normalised(*layer: Any) -> list[Any]:
        return [*layer, layers.BatchNormalization(momentum=0.95), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *normalised(layers.Conv2D(32, 3, use_bias=False)),  # (26, 26, 32)
            layers.MaxPooling2D(2),  # (13, 13, 32)
            *normalised(layers.Conv2D(64, 3, use_bias=False)),  # (11, 11, 64)
            layers.MaxPooling2D(2),  # (5, 5, 64)
            *normalised(layers.Conv2D(128, 3, use_bias=False)),  # (3, 3, 128)
            layers.Flatten(),  # (1152,)
            layers.Dropout(0.2),
            *normalised(layers.Dense(192, use_bias=False)),
            layers.Dropout(0.3),
            layers.Dense(classes),
            layers.Softmax(),
        ],
        name="paper",
    )
