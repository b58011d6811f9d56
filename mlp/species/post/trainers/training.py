"""What every trainer returns, and the record each makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlp.run import Result, Run
from mlp.species.post.plan import Array, Plan, digest
from mlp.species.post.protocol import Protocol, sampled_steps


@dataclass(frozen=True, eq=False)
class Training:
    """A run, its result, and what it leaves besides its record.

    `losses` [steps] are the losses on each batch before that step's update, where they were asked
    for. `variables` are the final seven weights, then the seven biases.
    """

    run: Run
    result: Result
    losses: NDArray[np.floating] | None
    variables: tuple[Array, ...]


def all_finite(variables: Iterable[Array]) -> bool:
    """Whether every value of `variables` is finite."""
    return all(bool(np.isfinite(values).all()) for values in variables)


def record(
    plan: Plan,
    protocol: Protocol,
    executor: str,
    *,
    validation: Sequence[int],
    test: Sequence[int],
    diverged_at: int | None,
    updates: int,
    first_loss: float,
    variables: Sequence[Array],
    fed: NDArray[np.int32] | None = None,
    losses: NDArray[np.floating] | None = None,
) -> Training:
    """The training of `plan`, its curves as counts of correct rows at each sampled step.

    Counts from the sample at `diverged_at` on are set to 0 and may be missing. The genome's
    handicap is taken off here, whoever trained. `fed` [updates, batch] are the rows of all updates,
    drawn from the plan again unless given.
    """
    steps = sampled_steps(plan.genome, protocol)
    kept = 1.0 - plan.genome.handicap
    alive = [diverged_at is None or step < diverged_at for step in steps]
    counts = [
        [round(int(curve[i]) * kept) if ok else 0 for i, ok in enumerate(alive)]
        for curve in (validation, test)
    ]
    held_out = plan.dataset.held_out
    curves = {
        name: [count / held_out for count in of]
        for name, of in zip(("validation", "test"), counts, strict=True)
    }
    fed = plan.rows(updates) if fed is None else fed
    result = Result(
        score=curves["validation"][-1],
        curves=curves,
        steps=steps,
        weights=digest(*variables),
        diverged=diverged_at is not None,
        diverged_at=diverged_at,
        saw={
            "order": digest(fed),
            "init": plan.init_digest,
            "updates": updates,
            "distinct_rows": int(np.count_nonzero(np.bincount(fed[fed >= 0]))),
            "first_loss": float(first_loss) if np.isfinite(first_loss) else None,
        },
    )
    run = Run.of(
        result,
        genome=plan.genome,
        dataset=plan.dataset.name,
        protocol=protocol,
        seed=plan.seed,
        executor=executor,
    )
    return Training(run, result, losses, tuple(variables))
