"""Each run's curves as TensorBoard event files, by genome, dataset and seed. No TensorFlow."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from pathlib import Path

from mlp.report.cohorts import Cohort, engine_of, name_of, names_of, strains_of
from mlp.report.study import ReportError, Study
from mlp.run import Run

_FILE, _VERSION = "events.out.tfevents.0.mlp", "brain.Event:2"
"""One file for each run, and the version of its format, which its first event names."""


def named_runs(study: Study) -> Iterator[tuple[str, Run]]:
    """Every run of the study: by the names it was compared under, or by that of its genome.

    Where several executors trained a genome, those after the first are named besides.
    """
    names = names_of(study.rows)
    given: set[tuple[str, str, int]] = set()
    for run in sorted(study.runs, key=lambda r: r.executor != engine_of(type(r.genome))):
        compared = names.get(Cohort.of(run), [])
        own = [] if compared else [name_of(run.genome, run.executor)]
        for name in dict.fromkeys([*compared, *strains_of(run), *own]):
            if (name, run.dataset, run.seed) in given:
                name = f"{name} ({run.executor})"
            given.add((name, run.dataset, run.seed))
            yield name, run


def write(study: Study, folder: Path) -> int:
    """Write event files into folder/GENOME/DATASET/seed-N; how many runs have curves.

    Raises:
        ReportError: the package tensorboard is not installed.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise ReportError(
            "--mlp-tensorboard needs the package tensorboard; it is not installed: "
            "pip install tensorboard"
        ) from None
    written = set()
    for name, run in named_runs(study):
        if not run.curves:
            continue
        points = [
            (tag, step, value)
            for tag, curve in run.curves.items()
            for step, value in zip(run.steps, curve, strict=True)
            if math.isfinite(value)
        ]
        parts = [_safe(name), *([_safe(run.dataset)] if run.dataset else []), f"seed-{run.seed}"]
        place = folder.joinpath(*parts)
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob("events.out.tfevents.*"):
            old.unlink()
        with (place / _FILE).open("wb") as stream:
            writer, now = RecordWriter(stream), time.time()
            writer.write(Event(wall_time=now, file_version=_VERSION).SerializeToString())
            for tag, step, value in points:
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                event = Event(wall_time=now, step=step, summary=summary)
                writer.write(event.SerializeToString())
        written.add(id(run))
    return len(written)


def _safe(name: str) -> str:
    """`name` as one folder's name."""
    return re.sub(r"[^A-Za-z0-9_.=,()\[\] -]", "_", name).replace(", ", ",").strip(". ") or "_"
