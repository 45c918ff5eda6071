"""What a round teaches: the loss, the average of the weights, the statistics that belong to it, states that go back."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from digitd_trainer.augment.rounds import Glyphs, normalised
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.figures import as_input
from digitd_trainer.frameworks import import_keras
from digitd_trainer.learner import Learner, NotFinite, loss_of, optimizer_of
from digitd_trainer.recipes import RECIPES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
]

QUICK = RECIPES["quick"]
AVERAGED = replace(RECIPES["paper"], average=0.5, decay=False)


def quiet(step: int, loss: float, accuracy: float) -> None:
    """Told, and does nothing."""


@pytest.fixture(scope="module")
def glyphs() -> Glyphs:
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.kron((found.images[:300] * 15.9).astype(np.uint8), np.ones((3, 3), np.uint8))
    return Glyphs(images=normalised(images), labels=found.target[:300].astype(np.uint8))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    risen: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True))
    return risen / risen.sum(axis=1, keepdims=True)


def test_the_loss_is_the_one_of_the_papers() -> None:
    """Cross-entropy, smoothed as Szegedy does, and T^2 times the divergence from the answers, each by its weight."""
    rng = np.random.default_rng(1)
    labels, logits = rng.integers(0, 10, 7), rng.normal(size=(7, 10)) * 3
    answers = softmax(rng.normal(size=(7, 10)))
    recipe = replace(QUICK, label_smoothing=0.1, distil_weight=0.3, distil_temperature=2.0)
    asked = np.eye(10)[labels] * 0.9 + 0.01
    of_labels = -(asked * np.log(softmax(logits))).sum(axis=1).mean()
    of_answers = 4 * (answers * np.log(answers / softmax(logits / 2))).sum(axis=1).mean()
    given = labels, logits.astype(np.float32), answers.astype(np.float32)
    assert float(loss_of(recipe, taught=False)(*given)) == pytest.approx(of_labels, rel=1e-5)
    assert float(loss_of(recipe, taught=True)(*given)) == pytest.approx(0.7 * of_labels + 0.3 * of_answers, rel=1e-5)


def test_kernels_decay_and_biases_do_not() -> None:
    """With no gradient, weight decay alone moves a weight, and only one that multiplies."""
    keras = import_keras()
    optimizer = optimizer_of(replace(QUICK, weight_decay=0.1, rate=0.5), steps=10)
    variables = [keras.Variable([2.0], name=name) for name in ("kernel", "bias", "gamma", "beta")]
    optimizer.build(variables)
    optimizer.apply([keras.ops.zeros(1) for _ in variables], variables)
    assert [float(variable.numpy()[0]) for variable in variables] == pytest.approx([1.9, 2, 2, 2])


def test_the_rate_rises_and_falls() -> None:
    """A tenth of the steps up to the recipe's rate, and then a cosine down to nothing."""
    rates = optimizer_of(replace(QUICK, decay=True, rate=0.01), steps=100)._learning_rate
    told = [float(rates(step)) for step in (0, 10, 55, 100)]
    assert told == pytest.approx([0.0004, 0.01, 0.005, 0], abs=1e-6)


def test_weights_are_averaged(glyphs: Glyphs) -> None:
    """Each step counts 1 - average, the first all: what the network learns with goes on unchanged."""
    learner = Learner(AVERAGED, seed=1, steps=10, taught=False)
    expected: list[NDArray[np.float32]] = []

    def after(step: int, loss: float, accuracy: float) -> None:
        now = [variable.numpy() for variable in learner.network.trainable_variables]
        expected[:] = now if step == 1 else [0.5 * e + 0.5 * n for e, n in zip(expected, now, strict=True)]

    learner.learn(glyphs, 0, answers=None, told=after)
    before = learner.variables()
    learner.network.set_weights(learner.weights(glyphs, 0))
    for variable, average in zip(learner.network.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), average, atol=1e-6)
    assert learner.restore(before)
    learner.weights(glyphs, 0)
    for now, then in zip(learner.variables(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_statistics_are_of_the_average(glyphs: Glyphs) -> None:
    """A batch normalisation holds the mean and variance of what comes to it with the averaged weights, dropout off."""
    learner = Learner(AVERAGED, seed=1, steps=10, taught=False)
    learner.learn(glyphs, 0, answers=None, told=quiet)
    network = learner.network
    network.set_weights(learner.weights(glyphs, 0))
    first = as_input(glyphs.images)
    for layer in network.layers[:3]:  # up to the first batch normalisation
        first = layer(first)
    first = first.numpy()
    np.testing.assert_allclose(network.layers[3].moving_mean.numpy(), first.mean(axis=(0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(network.layers[3].moving_variance.numpy(), first.var(axis=(0, 1, 2)), rtol=5e-3)
    assert [layer.rate for layer in network.layers if hasattr(layer, "rate")] == [0.2, 0.3]
    assert network.layers[3].momentum == 0.95


def test_a_state_goes_back(glyphs: Glyphs) -> None:
    """A second learner with the state of the first learns the same from the next round, to the last bit."""
    learners = [Learner(AVERAGED, seed=seed, steps=10, taught=False) for seed in (1, 2)]
    learners[0].learn(glyphs, 0, answers=None, told=quiet)
    assert learners[1].restore(learners[0].variables())
    learners[1]._seed = 1
    for learner in learners:
        learner.learn(glyphs, 1, answers=None, told=quiet)
    for one, other in zip(*(learner.variables() for learner in learners), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not learners[1].restore(learners[0].variables()[1:])


def test_the_step_that_failed_is_named(glyphs: Glyphs) -> None:
    """Answers that are no numbers from the second batch on stop the second step."""
    learner = Learner(replace(QUICK, batch=100), seed=1, steps=3, taught=True)
    answers = np.full((300, 10), 0.1, np.float32)
    answers[learner._order(300, 0)[150]] = np.nan
    with pytest.raises(NotFinite) as fault:
        learner.learn(glyphs, 0, answers=answers, told=quiet)
    assert fault.value.step == 2


def test_learning_helps(digits: Digits) -> None:
    """A network of averaged weights reads what it has learnt, whatever the statistics of its last weights are."""
    some = Glyphs(images=normalised(digits.images[:600]), labels=digits.labelled()[:600])
    learner = Learner(replace(AVERAGED, average=0.9, rate=0.002), seed=1, steps=20, taught=False)
    for number in range(4):
        learner.learn(some, number, answers=None, told=quiet)
    learner.network.set_weights(learner.weights(some, 3))
    said = learner.network.predict(as_input(some.images), verbose=0)
    assert (said.argmax(axis=1) == some.labels).mean() > 0.9
