"""Tidy tables: one row an observation, plain values, for notebooks, CSV and JSON.

Each `tidy_*` function returns a list of dicts with the same keys: `pandas.DataFrame(rows)` takes it
as it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mlp.genome import Genome
from mlp.lab import Claim
from mlp.report.arms import Cohort, named
from mlp.report.results import Row
from mlp.report.study import Study, strains_of
from mlp.run import Run
from mlp.stats import dose_response, look_alpha, look_sizes

Table = list[dict[str, Any]]


def tidy_runs(runs: Iterable[Run], rows: Iterable[Row] = ()) -> Table:
    """One row a run: what it is, how it ended, what it saw, and its alleles, a column a gene.

    `strain` names the strains of the study it is a run of, `claimed_as` the genomes that the claims
    of `rows` compare, dose or screen between and whose run it is, as they name them; both joined by
    "|". Accuracies are shares in [0, 1].
    """
    names = named(rows)
    return [
        {
            **_identity(run),
            "claimed_as": "|".join(names.get(Cohort.of(run), ())),
            "score": run.score,
            **{f"final_{name}": curve[-1] for name, curve in run.curves.items() if curve},
            "diverged": run.diverged,
            "diverged_at": run.diverged_at,
            **{f"saw_{name}": value for name, value in run.saw.items()},
            "final_weights_digest": run.weights,
            **{f"gene_{name}": allele for name, allele in run.genome.alleles().items()},
        }
        for run in runs
    ]


def tidy_curves(runs: Iterable[Run]) -> Table:
    """One row a run and sampled step: validation and test accuracy there, shares in [0, 1]."""
    return [
        {
            **identity,
            "step": step,
            **{name: curve[i] for name, curve in run.curves.items()},
        }
        for run in runs
        for identity in [_identity(run)]
        for i, step in enumerate(run.steps)
    ]


def whole_curves(runs: Iterable[Run]) -> Table:
    """One row a run: its curves as lists, a fraction of the size of `tidy_curves`."""
    return [
        {
            **_identity(run),
            "step": list(run.steps),
            **{name: list(curve) for name, curve in run.curves.items()},
        }
        for run in runs
    ]


def _identity(run: Run) -> dict[str, Any]:
    return {
        "dataset": run.dataset,
        "protocol": run.protocol.name,
        "executor": run.executor,
        "strain": "|".join(strains_of(run)),
        "genome": _named(run.genome),
        "seed": run.seed,
    }


@cache
def _named(genome: Genome) -> str:
    """The genome's name: many runs have one genome, and a name takes long to find."""
    return str(genome)


_CLAIM_COLUMNS = tuple(f.name for f in fields(Claim) if f.name != "detail")


def tidy_claims(rows: Iterable[Row]) -> Table:
    """One row a claim: what was claimed, the evidence, the verdict and the one recorded."""
    return [
        {
            "test": row.nodeid,
            "title": row.title,
            "finding": row.finding,
            "sentence": row.sentence,
            **{name: getattr(row.claim, name) for name in _CLAIM_COLUMNS},
            "recorded": row.recorded,
            "status": row.status,
        }
        for row in rows
    ]


def tidy_differences(rows: Iterable[Row]) -> Table:
    """One row a comparison and seed: the difference in final validation accuracy.

    `seed` is the first arm's, `other_seed` that of the arm it is compared with: the same where the
    arms are paired by seed; another where they share no seeds, and only their order pairs them.
    """
    return [
        {
            **_which(row),
            "seed": row.claim.first_seeds[0] + i,
            "other_seed": row.claim.first_seeds[-1] + i,
            "difference": difference,
        }
        for row in rows
        for i, difference in enumerate(row.claim.detail.get("differences", ()))
    ]


def tidy_looks(rows: Iterable[Row]) -> Table:
    """One row a comparison and look: the interval there, its error, and what it decides."""
    return [{**_which(row), **look} for row in rows for look in _looks(row.claim)]


def _looks(claim: Claim) -> Iterable[dict[str, Any]]:
    """The looks of a claim; those of a dose-response are worked out from its accuracies."""
    yield from claim.detail.get("looks", ())
    if "doses" in claim.detail:
        responses = np.array(claim.detail["accuracies"]).T
        for n in look_sizes(claim.seeds):
            found = dose_response(responses[:n], claim.margin, cap=n)
            if found.n == n and found.rise is not None:
                yield {
                    "seeds": n,
                    "low": found.rise.low,
                    "high": found.rise.high,
                    "alpha": look_alpha(),
                    "outcome": str(found.trend),
                }


def tidy_screens(rows: Iterable[Row]) -> Table:
    """One row a screen, cell and seed: the genes with the good strain's allele, the accuracy."""
    return [
        {
            **_which(row),
            "genes_of_good_strain": "|".join(cell["on"]),
            "seed": row.claim.first_seed + i,
            "final_accuracy": accuracy,
        }
        for row in rows
        for cell in row.claim.detail.get("cells", ())
        for i, accuracy in enumerate(cell["accuracies"])
    ]


def tidy_effects(rows: Iterable[Row]) -> Table:
    """One row a screen and effect: whole difference, shares, main effects, interactions."""
    found: Table = []
    for row in rows:
        detail = row.claim.detail
        if "cells" not in detail:
            continue
        named = [("whole", "", detail["whole"])]
        named += [("share", gene, value) for gene, value in detail["shares"].items()]
        named += [("main", gene, value) for gene, value in detail["main"].items()]
        named += [("interaction", "|".join(v["genes"]), v) for v in detail["interactions"]]
        found += [
            {
                **_which(row),
                "kind": kind,
                "genes": genes,
                **{name: value[name] for name in ("mean", "low", "high")},
            }
            for kind, genes, value in named
        ]
    return found


def tidy_doses(rows: Iterable[Row]) -> Table:
    """One row a dose-response, dose and seed: the rows ever seen there, the accuracy."""
    return [
        {
            **_which(row),
            "dose": dose,
            "genome": detail["genomes"][k],
            "distinct_rows": detail["rows"][k],
            "seed": row.claim.first_seed + i,
            "final_accuracy": accuracy,
        }
        for row in rows
        for detail in [row.claim.detail]
        for k, dose in enumerate(detail.get("doses", ()))
        for i, accuracy in enumerate(detail["accuracies"][k])
    ]


def _which(row: Row) -> dict[str, Any]:
    return {"test": row.nodeid, "statement": row.claim.statement, "dataset": row.claim.dataset}


def tables(study: Study) -> dict[str, Table]:
    """Every tidy table of a study that has rows, by name; curves are those of the strains."""
    found = {
        "claims": tidy_claims(study.rows),
        "differences": tidy_differences(study.rows),
        "looks": tidy_looks(study.rows),
        "screens": tidy_screens(study.rows),
        "effects": tidy_effects(study.rows),
        "doses": tidy_doses(study.rows),
        "runs": tidy_runs(study.runs, study.rows),
        "curves": tidy_curves(run for run in study.runs if strains_of(run)),
    }
    return {name: table for name, table in found.items() if table}


def write_tables(study: Study, folder: Path) -> list[str]:
    """Write every table into `folder` as CSV and as JSON; the files' names.

    In JSON, curves are a row a run.
    """
    written = []
    for name, table in tables(study).items():
        write_csv(folder / f"{name}.csv", table)
        if name == "curves":
            table = whole_curves(run for run in study.runs if strains_of(run))
        (folder / f"{name}.json").write_text(_json(table), encoding="utf-8")
        written += [f"{name}.csv", f"{name}.json"]
    return written


def _json(table: Table) -> str:
    return "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in table) + "\n]\n"


def write_csv(path: Path, table: Sequence[dict[str, Any]]) -> None:
    """Write a table as CSV, its keys as the header; None is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
