"""The explanation is made from the results: other results, other sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

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

    assert sentence == (
        "Finding 3 on digits is supported: +0.45 [+0.35, +0.55] against 0.05. "
        "Shares of the difference between b and g (+0.50 [+0.45, +0.55]): coverage 80%; no share "
        "detected of order. Alone, coverage is sufficient; order is not sufficient. "
        '(-k "finding_3 and digits")'
    )


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

    assert "Alone under x, init is sufficient, not necessary." in sentence
    assert "Alone under y, bias is necessary." in sentence


@pytest.mark.parametrize(
    ("sufficient", "necessary", "role"),
    [
        ("supported", "supported", "is necessary and sufficient"),
        ("supported", "refuted", "is sufficient, not necessary"),
        ("refuted", "supported", "is necessary, not sufficient"),
        ("refuted", "refuted", "is neither necessary nor sufficient"),
        ("undecided", "refuted", "is undecided"),
    ],
)
def test_a_gene_has_the_role_that_its_two_claims_give_it(sufficient, necessary, role):
    rows = [
        _row("2", "test_knock", "Finding 2: it degrades.", "iris", "supported", 0.5),
        _row("2", "test_s", "Is the gene sufficient? s", "iris", sufficient, 0.5, arm="bias-"),
        _row("2", "test_n", "Is the gene necessary? n", "iris", necessary, 0.5, arm="bias-"),
    ]

    assert f"Alone, bias {role}." in explain(rows)[0]


def _between(good, bad):
    return {"arms": [{"genome": name, "dataset": "digits"} for name in (good, bad)]}


@pytest.mark.parametrize(
    ("lead", "told"),
    [
        (0.15, "dtype is not sufficient; dense is not necessary"),
        (-0.15, "dtype is not sufficient; dense is not necessary"),
        (0.11, "dense is not necessary; whether dtype is sufficient is open: the whole difference "
               "is not ruled out"),
        (0.05, "dtype is not sufficient; dense is not necessary"),
    ],
)  # fmt: skip
def test_a_role_is_open_whose_interval_reaches_the_whole_difference(lead, told):
    """The dtype's reaches +0.12, dense's -0.09; a lead of 0.05 give or take 0.1 is none."""
    rows = [
        _row("4", "test_f", "Finding 4: f.", "digits", "refuted", lead, _between("g", "b")),
        _row("4", "test_one", "Is the gene sufficient? x", "digits", "refuted", 0.02,
             _between("b[dtype=g]", "b"), arm="dtype-"),
        _row("4", "test_knocked", "Is the gene necessary? x", "digits", "refuted", 0.01,
             _between("g[dense=b]", "g"), arm="dense-"),
    ]  # fmt: skip
    alike = [
        replace(row, claim=replace(row.claim, outcome="equivalent")) if row.asks else row
        for row in rows
    ]

    (sentence,) = explain(alike)

    assert f"Alone, {told}. (-k" in sentence


def test_what_is_identical_or_worse_leaves_no_role_open():
    claims = [
        _row("4", "test_f", "Finding 4: f.", "digits", "refuted", 0.11, _between("g", "b")),
        _row("4", "test_one", "Is the gene sufficient? x", "digits", "refuted", 0.02,
             _between("b[dtype=g]", "b"), arm="dtype-"),
    ]  # fmt: skip
    same = replace(claims[1].claim, outcome="equivalent", identical=True)
    worse = replace(claims[1].claim, outcome="worse")
    for claim in (same, worse):
        (sentence,) = explain([claims[0], replace(claims[1], claim=claim)])
        assert "Alone, dtype is not sufficient. (-k" in sentence


def test_a_screen_explains_every_finding_that_compares_its_strains():
    pair = {"arms": [{"genome": name, "dataset": "iris"} for name in "bg"]}
    other = {"arms": [{"genome": name, "dataset": "iris"} for name in "bh"]}
    screen = _screen(0.5, {"init": 0.4, "bias": 0.0})
    rows = [
        _row("1", "test_swap", "Finding 1: it swaps.", "iris", "refuted", 0.5, pair),
        _row("3", "test_other", "Finding 3: it rescues.", "iris", "refuted", 0.5, other),
        _row("4", "test_lead", "Finding 4: it leads.", "iris", "supported", 0.5, pair),
        _row("4", "test_screen", "Its share exceeds the rest.", "iris", "supported", 0.4, screen),
        _row("4", "test_screen", "Its share exceeds the rest.", "wine", "supported", 0.4, screen),
    ]

    first, third, fourth, screened = explain(rows)

    assert "init 80%; no share detected of bias" in first
    assert "Shares" not in third
    assert first.endswith('(-k "(finding_1 or finding_4) and iris")')
    assert fourth.endswith('(-k "finding_4 and iris")')
    assert fourth.count("init 80%; no share detected of bias") == 1
    assert screened.startswith("Finding 4 on wine: Shares of the difference between b and g")


def test_a_gene_that_works_against_the_difference_is_told_apart():
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

    assert "logits 175%; init 75% against it." in sentence


def test_no_difference_is_nothing_to_explain():
    rows = [
        _row("2", "test_knock", "Finding 2: it degrades.", "iris", "refuted", 0.0),
        _row("2", "test_screen", "Share.", "iris", "refuted", 0, _screen(0.01, {"coverage": 0.0})),
    ]

    (sentence,) = explain(rows)

    assert "is refuted: +0.00 [-0.10, +0.10] against 0.05." in sentence
    assert "No difference is detected between b and g (+0.01 [-0.04, +0.06])." in sentence


def test_several_claims_say_which_do_not_stand():
    rows = [
        _row("1", "test_a_b", "Finding 1: a.", "wine", "refuted", -0.2),
        _row("1", "test_c", "Finding 1: c.", "wine", "supported", 0.0),
    ]

    (sentence,) = explain(rows)

    assert (
        "is supported in 1 of its 2 claims; “a b” is refuted (-0.20 [-0.30, -0.10] against 0.05)"
    ) in sentence


def test_identity_acquits_the_trainer():
    rows = [_row("C", "test_c", "Conclusion: c.", "iris", "refuted", 0.0, identical=True)]

    (sentence,) = explain(rows)

    assert sentence == (
        "The conclusion on iris is refuted: identical weights. "
        'Estimator.fit itself changes nothing. (-k "conclusion and iris")'
    )


def test_what_estimator_is_fed_is_blamed_only_where_a_claim_shows_it():
    asks, conclusion = "Is the gene sufficient? It rescues.", "Conclusion: c."
    arms = [{"genome": c, "dataset": "iris", "alleles": {"coverage": c, "bias": 1}} for c in "ab"]
    rows = [
        *(
            _row("C", "test_c", conclusion, dataset, "refuted", 0.0, identical=True)
            for dataset in ("digits", "iris", "mine", "wine")
        ),
        _row("3", "test_one", asks, "digits", "supported", 0.4, arm="coverage-"),
        _row("", "test_rows", "More rows help.", "iris", "supported", 0.4, {"arms": arms}),
        _row("3", "test_one", asks, "wine", "refuted", 0.0, arm="coverage-"),
        _row("3", "test_one", asks, "wine", "supported", 0.4, arm="logits-"),
    ]

    blamed, acquitted = explain(rows)

    assert blamed.startswith("The conclusion on digits and iris is")
    assert "Estimator.fit itself changes nothing; what it is fed does. (" in blamed
    assert acquitted == (
        "The conclusion on mine and wine is refuted: identical weights. Estimator.fit itself "
        'changes nothing. (-k "conclusion and (mine or wine)")'
    )


def test_claims_that_disagree_on_a_gene_are_both_told():
    asks = "Is the gene {}? x"
    rows = [
        _row("2", "test_knock", "Finding 2: it degrades.", "iris", "supported", 0.5),
        *(
            _row("2", test, asks.format(asked), "iris", verdict, 0.5, arm="bias-")
            for test, asked, verdict in (
                ("test_s", "sufficient", "supported"),
                ("test_t", "sufficient", "refuted"),
                ("test_n", "necessary", "supported"),
            )
        ),
    ]

    told = "Alone, bias is necessary, supported and refuted as sufficient, by different claims."
    assert told in explain(rows)[0]
    assert told in explain(rows[::-1])[0]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (["supported"], "is supported in the one claim made here that states it: +0.50 ["),
        (["supported"] * 2, "is supported in both claims made here that state it: +0.50"),
        (["refuted"] * 3, "is refuted in all 3 claims made here that state it: +0.50"),
        (
            ["supported", "refuted"],
            "is supported in 1 of the 2 claims made here that state it; “t1” is refuted",
        ),
    ],
)
def test_a_selection_speaks_of_the_claims_made(verdicts, told):
    rows = [
        _row("1", f"test_t{k}", "Finding 1: a.", "iris", verdict, 0.5)
        for k, verdict in enumerate(verdicts)
    ]

    assert told in explain(rows, selected=True)[0]
    assert "made here" not in explain(rows)[0]


def test_datasets_of_which_the_same_is_to_be_said_share_a_sentence():
    rows = [
        _row("C", test, "Conclusion: c.", dataset, "refuted", 0.0, identical=True)
        for dataset in ("wine", "digits", "iris")
        for test in ("test_c", "test_d")
    ]

    (sentence,) = explain(rows)

    assert sentence.startswith(
        "The conclusion on digits, iris and wine is refuted in both its claims: identical weights."
    )
    assert sentence.endswith('(-k "conclusion")')


def test_a_claim_that_compares_datasets_belongs_to_the_first():
    arms = {"arms": [{"genome": "b", "dataset": "iris"}, {"genome": "b", "dataset": "wine"}]}
    rows = [
        _row("4", "test_lead", "Finding 4: it leads.", "iris", "supported", 0.2),
        _row("4", "test_most", "Finding 4: most there.", "iris-wine", "refuted", 0.0, arms),
        _row("4", "test_lead", "Finding 4: it leads.", "my-data", "supported", 0.2),
    ]

    here, mine = explain(rows)

    assert here.startswith(
        "Finding 4 on iris is supported in 1 of its 2 claims; “most than on wine” is refuted"
    )
    assert mine.startswith("Finding 4 on my-data is supported")


def test_a_finding_of_ones_own_is_told_after_those_of_the_study_before_the_conclusion():
    rows = [
        _row("C", "test_c", "Conclusion: c.", "iris", "refuted", 0.2),
        _row("5", "test_more", "Finding 5: more layers help.", "iris", "supported", 0.5),
        _row("1", "test_a", "Finding 1: a.", "iris", "supported", 0.0),
        _row("", "test_b", "Beyond the post: b.", "iris", "supported", 0.0),
    ]

    first, own, conclusion = explain(rows)

    assert first.startswith("Finding 1 on iris is supported")
    assert own == (
        'Finding 5 on iris is supported: +0.50 [+0.40, +0.60] against 0.05. (-k "finding_5 and '
        'iris")'
    )
    assert conclusion.startswith("The conclusion on iris is refuted")


def test_screens_alone_are_told_by_shares_and_roles():
    """Of what no claim states here; bias, whose interval reaches all of 0.11, is left open."""
    asks = "Is the gene sufficient? x"
    arms = {"arms": [{"genome": name, "dataset": "wine"} for name in ("b[bias=g]", "b")]}
    refuted = _row("2", "test_one", asks, "wine", "refuted", 0.02, arms, arm="bias-")
    rows = [
        _row("2", "test_screen", "Share.", "wine", "supported", 1, _screen(0.11, {"logits": 0.11})),
        _row("2", "test_one", asks, "wine", "supported", 0.5, arm="logits-"),
        replace(refuted, claim=replace(refuted.claim, outcome="equivalent")),
        _row("2", "test_one", asks, "iris", "supported", 0.5, arm="logits-"),
    ]

    (sentence,) = explain(rows, selected=True)

    assert sentence == (
        "Finding 2 on wine: Shares of the difference between b and g (+0.11 [+0.06, +0.16]): "
        "logits 100%. Alone, logits is sufficient; whether bias is sufficient is open: the whole "
        'difference is not ruled out. (-k "finding_2 and wine")'
    )


def test_findings_without_claims_have_no_sentence():
    assert explain([]) == []


def test_one_supported_claim_keeps_the_trainer_from_being_acquitted():
    rows = [
        _row("C", "test_c", "Conclusion: c.", "iris", "refuted", 0.0, identical=True),
        _row("C", "test_d", "Conclusion: d.", "iris", "supported", 0.4),
    ]

    assert "changes nothing" not in explain(rows)[0]
