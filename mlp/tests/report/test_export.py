"""Tidy tables: one row an observation, the same in CSV and JSON."""

import csv
import json

from mlp.report.export import tables, tidy_curves, tidy_runs, write_tables
from mlp.tests.report.helpers import HOSTILE, TINY, row, run, study


def test_runs_are_one_row_each_with_a_column_a_gene():
    (got,) = tidy_runs([run("matmul", "iris", seed=7)])
    assert got["seed"] == 7
    assert got["final_accuracy"] == 0.9
    assert got["gene_coverage"] == "first_batch"
    assert got["distinct_rows"] == 50
    assert got["diverged_at"] is None


def test_runs_say_whose_they_are():
    assert tidy_runs([run("layers_estimator")])[0]["strain"] == "layers_estimator"
    assert tidy_runs([run("matmul", executor="direct")])[0]["strain"] == "matmul"


def test_curves_are_one_row_a_sampled_step():
    got = tidy_curves([run(), run(seed=1)])
    assert [r["step"] for r in got] == list(TINY.sampled_steps) * 2
    assert [r["validation_accuracy"] for r in got[:3]] == [0.1, 0.5, 0.9]


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
    for name, table in tables(study()).items():
        assert len({tuple(r) for r in table}) == 1, name


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
