"""The cohort engine: many runs trained at once in one compiled TensorFlow loop.

Forward and backward passes are written out as matrix products batched over the runs, batch rows
are gathered inside the graph, and one call into TensorFlow makes all updates between two samples of
the curves. TensorFlow is imported when the first cohort is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlp.species.post.genome import HIDDEN_LAYERS
from mlp.species.post.plan import Array, Plan
from mlp.species.post.protocol import Protocol, sampled_steps
from mlp.species.post.trainers.cohort.engine import engine_of
from mlp.species.post.trainers.cohort.shape import Shape, expressed_in_engine
from mlp.species.post.trainers.training import Training, record

__all__ = ["STACK", "Shape", "expressed_in_engine", "train_cohort"]

CALL = 2_000
"""Most updates in one call into TensorFlow: a call ends where curves are sampled."""

STACK = {"float32": 16, "float64": 4}
"""Most runs stacked in one graph, by number type: more fit a processor's cache worse and fewer pay
more for each operation, by measurement. A larger cohort is trained in several stacks.
"""


def train_cohort(
    plans: Sequence[Plan], protocol: Protocol, *, losses: bool = False
) -> list[Training]:
    """Train `plans` together under `protocol`; the trainings, in the order of `plans`.

    Plans may differ in seed and in what a run is fed: init, coverage, order, split, the seeding
    genes and the rate's scale. A run's result does not depend on the others of its cohort. With
    `losses`, each training has its losses [steps] on each batch before the update.

    Raises:
        ValueError: the plans differ in dataset, shapes, number type, logits, dropout, reporting or,
            where there is a bias for each unit, dense operation.
    """
    _check(plans)
    rates = [protocol.learning_rate * plan.genome.rate_scale for plan in plans]
    trainings: dict[int, Training] = {}
    for rate in dict.fromkeys(rates):
        members = [i for i, own in enumerate(rates) if own == rate]
        size = STACK[plans[members[0]].genome.dtype]
        for start in range(0, len(members), size):
            block = members[start : start + size]
            trained = _train([plans[i] for i in block], protocol, rate, losses)
            trainings.update(zip(block, trained, strict=True))
    return [trainings[i] for i in range(len(plans))]


def _check(plans: Sequence[Plan]) -> None:
    if not plans:
        return
    first = Shape.of(plans[0].genome, plans[0].dataset)
    for plan in plans[1:]:
        other = Shape.of(plan.genome, plan.dataset)
        differing = [n for n, v in vars(first).items() if v != getattr(other, n)]
        if differing:
            raise ValueError(
                f"plans of one cohort must have the same {', '.join(vars(first))}; "
                f"{plans[0].genome} and {plan.genome} differ in {', '.join(differing)}: "
                "train them in two cohorts"
            )


def _train(
    plans: Sequence[Plan], protocol: Protocol, rate: float, keep_losses: bool
) -> list[Training]:
    """Train plans of one shape and one learning rate."""
    shape = Shape.of(plans[0].genome, plans[0].dataset)
    loop = engine_of(shape, len(plans))
    loop.start(plans, rate)
    fed = [plan.rows(protocol.steps) for plan in plans]
    counts, losses = [loop.evaluate()], []
    for start, end in pairwise(sampled_steps(plans[0].genome, protocol)):
        for first in range(start, end, CALL):
            rows = [own[first : min(first + CALL, end)] for own in fed]
            losses.append(loop.advance(np.stack(rows, axis=1)))
        counts.append(loop.evaluate())
    samples = np.stack(counts)
    losses_of = np.concatenate(losses)
    variables = loop.variables()
    return [
        _record(
            plan,
            protocol,
            losses_of[0, i],
            samples[:, :, i].T,
            [v[i] for v in variables],
            fed[i],
            losses_of[:, i].copy() if keep_losses else None,
        )
        for i, plan in enumerate(plans)
    ]


def _record(
    plan: Plan,
    protocol: Protocol,
    first_loss: float,
    counts: NDArray[np.int64],
    variables: Sequence[Array],
    fed: NDArray[np.int32],
    losses: Array | None,
) -> Training:
    """The training of one run.

    `counts` [3, samples] are the correct of validation, of test, and whether the weights are
    finite: once they are not, they never are again, and a loss that is not makes them so.
    """
    sampled = sampled_steps(plan.genome, protocol)
    lost = [step for step, finite in zip(sampled, counts[2], strict=True) if not finite]
    form: tuple[int, ...] = () if plan.genome.bias == "scalar" else (-1,)
    weights, biases = variables[: HIDDEN_LAYERS + 1], variables[HIDDEN_LAYERS + 1 :]
    return record(
        plan,
        protocol,
        "cohort",
        validation=counts[0].tolist(),
        test=counts[1].tolist(),
        diverged_at=lost[0] if lost else None,
        updates=protocol.steps,
        first_loss=first_loss,
        variables=[*weights, *(b.reshape(form) for b in biases)],
        fed=fed,
        losses=losses,
    )
