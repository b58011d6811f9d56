"""The explanation is made from the results: other results, other lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlp.report.explanation import explain
from mlp.tests.report.helpers import comparison_detail, finding_row, shares_detail


def between(good, bad, dataset="digits", **alleles):
    arms = [{"genome": name, "dataset": dataset, **alleles} for name in (good, bad)]
    return {"arms": arms}


def only(rows, **options):
    (paragraph,) = explain(rows, **options)
    return paragraph.split("\n")


RESCUE = finding_row("3", "test_rescue", "Finding 3: it rescues.", "digits", "supported", 0.45)


def screened(whole, shares, finding="3", dataset="digits", verdict="supported"):
    return finding_row(
        finding, "test_screen", "Its share.", dataset, verdict, 0.4, shares_detail(whole, shares)
    )


def test_a_finding_has_a_line_for_its_verdict_its_cause_and_its_command():
    told = explain([RESCUE, screened(0.5, {"coverage": 0.4, "order": 0.0})])

    assert told[0].split("\n") == [
        "Finding 3 on digits is supported: +0.45 [+0.35, +0.55], margin 0.05.",
        "Cause of +0.50 [+0.45, +0.55] from b to g: coverage +0.40 [+0.35, +0.45].",
        'pytest hypotheses -k "finding_3 and digits"',
    ]
    assert told[1:] == ["Shares: the intervals of the screen hold together at 95%."]


def test_the_number_of_screens_is_said():
    rows = [RESCUE, screened(0.5, {"init": 0.4}), screened(0.5, {"init": 0.4}, dataset="wine")]

    assert explain(rows)[-1].endswith("There are 2 screens, each with 5% of its own.")


def test_a_gene_that_works_against_the_difference_is_told_apart():
    _, cause, _ = explain([RESCUE, screened(0.2, {"logits": 0.35, "init": -0.15})])[0].split("\n")

    assert cause.endswith(
        "from b to g: logits +0.35 [+0.30, +0.40]; against it init -0.15 [-0.20, -0.10]."
    )


def test_without_a_share_told_from_0_no_gene_is_named():
    _, cause, _ = explain([RESCUE, screened(0.08, {"logits": 0.04, "init": 0.04})])[0].split("\n")

    assert cause.endswith("from b to g: no single gene's share is shown to differ from 0.")


def test_a_difference_that_the_screen_does_not_tell_from_0_is_not_called_none():
    _, cause, _ = only([RESCUE, screened(0.01, {"coverage": 0.0})])

    assert cause.endswith("the screen does not show that +0.01 [-0.04, +0.06] differs from 0.")

    seen = shares_detail(0.04, {"coverage": 0.04})
    seen["cells"] = [
        {"on": [], "accuracies": [0.5, 0.5, 0.5]},
        {"on": ["coverage"], "accuracies": [0.53, 0.55, 0.54]},
    ]
    (row,) = [replace(s, claim=replace(s.claim, detail=seen)) for s in [screened(0, {"a": 0})]]
    assert only([RESCUE, row])[1].endswith("from 0. Its plain 95% interval [+0.015, +0.065] does.")


def test_an_equivalent_effect_is_smaller_than_the_margin_not_none():
    same = replace(RESCUE, claim=replace(RESCUE.claim, outcome="equivalent", verdict="refuted"))
    assert only([same])[0] == (
        "Finding 3 on digits is refuted: the effect is smaller than 0.05: +0.45 [+0.35, +0.55]."
    )
    there = replace(same, claim=replace(same.claim, detail=comparison_detail([0.44, 0.46, 0.45])))
    assert only([there])[0].endswith(
        "smaller than 0.05, yet not zero: +0.45 [+0.35, +0.55]; plain 95% [+0.425, +0.475]."
    )


def test_a_screen_explains_every_finding_that_compares_its_strains():
    pair, other = between("b", "g", "iris"), between("b", "h", "iris")
    rows = [
        finding_row("1", "test_swap", "Finding 1: it swaps.", "iris", "refuted", 0.5, pair),
        finding_row("3", "test_other", "Finding 3: it rescues.", "iris", "refuted", 0.5, other),
        finding_row("4", "test_lead", "Finding 4: it leads.", "iris", "supported", 0.5, pair),
        screened(0.5, {"init": 0.4, "bias": 0.0}, "4", "iris"),
        screened(0.5, {"init": 0.4, "bias": 0.0}, "4", "wine"),
    ]

    first, third, fourth, alone, _ = explain(rows)

    assert "from b to g: init +0.40" in first
    assert "Cause" not in third
    assert first.endswith('\npytest hypotheses -k "(finding_1 or finding_4) and iris"')
    assert fourth.endswith('\npytest hypotheses -k "finding_4 and iris"')
    assert fourth.count("init") == 1
    assert alone.startswith("Finding 4 on wine: no claim made here states it.\nCause of ")


def test_without_a_screen_the_cause_is_what_single_genes_do():
    asked = finding_row(
        "3", "test_one", "x", "digits", "supported", 0.4, arm="coverage-", role="sufficient"
    )
    assert only([RESCUE, asked])[1] == "Cause: alone, coverage is sufficient."
    refuted = replace(asked, claim=replace(asked.claim, verdict="refuted"))
    assert len(only([RESCUE, refuted])) == 2


def test_several_claims_say_which_do_not_stand():
    rows = [
        finding_row("1", "test_a_b", "Finding 1: a.", "wine", "refuted", -0.2),
        finding_row("1", "test_c", "Finding 1: c.", "wine", "supported", 0.0),
        finding_row("1", "test_d", "Finding 1: d.", "wine", "undecided", 0.0),
    ]

    assert only(rows)[0] == (
        "Finding 1 on wine is supported in 1 of its 3 claims; refuted: “a b”; undecided: “d”."
    )


def test_the_command_names_the_protocol():
    other = replace(RESCUE, claim=replace(RESCUE.claim, protocol="published"))

    assert only([other])[-1] == (
        'pytest hypotheses -k "finding_3 and digits" --mlp-protocol=published'
    )


def test_the_command_names_the_folder_of_the_tests():
    of_root = replace(RESCUE, nodeid=RESCUE.nodeid.removeprefix("hypotheses/"))

    assert only([of_root])[-1] == 'pytest -k "finding_3 and digits"'


def conclusion(dataset, verdict="refuted", identical=True, test="test_c"):
    return finding_row(
        "Conclusion", test, "Conclusion: c.", dataset, verdict, 0.0, identical=identical
    )


def test_identity_acquits_the_gene_in_which_the_arms_differ():
    same = [
        replace(one, claim=replace(one.claim, detail=arms("iris", "trainer")))
        for one in [conclusion("iris")]
    ]
    assert only(same) == [
        "The conclusion on iris is refuted: identical weights.",
        "Cause: trainer itself changes nothing.",
        'pytest hypotheses -k "conclusion and iris"',
    ]
    assert only([conclusion("iris")])[1] == "Cause: the gene itself changes nothing."
    split = [conclusion("iris"), conclusion("iris", "supported", False, "test_d")]
    assert "changes nothing" not in explain(split)[0]


def arms(dataset, gene):
    """Two arms that differ in one gene alone."""
    genomes = [{gene: allele, "bias": 1} for allele in "ab"]
    return {"arms": [{"genome": "g", "dataset": dataset, "alleles": one} for one in genomes]}


def one_gene(finding, gene, dataset, verdict="supported", identical=False):
    return finding_row(
        finding, f"test_{gene}", "x", dataset, verdict, 0.4, arm=f"{gene}-", role="sufficient",
        identical=identical,
    )  # fmt: skip


def test_what_acts_besides_is_named_where_a_claim_shows_it():
    rows = [
        *(conclusion(dataset) for dataset in ("digits", "iris", "mine", "wine")),
        *(one_gene("3", "trainer", d, "refuted", True) for d in ("digits", "mine", "wine")),
        one_gene("3", "coverage", "digits"),
        one_gene("4", "init", "digits"),
        finding_row("", "test_rows", "x", "iris", "supported", 0.4, arms("iris", "coverage")),
        one_gene("3", "coverage", "wine", "refuted"),
    ]

    *_, blamed, elsewhere, acquitted = explain(rows)

    assert blamed == (
        "The conclusion on digits is refuted: identical weights.\n"
        "Cause: trainer itself changes nothing; coverage does.\n"
        'pytest hypotheses -k "(finding_3 or conclusion) and digits"'
    ), "init is of a finding that does not ask of the trainer"
    assert "the gene itself changes nothing; coverage does" in elsewhere
    assert acquitted == (
        "The conclusion on mine and wine is refuted: identical weights.\n"
        "Cause: trainer itself changes nothing.\n"
        'pytest hypotheses -k "conclusion and (mine or wine)"'
    )


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (["supported"], "is supported in the one claim made here that states it: +0.50 ["),
        (["supported"] * 2, "is supported in both of its claims made here: +0.50"),
        (["refuted"] * 3, "is refuted in all 3 of its claims made here: +0.50"),
        (["supported", "refuted"], "is supported in 1 of its 2 claims made here; refuted: “t1”."),
    ],
)
def test_a_selection_speaks_of_the_claims_made(verdicts, told):
    rows = [
        finding_row("1", f"test_t{k}", "Finding 1: a.", "iris", verdict, 0.5)
        for k, verdict in enumerate(verdicts)
    ]

    assert told in only(rows, selected=True)[0]
    assert "made here" not in only(rows)[0]


def test_datasets_of_which_the_same_is_to_be_said_share_a_paragraph():
    rows = [conclusion(d, test=t) for d in ("wine", "digits", "iris") for t in ("test_c", "test_d")]

    first, _, command = only(rows)

    assert first == (
        "The conclusion on digits, iris and wine is refuted in both of its claims: identical "
        "weights."
    )
    assert command == "pytest hypotheses -k conclusion"


def test_a_claim_that_compares_datasets_belongs_to_the_first():
    arms = {"arms": [{"genome": "b", "dataset": "iris"}, {"genome": "b", "dataset": "wine"}]}
    rows = [
        finding_row("4", "test_lead", "Finding 4: it leads.", "iris", "supported", 0.2),
        finding_row("4", "test_most", "Finding 4: most.", "iris-wine", "refuted", 0.0, arms),
        finding_row("4", "test_lead", "Finding 4: it leads.", "my-data", "supported", 0.2),
    ]

    here, mine = explain(rows)

    assert here.startswith(
        "Finding 4 on iris is supported in 1 of its 2 claims; refuted: “most than on wine”."
    )
    assert mine.startswith("Finding 4 on my-data is supported")


def test_a_finding_of_ones_own_is_told_after_those_of_the_study_before_the_conclusion():
    rows = [
        conclusion("iris", identical=False),
        finding_row("5", "test_more", "Finding 5: more layers help.", "iris", "supported", 0.5),
        finding_row("1", "test_a", "Finding 1: a.", "iris", "supported", 0.0),
        finding_row("", "test_b", "Beyond the post: b.", "iris", "supported", 0.0),
    ]

    first, own, last = explain(rows)

    assert first.startswith("Finding 1 on iris is supported")
    assert own.endswith('pytest hypotheses -k "finding_5 and iris"')
    assert last.startswith("The conclusion on iris is refuted")


def test_findings_without_claims_have_no_paragraph():
    assert explain([]) == []
