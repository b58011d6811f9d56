"""The two charts of the post, remade, with the recorded runs of the original programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlp.report.charts import Charts, cohorts_to_draw
from mlp.report.figures.curves import MOST_SEEDS, Curves, curve_figure
from mlp.report.figures.style import Picture
from mlp.run import Run
from mlp.species.post import reference
from mlp.species.post.executors import COHORT
from mlp.species.post.genome import Mlp

RECORDED_PROTOCOL = "published"
"""The protocol the recorded curves were made under: only there can they be laid over others."""

MODELS = {
    "layers": ("layers", "layers_estimator"),
    "matmul": ("matmul", "matmul_estimator"),
}
"""The two charts: a model under train_op.run and under Estimator.fit."""

NAMES = {"layers": "tf.layers", "matmul": "tf.matmul"}
COLOURS = {
    "layers": "vermillion",
    "layers_estimator": "blue",
    "matmul": "purple",
    "matmul_estimator": "green",
}
_TRAINERS = ("train_op.run", "Estimator.fit")
_CURVE = "validation"
_OVERLAID = (
    "The dashed lines are the original programs’ curves, recorded under TensorFlow 1.4.1 for seeds "
    "0, 42 and 1337."
)
_BESIDE = (
    "The original programs’ curves, recorded under TensorFlow 1.4.1 for seeds 0, 42 and 1337, "
    "stand beside them: they were made at a learning rate of 1e-4 over 20,000 steps and this study "
    "was not, so step for step they are not comparable."
)


def charts(study: Any) -> Charts:
    """A picture for each model and dataset with runs, and one of the recorded curves beside it.

    Under the published protocol the recorded curves lie over the runs; under any other they have
    pictures of their own, since their steps and learning rate are others.
    """
    overlay = study.protocol == RECORDED_PROTOCOL
    groups: list[tuple[str, list[Picture]]] = []
    for model, strains in MODELS.items():
        pictures: list[Picture] = []
        for dataset in study.datasets:
            cohorts = cohorts_to_draw(study, Mlp, dataset)
            runs = [cohorts.get(strain, []) for strain in strains]
            if any(runs):
                known = dataset in reference.curves()
                pictures.append(_runs_figure(model, dataset, runs, overlay and known))
                pictures += [_recorded_figure(model, dataset)] if known and not overlay else []
        if pictures:
            groups.append((f"{NAMES[model]} under both trainers", pictures))
    return Charts(
        "The post’s two charts, remade",
        f"Validation accuracy against step: a thin line for each of the first {MOST_SEEDS} seeds, "
        f"a thick one for the mean of all. {_OVERLAID if overlay else _BESIDE}",
        groups,
    )


def _runs_figure(model: str, dataset: str, runs: Sequence[list[Run]], overlay: bool) -> Picture:
    drawn = [
        Curves.of(cohort, _CURVE, trainer, COLOURS[strain])
        for strain, trainer, cohort in zip(MODELS[model], _TRAINERS, runs, strict=True)
        if cohort
    ]
    there = [strain for strain, cohort in zip(MODELS[model], runs, strict=True) if cohort]
    title = f"Validation accuracy against step, {NAMES[model]} on {dataset}"
    return curve_figure(
        f"curves-{model}-{dataset}",
        title,
        dataset,
        drawn,
        over=[recorded(strain, dataset) for strain in there] if overlay else (),
        told="mean accuracy ends",
        by=_by(runs),
    )


def _recorded_figure(model: str, dataset: str) -> Picture:
    drawn = [
        Curves(trainer, COLOURS[strain], recorded(strain, dataset).curves)
        for strain, trainer in zip(MODELS[model], _TRAINERS, strict=True)
    ]
    title = f"Recorded under TensorFlow 1.4.1: {NAMES[model]} on {dataset}, 20,000 steps"
    return curve_figure(
        f"recorded-{model}-{dataset}",
        title,
        f"{dataset}, recorded under TensorFlow 1.4.1",
        drawn,
        means=False,
        told="mean accuracy ends",
    )


def recorded(strain: str, dataset: str) -> Curves:
    """The recorded curves of a strain: steps and validation accuracies for each recorded seed."""
    by_seed = reference.curves()[dataset][strain]
    own = [by_seed[str(seed)] for seed in reference.SEEDS]
    return Curves(strain, "ink", [(one["step"], one["validation_accuracy"]) for one in own])


def _by(runs: Sequence[list[Run]]) -> str:
    """Who trained the runs, where that was not the real API throughout."""
    engine = [run.executor == COHORT.name for cohort in runs for run in cohort]
    if all(engine):
        return "; trained by the cohort engine"
    return "; trained in part by the cohort engine" if any(engine) else ""
