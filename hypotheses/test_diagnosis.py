"""Diagnosis: which genes make the difference between two strains, without the full factorial.

The genes named agree with the shares of `test_screen.py`. The margins are those of the findings:
the smallest gap between the strains that counts.
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab, Margin
from mlp.species.post import (
    LAYERS,
    LAYERS_ESTIMATOR_FLOAT32,
    MATMUL,
    MATMUL_ESTIMATOR,
)

BETWEEN_LAYERS_STRAINS = Margin(0.25, {"digits": 0.1}, under={"published": {"wine": 0.1}})
BETWEEN_MATMUL_STRAINS = Margin(0.25, {"iris": 0.3, "wine": 0.5})
BETWEEN_LAYERS_AND_MATMUL = Margin(
    0.2, {"digits": 0.15, "wine": 0.15}, under={"published": {"digits": 0.125, "wine": 0.2}}
)

CAUSES_BETWEEN_LAYERS_STRAINS = {"digits": ["coverage"], "iris": [], "wine": ["logits"]}
CAUSES_BETWEEN_MATMUL_STRAINS = {"digits": ["coverage"], "iris": [], "wine": []}
CAUSES_BETWEEN_LAYERS_AND_MATMUL = {"digits": ["init"], "iris": [], "wine": ["init"]}


@pytest.mark.finding("2")
def test_diagnosis_between_layers_strains_agrees_with_the_screen(lab: Lab, dataset: str) -> None:
    """What degrades tf.layers: on digits the rows ever seen, on wine double softmax."""
    found = lab.diagnose(LAYERS_ESTIMATOR_FLOAT32, LAYERS, dataset, margin=BETWEEN_LAYERS_STRAINS)
    found.assert_causes(*CAUSES_BETWEEN_LAYERS_STRAINS.get(dataset, []))


@pytest.mark.finding("3")
def test_diagnosis_between_matmul_strains_agrees_with_the_screen(lab: Lab, dataset: str) -> None:
    """What rescues tf.matmul on digits: the rows ever seen. Elsewhere there is no gap."""
    found = lab.diagnose(MATMUL_ESTIMATOR, MATMUL, dataset, margin=BETWEEN_MATMUL_STRAINS)
    found.assert_causes(*CAUSES_BETWEEN_MATMUL_STRAINS.get(dataset, []))


@pytest.mark.finding("4")
@pytest.mark.refuted("no difference to explain there", on="wine", protocol="published")
def test_diagnosis_between_layers_and_matmul_agrees_with_the_screen(lab: Lab, dataset: str) -> None:
    """What makes the lead under train_op.run: the initial weights, on digits and on wine."""
    better, worse = (MATMUL, LAYERS) if dataset == "wine" else (LAYERS, MATMUL)
    found = lab.diagnose(better, worse, dataset, margin=BETWEEN_LAYERS_AND_MATMUL)
    found.assert_causes(*CAUSES_BETWEEN_LAYERS_AND_MATMUL.get(dataset, []))
