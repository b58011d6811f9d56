"""What single genes do alone, from the claims that ask of them."""

from dataclasses import replace

import pytest

from mlp.report.roles import alone, roles
from mlp.tests.report.helpers import finding_row


def asked(role, verdict, *, pair="", arm="bias-", dataset="digits", **claim):
    """A claim that asks of a gene; `claim` changes it."""
    test = f"test_{role}_{verdict}_{pair}"
    asks = {"arm": arm, "role": role, "pair": pair}
    made = finding_row("4", test, "Asked.", dataset, verdict, claim.pop("effect", 0.5), **asks)
    return replace(made, claim=replace(made.claim, **claim))


def told(rows):
    (role,) = roles(rows)
    return role.cells["digits"]


@pytest.mark.parametrize(
    ("sufficient", "necessary", "role"),
    [
        ("supported", "supported", "necessary and sufficient"),
        ("supported", "refuted", "sufficient; not necessary by 0.05 or more"),
        ("refuted", "supported", "necessary; not sufficient by 0.05 or more"),
        ("refuted", "refuted", "neither necessary nor sufficient by 0.05 or more"),
        ("undecided", "refuted", "not necessary by 0.05 or more; perhaps sufficient: undecided"),
    ],
)
def test_a_gene_has_the_role_that_its_two_claims_give_it(sufficient, necessary, role):
    assert told([asked("sufficient", sufficient), asked("necessary", necessary)]) == role


def test_the_margin_says_what_is_refuted():
    wide = [asked("sufficient", "refuted", margin=0.5), asked("necessary", "refuted", margin=0.1)]
    assert told(wide) == "not necessary by 0.1 or more; not sufficient by 0.5 or more"
    assert told(wide[:1]) == "not sufficient by 0.5 or more"


def test_claims_that_disagree_on_a_gene_are_both_told():
    rows = [
        asked("sufficient", "supported"),
        replace(asked("sufficient", "refuted"), test="test_other"),
        asked("necessary", "supported"),
    ]
    expected = "necessary; sufficient; not sufficient by 0.05 or more"
    assert told(rows) == told(rows[::-1]) == expected


def test_genes_are_told_for_each_pair_and_dataset():
    rows = [
        asked("sufficient", "supported", pair="under x", arm="init-"),
        asked("sufficient", "refuted", pair="under x", arm="init-", dataset="wine"),
        asked("necessary", "supported", pair="under y"),
    ]
    first, second = roles(rows)
    assert (first.finding, first.pair, first.gene) == ("Finding 4", "under x", "init")
    assert first.cells == {"digits": "sufficient", "wine": "not sufficient by 0.05 or more"}
    assert (second.pair, second.gene) == ("under y", "bias")
    assert alone(rows[:1] + rows[2:]) == [
        "Cause: alone under x, init is sufficient.",
        "Cause: alone under y, bias is necessary.",
    ]


def between(good, bad):
    return {"arms": [{"genome": name, "dataset": "digits"} for name in (good, bad)]}


def lead(effect):
    return finding_row(
        "4", "test_f", "Finding 4: f.", "digits", "refuted", effect, between("g", "b")
    )


@pytest.mark.parametrize("effect", [0.15, -0.15, 0.11, 0.05])
def test_a_role_is_open_whose_interval_reaches_the_whole_difference(effect):
    """Its interval reaches +0.12; a lead of 0.05 give or take 0.1 is none."""
    given = asked(
        "sufficient", "refuted", effect=0.02, outcome="equivalent", detail=between("b[x]", "b")
    )
    shown = told([lead(effect), given])
    is_open = "perhaps sufficient: the whole difference is not ruled out"
    assert shown == (is_open if effect == 0.11 else "not sufficient by 0.05 or more")


def test_what_is_identical_or_worse_leaves_no_role_open():
    of = {"effect": 0.02, "detail": between("b[x]", "b")}
    same = asked("sufficient", "refuted", outcome="equivalent", identical=True, **of)
    worse = asked("sufficient", "refuted", outcome="worse", **of)
    for claim in (same, worse):
        assert told([lead(0.11), claim]) == "not sufficient by 0.05 or more"
