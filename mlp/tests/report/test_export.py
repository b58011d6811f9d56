"""Tidy tables: one row an observation, the same in CSV and JSON."""

import csv
import json
from dataclasses import replace

from mlp.report.cohorts import Cohort, asked
from mlp.report.export import tables, write_tables
from mlp.report.page import render
from mlp.species.post.genome import LAYERS, MATMUL, MATMUL_ESTIMATOR
from mlp.stats import LOOKS
from mlp.tests.report.helpers import (
    HOSTILE,
    TINY,
    acting,
    comparison_detail,
    dose_detail,
    row,
    run,
    screen_detail,
    study,
)


def table(name, rows=(), runs=()):
    return tables(study(rows=rows, runs=runs))[name]


def test_runs_are_one_row_each_with_a_column_a_gene():
    (got,) = table("runs", runs=[run("matmul", "iris", seed=7)])
    assert got["seed"] == 7
    assert got["score"] == got["final_validation"] == 0.9
    assert got["gene_coverage"] == "first_batch"
    assert got["saw_distinct_rows"] == 50
    assert got["diverged_at"] is None


def test_runs_say_whose_they_are():
    (engine, real) = table("runs", runs=[run("layers_estimator"), run(executor="direct")])
    assert (engine["strain"], real["strain"]) == ("layers_estimator", "matmul")


def test_curves_are_one_row_a_sampled_step():
    got = table("curves", runs=[run(), run(seed=1)])
    assert [r["step"] for r in got] == list(TINY.sampled_steps) * 2
    assert [r["validation"] for r in got[:3]] == [0.1, 0.5, 0.9]


def test_runs_are_joined_to_claims_by_the_names_used_there():
    edited = MATMUL_ESTIMATOR.with_alleles(batch_size=32)
    detail = comparison_detail()
    detail["arms"][0] |= {"genome": str(edited), "alleles": edited.as_compared().alleles()}
    detail["arms"][0]["executors"] = ["estimator", "cohort"]
    rows = [row(detail=detail), row("test_dose", detail=dose_detail())]
    dosed = MATMUL.with_alleles(coverage=0.5).as_compared()
    runs = [
        replace(run(executor=by), genome=acting(genome.as_compared(), by))
        for genome, by in ((edited, "estimator"), (edited, "cohort"), (MATMUL, "direct"))
    ]
    runs += [run(dataset="iris"), replace(run(), genome=acting(dosed, "cohort"))]

    told = [r["claimed_as"] for r in table("runs", rows, runs)]

    name = "matmul_estimator[batch_size=32]"
    assert told == [name, name, "matmul", "", "matmul[coverage=0.5]"]
    own = table("runs", [row(detail=screen_detail())], [run(executor="direct"), run()])
    assert [r["claimed_as"] for r in own] == ["", "matmul"]
    genome = table("runs", runs=runs)[1]["genome"]
    assert genome != name, "what the engine expresses goes by another name"


def test_every_cohort_that_a_claim_rests_on_is_asked():
    recorded = {"recorded": [0.5], "alleles": LAYERS.alleles(), "executors": ["direct", "cohort"]}
    screened = {one.cohort for one in asked([row(detail=screen_detail())])}
    cells = {
        Cohort(acting(MATMUL.with_alleles(**alleles).as_compared(), "cohort"), "digits", "cohort")
        for alleles in ({}, {"coverage": "all"}, {"order": "reshuffled"})
    }

    assert cells < screened
    assert len(screened) == 4
    published = list(asked([row(detail=recorded, first_seed=7)]))
    assert {one.cohort.genome.split for one in published} == {"42"}, "as published"
    assert {one.cohort.executor for one in published} == {"direct", "cohort"}
    assert {one.seeds for one in published} == {range(7, 11)}


def test_claims_of_a_species_that_is_not_known_here_ask_for_nothing():
    assert not list(asked([row(species="elsewhere:Loop")]))
    assert not list(asked([row(species="")]))


def test_differences_have_the_seeds_of_both_arms():
    detail = comparison_detail()
    for first, arm in zip((41000, 40000), detail["arms"], strict=True):
        arm["first_seed"] = first
    apart, paired = row(detail=detail, first_seed=41000), row(first_seed=40000)
    seeds = [(r["seed"], r["other_seed"]) for r in table("differences", [apart, paired])]
    assert seeds[:4] == [(41000 + k, 40000 + k) for k in range(4)]
    assert seeds[4:] == [(40000 + k, 40000 + k) for k in range(4)]
    assert "4 seeds from 41000 and 40000:" in render(study(rows=[apart], runs=[]))[0]


def test_a_dose_response_has_its_looks():
    detail = dose_detail()
    detail["accuracies"] = [[a] * LOOKS[3] for a in (0.2, 0.5, 0.9)]
    looks = table("looks", [row(detail=detail, seeds=LOOKS[3], margin=0.3)])
    assert tuple(look["seeds"] for look in looks) == LOOKS[: len(looks)]
    assert [look["outcome"] for look in looks] == ["undecided"] * (len(looks) - 1) + ["rising"]
    assert all(look["low"] < 0.7 < look["high"] for look in looks)
    assert set(looks[0]) == set(table("looks", [row()])[0])


def test_every_kind_of_observation_has_its_table():
    found = tables(study())
    assert len(found["claims"]) == 7
    assert len(found["differences"]) == 4 * 4
    assert found["differences"][1]["seed"] == 1
    assert len(found["looks"]) == 4 * 2
    assert len(found["screens"]) == 2 * 4 * 2
    assert {r["kind"] for r in found["effects"]} == {"whole", "share", "main", "interaction"}
    assert len(found["doses"]) == 3 * 2
    assert len(found["runs"]) == len(study().runs)


def test_rows_of_a_table_have_the_same_columns():
    for name, found in tables(study()).items():
        assert len({tuple(r) for r in found}) == 1, name


def test_tables_without_rows_are_left_out():
    assert set(tables(study(rows=[row(detail={})], runs=[]))) == {"claims"}


def test_csv_and_json_say_the_same(tmp_path):
    files = write_tables(study(), tmp_path)
    assert sorted(files) == sorted(p.name for p in tmp_path.iterdir())
    with (tmp_path / "claims.csv").open(encoding="utf-8", newline="") as stream:
        from_csv = list(csv.DictReader(stream))
    from_json = json.loads((tmp_path / "claims.json").read_text("utf-8"))
    assert [r["title"] for r in from_csv] == [r["title"] for r in from_json]
    assert [float(r["effect"]) for r in from_csv] == [r["effect"] for r in from_json]
    assert from_json[-1]["dataset"] == HOSTILE
