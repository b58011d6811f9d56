"""Executors of a plan: the session loop, `Estimator.fit`, and the cohort engine.

`train` is the one way in: a plain function of plain, picklable arguments with a plain result.
TensorFlow is imported when it is first called.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlp.run import Result
from mlp.species.post.data import load
from mlp.species.post.genome import Mlp
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol

EXECUTORS = ("direct", "estimator", "cohort")
"""What may train a run: the two real trainers, and the cohort engine."""


def train(
    genomes: Sequence[Mlp], dataset: str, protocol: Protocol, seeds: Sequence[int], executor: str
) -> list[Result]:
    """Train one run for each genome and seed standing at the same place, by `executor`.

    Raises:
        ValueError: an unknown executor, or one that does not serve a genome's trainer gene.
    """
    if executor not in EXECUTORS:
        raise ValueError(f"an executor must be one of {', '.join(EXECUTORS)}; got {executor!r}")
    data = load(dataset)
    plans = [make_plan(g, data, s) for g, s in zip(genomes, seeds, strict=True)]
    if executor == "cohort":
        from mlp.species.post.trainers.cohort import train_cohort

        return [training.result for training in train_cohort(plans, protocol)]
    if any(g.trainer != executor for g in genomes):
        raise ValueError(f"executor {executor!r} trains genomes with trainer={executor!r} alone")
    if executor == "direct":
        from mlp.species.post.trainers.direct import train_direct

        return [train_direct(plan, protocol).result for plan in plans]
    from mlp.species.post.trainers.estimator import train_estimator

    return [train_estimator(plan, protocol).result for plan in plans]
