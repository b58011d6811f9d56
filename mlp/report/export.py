"""Tidy tables: one row an observation, plain values, for notebooks, CSV, JSON and JUnit.

Each `tidy_*` function returns a list of dicts with the same keys: `pandas.DataFrame(rows)` takes it
as it is.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from mlp.genome import species_name
from mlp.lab import Claim
from mlp.lab.claim import DOSE, SCREEN
from mlp.report.cohorts import Cohort, name_of, names_of, strains_of
from mlp.report.results import Row
from mlp.report.study import Study
from mlp.run import Run
from mlp.stats import SUITE_ERROR, dose_response, look_alpha, look_sizes

Table = list[dict[str, Any]]


def tidy_runs(runs: Iterable[Run], rows: Iterable[Row] = ()) -> Table:
    """One row a run: what it is, how it ended, what it saw, and its alleles, a column a gene.

    `strain` names the strains of the species it is a run of, `claimed_as` the genomes that the
    claims of `rows` compare, dose or screen between and whose run it is, as they name them; both
    joined by "|". `score` is in [0, 1]; a species that measures a loss has a column for that too.
    """
    names = names_of(rows)
    return _even(
        {
            **_identity(run),
            "claimed_as": "|".join(names.get(Cohort.of(run), ())),
            "score": run.score,
            **_measured(run),
            "diverged": run.diverged,
            "diverged_at": run.diverged_at,
            **{f"final_{name}": _number(curve[-1]) for name, curve in run.curves.items() if curve},
            **{f"saw_{name}": value for name, value in run.saw.items()},
            "weights": run.weights,
            **{f"gene_{name}": allele for name, allele in run.genome.alleles().items()},
        }
        for run in runs
    )


def _measured(run: Run) -> dict[str, float]:
    measure = type(run.genome).measure
    return {} if measure is None else {measure.name: measure.worst - run.score * measure.span}


def _even(rows: Iterable[dict[str, Any]]) -> Table:
    """The rows with the columns of all, None where a row has none."""
    table = list(rows)
    columns = dict.fromkeys(name for row in table for name in row)
    return [{name: row.get(name) for name in columns} for row in table]


def _number(value: float) -> float | None:
    """A number; None if it is not finite, which JSON cannot hold."""
    return value if math.isfinite(value) else None


def tidy_curves(runs: Iterable[Run]) -> Table:
    """One row a run and step, a column a curve."""
    return _even(
        {**row, "step": step, **{name: curve[k] for name, curve in curves.items()}}
        for row, steps, curves in map(_curves, runs)
        for k, step in enumerate(steps)
    )


def whole_curves(runs: Iterable[Run]) -> Table:
    """One row a run: its curves as lists, a fraction of the size of `tidy_curves`."""
    return _even({**row, "step": steps, **curves} for row, steps, curves in map(_curves, runs))


def _curves(run: Run) -> tuple[dict[str, Any], list[int], dict[str, list[float | None]]]:
    curves = {name: list(map(_number, curve)) for name, curve in run.curves.items()}
    return _identity(run), list(run.steps), curves


def _identity(run: Run) -> dict[str, Any]:
    return {
        "species": species_name(type(run.genome)),
        "dataset": run.dataset,
        "protocol": run.protocol.name,
        "executor": run.executor,
        "strain": "|".join(strains_of(run)),
        "genome": name_of(run.genome, ""),
        "seed": run.seed,
    }


_CLAIM_COLUMNS = tuple(f.name for f in fields(Claim) if f.name not in ("detail", "notes"))


def tidy_claims(rows: Iterable[Row]) -> Table:
    """One row a claim: what was claimed, the evidence, the verdict and the one recorded."""
    return [
        {
            "test": row.nodeid,
            "title": row.title,
            "finding": row.finding,
            "states": row.states,
            "role": row.role,
            "pair": row.pair,
            "sentence": row.sentence,
            **{name: getattr(row.claim, name) for name in _CLAIM_COLUMNS},
            "notes": "; ".join(row.claim.notes),
            "recorded": row.recorded,
            "status": row.status,
        }
        for row in rows
    ]


def properties(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The claims of one test as texts by name, for JUnit; numbered from the second on."""
    found = []
    for number, row in enumerate(rows, start=1):
        prefix = "mlp." if number == 1 else f"mlp.{number}."
        values = {name: getattr(row.claim, name) for name in _CLAIM_COLUMNS}
        values |= {"finding": row.finding, "recorded": row.recorded, "status": row.status}
        values |= {"vouched": row.vouched, "notes": "; ".join(row.claim.notes)}
        found += [(f"{prefix}{name}", str(value)) for name, value in values.items()]
    return found


def tidy_differences(rows: Iterable[Row]) -> Table:
    """One row a comparison and seed: the difference, positive where the first arm is better.

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
    """The looks of a claim; those of a dose-response are worked out from its scores."""
    yield from claim.detail.get("looks", ())
    if claim.kind == DOSE:
        error, scale = SUITE_ERROR / claim.claims, claim.scale
        scores, margin = np.array(claim.detail["accuracies"]).T / scale, claim.margin / scale
        for n in look_sizes(claim.seeds):
            found = dose_response(scores[:n], margin, cap=n, claim_error=error)
            if found.n == n and found.rise is not None:
                yield {
                    "seeds": n,
                    "low": found.rise.low * scale,
                    "high": found.rise.high * scale,
                    "alpha": look_alpha(error),
                    "outcome": str(found.trend),
                }


def tidy_screens(rows: Iterable[Row]) -> Table:
    """One row a screen, cell and seed: the genes with the good strain's allele, the score.

    In a unit in which less is better, `score` is how much better than the worst.
    """
    return [
        {
            **_which(row),
            "genes_of_good_strain": "|".join(cell["on"]),
            "seed": row.claim.first_seed + i,
            "score": score,
        }
        for row in rows
        for cell in row.claim.detail.get("cells", ())
        for i, score in enumerate(cell["accuracies"])
    ]


def tidy_effects(rows: Iterable[Row]) -> Table:
    """One row a screen and effect: whole difference, shares, main effects, interactions."""
    found: Table = []
    for row in rows:
        if row.claim.kind != SCREEN:
            continue
        detail = row.claim.detail
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
    """One row a dose-response, dose and seed: the rows ever seen there, if recorded, the score.

    In a unit in which less is better, `score` is how much better than the worst.
    """
    return [
        {
            **_which(row),
            "dose": dose,
            "genome": detail["genomes"][k],
            "distinct_rows": detail["rows"][k],
            "seed": row.claim.first_seed + i,
            "score": score,
        }
        for row in rows
        for detail in [row.claim.detail]
        for k, dose in enumerate(detail.get("doses", ()))
        for i, score in enumerate(detail["accuracies"][k])
    ]


def _which(row: Row) -> dict[str, Any]:
    return {"test": row.nodeid, "statement": row.claim.statement, "dataset": row.claim.dataset}


def tables(study: Study) -> dict[str, Table]:
    """Every tidy table of a study that has rows, by name."""
    found = {
        "claims": tidy_claims(study.rows),
        "differences": tidy_differences(study.rows),
        "looks": tidy_looks(study.rows),
        "screens": tidy_screens(study.rows),
        "effects": tidy_effects(study.rows),
        "doses": tidy_doses(study.rows),
        "runs": tidy_runs(study.runs, study.rows),
        "curves": tidy_curves(_curved(study)),
    }
    return {name: table for name, table in found.items() if table}


def _curved(study: Study) -> list[Run]:
    """The runs whose curves are written: those of strains, or of all genomes without strains."""
    return [
        run
        for run in study.runs
        if run.curves and (not type(run.genome).strains or strains_of(run))
    ]


def write_tables(study: Study, folder: Path) -> list[str]:
    """Write every table into `folder` as CSV and as JSON; the files' names.

    In JSON, curves are a row a run.
    """
    written = []
    for name, table in tables(study).items():
        write_csv(folder / f"{name}.csv", table)
        if name == "curves":
            table = whole_curves(_curved(study))
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
