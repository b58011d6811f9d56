"""scikit-learn's MLPClassifier against the same network in NumPy: which difference matters?"""

from typing import Literal

import numpy as np
import pytest

from mlp import Genome, Result, digest, gene

datasets = pytest.importorskip("sklearn.datasets", reason="pip install scikit-learn")
network = pytest.importorskip("sklearn.neural_network")
(X, Y), N, BATCH, RATE, ALPHA = datasets.load_digits(return_X_y=True), 600, 50, 0.02, 3.0


class Mlp(Genome):
    by: Literal["sklearn", "numpy"] = gene("who trains", acts_on=())
    penalty: Literal["row", "batch"] = gene("what alpha is a penalty of", acts_on="weights")
    shuffle: bool = gene("whether rows are shuffled each epoch", acts_on="next_draws")

    def train(self, seed: int) -> Result:
        rng, alpha = np.random.RandomState(seed), ALPHA * {"row": 1, "batch": BATCH}[self.penalty]
        w = self.sklearn(rng, alpha) if self.by == "sklearn" else self.numpy(rng, alpha)
        score = float(np.mean(self.forward(w, X[N:])[1].argmax(1) == Y[N:]))
        return Result(score=score, weights=digest(w), saw={"next_draws": digest(rng.random(4))})

    def sklearn(self, rng, alpha):
        sgd = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": RATE, "random_state": rng}
        net = network.MLPClassifier(32, alpha=alpha, batch_size=BATCH, shuffle=self.shuffle, **sgd)
        for _ in range(12):
            net.partial_fit(X[:N], Y[:N], classes=range(10))
        return [net.coefs_[0], net.intercepts_[0], net.coefs_[1], net.intercepts_[1]]

    def numpy(self, rng, alpha):
        sizes = [((i, o), (6 / (i + o)) ** 0.5) for i, o in ((64, 32), (32, 10))]
        w = [rng.uniform(-b, b, size) for shape, b in sizes for size in (shape, shape[1])]
        for _ in range(12):
            for rows in (rng.permutation(N) if self.shuffle else np.arange(N)).reshape(-1, BATCH):
                hidden, p = self.forward(w, X[rows])
                d = (e := p - np.eye(10)[Y[rows]]) @ w[2].T * (hidden > 0)
                g = X[rows].T @ d + alpha * w[0], d.sum(0), hidden.T @ e + alpha * w[2], e.sum(0)
                w = [a - RATE * slope / BATCH for a, slope in zip(w, g, strict=True)]
        return w

    def forward(self, w, x):
        p = np.exp((hidden := np.maximum(x @ w[0] + w[1], 0)) @ w[2] + w[3])
        return hidden, p / p.sum(1, keepdims=True)


FIT = Mlp(by="sklearn", penalty="row", shuffle=True)
LOOP = Mlp(by="numpy", penalty="batch", shuffle=False)
Mlp.name_strains(fit=FIT, loop=LOOP)


def test_the_penalty_is_what_is_wrong(lab):
    lab.diagnose(good=FIT, bad=LOOP, margin=0.05).assert_causes("penalty")


def test_the_network_in_numpy_is_the_same(lab):
    lab.compare(FIT.knockout("by", donor=LOOP), FIT, margin=0.05).assert_equivalent()
