"""The two charts of the post, remade: validation accuracy against step, every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp import reference
from mlp.report.figures.style import INK, STRAIN_COLOURS, Picture, new_figure, picture, styled
from mlp.report.study import Study, strain_runs
from mlp.run import Run

RECORDED_PROTOCOL = "published"
"""The protocol the recorded curves were made under: only there can they be laid over others."""

MODELS = {
    "layers": ("layers", "layers_estimator"),
    "matmul": ("matmul", "matmul_estimator"),
}
"""The two charts: a model under train_op.run and under Estimator.fit."""

NAMES = {"layers": "tf.layers", "matmul": "tf.matmul"}
_TRAINERS = ("train_op.run", "Estimator.fit")
_STYLES = (":", "--")

Curve = tuple[Sequence[float], Sequence[float]]


def curve_figures(study: Study) -> list[Picture]:
    """A picture for each model and dataset with runs, and one of the recorded curves beside it.

    Under the published protocol the recorded curves lie over the runs; under any other they have
    pictures of their own, since their steps and learning rate are others.
    """
    overlay = study.protocol == RECORDED_PROTOCOL
    found = []
    for model, strains in MODELS.items():
        for dataset in study.datasets:
            cohorts = {s: strain_runs(study.runs, s, dataset) for s in strains}
            if not any(cohorts.values()):
                continue
            found.append(_runs_figure(model, dataset, cohorts, overlay))
            if not overlay and dataset in reference.curves():
                found.append(_recorded_figure(model, dataset))
    return found


def _runs_figure(
    model: str, dataset: str, cohorts: Mapping[str, Sequence[Run]], overlay: bool
) -> Picture:
    with styled():
        figure, axes = _axes(dataset + _by([run for runs in cohorts.values() for run in runs]))
        for strain, trainer in zip(cohorts, _TRAINERS, strict=True):
            runs = cohorts[strain]
            if runs:
                label = f"{trainer}, {_seeds(runs)}"
                _draw(axes, [_curve(run) for run in runs], STRAIN_COLOURS[strain], label)
        if overlay and dataset in reference.curves():
            for strain, trainer, style in zip(cohorts, _TRAINERS, _STYLES, strict=True):
                for k, (steps, accuracy) in enumerate(recorded(strain, dataset)):
                    told = {} if k else {"label": f"{trainer}, recorded"}
                    axes.plot(steps, accuracy, style, color=INK, linewidth=0.9, **told)
        _finish(figure, axes)
        title = f"Validation accuracy against step, {NAMES[model]} on {dataset}, every seed"
        return picture(figure, f"curves-{model}-{dataset}", title)


def _recorded_figure(model: str, dataset: str) -> Picture:
    with styled():
        figure, axes = _axes(f"{dataset}, recorded")
        for strain, trainer in zip(MODELS[model], _TRAINERS, strict=True):
            curves = recorded(strain, dataset)
            label = f"{trainer}, {_seeds(curves)}"
            _draw(axes, curves, STRAIN_COLOURS[strain], label, mean=False)
        _finish(figure, axes)
        title = f"Recorded under TensorFlow 1.4.1: {NAMES[model]} on {dataset}, 20,000 steps"
        return picture(figure, f"recorded-{model}-{dataset}", title)


def recorded(strain: str, dataset: str) -> list[Curve]:
    """The recorded curves of a strain: (steps, validation accuracies) for each recorded seed."""
    by_seed = reference.curves()[dataset][strain]
    return [
        (by_seed[str(s)]["step"], by_seed[str(s)]["validation_accuracy"]) for s in reference.SEEDS
    ]


def _curve(run: Run) -> Curve:
    return run.steps, [correct / run.held_out for correct in run.validation]


def _by(runs: Sequence[Run]) -> str:
    """Who trained the runs, where that was not the real API throughout."""
    cohort = [run.executor == "cohort" for run in runs]
    if all(cohort):
        return ", by the cohort engine"
    return ", partly by the cohort engine" if any(cohort) else ""


def _seeds(runs: Sequence[object]) -> str:
    return f"{len(runs)} {'seed' if len(runs) == 1 else 'seeds'}"


def _draw(axes: Any, curves: Sequence[Curve], colour: str, label: str, mean: bool = True) -> None:
    from matplotlib.collections import LineCollection

    lines = [list(zip(steps, accuracy, strict=True)) for steps, accuracy in curves]
    alpha = 0.8 if not mean else max(0.12, min(0.45, 4 / len(lines)))
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.8, alpha=alpha))
    whole = [c for c in curves if len(c[0]) == max(len(steps) for steps, _ in curves)]
    if mean:
        middle = [sum(values) / len(values) for values in zip(*(y for _, y in whole), strict=True)]
        axes.plot(whole[0][0], middle, color=colour, linewidth=2.2, label=label)
    else:
        axes.plot([], [], color=colour, linewidth=1.6, label=label)


def _axes(title: str) -> tuple[Any, Any]:
    figure, (axes,) = new_figure(4.4, 3.1)
    figure.subplots_adjust(left=0.115, right=0.965, bottom=0.145, top=0.76)
    figure.text(0.02, 0.985, title, fontsize=10, fontweight="bold", va="top")
    axes.grid(axis="y")
    return figure, axes


def _finish(figure: Any, axes: Any) -> None:
    axes.set_ylim(0, 1.02)
    axes.autoscale_view(scaley=False)
    axes.margins(x=0.02)
    axes.set_xlim(left=0)
    axes.set_xlabel("step")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.get_major_locator().set_params(nbins=5)
    axes.set_ylabel("validation accuracy")
    handles, labels = axes.get_legend_handles_labels()
    columns = 2 if len(labels) > 2 else 1
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.935),
        ncols=columns,
        columnspacing=1.0,
        handlelength=1.8,
    )
