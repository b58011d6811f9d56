"""The two ways to write the network: alike for every allele, and right by NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.species.post import network
from mlp.species.post.backend import tf
from mlp.species.post.data import load
from mlp.species.post.genome import LAYERS, MATMUL
from mlp.species.post.network import TEST, TRAINING, VALIDATION
from mlp.species.post.plan import make_plan

ROWS = np.arange(0, 150, 7)
SMALL = MATMUL.as_compared().with_alleles(layer_size=9)
RATE = 0.4


class Built:
    """One network in a session of its own, asked for its values."""

    def __init__(self, genome, dataset="iris", seed=3):
        self.data = load(dataset)
        self.plan = make_plan(genome, self.data, seed)
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.features = tf.placeholder(tf.float64, [None, self.data.features])
            self.labels = tf.placeholder(tf.int64, [None])
            self.purpose = tf.placeholder_with_default(np.int32(TRAINING), [])
            self.updates = tf.placeholder_with_default(np.int64(0), [])
            self.model = network.build(
                self.plan, self.features, self.labels, purpose=self.purpose, updates=self.updates
            )
            self.variables = network.variables()
            self.gradients = tf.gradients(self.model.loss, self.variables)
            self.session = tf.Session(graph=self.graph)
            self.session.run(tf.global_variables_initializer())

    def run(self, what, purpose=TRAINING, updates=0, rows=ROWS):
        fed = {
            self.features: self.data.x[rows],
            self.labels: self.data.y[rows],
            self.purpose: purpose,
            self.updates: updates,
        }
        return self.session.run(what, fed)

    def outputs(self, purpose=TRAINING, updates=0):
        return self.run(self.model.outputs, purpose, updates)


@pytest.fixture
def build():
    built = []

    def of(genome, *args):
        built.append(Built(genome, *args))
        return built[-1]

    yield of
    for one in built:
        one.session.close()


def masks(plan, purpose, updates, rate, shape):
    """The factors of each hidden layer, drawn as the module says it draws them."""
    with tf.Graph().as_default(), tf.Session() as session:
        seeds = [plan.dropout_seed + purpose, updates]
        uniform = session.run(tf.random.stateless_uniform([6, *shape], seeds))
        return [(u >= np.float32(rate)) / (1 - rate) for u in uniform]


def forward(plan, x, factors=None):
    """Outputs in float64, by NumPy alone."""
    for layer in range(6):
        x = np.maximum(x @ plan.weights[layer].astype(np.float64) + plan.biases[layer], 0)
        x = x * factors[layer] if factors else x
    return x @ plan.weights[6].astype(np.float64) + plan.biases[6]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss_of(outputs, labels, logits):
    given = softmax(outputs) if logits == "softmax" else outputs
    return -np.log(softmax(given)[np.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize("mode", ["always", "never", "training"])
@pytest.mark.parametrize("bias", ["scalar", "unit"])
@pytest.mark.parametrize(
    "edit",
    [
        {"init": "truncated_normal", "logits": "softmax", "dtype": "float32"},
        {"init": "glorot_uniform", "logits": "raw", "dtype": "float64"},
    ],
    ids=["published", "swapped"],
)
def test_both_ways_give_the_same_numbers_from_one_plan(build, edit, bias, mode):
    """Bit for bit; gradients of a bias per unit too but for the order in which rows are summed."""
    genome = SMALL.with_alleles(bias=bias, dropout_mode=mode, dropout=RATE, **edit)
    matmul, layers = build(genome), build(genome.with_alleles(dense="layers"))

    for purpose in (TRAINING, VALIDATION):
        for what in ("outputs", "loss", "predictions", "correct"):
            ours = matmul.run(getattr(matmul.model, what), purpose, 5)
            theirs = layers.run(getattr(layers.model, what), purpose, 5)
            assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()
    rounding = 1e-6 if genome.dtype == "float32" else 1e-14
    tolerance = {"rtol": rounding, "atol": rounding} if bias == "unit" else {"rtol": 0}
    for ours, theirs in zip(
        matmul.run(matmul.gradients), layers.run(layers.gradients), strict=True
    ):
        assert ours.dtype == theirs.dtype == np.dtype(genome.dtype)
        np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("bias", ["scalar", "unit"])
@pytest.mark.parametrize(("dense", "calls"), [("matmul", 0), ("layers", 7)])
def test_each_way_is_written_by_its_own_calls(build, monkeypatch, bias, dense, calls):
    """A run cannot tell: both ways compute the same numbers."""
    made, real = [], tf.layers.dense
    monkeypatch.setattr(tf.layers, "dense", lambda *a, **k: made.append(k["name"]) or real(*a, **k))

    build(SMALL.with_alleles(dense=dense, bias=bias))

    assert len(set(made)) == len(made) == calls


@pytest.mark.parametrize("logits", ["softmax", "raw"])
@pytest.mark.parametrize("strain", [MATMUL, LAYERS], ids=str)
def test_outputs_loss_and_predictions_are_numpys(build, strain, logits):
    """TensorFlow takes the mean of the losses in float32, whatever the network's number type."""
    genome = strain.with_alleles(dtype="float64", logits=logits)
    built = build(genome, "digits")
    data, model = built.data, built.model
    outputs = forward(built.plan, data.x[ROWS])

    np.testing.assert_allclose(built.outputs(), outputs, rtol=1e-9)
    assert built.run(model.loss) == pytest.approx(loss_of(outputs, data.y[ROWS], logits), 5e-7)
    assert built.run(model.predictions).tolist() == outputs.argmax(axis=1).tolist()
    assert built.run(model.correct) == (outputs.argmax(axis=1) == data.y[ROWS]).sum()


@pytest.mark.parametrize("dense", ["matmul", "layers"])
@pytest.mark.parametrize(("purpose", "updates"), [(TRAINING, 0), (TRAINING, 7), (TEST, 7)])
def test_dropout_drops_the_units_its_seeds_say_and_scales_the_rest(build, dense, purpose, updates):
    genome = SMALL.with_alleles(dense=dense, dtype="float64", dropout=RATE, dropout_mode="always")
    built = build(genome)
    factors = masks(built.plan, purpose, updates, RATE, (len(ROWS), 9))

    wanted = forward(built.plan, built.data.x[ROWS], factors)

    np.testing.assert_allclose(built.outputs(purpose, updates), wanted, rtol=1e-9)
    assert np.mean([f > 0 for f in factors]) == pytest.approx(1 - RATE, abs=0.05)


def same(a, b):
    return a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dense", ["matmul", "layers"])
def test_always_drops_in_training_and_in_evaluation_by_other_masks(build, dense):
    built = build(SMALL.with_alleles(dense=dense, dropout=RATE, dropout_mode="always"))
    plain = build(SMALL.with_alleles(dense=dense)).outputs()

    seen = [built.outputs(purpose, 3) for purpose in (TRAINING, VALIDATION, TEST)]

    assert not any(same(outputs, plain) for outputs in seen)
    assert not any(same(a, b) for a, b in ((seen[0], seen[1]), (seen[0], seen[2]), seen[1:]))
    assert same(built.outputs(TRAINING, 3), seen[0])
    assert not same(built.outputs(TRAINING, 4), seen[0])


@pytest.mark.parametrize("dense", ["matmul", "layers"])
def test_training_drops_in_training_alone(build, dense):
    built = build(SMALL.with_alleles(dense=dense, dropout=RATE, dropout_mode="training"))
    plain = build(SMALL.with_alleles(dense=dense)).outputs()

    assert not same(built.outputs(TRAINING, 3), plain)
    assert same(built.outputs(VALIDATION, 3), plain)
    assert same(built.outputs(TEST, 3), plain)


@pytest.mark.parametrize("dense", ["matmul", "layers"])
@pytest.mark.parametrize("edit", [{"dropout": RATE, "dropout_mode": "never"}, {"dropout": 0.0}])
def test_never_and_a_rate_of_zero_drop_nothing(build, dense, edit):
    built = build(SMALL.with_alleles(dense=dense, **edit))
    plain = build(SMALL.with_alleles(dense=dense)).outputs()

    for purpose in (TRAINING, VALIDATION, TEST):
        assert same(built.outputs(purpose, 3), plain)


@pytest.mark.parametrize("dense", ["matmul", "layers"])
@pytest.mark.parametrize("bias", ["scalar", "unit"])
def test_variables_start_as_the_plan_says(build, dense, bias):
    built = build(SMALL.with_alleles(dense=dense, bias=bias, dtype="float64"))

    values = built.run(built.variables)

    assert len(values) == 14
    for value, planned in zip(values, built.plan.weights + built.plan.biases, strict=True):
        assert value.dtype == np.float64
        assert value.shape == planned.shape
        np.testing.assert_array_equal(value, planned)


def test_without_labels_there_is_neither_loss_nor_count():
    plan = make_plan(SMALL, load("iris"), 0)
    with tf.Graph().as_default():
        features = tf.placeholder(tf.float64, [None, 4])
        model = network.build(plan, features, None, purpose=np.int32(TEST), updates=np.int64(0))

    assert model.loss is None
    assert model.correct is None
    assert model.predictions.dtype == tf.int64


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_optimizer_is_adam_at_the_scaled_rate(scale):
    """One step of Adam moves each weight by the rate, against its gradient's sign."""
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.get_variable("w", initializer=np.array([1.0, -2.0]))
        adam = network.optimizer(SMALL.with_alleles(rate_scale=scale), 1e-2)
        step = adam.minimize(tf.reduce_sum(w * np.array([3.0, -0.5])))
        session.run(tf.global_variables_initializer())
        session.run(step)
        np.testing.assert_allclose(session.run(w), [1 - 1e-2 * scale, -2 + 1e-2 * scale], rtol=1e-6)
