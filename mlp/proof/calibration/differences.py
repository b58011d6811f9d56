"""d = data - mean(data) + effect, resampled: the rates on the differences that claims were made of.

`differences.json` holds, for every claim of some studies that rests on an interval, the differences
it rested on, as values and how often each occurred. `commit` makes it anew from saved studies.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlp.proof.calibration.methods import IN_USE, Method
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, STATED, Rate, upper_limit
from mlp.proof.calibration.scenarios import Law
from mlp.proof.calibration.simulation import codes_at, decide, draw, false_codes
from mlp.stats.factorial import shapley
from mlp.stats.interval import FloatArray
from mlp.stats.looks import CLAIM_ERROR, LOOKS

FILE = Path(__file__).with_name("differences.json")

_TAKEN = 200
"""How often a claim is resampled to tell the seeds it takes."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """The differences of one claim, as a law, with the margin it was held against."""

    claim: str
    dataset: str
    margin: float
    law: Law

    @property
    def widest(self) -> float:
        """How far the farthest difference lies from their median."""
        order = np.argsort(self.law.values)
        middle = np.searchsorted(np.cumsum(self.law.weights[order]), 0.5)
        return float(np.max(np.abs(self.law.values - self.law.values[order][middle])))


def committed() -> list[Sampled]:
    """The claims' differences in `FILE`."""
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    return [
        Sampled(
            claim=one["claim"],
            dataset=one["dataset"],
            margin=one["margin"],
            law=Law(np.array(one["values"]), np.array(one["counts"]) / sum(one["counts"])),
        )
        for one in raw["claims"]
    ]


def resampled_rates(
    claims: Sequence[Sampled],
    method: Method,
    *,
    sims: int,
    seed: int = 0,
    looks: tuple[int, ...] = LOOKS,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Rate]:
    """Per data set: the mean rate over its claims, each at its own margin and as often mirrored.

    That is the share of an error that is divided evenly among them. The effect is in margins.
    """
    found: list[Rate] = []
    for which, group in enumerate(dict.fromkeys(map(_group, claims))):
        mine = [c for c in claims if _group(c) == group]
        name = f"{len(mine)} claims on {group}, resampled"
        progress(name)
        counts = np.zeros((len(EFFECTS_IN_MARGINS), len(STATED)))
        for k, claim in enumerate(mine):
            rng = np.random.default_rng([seed, 1_000_000 + which, k])
            counts += _false(claim, method, sims, rng, looks)
        total = 2 * sims * len(mine)
        for effect, row in zip(EFFECTS_IN_MARGINS, counts, strict=True):
            for stated, count in zip(STATED, row, strict=True):
                upper = upper_limit(int(count), total)
                found.append(
                    Rate(name, IN_USE, 1.0, effect, stated, float(count) / total, upper, total)
                )
    return found


def _group(claim: Sampled) -> str:
    return "two data sets" if "-" in claim.dataset else claim.dataset


def _false(
    claim: Sampled, method: Method, sims: int, rng: np.random.Generator, looks: tuple[int, ...]
) -> FloatArray:
    """False verdicts among `sims` comparisons and their mirror images, `[effects, stated]`."""
    centred = Law(claim.law.values - claim.law.mean, claim.law.weights)
    counts = np.zeros((len(EFFECTS_IN_MARGINS), len(STATED)))
    for moments in draw(centred, sims, rng, looks):
        for i, effect in enumerate(EFFECTS_IN_MARGINS):
            mean = effect * claim.margin
            for j, stated in enumerate(STATED):
                for signed in (mean, -mean):
                    outcome = codes_at(method, moments, stated, claim.margin, signed)
                    counts[i, j] += np.isin(outcome, false_codes(signed, claim.margin)).sum()
    return counts


@dataclass(frozen=True)
class Seeds:
    """What a rule takes: the mean number of seeds of a claim, and the share left undecided."""

    rule: str
    seeds: float
    undecided: float


def seeds_taken(
    rule: str,
    claims: Sequence[Sampled],
    method: Method,
    *,
    looks: tuple[int, ...] = LOOKS,
    stated: float = CLAIM_ERROR,
) -> Seeds:
    """The mean over the claims, their differences resampled as they are, each at its margin."""
    taken, open_ = [], []
    for k, claim in enumerate(claims):
        rng = np.random.default_rng([0, 2_000_000, k])
        for moments in draw(claim.law, _TAKEN, rng, looks):
            outcome, when = decide(method, moments, stated, claim.margin)
            taken.append(np.array(looks)[when].mean())
            open_.append((outcome == 0).mean())
    return Seeds(rule, round(float(np.mean(taken)), 1), round(float(np.mean(open_)), 4))


def of_study(study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The claims of a saved study that rest on an interval, with their differences counted."""
    found = []
    for row in study["claims"]:
        claim, detail = row["claim"], row["claim"]["detail"]
        if claim["identical"]:
            continue
        if "differences" in detail:
            values = detail["differences"]
        elif "cells" in detail:
            cells: dict[Iterable[str], FloatArray] = {
                tuple(c["on"]): np.array(c["accuracies"]) for c in detail["cells"]
            }
            share = shapley(cells)
            gene = next(g for g in share if g in claim["statement"].split(" between ")[0].split())
            values = share[gene] - sum(share[g] for g in share if g != gene)
        else:
            continue
        counted = sorted(Counter(round(float(v), 6) for v in values).items())
        found.append(
            {
                "claim": row["nodeid"].partition("::")[2],
                "dataset": claim["dataset"],
                "margin": claim["margin"],
                "values": [v for v, _ in counted],
                "counts": [n for _, n in counted],
            }
        )
    return found


def commit(paths: Sequence[Path]) -> int:
    """Write the differences of saved studies into `FILE`; how many claims they are of."""
    studies = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    made = [{k: study["provenance"][k] for k in ("protocol", "seeds")} for study in studies]
    claims = [claim for study in studies for claim in of_study(study)]
    rows = ",\n".join(map(json.dumps, claims))
    told = f'{{"studies": {json.dumps(made)},\n"claims": [\n{rows}\n]}}\n'
    FILE.write_text(told, encoding="utf-8")
    return len(claims)
