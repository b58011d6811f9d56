"""scikit-learn's MLPClassifier against the same network in NumPy: what does `fit` do besides?"""

from typing import Literal

import numpy as np
import pytest

from mlp import Genome, Result, digest, gene

datasets = pytest.importorskip("sklearn.datasets", reason="pip install scikit-learn")
network = pytest.importorskip("sklearn.neural_network")
X, Y = datasets.load_digits(return_X_y=True)


class Mlp(Genome):
    by: Literal["sklearn", "numpy"] = gene("who trains", acts_on="weights")
    shuffle: bool = gene("whether rows are shuffled each epoch", acts_on="weights")
    momentum: float = gene("momentum of SGD", at_least=0, below=1, acts_on="weights")

    def train(self, seed: int) -> Result:
        rows = np.random.default_rng(seed).permutation(len(Y))
        x, y = X[rows] / 16, Y[rows]
        w, b = (fit_sklearn if self.by == "sklearn" else fit_numpy)(self, x[:300], y[:300], seed)
        answers = np.argmax(np.maximum(x[300:] @ w[0] + b[0], 0) @ w[1] + b[1], axis=1)
        score = np.mean(answers == y[300:])
        return Result(score=float(score), weights=digest(w, b), saw={"order": digest(rows)})


def fit_sklearn(genome, x, y, seed):
    asked = {"momentum": genome.momentum, "shuffle": genome.shuffle, "random_state": seed}
    asked |= {"solver": "sgd", "learning_rate_init": 0.1, "nesterovs_momentum": False}
    net = network.MLPClassifier((16,), alpha=0.0, batch_size=100, **asked)
    for _ in range(15):
        net.partial_fit(x, y, classes=range(10))
    return net.coefs_, net.intercepts_


def fit_numpy(genome, x, y, seed):
    rng, reach = np.random.default_rng(seed), (0.27, 0.48, 0.27, 0.48)  # sqrt(6 / (ins + outs))
    p = [rng.uniform(-r, r, n) for r, n in zip(reach, ((64, 16), (16, 10), 16, 10), strict=True)]
    v = [np.zeros_like(each) for each in p]
    for _ in range(15):
        for rows in np.split(rng.permutation(300) if genome.shuffle else np.arange(300), 3):
            h = np.maximum(x[rows] @ p[0] + p[2], 0)
            e = np.exp(h @ p[1] + p[3])
            e = (e / e.sum(1, keepdims=True) - np.eye(10)[y[rows]]) / 100
            d = e @ p[1].T * (h > 0)
            slopes = zip(v, (x[rows].T @ d, h.T @ e, d.sum(0), e.sum(0)), strict=True)
            v = [genome.momentum * a - 0.1 * g for a, g in slopes]
            p = [a + b for a, b in zip(p, v, strict=True)]
    return p[:2], p[2:]


FIT = Mlp(by="sklearn", shuffle=True, momentum=0.9)
LOOP = Mlp(by="numpy", shuffle=False, momentum=0.0)


def test_momentum_is_what_the_numpy_loop_lacks(lab):
    lab.diagnose(good=FIT, bad=LOOP, margin=0.05).assert_causes("momentum")
