"""Measure what a training step costs by each way of training the same network.

Each way waits in its own process, of one thread and pinned to one core, and is measured once a
round, alone, in changing order. Costs are processor time for each update of one run, sampled curves
included, set-up and compilation not: medians over the rounds. GFLOP/s count 6 operations for each
weight and row of a batch. A column "/ way" is a row's speed relative to that way's fastest on the
same dataset: the median of the rounds' ratios, give or take how far they leave it unknown (95%),
with a "?" where that is too wide to conclude from; sgemm is the practical limit. An interrupted
benchmark prints what it has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mlp.command import check_least, new_file
from mlp.machine import processor
from mlp.proof.bench import contenders, cores, table
from mlp.proof.bench.contenders import Task
from mlp.proof.bench.rounds import Costs, FailureError, Way, rounds, say
from mlp.species.post.data import load, names

PACKAGES = ("tensorflow", "numpy", "scikit-learn", "jax")


def options(argv: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.bench", description=__doc__)
    add = parser.add_argument
    add("--dataset", action="append", choices=names(), help="may be repeated (default: all)")
    least = {"--sizes": 1, "--rounds": 1, "--steps": 4 * contenders.SAMPLE_EVERY}
    add(
        "--steps",
        type=int,
        default=400,
        help=f"updates of the longer training, at least {least['--steps']} (default 400)",
    )
    add(
        "--sizes",
        default="1,4,16,64",
        help="cohort sizes of engine and JAX, each at least 1 (default 1,4,16,64)",
    )
    add(
        "--rounds",
        type=int,
        default=9,
        help="times each way is measured, at least 1 (default 9)",
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
        "--rounds": chosen.rounds,
        "--steps": chosen.steps,
    }
    check_least(parser, found, least)
    if shutil.which(chosen.jax) is None:
        parser.error(f"--jax must be a Python that can be run; got {chosen.jax!r}: give its path")
    return chosen


def tasks(chosen: argparse.Namespace) -> Iterator[Task]:
    """What is to be measured on each dataset, in the order of the table."""
    for dataset in chosen.dataset or names():
        for contender in chosen.only or table.TITLES:
            stacked = contender in ("engine", "jax")
            for cohort in chosen.sizes if stacked else [16 if contender == "matmul" else 1]:
                yield Task(
                    contender=contender,
                    dataset=dataset,
                    cohort=cohort,
                    steps=chosen.steps,
                )


def ready(todo: Sequence[Task], chosen: argparse.Namespace, stack: ExitStack) -> list[Way]:
    """The ways that can be measured, each in its process until `stack` ends."""
    ways = []
    for task in todo:
        say(f"{task.dataset}: {table.TITLES[task.contender]}, {task.cohort}", end=" ... ")
        way = Way(task, chosen.jax if task.contender == "jax" else sys.executable)
        stack.callback(way.close)
        say(f"skipped: {way.missing}" if way.missing else "ready")
        if not way.missing:
            ways.append(way)
    return ways


def compare(chosen: argparse.Namespace, results: list[table.Result]) -> None:
    """Measure every task of one thread, filling `results`."""
    todo = list(tasks(chosen))
    for dataset in dict.fromkeys(task.dataset for task in todo):
        done: list[Costs] = []
        with ExitStack() as stack:
            ways = ready([t for t in todo if t.dataset == dataset], chosen, stack)
            try:
                for costs in rounds([[way] for way in ways], chosen.rounds, of=dataset):
                    done.append(costs)
            finally:
                results += [
                    table.Result(
                        dataset=dataset,
                        contender=way.task.contender,
                        cohort=way.task.cohort,
                        seconds=tuple(costs[i][0].update for costs in done),
                        flop=contenders.flop(load(dataset)),
                    )
                    for i, way in enumerate(ways)
                    if done
                ]


def machine(chosen: argparse.Namespace, results: list[dict[str, Any]]) -> None:
    """Measure runs a minute on all cores, filling `results`."""
    for dataset in chosen.dataset or names():
        rates = cores.rates(dataset, chosen.steps, chosen.rounds)
        about = {"dataset": dataset, "cores": cores.number(), "steps": chosen.steps}
        results.append(about | rates)
        print(cores.text(dataset, chosen.steps, rates), flush=True)


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
