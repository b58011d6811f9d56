"""From one plan, the cohort engine and the real API paths make the same runs."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.data import load
from mlp.genome import STRAINS
from mlp.plan import make_plan
from mlp.run import Protocol
from mlp.trainers.cohort import train_cohort

WITHIN = 1e-4
CASES = [(name, data, 1e-4) for name in STRAINS for data in ("digits", "iris", "wine")]
CASES += [(name, data, 1e-3) for name, data, _ in CASES if STRAINS[name].bias == "unit"]
"""Strains, datasets, learning rates: the published one, and where every operation rounds alike, so
that no chaos sets in, ten times that."""


@pytest.mark.parametrize(("name", "dataset", "rate"), CASES)
def test_engine_and_real_trainer_agree_for_200_steps(name: str, dataset: str, rate: float) -> None:
    protocol = Protocol(name="agreement", learning_rate=rate, steps=200, sample_every=100)
    plan = make_plan(STRAINS[name], load(dataset), seed=1)
    if plan.genome.trainer == "direct":
        from mlp.trainers.direct import train_direct as train
    else:
        from mlp.trainers.estimator import train_estimator as train

    real = train(plan, protocol, losses=True)
    (engine,) = train_cohort([plan], protocol, losses=True)

    assert real.losses is not None
    assert engine.losses is not None
    assert real.losses.shape == engine.losses.shape == (200,)
    apart = np.abs(real.losses - engine.losses) / np.maximum(1.0, np.abs(real.losses))
    assert apart.max() <= WITHIN
    assert real.run.saw.order == engine.run.saw.order
    assert real.run.saw.init == engine.run.saw.init
    assert real.run.saw.distinct_rows == engine.run.saw.distinct_rows
