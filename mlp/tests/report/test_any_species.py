"""A report of a species of a user's own: no dataset, no protocol, no strains with names."""

import csv
import json
import re

import pytest

from mlp.lab import Lab
from mlp.report import archive, changes, tensorboard, terminal
from mlp.report.cohorts import stored_runs
from mlp.report.export import properties
from mlp.report.page import write_report
from mlp.report.results import Row
from mlp.report.study import Study
from mlp.report.summary import markdown
from mlp.store import Store
from mlp.tests.report.loop import BAD, GOOD, Bare


def _row(claim, test, **marks):
    return Row(
        f"test_mine.py::{test}", "mine", test, "", "It does.", "supported", "", claim, **marks
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study of both species, with the store's runs."""
    with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
        lab = Lab(store, seeds=32)
        lab.compare(GOOD, BAD).assert_better()
        lab.screen(GOOD, BAD).assert_responsible("logits")
        wide = [GOOD.with_alleles(width=width) for width in (1, 500, 1000)]
        lab.dose_response(wide, [1, 500, 1000]).assert_rising()
        lab.compare(Bare(rate=0.1), Bare(rate=0.9), margin=0.2).assert_better()
        lab.dose_response(
            [Bare(rate=r) for r in (1.3, 0.7, 0.1)], [1, 2, 3], margin=0.3
        ).assert_rising()
        names = ("test_good", "test_screen", "test_dose", "test_rate", "test_doses")
        rows = [_row(*pair) for pair in zip(lab.claims, names, strict=True)]
        return Study(rows=rows, runs=stored_runs(rows, store))


def test_the_runs_are_those_that_the_claims_rest_on(made):
    cohorts = {}
    for run in made.runs:
        cohorts.setdefault(run.genome, set()).add(run.seed)
    assert len(cohorts) == 4 + 3 + 4
    assert all(min(seeds) == 100_000 for seeds in cohorts.values())
    assert len(made.runs) == sum(map(len, cohorts.values()))


def test_the_page_has_neither_datasets_nor_headings_nor_empty_cells(made, tmp_path):
    text = write_report(made, tmp_path).read_text("utf-8")
    table = text[text.index('id="verdicts-table"') : text.index('id="charts"')]
    assert ">dataset<" not in text
    assert 'class="finding"' not in table
    assert ">Other claims" not in text
    assert " on :" not in text
    assert "None" not in table
    assert "<h2>Curves of Loop</h2>" in text
    assert "logits=raw, shuffle=each_epoch" in text, "cohorts are told by the genes that differ"
    assert "margin 0.2 in loss" in text
    assert "Note: that the genes acted was not checked" in text
    assert (tmp_path / "figures" / "curves-validation-0.svg").is_file()


def test_tables_have_a_column_for_all_that_runs_saw_and_for_every_gene(made, tmp_path):
    write_report(made, tmp_path)
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as stream:
        runs = list(csv.DictReader(stream))
    assert {"saw_order", "final_validation", "gene_logits", "gene_rate", "loss"} <= set(runs[0])
    loop = next(run for run in runs if run["species"].endswith(":Loop"))
    bare = next(run for run in runs if run["species"].endswith(":Bare"))
    assert (loop["gene_rate"], loop["loss"], bare["saw_order"]) == ("", "", "")
    assert 1.0 < float(bare["loss"]) < 2.0
    curves = json.loads((tmp_path / "curves.json").read_text("utf-8"))
    assert curves[0]["train loss"][1] is None
    with (tmp_path / "looks.csv").open(encoding="utf-8", newline="") as stream:
        assert {look["test"] for look in csv.DictReader(stream)} >= {"test_mine.py::test_doses"}


def test_what_is_saved_is_read_back_and_compared(made, tmp_path):
    archive.save(made, tmp_path / "kept.json")
    kept = archive.load(tmp_path / "kept.json")
    assert kept.rows == tuple(made.rows)
    assert not changes.against(made, kept).any
    assert dict(properties(made.rows[:1]))["mlp.kind"] in ("comparison", "screen", "dose-response")


def test_texts_say_the_unit_and_leave_out_what_is_not_there(made):
    table = "\n".join(line for line, _ in terminal.table(made.rows))
    assert re.search(r"^    -  +\+0\.800 \[", table, re.MULTILINE), "in loss, not in score"
    assert "are in" in table
    assert "Other claims" not in table
    text = markdown(made)
    assert "<summary>All claims: 5 supported</summary>" in text
    assert "| – |" in text
    assert "### Notes" in text


def test_curves_go_to_tensorboard_without_a_folder_for_no_dataset(made, tmp_path):
    pytest.importorskip("tensorboard")
    loops = [run for run in made.runs if run.curves]
    assert tensorboard.write(made, tmp_path) == len(loops)
    places = {path.parent.parent.parent for path in tmp_path.rglob("events.out.tfevents.*")}
    assert places == {tmp_path}
