"""Measure what a training step costs by each way of training the same network.

Each way runs alone in its own process, of one thread and pinned to one core. Costs are processor
time for each update of one run, sampled curves included, set-up and compilation not. GFLOP/s count
6 operations for each weight and row of a batch. A column "/ way" is a row's speed relative to that
way's fastest on the same dataset; sgemm is the practical limit. An interrupted benchmark prints
what it has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlp.bench import contenders, table
from mlp.bench.contenders import Task
from mlp.command import check_least, new_file
from mlp.data import load, names
from mlp.machine import processor

PACKAGES = ("tensorflow", "numpy", "scikit-learn", "jax")


class FailureError(RuntimeError):
    """A contender's process failed; the message is the end of what it wrote."""


def options(argv: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.bench", description=__doc__)
    add = parser.add_argument
    add("--dataset", action="append", choices=names(), help="may be repeated (default: all)")
    least = {"--sizes": 1, "--repeats": 1, "--steps": 4 * contenders.SAMPLE_EVERY}
    add(
        "--steps",
        type=int,
        default=1_000,
        help=f"updates of the longer training, at least {least['--steps']} (default 1000)",
    )
    add(
        "--sizes",
        default="1,4,16,64",
        help="cohort sizes of engine and JAX, each at least 1 (default 1,4,16,64)",
    )
    add(
        "--repeats",
        type=int,
        default=3,
        help="trainings of which the best counts, at least 1 (default 3)",
    )
    add("--only", action="append", choices=tuple(table.TITLES), help="may be repeated")
    add("--machine", action="store_true", help="runs a minute on all cores instead")
    add("--jax", default=sys.executable, help="Python to run JAX in (default: this one)")
    add("--json", type=new_file, metavar="FILE", help="also write the measurements")
    add("--markdown", action="store_true", help="print a Markdown table")
    chosen = parser.parse_args(argv)
    try:
        chosen.sizes = [int(size) for size in chosen.sizes.split(",")]
    except ValueError:
        parser.error(f"--sizes must be whole numbers parted by commas; got {chosen.sizes!r}")
    found = {
        "--sizes": min(chosen.sizes),
        "--repeats": chosen.repeats,
        "--steps": chosen.steps,
    }
    check_least(parser, found, least)
    if shutil.which(chosen.jax) is None:
        parser.error(f"--jax must be a Python that can be run; got {chosen.jax!r}: give its path")
    return chosen


def tasks(chosen: argparse.Namespace) -> Iterator[Task]:
    """The measurements asked for, in the order of the table."""
    for dataset in chosen.dataset or names():
        for contender in chosen.only or table.TITLES:
            stacked = contender in ("engine", "jax")
            for cohort in chosen.sizes if stacked else [16 if contender == "matmul" else 1]:
                yield Task(
                    contender=contender,
                    dataset=dataset,
                    cohort=cohort,
                    steps=chosen.steps,
                    repeats=chosen.repeats,
                )


def run(task: Task, python: str) -> dict[str, Any]:
    """What the process of `task` answers.

    Raises:
        FailureError: it failed.
    """
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [python, "-m", "mlp.bench.contenders", json.dumps(asdict(task))],
        env=os.environ | contenders.ONE_THREAD | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FailureError(f"{task.contender} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(chosen: argparse.Namespace, results: list[table.Result]) -> None:
    """Measure every task of one thread, filling `results`."""
    todo = list(tasks(chosen))
    for i, task in enumerate(todo, 1):
        what = f"[{i}/{len(todo)}] {task.dataset}: {table.TITLES[task.contender]}, {task.cohort}"
        print(what, end=" ... ", file=sys.stderr, flush=True)
        answer = run(task, chosen.jax if task.contender == "jax" else sys.executable)
        if "missing" in answer:
            print(f"skipped: {answer['missing']}", file=sys.stderr, flush=True)
            continue
        print(f"{answer['update'] * 1e6:.1f} us", file=sys.stderr, flush=True)
        results.append(
            table.Result(
                dataset=task.dataset,
                contender=task.contender,
                cohort=task.cohort,
                seconds=answer["update"],
                flop=contenders.flop(load(task.dataset)),
            )
        )


def machine(chosen: argparse.Namespace, results: list[dict[str, Any]]) -> None:
    """Measure runs a minute on all cores, filling `results`.

    Of the direct loop in one process, as anybody runs it, on TensorFlow's own threads; and of it
    and the engine in one process of one thread a core.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for dataset in chosen.dataset or names():
        rates = {}
        for contender, cohort, pinned in (
            ("alone", 1, [None]),
            ("direct", 1, range(cores or 1)),
            ("engine", 16, range(cores or 1)),
        ):
            shared = [
                Task(contender=contender, dataset=dataset, cohort=cohort, core=core,
                     steps=chosen.steps, repeats=chosen.repeats)
                for core in pinned
            ]  # fmt: skip
            with ThreadPoolExecutor(len(shared)) as pool:
                answers = list(pool.map(run, shared, [sys.executable] * len(shared)))
            rates[contender] = sum(60 * cohort / answer["wall"] for answer in answers)
        results.append({"dataset": dataset, "cores": cores, "steps": chosen.steps} | rates)
        print(
            f"{dataset}: runs of {chosen.steps} steps a minute on {cores} cores: direct loop "
            f"by itself {rates['alone']:.1f}, one a core {rates['direct']:.1f}; engine "
            f"{rates['engine']:.1f}: {rates['engine'] / rates['alone']:.1f} and "
            f"{rates['engine'] / rates['direct']:.1f} times as many",
            flush=True,
        )


def surroundings() -> dict[str, str]:
    """The machine and the versions of what runs on it."""
    found = {"processor": processor(), "cores": str(os.cpu_count())}
    found["python"] = platform.python_version()
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; 130 when it was interrupted, 1 when a contender failed."""
    chosen = options(argv)
    results: list[Any] = []
    code = 0
    try:
        (machine if chosen.machine else compare)(chosen, results)
    except KeyboardInterrupt:
        print("\ninterrupted: this is what was measured", file=sys.stderr)
        code = 130
    except FailureError as failure:
        print(f"\n{failure}", file=sys.stderr)
        code = 1
    where = surroundings()
    if not chosen.machine:
        print((table.markdown if chosen.markdown else table.text)(results))
    print("; ".join(f"{name} {value}" for name, value in where.items()))
    if chosen.json:
        measured = [r if chosen.machine else r.to_dict() for r in results]
        written = {"surroundings": where, "steps": chosen.steps, "results": measured}
        chosen.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
