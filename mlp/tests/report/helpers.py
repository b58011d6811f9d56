"""Rows, runs and studies for rendering, and a small study of its own to run."""

from __future__ import annotations

from dataclasses import asdict
from itertools import combinations
from pathlib import Path

from mlp.genome import species_name
from mlp.lab import Claim
from mlp.lab.key import expressed
from mlp.lab.known import executor_named
from mlp.report.results import Row, heading
from mlp.report.study import Study
from mlp.run import Run
from mlp.species.post.genome import MATMUL, MATMUL_ESTIMATOR, STRAINS, Mlp
from mlp.species.post.protocol import Protocol, protocol

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "<script>alert('x')</script>\"&$\\frac|`"
TINY = Protocol(name="tiny", learning_rate=1e-2, steps=20, sample_every=10)

PROVENANCE = {
    "made": "2026-01-02T03:04:05+00:00",
    "commit": {"id": "0123456789abcdef", "dirty": True},
    "protocol": asdict(protocol("quick")),
    "datasets": ["digits", "iris"],
    "seeds": {"first": 0, "most": 8},
    "options": ["hypotheses", HOSTILE],
    "versions": {"python": "3.11", "tensorflow": "2.21.0"},
    "machine": {"processor": HOSTILE, "cores": 2, "system": "Linux", "architecture": "x86_64"},
}


def comparison_detail(differences=(0.5, 0.25, 0.75, 0.5), dataset="digits", by=()) -> dict:
    """The detail of a comparison of two arms, trained `by` executors or each by its own."""
    arms = ((1, MATMUL_ESTIMATOR), (-1, MATMUL))
    return {
        "arms": [
            {
                "weight": weight,
                "genome": str(genome),
                "dataset": dataset,
                "alleles": genome.as_compared().alleles(),
                "executors": list(by) or [genome.trainer],
                "mean": 0.75,
                "diverged": 0,
            }
            for weight, genome in arms
        ],
        "differences": list(differences),
        "looks": [
            {"seeds": 2, "low": -0.2, "high": 0.9, "alpha": 1e-5, "outcome": "undecided"},
            {"seeds": 4, "low": 0.2, "high": 0.8, "alpha": 1e-5, "outcome": "better"},
        ],
    }


def screen_detail() -> dict:
    """The detail of a screen of two genes, in which `coverage` does everything."""
    cells = {(): 0.4, ("coverage",): 0.9, ("order",): 0.4, ("coverage", "order"): 0.9}
    none, all_ = {"mean": 0.0, "low": -0.1, "high": 0.1}, {"mean": 0.5, "low": 0.4, "high": 0.6}
    return {
        "good": "matmul_estimator",
        "bad": "matmul",
        "alleles": {
            "good": MATMUL_ESTIMATOR.as_compared().alleles(),
            "bad": MATMUL.as_compared().alleles(),
        },
        "executors": ["cohort"],
        "genes": ["coverage", "order"],
        "cells": [
            {"on": list(on), "mean": mean, "accuracies": [mean, mean]} for on, mean in cells.items()
        ],
        "whole": all_,
        "main": {"coverage": all_, "order": none},
        "shares": {"coverage": all_, "order": none},
        "interactions": [{"genes": ["coverage", "order"], **none}],
    }


def screen_of(shares, bad="matmul", good="matmul_estimator", half=0.05):
    """The detail of a screen with these shares, all known to within `half`."""
    detail = screen_detail()
    genes = list(shares)
    whole = sum(shares.values())

    def near(mean):
        return {"mean": mean, "low": mean - half, "high": mean + half}

    cells = {on: 0.4 + sum(shares[g] for g in on) for on in _subsets(genes)}
    return {
        **detail,
        "bad": bad,
        "good": good,
        "genes": genes,
        "cells": [{"on": list(on), "mean": m, "accuracies": [m]} for on, m in cells.items()],
        "whole": near(whole),
        "shares": {gene: near(mean) for gene, mean in shares.items()},
    }


def _subsets(genes):
    return [on for size in range(len(genes) + 1) for on in combinations(genes, size)]


def dose_detail(gene="coverage", alleles=(0.1, 0.5, "all"), doses=(0.1, 0.5, 1.0), of=MATMUL):
    """The detail of a dose-response of three doses of a gene, by default the last a strain's."""
    genomes = [of.with_alleles(**{gene: allele}) for allele in alleles]
    return {
        "doses": list(doses),
        "genomes": [str(genome) for genome in genomes],
        "alleles": [genome.as_compared().alleles() for genome in genomes],
        "executors": [["cohort"]] * len(genomes),
        "means": [0.3, 0.6, 0.9],
        "accuracies": [[0.2, 0.4], [0.5, 0.7], [0.8, 1.0]],
        "rows": [12, 60, 120],
        "steps": [{"mean": 0.3, "low": 0.1, "high": 0.5}] * 2,
        "worst_fall": 0.1,
        "page_p": 0.01,
    }


def claim(**changes) -> Claim:
    """A claim, supported unless changed."""
    dataset = changes.get("dataset", "digits")
    values = {
        "statement": "matmul_estimator against matmul",
        "dataset": dataset,
        "protocol": "quick",
        "expected": "better",
        "outcome": "better",
        "verdict": "supported",
        "effect": 0.5,
        "low": 0.2,
        "high": 0.8,
        "margin": 0.1,
        "seeds": 4,
        "first_seed": 0,
        "diverged": 0,
        "executor": "real API",
        "detail": comparison_detail(dataset=dataset),
        "species": species_name(Mlp),
        "claims": 300,
        **changes,
    }
    return Claim(**values)


def row(
    test="test_estimator_rescues_matmul", *, finding="3", parameters="", recorded="supported", **of
) -> Row:
    """A row of one claim; `of` changes the claim."""
    made = claim(**of)
    shown = "-".join(filter(None, [parameters, made.dataset]))
    nodeid = f"hypotheses/test_finding_3_rescue.py::{test}[{shown}]"
    return Row(
        nodeid=nodeid,
        file="finding_3_rescue",
        test=test,
        finding=finding,
        sentence="Finding 3: training with Estimator.fit rescues the tf.matmul model.",
        recorded=recorded,
        reason="",
        claim=made,
        command=f'pytest "{nodeid}" --mlp-seeds=4',
        states=finding == "3",
    )


def finding_row(
    finding,
    test,
    sentence,
    dataset,
    verdict,
    effect,
    detail=None,
    identical=False,
    arm="",
    role="",
    pair="",
) -> Row:
    """A row of a test of a finding, its effect known to within 0.1; `arm` names parameters.

    A sentence that begins with the finding's name states it.
    """
    made = claim(
        statement="a against b",
        dataset=dataset,
        verdict=verdict,
        effect=effect,
        low=effect - 0.1,
        high=effect + 0.1,
        margin=0.05,
        seeds=32,
        executor="cohort engine",
        identical=identical,
        detail=detail or {},
    )
    nodeid = f"hypotheses/test_x.py::{test}[{arm}{dataset}]"
    return Row(
        nodeid,
        "x",
        test,
        finding,
        sentence,
        verdict,
        "",
        made,
        states=bool(finding) and sentence.startswith(heading(finding)),
        role=role,
        pair=pair,
    )


def shares_detail(whole, shares) -> dict:
    """What the explanation reads of a screen from b to g, all known to within 0.05."""

    def interval(mean):
        return {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}

    return {
        "good": "g",
        "bad": "b",
        "whole": interval(whole),
        "shares": {gene: interval(share) for gene, share in shares.items()},
    }


def rows() -> list[Row]:
    """Rows of every kind: comparisons, a screen claimed twice, a dose-response, hostile names."""
    return [
        row(),
        row(dataset="iris", verdict="undecided", outcome="undecided", effect=0.0, low=-0.5),
        row(
            "test_same",
            finding="Conclusion",
            identical=True,
            outcome="equivalent",
            expected="equivalent",
        ),
        row("test_screen", parameters="coverage", detail=screen_detail()),
        row("test_screen", parameters="order", verdict="refuted", detail=screen_detail()),
        row("test_dose", outcome="rising", expected="rising", detail=dose_detail()),
        row(f"test_{HOSTILE}", finding="", dataset=HOSTILE, statement=HOSTILE, outcome=HOSTILE),
    ]


def run(strain="matmul", dataset="digits", seed=0, executor="cohort", protocol=TINY) -> Run:
    """A run of a strain in its paired form, its curve rising from 1 to 9 of 10."""
    points = len(protocol.sampled_steps)
    curve = tuple((1 + (8 * k) // (points - 1)) / 10 for k in range(points))
    return Run(
        genome=acting(STRAINS[strain].as_compared(), executor),
        dataset=dataset,
        protocol=protocol,
        seed=seed,
        executor=executor,
        score=curve[-1],
        curves={"validation": curve, "test": curve},
        steps=protocol.sampled_steps,
        diverged_at=None,
        saw={"distinct_rows": 50, "updates": protocol.steps, "order": "a", "init": "b"},
        weights="c",
    )


def acting(genome, executor):
    """The genome as an executor, by its name, expresses it."""
    return expressed(genome, executor_named(Mlp, executor))


def study(**changes) -> Study:
    """A study with rows of every kind and runs of all strains."""
    runs = [run(s, d, n) for s in STRAINS for d in ("digits", "iris") for n in range(3)]
    values = {"rows": rows(), "runs": runs, "provenance": PROVENANCE, **changes}
    return Study(**values)
