"""The explanation is made from the results: other results, other sentences."""

from __future__ import annotations

from mlp.lab import Claim
from mlp.report.explain import explain
from mlp.report.results import Row


def _row(finding, test, sentence, dataset, verdict, effect, detail=None, identical=False, arm=""):
    claim = Claim(
        statement="a against b",
        dataset=dataset,
        protocol="quick",
        expected="better",
        outcome="better",
        verdict=verdict,
        effect=effect,
        low=effect - 0.1,
        high=effect + 0.1,
        margin=0.05,
        seeds=32,
        first_seed=0,
        diverged=0,
        executor="cohort engine",
        identical=identical,
        detail=detail or {},
    )
    name = f"hypotheses/test_x.py::{test}[{arm}{dataset}]"
    return Row(name, "x", test, finding, sentence, verdict, "", claim)


def _screen(whole, shares):
    def interval(mean):
        return {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}

    return {
        "good": "g",
        "bad": "b",
        "whole": interval(whole),
        "shares": {gene: interval(share) for gene, share in shares.items()},
    }


def test_a_finding_names_verdict_gene_and_share():
    rows = [
        _row("3", "test_rescue", "Finding 3: it rescues.", "digits", "supported", 0.45),
        _row(
            "3",
            "test_screen",
            "Its share exceeds the rest.",
            "digits",
            "supported",
            0.4,
            _screen(0.5, {"coverage": 0.4, "order": 0.0}),
        ),
        _row(
            "3",
            "test_one",
            "Is the gene sufficient? x",
            "digits",
            "supported",
            0.4,
            arm="coverage-",
        ),
        _row("3", "test_one", "Is the gene sufficient? x", "digits", "refuted", 0.0, arm="order-"),
    ]

    (sentence,) = explain(rows)

    assert sentence.startswith("Finding 3 on digits is supported: +0.45 [+0.35, +0.55].")
    assert (
        "Between b and g (+0.50) the gene responsible: coverage 80%; no share shown of order"
        in sentence
    )
    assert "Beyond the margin, alone sufficient: coverage." in sentence


def test_genes_are_named_for_each_pair_that_a_finding_compares():
    rows = [
        _row("4", "test_lead", "Finding 4: it leads.", "wine", "supported", 0.3),
        _row(
            "4",
            "test_a",
            "Is the gene sufficient under x? a",
            "wine",
            "supported",
            0.3,
            arm="init-",
        ),
        _row("4", "test_b", "Is the gene necessary under x? b", "wine", "refuted", 0, arm="init-"),
        _row(
            "4", "test_c", "Is the gene necessary under y? c", "wine", "supported", 1, arm="bias-"
        ),
    ]

    (sentence,) = explain(rows)

    assert "Beyond the margin, alone under x sufficient: init; necessary: none shown." in sentence
    assert "Beyond the margin, alone under y necessary: bias." in sentence


def test_a_screen_explains_every_finding_that_compares_its_strains():
    pair = {"arms": [{"genome": "b"}, {"genome": "g"}]}
    other = {"arms": [{"genome": "b"}, {"genome": "h"}]}
    screen = _screen(0.5, {"init": 0.4, "bias": 0.0})
    rows = [
        _row("1", "test_swap", "Finding 1: it swaps.", "iris", "refuted", 0.5, pair),
        _row("3", "test_other", "Finding 3: it rescues.", "iris", "refuted", 0.5, other),
        _row("4", "test_lead", "Finding 4: it leads.", "iris", "supported", 0.5, pair),
        _row("4", "test_screen", "Its share exceeds the rest.", "iris", "supported", 0.4, screen),
        _row("4", "test_screen", "Its share exceeds the rest.", "wine", "supported", 0.4, screen),
    ]

    first, third, fourth = explain(rows)

    assert "the gene responsible: init 80%; no share shown of bias" in first
    assert "responsible" not in third
    assert fourth.count("the gene responsible: init 80%; no share shown of bias") == 1


def test_a_gene_that_works_against_the_difference_is_not_called_responsible():
    rows = [
        _row("4", "test_lead", "Finding 4: it leads.", "wine", "supported", 0.2),
        _row(
            "4",
            "test_screen",
            "Share.",
            "wine",
            "supported",
            0.4,
            _screen(0.2, {"logits": 0.35, "init": -0.15}),
        ),
    ]

    (sentence,) = explain(rows)

    assert "the gene responsible: logits 175%; against it: init -75%." in sentence


def test_no_difference_is_nothing_to_explain():
    rows = [
        _row("2", "test_knock", "Finding 2: it degrades.", "iris", "refuted", 0.0),
        _row("2", "test_screen", "Share.", "iris", "refuted", 0, _screen(0.01, {"coverage": 0.0})),
    ]

    (sentence,) = explain(rows)

    assert "is refuted: +0.00 [-0.10, +0.10]" in sentence
    assert "the screen shows no difference to explain" in sentence


def test_several_claims_say_which_do_not_stand():
    rows = [
        _row("1", "test_a_b", "Finding 1: a.", "wine", "refuted", -0.2),
        _row("1", "test_c", "Finding 1: c.", "wine", "supported", 0.0),
    ]

    (sentence,) = explain(rows)

    assert "is supported in 1 of its 2 claims; “a b” is refuted (-0.20 [-0.30, -0.10])" in sentence


def test_identity_acquits_the_trainer():
    rows = [_row("C", "test_c", "Conclusion: c.", "iris", "refuted", 0.0, identical=True)]

    (sentence,) = explain(rows)

    assert sentence == (
        "The conclusion on iris is refuted: identical weights. "
        "Estimator.fit itself changes nothing; what it is fed does."
    )


def test_findings_without_claims_have_no_sentence():
    assert explain([]) == []


def test_one_supported_claim_keeps_the_trainer_from_being_acquitted():
    rows = [
        _row("C", "test_c", "Conclusion: c.", "iris", "refuted", 0.0, identical=True),
        _row("C", "test_d", "Conclusion: d.", "iris", "supported", 0.4),
    ]

    assert "changes nothing" not in explain(rows)[0]
