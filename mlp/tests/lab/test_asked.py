"""What the lab cannot be asked, refused before anything is trained."""

from __future__ import annotations

import pytest

from mlp.genome import Genome, GenomeError
from mlp.lab import Lab, LabError
from mlp.lab.datasets import DatasetError
from mlp.species.post.genome import MATMUL
from mlp.species.post.recorded import compare_recorded
from mlp.tests.lab.runs import BASE, FAST, TINY, stored

DOSED = [BASE.with_alleles(rate_scale=rate) for rate in (1.0, 2.0, 3.0)]


def test_seeds_that_no_generator_takes_are_refused_before_training(store):
    lab = Lab(store, protocol=TINY, seeds=8, first_seed=2**32 - 100)
    with pytest.raises(LabError, match="a first seed of 4294967196 and 101 seeds: try 0"):
        lab.cohort(BASE, "iris", seeds=101)
    with pytest.raises(LabError, match=r"got 8 seeds from 4294967196 on .* begin earlier"):
        lab.compare_seeds(BASE, "iris")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (BASE, BASE),
        (MATMUL, MATMUL.as_compared()),
        (MATMUL, MATMUL.with_alleles(dropout_mode="never")),
        (MATMUL, MATMUL.with_alleles(shuffle_seed="run")),
        (BASE.with_alleles(dropout=0.3, dropout_mode="never"), BASE),
    ],
    ids=["itself", "its paired form", "dropout's mode", "the feeder", "dropout never"],
)
def test_a_comparison_that_could_not_come_out_otherwise_is_refused(tiny_lab, a, b):
    with pytest.raises(LabError, match="train differently"):
        tiny_lab.compare(a, b, "iris")
    assert stored(tiny_lab.store) == {}


def test_the_trainer_and_the_dense_operation_cannot_be_compared_in_the_engine(tiny_lab):
    for edit in ({"trainer": "estimator"}, {"dense": "layers"}):
        with pytest.raises(LabError, match="train differently"):
            tiny_lab.compare(BASE.with_alleles(**edit), BASE, "iris", real=False)


@pytest.mark.parametrize("margin", [0, 0.0, -0.05, 1, 1.5, "0.05", None, float("nan"), True])
def test_a_margin_must_mean_something_before_anything_is_trained(tiny_lab, margin):
    for ask in (
        lambda: tiny_lab.compare(FAST, BASE, "iris", margin=margin),
        lambda: tiny_lab.compare_effects((FAST, BASE), (BASE, FAST), "iris", margin=margin),
        lambda: tiny_lab.compare_seeds(BASE, "iris", margin=margin),
        lambda: tiny_lab.dose_response(DOSED, [1, 2, 3], "iris", margin=margin),
    ):
        with pytest.raises(LabError, match="between 0 and 1") as told:
            ask()
        assert f"got {margin!r}" in str(told.value)
    assert stored(tiny_lab.store) == {}


@pytest.mark.parametrize("genome", ["matmul", None, Genome, 3])
def test_only_genomes_can_be_compared(tiny_lab, genome):
    for ask in (
        lambda: tiny_lab.compare(genome, BASE, "iris"),
        lambda: tiny_lab.compare(BASE, genome, "iris"),
        lambda: tiny_lab.compare_effects((BASE, genome), (BASE, FAST), "iris"),
        lambda: tiny_lab.compare_seeds(genome, "iris"),
        lambda: tiny_lab.compare_executors(genome, "iris"),
        lambda: tiny_lab.screen(genome, BASE, "iris"),
        lambda: tiny_lab.dose_response([genome] * 3, [1, 2, 3], "iris"),
        lambda: tiny_lab.cohort(genome, "iris", seeds=2),
    ):
        with pytest.raises(LabError, match="needs genomes; got"):
            ask()


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        ("irish", "must be one of iris, wine, digits"),
        (None, "knows iris, wine, digits, .* none is named"),
        (["iris", "wine"], "must be one of iris, wine, digits"),
    ],
)
def test_only_known_datasets_can_be_used(tiny_lab, dataset, told):
    for ask in (
        lambda: tiny_lab.compare(FAST, BASE, dataset),
        lambda: tiny_lab.screen(FAST, BASE, dataset),
        lambda: tiny_lab.dose_response(DOSED, [1, 2, 3], dataset),
        lambda: tiny_lab.cohort(BASE, dataset, seeds=2),
    ):
        with pytest.raises(DatasetError, match=told):
            ask()


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"dropout_mode": "training"},
        {"shuffle_seed": "run"},
        {"split": "42"},
        {"dense": "layers"},
    ],
    ids=str,
)
def test_an_effect_is_not_compared_with_one_of_the_same_runs(tiny_lab, edit):
    first, second = (FAST, BASE), (FAST.with_alleles(**edit), BASE.with_alleles(**edit))
    with pytest.raises(LabError, match="two effects must differ"):
        tiny_lab.compare_effects(first, second, "iris", real=False)
    assert stored(tiny_lab.store) == {}


def test_effects_of_genes_that_do_not_act_are_not_compared(tiny_lab):
    nothing = [(g, g.with_alleles(shuffle_seed="run")) for g in (BASE, FAST)]
    with pytest.raises(LabError, match="train differently"):
        tiny_lab.compare_effects(*nothing, "iris", second_dataset="wine")


@pytest.mark.parametrize("effects", [((FAST, FAST), (FAST, BASE)), ((FAST, BASE), (BASE, BASE))])
def test_each_effect_compared_is_one(tiny_lab, effects):
    with pytest.raises(LabError, match="train differently"):
        tiny_lab.compare_effects(*effects, "iris")
    assert stored(tiny_lab.store) == {}


@pytest.mark.parametrize("effect", [BASE, (BASE,), (BASE, FAST, BASE), "matmul"])
def test_an_effect_is_a_pair_of_genomes(tiny_lab, effect):
    with pytest.raises(LabError, match="an effect must be a pair of genomes"):
        tiny_lab.compare_effects(effect, (FAST, BASE), "iris")
    with pytest.raises(LabError, match="an effect must be a pair of genomes"):
        tiny_lab.compare_effects((FAST, BASE), effect, "iris")


def test_runs_were_recorded_at_the_published_protocol_alone(tiny_lab):
    with pytest.raises(LabError, match="published protocol"):
        compare_recorded(tiny_lab, "matmul", "iris", seeds=4, error=0.05)
    with pytest.raises(GenomeError):
        compare_recorded(tiny_lab, "matmull", "iris", seeds=4, error=0.05)
    with pytest.raises(DatasetError, match="one of iris"):
        compare_recorded(tiny_lab, "matmul", ["iris"], seeds=4, error=0.05)


@pytest.mark.parametrize("error", [0, 1, -0.1, "0.05", None, True])
def test_the_false_alarms_of_a_comparison_with_the_recorded_runs_are_few(store, error):
    lab = Lab(store, protocol="published")
    with pytest.raises(LabError, match="false alarm must lie between 0 and 1; got"):
        compare_recorded(lab, "matmul", "iris", seeds=4, error=error)
    assert stored(store) == {}


def test_more_runs_than_an_exact_test_takes_are_refused_before_training(store):
    lab = Lab(store, protocol="published")
    with pytest.raises(LabError, match=r"3 recorded runs takes at most 260 seeds; got 261: ask"):
        compare_recorded(lab, "layers", "wine", seeds=261, error=0.05)
    assert stored(store) == {}
