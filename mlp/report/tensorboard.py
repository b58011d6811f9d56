"""Each run's curves as TensorBoard event files, by strain, dataset and seed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlp.genome import Genome
from mlp.lab.key import expressed
from mlp.report.study import Study, strains_of
from mlp.run import Run

TAGS = {"validation": "accuracy/validation", "test": "accuracy/test"}
"""TensorBoard's name of each curve."""


def named_runs(study: Study) -> Iterator[tuple[str, Run]]:
    """The runs of every genome that was compared, by its name, and those of the strains."""
    by_genome: dict[tuple[Genome, str, str], list[Run]] = {}
    for run in study.runs:
        by_genome.setdefault((run.genome, run.dataset, run.executor), []).append(run)
    given: set[tuple[str, str, int]] = set()
    for name, genome, dataset, real in _arms(study):
        executor = genome.trainer if real else "cohort"
        for run in by_genome.get((expressed(genome, executor), dataset, executor), ()):
            if (name, dataset, run.seed) not in given:
                given.add((name, dataset, run.seed))
                yield name, run
    for run in study.runs:
        for name in strains_of(run):
            if (name, run.dataset, run.seed) not in given:
                given.add((name, run.dataset, run.seed))
                yield name, run


def _arms(study: Study) -> Iterator[tuple[str, Genome, str, bool]]:
    for row in study.rows:
        for arm in row.claim.detail.get("arms", ()):
            real = row.claim.executor == "real API"
            yield arm["genome"], Genome(**arm["alleles"]), arm["dataset"], real


def write(study: Study, folder: Path) -> int:
    """Write event files into folder/<strain>/<dataset>/seed-N; how many runs were written."""
    import tensorflow as tf

    count = 0
    with tf.Graph().as_default():
        for name, run in named_runs(study):
            place = folder / _safe(name) / _safe(run.dataset) / f"seed-{run.seed}"
            for old in place.glob("events.out.tfevents.*"):
                old.unlink()
            writer = tf.compat.v1.summary.FileWriter(str(place))
            for tag, counts in ((TAGS["validation"], run.validation), (TAGS["test"], run.test)):
                _write_curve(tf, writer, tag, run.steps, [c / run.held_out for c in counts])
            writer.close()
            count += 1
    return count


def _write_curve(
    tf: object, writer: object, tag: str, steps: Sequence[int], values: Sequence[float]
) -> None:
    summary = tf.compat.v1.Summary  # type: ignore[attr-defined]
    for step, value in zip(steps, values, strict=True):
        point = summary(value=[summary.Value(tag=tag, simple_value=value)])
        writer.add_summary(point, step)  # type: ignore[attr-defined]


def _safe(name: str) -> str:
    """`name` as one folder's name."""
    return re.sub(r"[^A-Za-z0-9_.=,\[\] -]", "_", name).replace(", ", ",").strip(". ") or "_"
