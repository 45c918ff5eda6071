"""A network with its optimiser and its loss, and what it learns in a round. Knows nothing of files or sets."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd_trainer import network as networks
from digitd_trainer.augment.rounds import Glyphs
from digitd_trainer.average import BATCH, SEEN, Statistician
from digitd_trainer.frameworks import import_keras, import_tensorflow
from digitd_trainer.recipes import Recipe

#: Weights so named are never decayed: biases, and the scales and shifts of batch normalisation.
NOT_DECAYED = ["bias", "gamma", "beta"]

#: Told after every batch: the batches done, the mean loss so far, the share right so far.
AfterBatch = Callable[[int, float, float], None]


def build(name: str, classes: int) -> Any:
    """The network that recipes call name, fresh."""
    return getattr(networks, f"{name}_network")(classes)


class NotFinite(Exception):
    """The loss became no number; step is the batch, from 1, or which one in a word."""

    def __init__(self, step: int | str) -> None:
        super().__init__(step)
        self.step = step


class Learner:
    """A network that learns by recipe.

    Parameters
    ----------
    recipe
        How.
    seed
        Decides the first weights, and what is dropped.
    steps
        Batches in the whole training, which the schedule of the rate must know.
    taught
        Whether teachers' answers come with the glyphs.
    """

    def __init__(self, recipe: Recipe, *, seed: int, steps: int, taught: bool) -> None:
        keras, tf = import_keras(), import_tensorflow()
        keras.utils.set_random_seed(seed)
        if not tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()  # costs nothing on a processor, much on a graphics card
        self.recipe, self._seed = recipe, seed
        self.network = build(recipe.network, recipe.classes)
        self._logits = keras.Model(self.network.inputs, self.network.layers[-1].input)
        self._optimizer = optimizer_of(recipe, steps=steps)
        self._optimizer.build(self.network.trainable_variables)
        self._step = self._compiled(loss_of(recipe, taught=taught))
        self._statistician = Statistician(self.network)

    def learn(
        self, glyphs: Glyphs, number: int, *, answers: NDArray[np.float32] | None, told: AfterBatch
    ) -> tuple[float, float]:
        """See every one of glyphs once, in an order of seed and number, the round's; mean loss and share right.

        answers are the teachers', (N, classes), where there are any. Raises NotFinite as soon as the loss is no number.
        """
        loss = right = 0.0
        seen = 0
        for step, batch in enumerate(self._batches(glyphs, number, answers=answers), start=1):
            batch_loss, batch_right = (float(value) for value in self._step(*batch))
            if not math.isfinite(batch_loss):
                raise NotFinite(step)
            size = len(batch[1])
            seen, loss, right = seen + size, loss + batch_loss * size, right + batch_right
            told(step, loss / seen, right / seen)
        return loss / seen, right / seen

    def weights(self, glyphs: Glyphs, number: int) -> list[NDArray[Any]]:
        """The weights that the finished network would have now; glyphs of round number give batch-norm statistics."""
        last = self.network.get_weights()
        self._optimizer.finalize_variable_values(self.network.trainable_variables)  # the average, where there is one
        averaged = self.network.get_weights()
        self.network.set_weights(last)
        places = self._order(len(glyphs.labels), number)[:SEEN]
        batches = (
            glyphs.images[places[start : start + BATCH], :, :, None].astype(np.float32) / np.float32(255)
            for start in range(0, len(places), BATCH)
        )
        return self._statistician.settled(averaged, batches)

    def variables(self) -> list[NDArray[Any]]:
        """All that the next round depends on, for `restore`."""
        return [import_keras().ops.convert_to_numpy(variable) for variable in self._variables()]

    def restore(self, values: Sequence[NDArray[Any]]) -> bool:
        """Be as when values were the variables, but for the rate; False where they are of another network."""
        variables = self._variables()
        if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
            return False
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if not self.recipe.decay:
            self._optimizer.learning_rate = self.recipe.rate  # a constant one is among the variables, a schedule not
        return True

    def rate(self) -> float:
        """The size of the next step."""
        return float(self._optimizer.learning_rate)

    def _variables(self) -> list[Any]:
        return [*self.network.variables, *self._optimizer.variables]

    def _order(self, count: int, number: int) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, number)).permutation(count)

    def _batches(self, glyphs: Glyphs, number: int, *, answers: NDArray[np.float32] | None) -> Iterator[Any]:
        """Images (B, 28, 28, 1) float32 in [0, 1], labels (B,) int64, answers (B, classes or 0) float32."""
        tf = import_tensorflow()
        images, labels = tf.constant(glyphs.images), tf.constant(glyphs.labels)
        said = tf.constant(np.empty((len(glyphs.labels), 0), np.float32) if answers is None else answers)

        def picked(places: Any) -> tuple[Any, Any, Any]:
            chosen = tf.cast(tf.gather(images, places), tf.float32)[..., None] / 255.0
            return chosen, tf.cast(tf.gather(labels, places), tf.int64), tf.gather(said, places)

        order = tf.data.Dataset.from_tensor_slices(self._order(len(glyphs.labels), number))
        return iter(order.batch(self.recipe.batch).map(picked).prefetch(2))

    def _compiled(self, loss_of: Callable[[Any, Any, Any], Any]) -> Any:
        tf = import_tensorflow()
        shapes = [([None, 28, 28, 1], tf.float32), ([None], tf.int64), ([None, None], tf.float32)]

        @tf.function(input_signature=[tf.TensorSpec(*shape) for shape in shapes])  # type: ignore[untyped-decorator]
        def step(images: Any, labels: Any, answers: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                logits = self._logits(images, training=True)
                loss = loss_of(labels, logits, answers)
            weights = self.network.trainable_variables
            self._optimizer.apply(tape.gradient(loss, weights), weights)
            right = tf.equal(tf.argmax(logits, axis=1), labels)
            return loss, tf.reduce_sum(tf.cast(right, tf.float32))

        return step


def optimizer_of(recipe: Recipe, *, steps: int) -> Any:
    """Adam, or AdamW where weights decay, with the rate of so many steps; it averages the weights if recipe says so."""
    optimizers = import_keras().optimizers
    rate = recipe.rate
    if recipe.decay:
        rise = max(1, steps // 10)
        rate = optimizers.schedules.CosineDecay(
            recipe.rate / 25, steps - rise, warmup_target=recipe.rate, warmup_steps=rise
        )
    average = {"use_ema": True, "ema_momentum": recipe.average} if recipe.average else {}
    if not recipe.weight_decay:
        return optimizers.Adam(rate, **average)
    optimizer = optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **average)
    optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
    return optimizer


def loss_of(recipe: Recipe, *, taught: bool) -> Callable[[Any, Any, Any], Any]:
    """Cross-entropy with the labels, and where there are teachers the divergence from their answers.

    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015: T^2 keeps the gradients of the
    second as large as those of the first, whatever the temperature T.
    """
    tf = import_tensorflow()
    temperature, weight = recipe.distil_temperature, recipe.distil_weight

    def from_labels(labels: Any, logits: Any) -> Any:
        asked = tf.one_hot(labels, recipe.classes)
        asked = asked * (1 - recipe.label_smoothing) + recipe.label_smoothing / recipe.classes
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(asked, logits))

    def from_answers(answers: Any, logits: Any) -> Any:
        own = tf.nn.log_softmax(logits / temperature)
        divergence = tf.reduce_sum(answers * (tf.math.log(tf.maximum(answers, 1e-30)) - own), axis=1)
        return temperature**2 * tf.reduce_mean(divergence)

    def loss(labels: Any, logits: Any, answers: Any) -> Any:
        of_labels = from_labels(labels, logits)
        return (1 - weight) * of_labels + weight * from_answers(answers, logits) if taught else of_labels

    return loss
