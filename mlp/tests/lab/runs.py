"""Runs and cohorts made by hand."""

from dataclasses import replace

from mlp.lab.arm import Arm, weighted_differences
from mlp.lab.comparison import Comparison
from mlp.lab.evidence import Setting
from mlp.run import Run
from mlp.species.post.executors import ENGINE
from mlp.species.post.genome import MATMUL, Mlp
from mlp.species.post.protocol import Protocol
from mlp.stats import sequential

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
BASE = MATMUL.as_compared().with_alleles(layer_size=8)
FAST = BASE.with_alleles(rate_scale=9.0)
HELD_OUT = 100


def stored(store):
    """All runs in a store, by key."""
    return dict(store.items())


def setting(made=None, claims=300):
    """The setting in which hand-made runs of the study were asked for."""
    return Setting(Mlp, "iris", TINY, claims, made)


def a_run(
    genome=BASE, seed=0, right=50, *, weights=None, diverged_at=None, executor="cohort", **saw
):
    """A run of `right` rows in a hundred right at the end."""
    seen = {
        "distinct_rows": 50,
        "updates": 20,
        "order": f"order {seed}",
        "init": f"init {seed}",
        "first_loss": 1.1,
    }
    score = 0.0 if diverged_at else right / HELD_OUT
    return Run(
        genome=genome,
        dataset="iris",
        protocol=TINY,
        seed=seed,
        executor=executor,
        score=score,
        curves={"validation": (0.33, 0.33, score), "test": (0.33, 0.33, score)},
        steps=TINY.sampled_steps,
        diverged_at=diverged_at,
        saw={**seen, **saw},
        weights=weights or f"weights of {genome}, seed {seed}, {right}",
    )


def pairs(a, b, seeds=8, of_a=(), of_b=(), **both):
    """Runs of `a` and `b` paired by seed; `of_a`, `of_b` say what each saw for itself."""
    return [
        (a_run(a, s, **{**both, **dict(of_a)}), a_run(b, s, **{**both, **dict(of_b)}))
        for s in range(seeds)
    ]


def a_comparison(a_right, b_right, *, margin=0.05, cap=None, claims=None, **changes):
    """A comparison of hand-made cohorts whose final counts, of 100, are given by seed."""
    a = BASE.with_alleles(coverage="all")
    arms = (
        Arm(1, a, "iris", tuple(a_run(a, s, r) for s, r in enumerate(a_right))),
        Arm(-1, BASE, "iris", tuple(a_run(BASE, s, r) for s, r in enumerate(b_right))),
    )
    arms = tuple(replace(arm, runs=tuple(replace(r, **changes) for r in arm.runs)) for arm in arms)
    result = sequential(weighted_differences(arms), margin, cap=cap or len(a_right))
    return Comparison(setting(claims), ENGINE, arms, result)
