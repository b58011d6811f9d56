"""The recomputation agrees with the suite on hand-made records, and says where they part."""

import ast
import json
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pytest

from mlp.lab import ClaimError
from mlp.lab.arm import Arm, weighted_differences
from mlp.lab.comparison import Comparison
from mlp.lab.dose import DoseCurve
from mlp.lab.screen import Screen, cells_of
from mlp.proof import recompute
from mlp.proof.recompute import ALPHA, main
from mlp.species.post.executors import COHORT, ENGINE, REAL_API
from mlp.stats import LOOKS, Outcome, dose_response, look_alpha, sequential
from mlp.store import Store
from mlp.tests.lab.runs import BASE, TINY, a_run, setting

GOOD = BASE.with_alleles(coverage="all", logits="raw")
GENES = ("logits", "coverage")
CAP = 48


def runs_of(genome, right, seeds=CAP, **changes):
    return tuple(replace(a_run(genome, s, right(s)), **changes) for s in range(seeds))


def a_comparison(a, b, margin=0.1, executor=ENGINE):
    """The comparison of two cohorts of CAP runs, at the look that decides."""
    (one, of_one), (two, of_two) = a, b
    arms = (Arm(1, one, "iris", of_one), Arm(-1, two, "iris", of_two))
    result = sequential(weighted_differences(arms), margin, cap=CAP)
    used = tuple(replace(arm, runs=arm.runs[: result.n]) for arm in arms)
    return Comparison(setting(), executor, used, result)


def a_screen(right, claims):
    cells = cells_of(GOOD, BASE, GENES, COHORT)
    of = {on: runs_of(g, lambda s, on=on: right(on, s), seeds=32) for on, g in cells.items()}
    return Screen(setting(claims), ENGINE, GOOD, BASE, GENES, of), of


def settled(assertion, *args, **kwargs):
    """Has a claim settled, whatever its verdict."""
    with suppress(ClaimError):
        assertion(*args, **kwargs)


@pytest.fixture
def study(tmp_path):
    """Writes a store of these runs and a study of these claims; gives their paths."""

    def write(claims, runs):
        with Store(tmp_path / "runs.sqlite") as store:
            for run in runs:
                store.put({sha256(repr(run).encode()).hexdigest(): run.to_dict()})
        body = {
            "provenance": {"protocol": asdict(TINY), "seeds": {"first": 0, "most": CAP}},
            "claims": [{"nodeid": str(k), "claim": asdict(c)} for k, c in enumerate(claims)],
        }
        (tmp_path / "study.json").write_text(json.dumps(body, default=float), encoding="utf-8")
        return str(tmp_path / "runs.sqlite"), str(tmp_path / "study.json")

    return write


def two_cohorts(gain):
    more = BASE.with_alleles(coverage="all")
    return (more, runs_of(more, lambda s: 45 + gain + s % 3)), (BASE, runs_of(BASE, lambda _: 45))


@pytest.mark.parametrize("gain", [50, 0, 12, -45], ids=["better", "equivalent", "open", "worse"])
def test_comparisons_agree(gain, study, capsys):
    a, b = two_cohorts(gain)
    claims = [a_comparison(a, b).claim(o) for o in (Outcome.BETTER, Outcome.EQUIVALENT)]

    assert main(*study(claims, [*a[1], *b[1]])) == 0
    assert "2 of 2 verdicts agree" in capsys.readouterr().out


def test_identical_arms_agree_and_others_are_refuted_as_identical(study):
    genome = BASE.with_alleles(logits="raw")
    ends = genome.with_alleles(reporting="ends")
    same = runs_of(genome, lambda s: 40 + s % 5)
    runs = tuple(replace(r, genome=ends) for r in same)
    arms = (Arm(1, ends, "iris", runs[:16]), Arm(-1, genome, "iris", same[:16]))
    result = sequential(weighted_differences(arms), 0.05, cap=CAP)
    found = Comparison(setting(), ENGINE, arms, result).claim(Outcome.EQUIVALENT)
    claims = [found, replace(found, expected="identical")]
    a, b = two_cohorts(50)
    other = a_comparison(a, b).claim(Outcome.BETTER)
    claims.append(replace(other, expected="identical", verdict="refuted"))

    assert main(*study(claims, [*same, *runs, *a[1], *b[1]])) == 0


@pytest.mark.parametrize(
    ("coverage", "logits", "outcomes"),
    [(50, 0, ["worse", "better"]), (0, 0, ["equivalent"] * 2), (30, -38, ["worse", "not better"])],
)
def test_screens_agree(coverage, logits, outcomes, study):
    claims, effects = [], {"coverage": coverage, "logits": logits}
    screen, of = a_screen(lambda on, s: 40 + s % 3 + sum(effects[g] for g in on), claims)
    for gene in GENES:
        settled(screen.assert_responsible, gene, margin=0.3)

    assert main(*study(claims, [run for cohort in of.values() for run in cohort])) == 0
    assert [c.outcome for c in claims] == outcomes


@pytest.mark.parametrize(("step", "outcome"), [(30, "rising"), (0, "not rising"), (7, "undecided")])
def test_dose_responses_agree(step, outcome, study):
    claims = []
    genomes = tuple(BASE.with_alleles(coverage=0.1 * (k + 1)) for k in range(3))
    of = [runs_of(g, lambda _, k=k: 20 + step * k) for k, g in enumerate(genomes)]
    responses = [[run.score for run in seed] for seed in zip(*of, strict=True)]
    found = dose_response(responses, 0.15, cap=CAP)
    used = tuple(cohort[: found.n] for cohort in of)
    curve = DoseCurve(setting(claims), ENGINE, genomes, (0.1, 0.2, 0.3), used, found)
    settled(curve.assert_rising)

    assert main(*study(claims, [run for cohort in of for run in cohort])) == 0
    assert claims[0].outcome == outcome


@pytest.mark.parametrize("alike", [True, False])
def test_the_engine_stands_for_the_real_api_only_where_four_seeds_vouch_for_it(alike, study):
    a, b = two_cohorts(50)
    claim = a_comparison(a, b, executor=REAL_API).claim(Outcome.BETTER)
    real = [replace(r, executor="direct") for r in (*a[1][:4], *b[1][:4])]
    if not alike:
        real[2] = replace(real[2], weights="another")
    paths = study([claim], [*a[1], *b[1], *real])

    if alike:
        assert main(*paths) == 0
    else:
        with pytest.raises(SystemExit, match="the store lacks runs on iris"):
            main(*paths)


@pytest.mark.parametrize(
    "change",
    [{"outcome": "worse"}, {"verdict": "refuted"}, {"seeds": 32}, {"low": 0.2}, {"margin": 0.6}],
    ids=str,
)
def test_a_claim_its_records_do_not_bear_out_is_told(change, study, capsys):
    a, b = two_cohorts(50)
    claim = replace(a_comparison(a, b).claim(Outcome.BETTER), **change)

    assert main(*study([claim], [*a[1], *b[1]])) == 1
    out = capsys.readouterr().out
    assert "matmul[coverage=all, layer_size=8] against matmul[layer_size=8] on iris [" in out
    assert "0 of 1 verdicts" in out


def test_a_record_that_was_altered_is_told(study):
    a, b = two_cohorts(50)
    runs = list(a[1])
    runs[3] = replace(runs[3], score=0.12)

    assert main(*study([a_comparison(a, b).claim(Outcome.BETTER)], [*runs, *b[1]])) == 1


def test_it_is_independent_of_the_suite_and_has_its_rules():
    source = Path(recompute.__file__).read_text("utf-8")
    imported = [n.module for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom)]
    assert [m for m in imported if m.startswith("mlp")] == ["mlp.store.records"]
    assert len(source.splitlines()) <= 150
    assert recompute.LOOKS == LOOKS
    assert look_alpha() == pytest.approx(ALPHA)
