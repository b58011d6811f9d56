"""Screens and dose-responses of hand-made cohorts: shares add up, verdicts follow the numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from mlp.lab import REFUTED, SUPPORTED, UNDECIDED, LabError, Margin, Refuted, Undecided
from mlp.lab.dose import DoseCurve
from mlp.lab.key import expressed
from mlp.lab.screen import Screen, acting_genes, cells_of, subsets
from mlp.species.post.executors import COHORT, ENGINE
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR
from mlp.stats import dose_response
from mlp.tests.lab.runs import BASE, a_run, setting

GOOD = BASE.with_alleles(coverage="all", order="reshuffled", logits="raw")
GENES = ("logits", "coverage", "order")


def a_screen(right, seeds=16, claims=None):
    """A screening whose cells' final counts are `right(genes on, seed)`."""
    cells = {on: tuple(a_run(BASE, s, right(on, s)) for s in range(seeds)) for on in subsets(GENES)}
    return Screen(setting(claims), ENGINE, GOOD, BASE, GENES, cells)


def test_the_genes_of_a_screen_are_those_that_act_in_the_engine():
    assert acting_genes(GOOD, BASE, COHORT) == GENES
    assert acting_genes(LAYERS_ESTIMATOR.as_compared(), LAYERS.as_compared(), COHORT) == (
        "logits",
        "coverage",
        "order",
        "dtype",
    )
    assert acting_genes(MATMUL_ESTIMATOR.as_compared(), MATMUL.as_compared(), COHORT) == (
        "coverage",
        "order",
        "batch_size",
    )
    assert acting_genes(BASE.with_alleles(dense="layers", trainer="estimator"), BASE, COHORT) == ()


@pytest.mark.parametrize("dense", ["matmul", "layers"])
def test_the_dense_operation_goes_with_the_bias_it_acts_through(dense):
    bad = BASE.with_alleles(dense="layers" if dense == "matmul" else "matmul")
    good = BASE.with_alleles(dense=dense, bias="unit", logits="raw", trainer="estimator")
    for a, b in ((good, bad), (bad, good)):
        cells = cells_of(a, b, acting_genes(a, b, COHORT), COHORT)

        assert list(cells) == subsets(("bias", "logits"))
        assert {c.dense for c in cells.values() if c.bias == "unit"} == {dense}
        assert expressed(cells[frozenset(("bias", "logits"))], COHORT) == expressed(a, COHORT)
        assert cells[frozenset()] == b


def test_the_dense_operation_is_a_gene_of_its_own_where_both_have_a_bias_per_unit():
    good = BASE.with_alleles(bias="unit", dense="layers", logits="raw")
    bad = BASE.with_alleles(bias="unit")

    assert acting_genes(good, bad, COHORT) == ("dense", "logits")
    assert cells_of(good, bad, ("dense", "logits"), COHORT)[frozenset(("dense", "logits"))] == good


def test_the_cells_are_all_subsets_each_once_smallest_first():
    cells = subsets(GENES)

    assert len(cells) == len(set(cells)) == 8
    assert [len(c) for c in cells] == [0, 1, 1, 1, 2, 2, 2, 3]
    assert cells[0] == frozenset()
    assert cells[-1] == frozenset(GENES)


def test_where_genes_only_add_each_share_is_its_own_effect():
    effects = {"logits": 3, "coverage": 30, "order": -6}
    screening = a_screen(lambda on, s: 40 + s % 5 + sum(effects[g] for g in on))

    assert screening.shares == pytest.approx({g: v / 100 for g, v in effects.items()})
    assert screening.effects.whole.mean == pytest.approx(0.27)
    assert all(i.mean == pytest.approx(0) for i in screening.effects.interactions.values())


def test_two_genes_that_act_only_together_share_evenly():
    both = {"logits", "coverage"}
    screening = a_screen(lambda on, _: 80 if both <= on else 40)

    assert screening.shares == pytest.approx({"logits": 0.2, "coverage": 0.2, "order": 0.0})


@pytest.mark.parametrize("seed", range(5))
def test_shares_add_up_to_the_whole_difference(seed):
    draw = np.random.RandomState(seed)
    table = {on: draw.randint(0, 101, size=8) for on in subsets(GENES)}
    screening = a_screen(lambda on, s: int(table[on][s]), seeds=8)

    whole = (table[frozenset(GENES)] - table[frozenset()]).mean() / 100
    assert sum(screening.shares.values()) == pytest.approx(whole)
    assert screening.effects.whole.mean == pytest.approx(whole)


def test_the_share_is_the_mean_over_all_orders_of_giving_the_alleles():
    draw = np.random.RandomState(9)
    table = {on: draw.randint(0, 101) for on in subsets(GENES)}
    orders = [(a, b, c) for a, b in combinations(GENES, 2) for c in GENES if c not in (a, b)]
    orders = [p for a, b, c in orders for p in ((a, b, c), (b, a, c), (c, a, b), (c, b, a))]
    orders = list(dict.fromkeys([*orders, *[(o[0], o[2], o[1]) for o in orders]]))
    assert len(orders) == 6

    def gain(order, gene):
        before = frozenset(order[: order.index(gene)])
        return (table[before | {gene}] - table[before]) / 100

    screening = a_screen(lambda on, _: int(table[on]), seeds=2)
    for gene in GENES:
        wanted = np.mean([gain(order, gene) for order in orders])
        assert screening.shares[gene] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("effects", "verdict", "raised"),
    [
        ({"logits": 0, "coverage": 45, "order": 0}, SUPPORTED, None),
        ({"logits": 45, "coverage": 0, "order": 0}, REFUTED, Refuted),
        ({"logits": 5, "coverage": 15, "order": 0}, UNDECIDED, Undecided),
    ],
)
def test_responsibility_is_a_share_above_that_of_all_others(effects, verdict, raised):
    claims = []
    screening = a_screen(lambda on, _: 40 + sum(effects[g] for g in on), 32, claims)

    if raised is None:
        screening.assert_responsible("coverage")
    else:
        with pytest.raises(raised, match="share of coverage against all else"):
            screening.assert_responsible("coverage")

    assert [c.verdict for c in claims] == [verdict]
    others = effects["logits"] + effects["order"]
    assert claims[0].effect == pytest.approx((effects["coverage"] - others) / 100)
    assert claims[0].seeds == screening.seeds == 32


def test_a_screen_stops_at_the_first_look_that_decides():
    """As more seeds come the interval narrows: 32 leave it open, 64 decide, 128 are not asked."""
    claims, asked = [], []

    def at(seeds):
        asked.append(seeds)
        screening = a_screen(lambda on, _: 40 + 15 * ("coverage" in on), seeds, claims)
        return replace(screening, sizes=(32, 64, 128), at=at)

    at(32).assert_responsible("coverage")

    assert asked == [32, 64]
    assert [claim.seeds for claim in claims] == [64]
    detail = claims[0].detail
    assert len(detail["cells"][0]["accuracies"]) == 64
    assert [(look["seeds"], look["outcome"]) for look in detail["looks"]] == [
        (32, "undecided"),
        (64, "better"),
    ]
    assert (detail["looks"][1]["low"], detail["looks"][1]["high"]) == (
        claims[0].low,
        claims[0].high,
    )


def test_intervals_of_shares_hold_at_any_look():
    """Their error is spent over the looks too: as one of ten looks' share of 5%."""
    screening = a_screen(lambda on, s: 40 + s % 7 + 15 * ("coverage" in on), 32)

    assert screening.effects.level == pytest.approx(1 - 0.05 / 10)


@pytest.mark.parametrize(
    ("coverage", "logits", "outcome", "verdict", "raised"),
    [
        (30, -38, "not better", REFUTED, Refuted),
        (50, -38, "undecided", UNDECIDED, Undecided),
        (10, -10, "not better", REFUTED, Refuted),
        (-5, -15, "not better", REFUTED, Refuted),
    ],
    ids=["none", "may be none", "none, of whatever share", "none, or the other way"],
)
def test_no_gene_answers_for_a_difference_that_is_not_there(
    coverage, logits, outcome, verdict, raised
):
    """The effect told is then that difference: no share above the margin is called equivalent."""
    claims = []
    effects = {"logits": logits, "coverage": coverage, "order": 0}
    screening = a_screen(lambda on, _: 40 + sum(effects[g] for g in on), 32, claims)

    with pytest.raises(raised, match="difference that coverage is to answer for between"):
        screening.assert_responsible("coverage", margin=0.2)

    assert [(c.outcome, c.verdict) for c in claims] == [(outcome, verdict)]
    assert claims[0].effect == pytest.approx((coverage + logits) / 100)
    assert claims[0].low <= 0
    (look,) = claims[0].detail["looks"]
    assert (look["low"], look["high"]) == (claims[0].low, claims[0].high)
    assert look["outcome"] == outcome


def test_a_difference_that_is_there_leaves_the_share_to_decide():
    """However small it is: the good strain is shown to do better, by less than the margin."""
    claims = []
    effects = {"logits": 0, "coverage": 12, "order": -6}
    screening = a_screen(lambda on, _: 40 + sum(effects[g] for g in on), 256, claims)

    with pytest.raises(Undecided, match="share of coverage against all else"):
        screening.assert_responsible("coverage", margin=0.17)

    assert claims[0].effect == pytest.approx(0.18)


def test_a_margin_by_dataset_is_that_of_the_screen():
    claims = []
    screening = a_screen(lambda on, _: 40 + 45 * ("coverage" in on), 32, claims)

    screening.assert_responsible("coverage", margin=Margin(0.9, {"iris": 0.15}))

    assert claims[0].margin == 0.15


def test_a_gene_that_was_not_varied_has_no_share_to_claim():
    with pytest.raises(LabError, match=r"logits, coverage, order\) only; got 'coverge'"):
        a_screen(lambda _on, _s: 50).assert_responsible("coverge")


@pytest.mark.parametrize("margin", [0, -0.1, 1.5, "0.05", float("nan")])
def test_the_margin_of_a_responsibility_must_mean_something(margin):
    with pytest.raises(LabError, match="between 0 and 1"):
        a_screen(lambda _on, _s: 50).assert_responsible("order", margin=margin)


def a_curve(counts, seeds, claims=None):
    """A dose curve whose runs of each dose all have the count given for it."""
    genomes = [BASE.with_alleles(coverage=0.1 * (i + 1)) for i in range(len(counts))]
    runs = tuple(
        tuple(a_run(g, s, right) for s in range(seeds))
        for g, right in zip(genomes, counts, strict=True)
    )
    responses = [[r.score for r in seed] for seed in zip(*runs, strict=True)]
    found = dose_response(responses, 0.05, cap=seeds)
    doses = tuple(0.1 * (i + 1) for i in range(len(counts)))
    return DoseCurve(setting(claims), ENGINE, tuple(genomes), doses, runs, found)


@pytest.mark.parametrize(
    ("counts", "seeds", "verdict", "raised"),
    [
        ([20, 50, 90], 128, SUPPORTED, None),
        ([20, 90, 30], 128, REFUTED, Refuted),
        ([90, 50, 20], 128, REFUTED, Refuted),
        ([50, 50, 50], 128, REFUTED, Refuted),
        ([40, 42, 48], 8, UNDECIDED, Undecided),
    ],
)
def test_a_dose_response_rises_or_is_refuted_or_is_undecided(counts, seeds, verdict, raised):
    claims = []
    curve = a_curve(counts, seeds, claims)

    if raised is None:
        curve.assert_rising()
    else:
        with pytest.raises(raised):
            curve.assert_rising()

    assert [c.verdict for c in claims] == [verdict]
    assert curve.means == pytest.approx([c / 100 for c in counts])
    assert claims[0].effect == pytest.approx((counts[-1] - counts[0]) / 100)
    assert claims[0].executor == "cohort engine"


def test_a_dose_curve_is_told_in_a_line():
    curve = a_curve([20, 50, 90], 4)

    assert repr(curve).startswith("<DoseCurve matmul[")
    assert "0.1: 0.200, 0.2: 0.500, 0.3: 0.900: undecided>" in repr(curve)
