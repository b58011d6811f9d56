"""Tidy tables: one row an observation, plain values, for notebooks, CSV, JSON and JUnit.

A table is a list of dicts with the same keys: `pandas.DataFrame(tables(study)["runs"])` takes it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from mlp.genome import species_name
from mlp.lab import Claim
from mlp.lab.claim import DOSE, SCREEN
from mlp.report.archive import by_line
from mlp.report.cohorts import Cohort, name_of, names_of, strains_of
from mlp.report.results import Row
from mlp.report.study import Study
from mlp.run import Run
from mlp.stats import SUITE_ERROR, dose_response, look_alpha, look_sizes

Entry = dict[str, Any]
Table = list[Entry]


def tables(study: Study) -> dict[str, Table]:
    """Every table of a study that has rows, by name.

    - claims: one row a claim: what was claimed, the evidence, the verdict and the one recorded.
    - differences: a row a comparison and seed, positive where the first arm is better. `seed` is
      the first arm's, `other_seed` that of the arm compared: another where they share no seeds.
    - looks: a row a comparison and look: the interval there, its error, and what it decides.
    - screens, doses: a row a cell or dose, and seed. `genes_of_good_strain` are those with its
      allele. In a unit in which less is better, `score` is how much better than the worst.
    - effects: a row a screen and effect: whole difference, shares, main effects, interactions.
    - runs: a row a run: what it is, how it ended, what it saw, and its alleles, a column a gene.
    - curves: a row a run and step, a column a curve, of the runs of strains, if there are any.
    """
    names = ("title", "finding", "states", "role", "pair", "sentence")
    found = {
        "claims": [{"test": row.nodeid, **_of(row, names), **_verdict(row)} for row in study.rows]
    }
    for name, entries_of in _OF_A_CLAIM.items():
        found[name] = [
            {"test": row.nodeid, **_of(row.claim, ("statement", "dataset")), **entry}
            for row in study.rows
            for entry in entries_of(row.claim)
        ]
    found["runs"] = _runs(study)
    found["curves"] = [entry for run in _curves(study) for entry in _by_step(run)]
    return {name: table for name, table in found.items() if table}


def _of(one: object, names: Iterable[str]) -> Entry:
    return {name: getattr(one, name) for name in names}


def _verdict(row: Row) -> Entry:
    own = (f.name for f in fields(Claim) if f.name not in ("detail", "notes"))
    notes = "; ".join(row.claim.notes)
    return {**_of(row.claim, own), "notes": notes, **_of(row, ("recorded", "status"))}


def properties(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The claims of one test as texts by name, for JUnit; numbered from the second on."""
    return [
        (f"mlp.{name}" if number == 1 else f"mlp.{number}.{name}", str(value))
        for number, row in enumerate(rows, start=1)
        for name, value in {**_verdict(row), **_of(row, ("finding", "vouched"))}.items()
    ]


def _differences(claim: Claim) -> Iterable[Entry]:
    first, other = claim.first_seeds[0], claim.first_seeds[-1]
    for k, difference in enumerate(claim.detail.get("differences", ())):
        yield {"seed": first + k, "other_seed": other + k, "difference": difference}


def _looks(claim: Claim) -> Iterable[Entry]:
    """The looks of a claim; those of a dose-response are worked out from its scores."""
    yield from claim.detail.get("looks", ())
    if claim.kind == DOSE:
        error, scale = SUITE_ERROR / claim.claims, claim.scale
        scores, margin = np.array(claim.detail["accuracies"]).T / scale, claim.margin / scale
        for n in look_sizes(claim.seeds):
            found = dose_response(scores[:n], margin, cap=n, claim_error=error)
            if found.n == n and found.rise is not None:
                low, high = found.rise.low * scale, found.rise.high * scale
                looked = {"seeds": n, "low": low, "high": high, "alpha": look_alpha(error)}
                yield {**looked, "outcome": str(found.trend)}


def _screens(claim: Claim) -> Iterable[Entry]:
    for cell in claim.detail.get("cells", ()):
        for k, score in enumerate(cell["accuracies"]):
            genes = "|".join(cell["on"])
            yield {"genes_of_good_strain": genes, "seed": claim.first_seed + k, "score": score}


def _effects(claim: Claim) -> Iterable[Entry]:
    detail = claim.detail
    if claim.kind == SCREEN:
        pairs = {"|".join(pair["genes"]): pair for pair in detail["interactions"]}
        kinds = {"share": detail["shares"], "main": detail["main"], "interaction": pairs}
        for kind, effects in {"whole": {"": detail["whole"]}, **kinds}.items():
            for genes, effect in effects.items():
                interval = {name: effect[name] for name in ("mean", "low", "high")}
                yield {"kind": kind, "genes": genes, **interval}


def _doses(claim: Claim) -> Iterable[Entry]:
    """The rows ever seen at a dose are told where they were recorded."""
    detail = claim.detail
    for k, dose in enumerate(detail.get("doses", ())):
        where = {"dose": dose, "genome": detail["genomes"][k], "distinct_rows": detail["rows"][k]}
        for i, score in enumerate(detail["accuracies"][k]):
            yield {**where, "seed": claim.first_seed + i, "score": score}


_OF_A_CLAIM: Mapping[str, Callable[[Claim], Iterable[Entry]]] = {
    "differences": _differences,
    "looks": _looks,
    "screens": _screens,
    "effects": _effects,
    "doses": _doses,
}
"""The tables of which a claim makes rows of its own."""
TABLES = ("claims", *_OF_A_CLAIM, "runs", "curves")
"""Names of all tables."""


def _runs(study: Study) -> Table:
    """`strain` and `claimed_as` are all names of its genome: as a strain, and in the claims."""
    names = names_of(study.rows)
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
        for run in study.runs
    )


def _measured(run: Run) -> dict[str, float]:
    measure = type(run.genome).measure
    return {} if measure is None else {measure.name: measure.worst - run.score * measure.span}


def _even(rows: Iterable[Entry]) -> Table:
    """The rows with the columns of all, None where a row has none."""
    table = list(rows)
    columns = dict.fromkeys(name for row in table for name in row)
    return [{name: row.get(name) for name in columns} for row in table]


def _number(value: float) -> float | None:
    """A number; None if it is not finite, which JSON cannot hold."""
    return value if math.isfinite(value) else None


def _curves(study: Study) -> Table:
    """One row a run, its curves as lists: of strains, or of all genomes of species without any."""
    return _even(
        {
            **_identity(run),
            "step": list(run.steps),
            **{name: list(map(_number, curve)) for name, curve in run.curves.items()},
        }
        for run in study.runs
        if run.curves and (not type(run.genome).strains or strains_of(run))
    )


def _by_step(run: Entry) -> Iterable[Entry]:
    curves = {name: curve for name, curve in run.items() if isinstance(curve, list)}
    for at in zip(*curves.values(), strict=True):
        yield {**run, **dict(zip(curves, at, strict=True))}


def _identity(run: Run) -> Entry:
    return {
        "species": species_name(type(run.genome)),
        "dataset": run.dataset,
        "protocol": run.protocol.name,
        "executor": run.executor,
        "strain": "|".join(strains_of(run)),
        "genome": name_of(run.genome, ""),
        "seed": run.seed,
    }


def write_tables(study: Study, folder: Path) -> list[str]:
    """Write every table into `folder` as CSV and as JSON; the files' names.

    In CSV, None is an empty field. In JSON, curves are a row a run: a fraction of the size.
    """
    written = []
    for name, table in tables(study).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
        kept = _curves(study) if name == "curves" else table
        (folder / f"{name}.json").write_text(by_line(kept) + "\n", encoding="utf-8")
        written += [f"{name}.csv", f"{name}.json"]
    return written
