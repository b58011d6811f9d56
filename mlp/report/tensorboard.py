"""Each run's curves as TensorBoard event files, by genome, dataset and seed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from mlp.genome import Genome, differing
from mlp.lab.key import expressed
from mlp.report.arms import Cohort, named
from mlp.report.study import Study, strains_of
from mlp.run import Run
from mlp.species.post.genome import STRAINS

TAGS = {"validation": "accuracy/validation", "test": "accuracy/test"}
"""TensorBoard's name of each curve."""


def named_runs(study: Study) -> Iterator[tuple[str, Run]]:
    """Every run of the study: by the names it was compared under, or by that of its genome.

    Where the cohort engine and the real API both trained a genome, the latter's trainer is named.
    """
    names = named(study.rows)
    given: set[tuple[str, str, int]] = set()
    for run in sorted(study.runs, key=lambda run: run.executor != "cohort"):
        compared = names.get(Cohort.of(run), [])
        own = [] if compared else [_name(run.genome, run.executor)]
        for name in dict.fromkeys([*compared, *strains_of(run), *own]):
            if (name, run.dataset, run.seed) in given:
                name = f"{name} ({run.executor})"
            given.add((name, run.dataset, run.seed))
            yield name, run


@cache
def _name(genome: Genome, executor: str) -> str:
    """The nearest strain as `executor` expresses it, and the alleles in which `genome` differs."""
    forms = {name: expressed(strain.as_compared(), executor) for name, strain in STRAINS.items()}
    nearest = min(forms, key=lambda name: len(differing(forms[name], genome)))
    edits = [f"{gene}={getattr(genome, gene)}" for gene in differing(forms[nearest], genome)]
    return nearest + (f"[{', '.join(edits)}]" if edits else "")


def write(study: Study, folder: Path) -> int:
    """Write event files into folder/GENOME/DATASET/seed-N; how many runs were written."""
    from mlp.species.post.backend import tensorflow as tf

    with tf.Graph().as_default():
        for name, run in named_runs(study):
            place = folder / _safe(name) / _safe(run.dataset) / f"seed-{run.seed}"
            for old in place.glob("events.out.tfevents.*"):
                old.unlink()
            writer = tf.compat.v1.summary.FileWriter(str(place))
            for tag, counts in ((TAGS["validation"], run.curves["validation"]), (TAGS["test"], run.curves["test"])):
                _write_curve(tf, writer, tag, run.steps, counts)
            writer.close()
    return len(study.runs)


def _write_curve(
    tf: object, writer: object, tag: str, steps: Sequence[int], values: Sequence[float]
) -> None:
    summary = tf.compat.v1.Summary  # type: ignore[attr-defined]
    for step, value in zip(steps, values, strict=True):
        point = summary(value=[summary.Value(tag=tag, simple_value=value)])
        writer.add_summary(point, step)  # type: ignore[attr-defined]


def _safe(name: str) -> str:
    """`name` as one folder's name."""
    return re.sub(r"[^A-Za-z0-9_.=,()\[\] -]", "_", name).replace(", ", ",").strip(". ") or "_"
