"""Genes with a planted effect on the score, and runs of them: what the diagnosis tests share."""

import numpy as np


def genes_of(k):
    """Names of k genes."""
    return [f"g{i:02d}" for i in range(k)]


def world(value, sd=0.1, seed=0):
    """scores(cells, n) around value(cell); the same run has the same score however it is asked."""

    def scores(cells, n):
        return [np.clip(value(cell) + _noise(cell, seed)[:n] * sd, 0, 1) for cell in cells]

    return scores


def _noise(cell, seed):
    names = sorted(int(g[1:]) for g in cell)
    return np.random.default_rng([seed, len(names), *names]).normal(size=256)


def one(cell):
    """g03 makes a difference of 0.3."""
    return 0.5 + 0.3 * ("g03" in cell)
