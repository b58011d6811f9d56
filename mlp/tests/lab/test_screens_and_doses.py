"""Screens and dose-responses by the lab, on real runs of twenty steps."""

from __future__ import annotations

import pytest

from mlp.genome import differing
from mlp.lab import Lab, LabError, Undecided
from mlp.lab.checks import check_manipulation
from mlp.species.post.genome import LAYERS_ESTIMATOR, MATMUL
from mlp.tests.lab.runs import BASE, FAST, TINY, stored


class TestScreensAndDoses:
    def test_a_screen_trains_every_combination_once_and_its_shares_add_up(self, store):
        lab = Lab(store, protocol=TINY, seeds=4)
        good = BASE.with_alleles(order="shuffled_once", rate_scale=9.0)

        screening = lab.screen(good, BASE, "iris")

        assert screening.genes == ("order", "rate_scale")
        assert screening.seeds == 4
        assert len(stored(store)) == 16
        whole = [
            a.score - b.score
            for a, b in zip(
                lab.cohort(good, "iris", seeds=4), lab.cohort(BASE, "iris", seeds=4), strict=True
            )
        ]
        assert sum(screening.shares.values()) == pytest.approx(sum(whole) / 4)
        assert len(stored(store)) == 16

    def test_a_screen_that_does_not_decide_is_looked_at_with_more_seeds(self, store):
        lab = Lab(store, protocol=TINY, seeds=17)
        good = BASE.with_alleles(order="shuffled_once", rate_scale=9.0)
        screening = lab.screen(good, BASE, "iris", seeds=4)

        with pytest.raises(Undecided):
            screening.assert_responsible("rate_scale", margin=0.05)

        assert screening.seeds == 16, "rounded up to a look"
        assert lab.claims[0].seeds == 17
        assert [look["seeds"] for look in lab.claims[0].detail["looks"]] == [16, 17]
        assert len(stored(store)) == 68

    @pytest.mark.parametrize(
        ("first", "looks"),
        [(1, [16, 24, 28]), (16, [16, 24, 28]), (17, [24, 28]), (25, [28]), (100, [28])],
    )
    def test_a_screen_takes_no_look_that_is_not_paid_for(self, store, first, looks):
        lab = Lab(store, protocol=TINY, seeds=28)
        screening = lab.screen(FAST, BASE, "iris", seeds=first)
        assert len(stored(store)) == 2 * looks[0], "for each of two cells"

        with pytest.raises(Undecided):
            screening.assert_responsible("rate_scale", margin=0.01)

        assert [look["seeds"] for look in lab.claims[0].detail["looks"]] == looks
        assert len(stored(store)) == 2 * looks[-1]

    def test_a_screen_varies_no_gene_that_acts_by_another_alone(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)

        screening = lab.screen(BASE.with_alleles(dropout=0.2), BASE, "iris")

        assert screening.genes == ("dropout",)

    @pytest.mark.parametrize(
        ("good", "bad", "gene"),
        [
            ({"order": "reshuffled", "shuffle_seed": "run"}, {}, "shuffle_seed"),
            ({"order": "reshuffled"}, {"shuffle_seed": "run"}, "shuffle_seed"),
            ({"dropout": 0.2, "dropout_mode": "training"}, {}, "dropout_mode"),
        ],
        ids=["of the good", "of the bad", "dropout"],
    )
    def test_a_gene_that_acts_in_some_cells_alone_is_refused(self, tiny_lab, good, bad, gene):
        with pytest.raises(
            LabError, match=rf"whatever the alleles .* '{gene}' does not: give both"
        ):
            tiny_lab.screen(BASE.with_alleles(**good), BASE.with_alleles(**bad), "iris")
        assert stored(tiny_lab.store) == {}

    def test_cells_and_doses_one_gene_apart_are_checked(self, store, monkeypatch):
        lab, checked = Lab(store, protocol=TINY, seeds=4), []

        def check(a, b, runs, real):
            checked.append((differing(a, b), len(runs)))
            check_manipulation(a, b, runs, real)

        monkeypatch.setattr("mlp.lab.checks.check_manipulation", check)
        lab.screen(BASE.with_alleles(order="shuffled_once", rate_scale=9.0), BASE, "iris")
        assert sorted(checked) == [(("order",), 4)] * 2 + [(("rate_scale",), 4)] * 2

        checked.clear()
        doses = [BASE.with_alleles(coverage=share) for share in (0.5, 0.7, 0.9)]
        lab.dose_response(doses, [0.5, 0.7, 0.9], "iris", margin=0.5)
        assert checked == [(("coverage",), 4)] * 2

    def test_a_screen_on_the_real_api_says_so(self, store):
        lab = Lab(store, protocol=TINY, seeds=2, real=True)

        assert lab.screen(FAST, BASE, "iris").executor == "real API"

    @pytest.mark.parametrize("bad", [BASE, BASE.with_alleles(dense="layers"), BASE.as_compared()])
    def test_a_screen_of_genomes_that_act_the_same_is_refused(self, tiny_lab, bad):
        with pytest.raises(LabError, match=r"1 to 8 genes that act; .* differ in none"):
            tiny_lab.screen(BASE, bad, "iris")

    def test_a_screen_of_too_many_genes_is_refused(self, tiny_lab):
        other = LAYERS_ESTIMATOR.with_alleles(
            layer_size=3, rate_scale=2.0, dropout=0.1, handicap=0.1
        )
        with pytest.raises(LabError, match="1 to 8 genes"):
            tiny_lab.screen(other, MATMUL, "iris")

    @pytest.mark.parametrize("seeds", [0, -1, 1.5, "8", None, True])
    def test_a_cohort_needs_a_run(self, tiny_lab, seeds):
        for ask in (
            lambda: tiny_lab.cohort(BASE, "iris", seeds=seeds),
            lambda: tiny_lab.screen(FAST, BASE, "iris", seeds=seeds),
        ):
            with pytest.raises(LabError, match="at least 1 seed"):
                ask()

    def test_a_dose_response_holds_the_cohorts_of_its_doses(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        rates = (0.1, 1.0, 9.0)
        genomes = [BASE.with_alleles(rate_scale=r) for r in rates]

        curve = lab.dose_response(genomes, rates, "iris", margin=0.2)

        for genome, runs, mean in zip(genomes, curve.runs, curve.means, strict=True):
            assert list(runs) == lab.cohort(genome, "iris", seeds=2)
            assert mean == pytest.approx(sum(r.score for r in runs) / 2)
        assert len(stored(store)) == 6

    @pytest.mark.parametrize(
        ("rates", "doses"),
        [
            ((0.1, 1.0), (0.1, 1.0)),
            ((0.1, 1.0, 9.0), (0.1, 1.0)),
            ((0.1, 1.0, 9.0), (9.0, 1.0, 0.1)),
            ((0.1, 1.0, 9.0), (1.0, 1.0, 9.0)),
            ((0.1, 1.0, 9.0), ("first_batch", 0.1, "all")),
            ((0.1, 1.0, 9.0), 3),
        ],
        ids=["two", "unmatched", "falling", "repeated", "words", "one"],
    )
    def test_doses_must_rise_and_match_their_genomes(self, tiny_lab, rates, doses):
        genomes = [BASE.with_alleles(rate_scale=r) for r in rates]
        with pytest.raises(LabError, match="at least 3 doses, smallest first") as told:
            tiny_lab.dose_response(genomes, doses, "iris")
        assert f"got {len(rates)} genomes at doses {doses}" in str(told.value)

    def test_a_dose_response_is_of_a_genome_for_each_dose(self, tiny_lab):
        with pytest.raises(LabError, match=r"for each; got matmul at doses \[1, 2, 3\]: give"):
            tiny_lab.dose_response(MATMUL, [1, 2, 3], "iris")

    def test_a_lab_says_what_it_would_do(self, tiny_lab):
        assert repr(tiny_lab).startswith("<Lab, at most 16 seeds as the species says, runs in ")

    def test_doses_of_more_than_one_gene_are_refused(self, tiny_lab):
        genomes = [
            BASE,
            BASE.with_alleles(coverage=0.7),
            BASE.with_alleles(coverage=0.9, logits="raw"),
        ]
        with pytest.raises(LabError, match=r"must vary one gene; .* differ in coverage, logits"):
            tiny_lab.dose_response(genomes, (0.4, 0.7, 0.9), "iris")

    def test_a_dose_that_changes_nothing_is_refused(self, tiny_lab):
        genomes = [MATMUL.with_alleles(dropout=d, dropout_mode="never") for d in (0.0, 0.1, 0.2)]
        with pytest.raises(LabError, match="genomes that train differently"):
            tiny_lab.dose_response(genomes, (0.0, 0.1, 0.2), "iris")
