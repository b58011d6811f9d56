"""python -m mlp.proof.recompute STORE STUDY: a saved study, from its run records.

Exit status 1 where one differs. This imports nothing of the package but the reader of records."""

import json
import sqlite3
import sys
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from mlp.store.records import decode, verify

ALPHA, LOOKS = 0.05 / 300 / 10, (16, 24, 32, 48, 64, 96, 128, 192, 256)  # 300 claims, 10 looks


def half(d: Any, margin: float = 0.0, alpha: float = ALPHA) -> float:
    n, squares = len(d), ((d - d.mean()) ** 2).sum()
    t = stats.t.ppf(1 - alpha / 2, n + 1) / np.sqrt((n + 1) * (n + 2))
    return max(t * np.sqrt(squares + 2 * 0.5**2), t * np.sqrt(squares + 2 * 1.33**2) - margin)


def outcome(d: Any, margin: float) -> str:
    if abs(d.mean()) - half(d, margin) > margin:
        return "better" if d.mean() > 0 else "worse"
    return "equivalent" if abs(d.mean()) + half(d, margin) < margin else "undecided"


def name(genome: Any, dataset: str, protocol: Any, seed: int, by: str) -> str:
    idle = {"cohort": ["trainer"] + ["dense"] * (genome["bias"] == "scalar")}.get(by, [])
    g = {**genome, **dict.fromkeys(idle, "")}
    if g["dropout"] == 0 or g["dropout_mode"] == "never":
        g.update(dropout=0, dropout_mode="")
    if g["order"] == "fixed":
        g.update(shuffle_seed="")
    how = [float(protocol["learning_rate"]), protocol["steps"], protocol["sample_every"]]
    return json.dumps([sorted(g.items()), dataset, how, seed, by])


def records(store: str) -> dict[str, Any]:
    con = sqlite3.connect(f"{Path(store).resolve().as_uri()}?mode=ro", uri=True)
    rows = [r for r in con.execute("SELECT key, payload, digest FROM runs") if verify(*r)]
    told = ("genome", "dataset", "protocol", "seed", "executor")
    return {name(*(run[k] for k in told)): run for run in [decode(r[1]) for r in rows]}


def cohort(runs: dict[str, Any], arm: Any, protocol: Any, n: int) -> list[Any]:
    """An arm's first n runs. Four seeds on the real API may vouch for the engine at the others."""
    seeds = range(arm["first_seed"], arm["first_seed"] + max(n, 4))
    engine, real = (
        [runs.get(name(arm["alleles"], arm["dataset"], protocol, s, by)) for s in seeds]
        for by in ("cohort", arm["alleles"]["trainer"])
    )
    pairs, ends = list(zip(real, engine, strict=True)), ("weights", "score", "curves")
    vouched = all(a and b and all(a[k] == b[k] for k in ends) for a, b in pairs[:4])
    found = [a or (vouched and b) for a, b in pairs] if arm["real"] else engine
    if not all(found[:n]):
        sys.exit(f"the store lacks runs on {arm['dataset']} from seed {seeds[0]}: give the study's")
    return found[:n]


def arms_of(claim: Any) -> list[Any]:
    detail, by = claim["detail"], claim["executor"]
    own, alleles = {k: claim[k] for k in ("dataset", "first_seed")}, detail.get("alleles", [])
    if "cells" in detail:
        taken = [{*cell["on"], *["dense"] * ("bias" in cell["on"])} for cell in detail["cells"]]
        on = [{g: alleles["good"][g] for g in genes} for genes in taken]
        alleles = [{**alleles["bad"], **some} for some in on]
    real = [not by.startswith("cohort engine"), by != "cohort engine"]
    arms = enumerate(detail.get("arms") or [{"alleles": a} for a in alleles])
    return [{**own, **arm, "real": real[k % 2]} for k, arm in arms]


def identical(arms: list[Any], of: list[Any]) -> bool:
    def end(k: int) -> Any:
        genome = arms[k]["alleles"]
        answers = genome["dropout"] and genome["dropout_mode"], genome["handicap"]
        seen = [(r["weights"], r["score"], {**r["saw"], "first_loss": 0}) for r in of[k]]
        diverged = any(r["diverged_at"] is not None for r in of[k])
        return k if diverged else (arms[k]["dataset"], answers, seen)

    pairings = {2: [[(0, 1)]], 4: [[(0, 1), (2, 3)], [(0, 2), (1, 3)]]}.get(len(arms), [])
    return any(all(end(i) == end(j) for i, j in pairs) for pairs in pairings)


def look(claim: Any, arms: list[Any], y: Any) -> tuple[str, Any, float, float]:
    detail, m = claim["detail"], claim["margin"]
    if "doses" in detail:
        up = [y[j] - y[i] for i, j in combinations(range(len(y)), 2)]
        whole, strict = y[-1] - y[0], ALPHA / (len(up) + 1)
        if all(d.mean() - half(d, m) > -m for d in up) and outcome(whole, m) == "better":
            return "rising", whole, m, 1
        ends = [d.mean() + half(d, m, strict) for d in (*up, whole)]
        return "not rising" if min(ends) < -m or ends[-1] < m else "undecided", whole, m, 1
    if "cells" not in detail:
        d = sum(arm["weight"] * row for arm, row in zip(arms, y, strict=True))
        return outcome(d, m), d, m, len(arms) / 2
    cells = {frozenset(c["on"]): row for c, row in zip(detail["cells"], y, strict=True)}
    genes, told = detail["genes"], claim["statement"].split(" between ")[0].split()
    d, orders = 0.0, list(permutations(genes))
    for order, k in product(orders, range(len(genes))):
        adds = cells[frozenset(order[: k + 1])] - cells[frozenset(order[:k])]
        d += (adds if order[k] in told else -adds) / len(orders)
    whole, said = cells[frozenset(genes)] - cells[frozenset()], outcome(d, m)
    if whole.mean() - half(whole) > 0 or said in ("worse", "equivalent"):
        return said, d, m, 3
    if whole.mean() + half(whole, m) < m:
        return "not better", whole, m, 1
    return ("undecided", whole, 0.0, 1) if said == "better" else (said, d, m, 3)


def anew(claim: Any, runs: dict[str, Any], protocol: Any, cap: int) -> tuple[list[Any], list[Any]]:
    arms, detail, wanted = arms_of(claim), claim["detail"], claim["expected"]
    first = detail["looks"][0]["seeds"] if "cells" in detail else 0
    glance = [min(4, cap)] if claim["executor"] != "cohort engine" and "arms" in detail else []
    for n in (*glance, *(k for k in LOOKS if first <= k < cap), cap):
        of = [cohort(runs, arm, protocol, n) for arm in arms]
        y = np.array([[r["score"] for r in some] for some in of])
        (said, d, m, bound), alike = look(claim, arms, y), identical(arms, of)
        if alike or (said != "undecided" and [n] != glance):
            break
    said = "equivalent" if alike else said
    verdict = {wanted: "supported", "undecided": "undecided"}.get(said, "refuted")
    verdict = ("refuted", "supported")[alike] if wanted == "identical" else verdict
    ends = np.clip([d.mean() - half(d, m), d.mean() + half(d, m)], -bound, bound)
    return [said, verdict, alike, n], [float(x) for x in (d.mean(), *ends)]


def main(store: str, study: str) -> int:
    runs, saved, wrong, far = records(store), json.loads(Path(study).read_bytes()), 0, 0.0
    asked = saved["provenance"]["protocol"], saved["provenance"]["seeds"]["most"]
    others = {"recorded", "diagnosis"}  # another test; a search, which would be written twice
    claims = [r["claim"] for r in saved["claims"] if not others & {*r["claim"]["detail"]}]
    for claim in claims:
        was = [claim[k] for k in ("outcome", "verdict", "identical", "seeds")]
        found, numbers = anew(claim, runs, *asked)
        told = [claim[k] for k in ("effect", "low", "high")]
        far = max(far, apart := max(abs(a - b) for a, b in zip(numbers, told, strict=True)))
        if found != was or apart > 1e-9:
            wrong += 1
            print(claim["statement"], "on", claim["dataset"], was, told, "but", found, numbers)
    print(f"{len(claims) - wrong} of {len(claims)} verdicts agree; numbers within {far:.1g}")
    return 1 if wrong or not claims else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 3 else __doc__)
