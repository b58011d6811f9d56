"""From one plan, the cohort engine and the real API paths make the same runs."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.data import load
from mlp.genome import STRAINS
from mlp.plan import make_plan
from mlp.run import Protocol
from mlp.trainers.cohort import train_cohort

PROTOCOL = Protocol(name="agreement", learning_rate=1e-4, steps=200, sample_every=100)
WITHIN = 1e-4
CASES = [(name, dataset) for name in STRAINS for dataset in ("digits", "iris", "wine")]


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_engine_and_real_trainer_agree_for_200_steps(name: str, dataset: str) -> None:
    plan = make_plan(STRAINS[name], load(dataset), seed=1)
    if plan.genome.trainer == "direct":
        from mlp.trainers.direct import train_direct as train
    else:
        from mlp.trainers.estimator import train_estimator as train

    real = train(plan, PROTOCOL, losses=True)
    (engine,) = train_cohort([plan], PROTOCOL, losses=True)

    assert real.losses is not None
    assert engine.losses is not None
    assert real.losses.shape == engine.losses.shape == (200,)
    apart = np.abs(real.losses - engine.losses) / np.maximum(1.0, np.abs(real.losses))
    assert apart.max() <= WITHIN
    assert real.run.saw.order == engine.run.saw.order
    assert real.run.saw.init == engine.run.saw.init
    assert real.run.saw.distinct_rows == engine.run.saw.distinct_rows
