"""What the diagnosis of planted differences says, what it refuses, and what an interrupt leaves."""

from __future__ import annotations

import json

import pytest

from mlp.stats.diagnosis import Diagnosis, Finding, Interrupted, diagnose
from mlp.tests.stats.diagnosis.worlds import genes_of, one, world

GENES = genes_of(12)


def has(cell, *genes):
    return all(g in cell for g in genes)


def diagnosed(value, **more):
    return diagnose(GENES, world(value), margin=0.1, **more)


def others(*genes):
    return set(GENES) - set(genes)


def cleared(found):
    return {e.gene for e in found.harmless}


def test_one_cause_is_named_with_its_share_and_all_others_are_cleared():
    found = diagnosed(one)

    assert found.finding is Finding.EXPLAINED
    assert found.cause_genes == ("g03",)
    assert found.causes[0].fraction == pytest.approx(1.0, abs=0.15)
    assert found.causes[0].share.low < 0.3 < found.causes[0].share.high
    assert cleared(found) == others("g03")
    assert not found.undecided


def test_two_causes_share_the_gap_and_each_is_needed():
    found = diagnosed(lambda c: 0.3 + 0.3 * has(c, "g03") + 0.2 * has(c, "g07"))

    assert found.cause_genes == ("g03", "g07")
    assert [str(c.needed.outcome) for c in found.causes] == ["better", "better"]
    assert sum(c.fraction for c in found.causes) == pytest.approx(1.0, abs=0.15)
    assert cleared(found) == others("g03", "g07")


def test_genes_that_act_only_together_are_a_pair():
    found = diagnosed(lambda c: 0.4 + 0.3 * has(c, "g03", "g07"))

    assert set(found.cause_genes) == {"g03", "g07"}
    assert [set(p) for p in found.pairs] == [{"g03", "g07"}]
    assert cleared(found) == others("g03", "g07")


def test_a_gene_that_would_do_as_well_is_a_substitute():
    found = diagnosed(lambda c: 0.4 + 0.3 * (has(c, "g03") or has(c, "g07")))

    (cause,) = found.causes
    (substitute,) = found.substitutes
    assert {cause.gene, *substitute.genes} == {"g03", "g07"}
    assert str(cause.knockout.outcome) == "equivalent"
    assert cleared(found) == others("g03", "g07")


def test_two_genes_that_together_do_as_well_are_a_substitute():
    found = diagnosed(lambda c: 0.3 + 0.4 * (has(c, "g03") or has(c, "g07", "g08")))

    assert found.cause_genes == ("g03",)
    assert [set(s.genes) for s in found.substitutes] == [{"g07", "g08"}]
    assert cleared(found) == others("g03", "g07", "g08")


def test_a_cause_that_masks_another_hides_it_from_nobody():
    found = diagnosed(lambda c: 0.3 + has(c, "g03") * (0.25 + 0.25 * has(c, "g07")))

    assert set(found.cause_genes) == {"g03", "g07"}
    assert found.pairs == ()


def test_a_gene_that_helps_the_bad_one_is_told():
    found = diagnosed(lambda c: 0.3 + 0.5 * has(c, "g03") - 0.2 * has(c, "g07"))

    assert found.cause_genes == ("g03",)
    assert [e.gene for e in found.harmful] == ["g07"]
    assert str(found.closure.outcome) == "better"


def test_causes_that_cancel_are_not_called_harmless():
    found = diagnosed(
        lambda c: 0.4 + 0.3 * has(c, "g01") + 0.3 * has(c, "g03") - 0.3 * has(c, "g07")
    )

    assert found.named == {"g01", "g03", "g07"}
    assert [e.gene for e in found.harmful] == ["g07"]
    assert cleared(found) == others("g01", "g03", "g07")


@pytest.mark.parametrize(
    ("value", "finding"),
    [
        (lambda _: 0.5, Finding.NO_GAP),
        (lambda c: 0.8 - 0.3 * has(c, "g03"), Finding.REVERSED),
        (lambda c: 0.5 + 0.1 * has(c, "g03"), Finding.UNDECIDED),
    ],
)
def test_without_a_gap_nothing_is_sought(value, finding):
    found = diagnosed(value)

    assert found.finding is finding
    assert found.cohorts == 2
    assert not found.causes
    assert not found.harmless


def test_sixteen_genes_take_the_cohorts_and_runs_promised():
    found = diagnose(genes_of(16), world(one, sd=0.106), margin=0.1)

    assert found.cause_genes == ("g03",)
    assert found.cohorts <= 24
    assert found.runs <= 1500
    assert found.asked <= found.allowed


@pytest.mark.parametrize("k", [2, 3, 4, 32])
def test_two_to_thirty_two_genes_are_diagnosed(k):
    found = diagnose(genes_of(k), world(lambda c: 0.5 + 0.3 * has(c, "g01"), 0.05), margin=0.1)

    assert found.cause_genes == ("g01",)
    assert cleared(found) == set(genes_of(k)) - {"g01"}


def test_two_genes_may_both_be_causes():
    value = world(lambda c: 0.3 + 0.2 * has(c, "g00") + 0.3 * has(c, "g01"))
    found = diagnose(genes_of(2), value, margin=0.1)

    assert found.finding is Finding.EXPLAINED
    assert found.cause_genes == ("g01", "g00")
    assert [r.gene for r in found.ladder] == ["bad", "g01", "g00"]


def test_many_small_effects_are_no_causes_and_that_is_said():
    found = diagnosed(lambda c: 0.3 + 0.05 * sum(has(c, g) for g in GENES[:8]))

    assert found.finding is Finding.UNDECIDED
    assert not found.named
    assert "no single gene was shown to make a difference beyond the margin" in repr(found)


def test_it_asks_for_no_run_twice_and_gives_one_answer_to_one_set_of_scores():
    seen = {}

    def scores(cells, n):
        for cell in cells:
            assert seen.get(cell, 0) < n
            seen[cell] = n
        return world(one)(cells, n)

    found = diagnose(GENES, scores, margin=0.1)

    assert found == diagnosed(one)
    assert (found.cohorts, found.runs) == (len(seen), sum(seen.values()))


def test_the_ladder_climbs_from_bad_to_good():
    ladder = diagnosed(lambda c: 0.3 + 0.3 * has(c, "g03") + 0.2 * has(c, "g07")).ladder

    assert [r.gene for r in ladder] == ["bad", "g03", "g07", "all others"]
    assert [r.score.mean for r in ladder] == pytest.approx([0.3, 0.6, 0.8, 0.8], abs=0.05)
    assert ladder[0].step is None
    assert all(
        r.step.low < truth < r.step.high for r, truth in zip(ladder[1:], (0.3, 0.2, 0), strict=True)
    )


def test_it_reads_as_advice_in_about_ten_lines():
    text = repr(
        diagnosed(one).with_traces({"g03": "acted", "g05": "acted", "g06": "left no trace"})
    )

    assert len(text.splitlines()) <= 12
    for part in (
        "Cause g03: ",
        "margin 0.1",
        "No effect beyond the margin, though they change the runs: g05.",
        "No effect beyond the margin, and left no trace in the runs: g06.",
        "No effect beyond the margin: g00, g01, g02, g04, g07, g08, g09, g10 and 1 more.",
        "Ladder: bad 0.",
        "cohorts",
    ):
        assert part in text


def test_plain_values_give_the_same_diagnosis_back():
    found = diagnosed(lambda c: 0.3 + 0.5 * (has(c, "g03") or has(c, "g01")) - 0.2 * has(c, "g07"))

    assert found.substitutes
    assert found.harmful
    assert Diagnosis.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_progress_says_what_is_asked_and_what_is_ruled_out():
    told = []
    diagnosed(one, progress=told.append)

    assert told[0].asking == "is good better than bad?"
    assert any("mixed cells" in p.asking for p in told)
    assert set(told[2].seem_harmless) == others("g03")
    assert not told[2].ruled_out
    assert set(told[-1].ruled_out) == others("g03")
    assert not told[-1].seem_harmless
    assert told[-1].diagnosis.cause_genes == ("g03",)
    assert told[-1].diagnosis.finding is Finding.STOPPED


@pytest.mark.parametrize("calls", [1, 3, 5])
def test_ctrl_c_leaves_what_is_known(calls):
    made = []

    def scores(cells, n):
        made.append(n)
        if len(made) > calls:
            raise KeyboardInterrupt
        return world(one)(cells, n)

    with pytest.raises(Interrupted) as stopped:
        diagnose(GENES, scores, margin=0.1)

    found = stopped.value.diagnosis
    assert found.finding is Finding.STOPPED
    assert "this is what was known" in repr(found)
    assert (found.gap is not None) == (calls > 1)


@pytest.mark.parametrize(
    ("genes", "told"),
    [
        (["a"], "2 to 32 genes, got 1"),
        ([], "2 to 32 genes, got 0"),
        (genes_of(33), "2 to 32 genes, got 33"),
        (["a", "a"], "different genes by name"),
        ("ab", "different genes by name"),
        ([1, 2], "different genes by name"),
    ],
)
def test_genes_that_cannot_be_used_are_refused(genes, told):
    with pytest.raises(ValueError, match=told):
        diagnose(genes, world(one), margin=0.1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"margin": 0}, "lies between 0 and 1"),
        ({"margin": 1.0}, "lies between 0 and 1"),
        ({"margin": float("nan")}, "lies between 0 and 1"),
        ({"error": 0.0}, "lies between 0 and 1"),
        ({"cap": 0}, "whole number"),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_anything_is_asked(wrong, told):
    asked = []
    with pytest.raises(ValueError, match=told):
        diagnose(GENES, lambda *of: asked.append(of), **{"margin": 0.1, **wrong})
    assert not asked


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (lambda cells, n: [[1.5] * n for _ in cells], "number from 0 to 1, got 1.5"),
        (lambda cells, n: [[float("nan")] * n for _ in cells], "number from 0 to 1, got nan"),
        (lambda cells, n: [[0.5] * (n - 1) for _ in cells], "one score a seed"),
        (lambda _, n: [[0.5] * n], "for 2 cells"),
    ],
)
def test_scores_that_cannot_be_used_are_refused(scores, told):
    with pytest.raises(ValueError, match=told):
        diagnose(GENES, scores, margin=0.1)
