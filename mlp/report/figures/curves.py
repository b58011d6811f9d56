"""The two charts of the post, remade: validation accuracy against step."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.report.figures.style import STRAIN_COLOURS, Picture, picture
from mlp.report.figures.svg import Drawing, Scale, down, label
from mlp.report.study import Study, strain_runs
from mlp.run import Run
from mlp.species.post import reference

RECORDED_PROTOCOL = "published"
"""The protocol the recorded curves were made under: only there can they be laid over others."""

MODELS = {
    "layers": ("layers", "layers_estimator"),
    "matmul": ("matmul", "matmul_estimator"),
}
"""The two charts: a model under train_op.run and under Estimator.fit."""

NAMES = {"layers": "tf.layers", "matmul": "tf.matmul"}
MOST_SEEDS = 32
"""Seeds drawn of a strain, each a thin line; the mean is that of all."""

_TRAINERS = ("train_op.run", "Estimator.fit")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340, 226, 40, 326, 34, 188

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
            runs = [strain_runs(study.runs, strain, dataset) for strain in strains]
            if not any(runs):
                continue
            over = overlay and dataset in reference.curves()
            found.append(_runs_figure(model, dataset, runs, over))
            if not overlay and dataset in reference.curves():
                found.append(_recorded_figure(model, dataset))
    return found


def _runs_figure(model: str, dataset: str, runs: Sequence[Sequence[Run]], overlay: bool) -> Picture:
    curves = [[_curve(run) for run in cohort] for cohort in runs]
    drawing, along, up = _axes(max(steps[-1] for each in curves for steps, _ in each))
    ends = []
    for place, (strain, trainer, cohort) in enumerate(
        zip(MODELS[model], _TRAINERS, curves, strict=True)
    ):
        if not cohort:
            continue
        colour = STRAIN_COLOURS[strain]
        _draw(drawing, along, up, cohort[:MOST_SEEDS], colour, 0.25)
        mean = _mean(cohort)
        drawing.curve([(along(x), up(y)) for x, y in zip(*mean, strict=True)], colour, 2.4)
        _key(drawing, place, colour, f"{trainer}, {_seeds(cohort)}")
        ends.append(f"{mean[1][-1]:.2f} under {trainer}")
        if overlay:
            _draw(
                drawing, along, up, recorded(strain, dataset), "ink", 1, ' stroke-dasharray="4 3"'
            )
    title = f"Validation accuracy against step, {NAMES[model]} on {dataset}"
    see = f"{dataset}: mean accuracy ends at {' and '.join(ends)}{_by(runs)}."
    return picture(drawing, f"curves-{model}-{dataset}", title, see)


def _recorded_figure(model: str, dataset: str) -> Picture:
    curves = [recorded(strain, dataset) for strain in MODELS[model]]
    drawing, along, up = _axes(max(steps[-1] for each in curves for steps, _ in each))
    ends = []
    for place, (strain, trainer, own) in enumerate(
        zip(MODELS[model], _TRAINERS, curves, strict=True)
    ):
        _draw(drawing, along, up, own, STRAIN_COLOURS[strain], 0.9)
        _key(drawing, place, STRAIN_COLOURS[strain], f"{trainer}, {_seeds(own)}")
        ends.append(f"{sum(y[-1] for _, y in own) / len(own):.2f} under {trainer}")
    title = f"Recorded under TensorFlow 1.4.1: {NAMES[model]} on {dataset}, 20,000 steps"
    see = f"{dataset}, recorded under TensorFlow 1.4.1: mean accuracy ends at {' and '.join(ends)}."
    return picture(drawing, f"recorded-{model}-{dataset}", title, see)


def recorded(strain: str, dataset: str) -> list[Curve]:
    """The recorded curves of a strain: (steps, validation accuracies) for each recorded seed."""
    by_seed = reference.curves()[dataset][strain]
    return [
        (by_seed[str(s)]["step"], by_seed[str(s)]["validation_accuracy"]) for s in reference.SEEDS
    ]


def _curve(run: Run) -> Curve:
    return run.steps, list(run.curves["validation"])


def _mean(curves: Sequence[Curve]) -> Curve:
    """The mean of the curves that go to the end."""
    longest = max(len(steps) for steps, _ in curves)
    whole = [curve for curve in curves if len(curve[0]) == longest]
    values = zip(*(accuracy for _, accuracy in whole), strict=True)
    return whole[0][0], [sum(each) / len(whole) for each in values]


def _by(runs: Sequence[Sequence[Run]]) -> str:
    """Who trained the runs, where that was not the real API throughout."""
    engine = [run.executor == "cohort" for cohort in runs for run in cohort]
    if all(engine):
        return "; trained by the cohort engine"
    return "; trained in part by the cohort engine" if any(engine) else ""


def _seeds(curves: Sequence[object]) -> str:
    return f"{len(curves)} {'seed' if len(curves) == 1 else 'seeds'}"


def _axes(last: float) -> tuple[Drawing, Scale, Scale]:
    drawing = Drawing(_WIDTH, _HEIGHT)
    along, up = Scale(0, last, _LEFT, _RIGHT), Scale(0, 1, _BOTTOM, _TOP)
    down(drawing, up, _LEFT, _RIGHT)
    label(drawing, [(min(along(t), _WIDTH - 22), _BOTTOM + 15, t) for t in along.ticks(4)])
    drawing.text((_LEFT + _RIGHT) / 2, _HEIGHT - 6, "step", "middle", colour="soft")
    return drawing, along, up


def _draw(
    drawing: Drawing,
    along: Scale,
    up: Scale,
    curves: Sequence[Curve],
    colour: str,
    opacity: float,
    extra: str = "",
) -> None:
    for steps, accuracy in curves:
        points = [(along(x), up(y)) for x, y in zip(steps, accuracy, strict=True)]
        drawing.curve(points, colour, 0.8, f' opacity="{opacity:g}"{extra}')


def _key(drawing: Drawing, place: int, colour: str, text: str) -> None:
    """A line of the legend, above the axes."""
    y = 10 + 14 * place
    drawing.lines([(_LEFT, y - 4, _LEFT + 16, y - 4)], colour, 2.4)
    drawing.text(_LEFT + 22, y, text)
