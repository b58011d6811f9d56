"""The explanation, in lines made from the results: for each finding and dataset, verdict and cause.

Nothing here is typed in: the verdicts come from the claims that state the finding, the genes and
their shares from the screens of the same finding or between the very genomes it compares, and the
trainer's part from claims of identity and, on the same dataset, from claims that what a trainer is
fed makes a difference. What single genes do alone is `mlp.report.roles`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp.lab import SUPPORTED
from mlp.report.plain import of_screen, plain_interval
from mlp.report.results import Row, command, decided, ordered, screen_rows, signed, strains_compared
from mlp.report.roles import alone

_FEEDING = {"coverage", "order", "batch_size"}
"""Genes that say which rows a trainer is fed, and how."""


def explain(rows: Sequence[Row], *, selected: bool = False) -> list[str]:
    """A paragraph for every finding and dataset that `rows` hold claims of, in that order.

    Its lines say one thing each: the verdict, the cause for each pair of strains screened, and the
    command that makes the claims again. Datasets of which the same is to be said share a
    paragraph. A finding that no claim of `rows` states has a cause alone. A claim that holds an
    effect against that on another dataset belongs to the first. Where `rows` are only a selection
    of the claims, `selected`, a verdict is told as that of the claims made here.
    """
    rows = ordered(rows)
    screened = screen_rows(rows)
    told: list[str] = []
    for finding in dict.fromkeys(row.finding for row in rows if row.finding):
        mine = [row for row in rows if row.finding == finding]
        said: dict[tuple[str, ...], dict[str, set[str]]] = {}
        everywhere = sorted({row.datasets[0] for row in mine})
        for dataset in everywhere:
            here = [row for row in mine if row.datasets[0] == dataset]
            explaining = [row for row in screened if _explains(row, dataset, here)]
            fed = [r for r in rows if r.datasets[0] == dataset and _FEEDING & _causes(r)]
            lines = _lines(finding, here, explaining, bool(fed), selected)
            if lines:
                drawn_on = [*here, *explaining, *(fed[:1] if finding == "C" else [])]
                said.setdefault(lines, {})[dataset] = {row.finding for row in drawn_on}
        for lines, findings in said.items():
            title = "The conclusion" if finding == "C" else mine[0].heading
            on = f"{title} on {listed(list(findings))}"
            selected_by = _expression(findings, everywhere)
            told.append("\n".join([on + lines[0], *lines[1:], command(rows, selected_by)]))
    if screened and any("\nCause of" in paragraph for paragraph in told):
        told.append(simultaneous(len(screened)))
    return told


def simultaneous(screens: int) -> str:
    """At which level the intervals of shares hold."""
    if screens == 1:
        return "Shares: the intervals of the screen hold together at 95%."
    return (
        "Shares: the intervals of one screen hold together at 95%. "
        f"There are {screens} screens, each with 5% of its own."
    )


def listed(words: Sequence[str]) -> str:
    """The words with commas and an `and`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _expression(findings: Mapping[str, set[str]], everywhere: Sequence[str]) -> str:
    """What selects the claims that a paragraph is drawn from."""
    names = sorted(set().union(*findings.values()) - {""})
    words = _any_of(["conclusion" if name == "C" else f"finding_{name}" for name in names])
    if len(findings) == 1 or list(findings) != everywhere:
        words += f" and {_any_of(list(findings))}"
    return words


def _any_of(words: Sequence[str]) -> str:
    return f"({' or '.join(words)})" if len(words) > 1 else words[0]


def _explains(screen: Row, dataset: str, finding: Sequence[Row]) -> bool:
    """Whether a screen is between strains that the `finding` screens or compares on `dataset`."""
    pair = strains_compared(screen)
    return screen.claim.dataset == dataset and any(strains_compared(r) == pair for r in finding)


def _causes(row: Row) -> set[str]:
    """The genes that a supported claim shows to make a difference; none where several differ."""
    if row.claim.verdict != SUPPORTED:
        return set()
    if row.asks:
        return {row.parameters}
    arms = row.claim.detail.get("arms", ())
    if len(arms) != 2 or row.claim.outcome not in ("better", "worse"):
        return set()
    a, b = (arm.get("alleles", {}) for arm in arms)
    differing = {gene for gene in a if a[gene] != b.get(gene)}
    return differing if len(differing) == 1 else set()


def _lines(
    finding: str, rows: Sequence[Row], explaining: Sequence[Row], fed: bool, selected: bool
) -> tuple[str, ...]:
    """What is to be said of a finding on one dataset, after its name; nothing if nothing is."""
    stated = [row for row in rows if row.states_finding]
    lines = [_cause(row.claim.detail) for row in explaining] or alone(rows)
    if finding == "C" and stated and all(row.claim.identical for row in stated):
        does = "; what it is fed does" if fed else ""
        lines = [f"Cause: Estimator.fit itself changes nothing{does}."]
    if stated:
        return (_verdict(stated, selected), *lines)
    return (": no claim made here states it.", *lines) if lines else ()


def _verdict(stated: Sequence[Row], selected: bool) -> str:
    """The verdict of one claim; of several, how many are supported and which are not."""
    here = " made here" if selected else ""
    if len(stated) == 1:
        only = " in the one claim made here that states it" if selected else ""
        return f" is {stated[0].claim.verdict}{only}: {effect(stated[0])}."
    of: dict[str, list[str]] = {}
    for row in sorted(stated, key=lambda r: r.nodeid):
        of.setdefault(row.claim.verdict, []).append(
            f"“{' than on '.join((row.title, *row.datasets[1:]))}”"
        )
    if len(of) == 1:
        many = "both" if len(stated) == 2 else f"all {len(stated)}"
        same = {effect(row) for row in stated}
        why = f": {same.pop()}" if len(same) == 1 else ""
        return f" is {stated[0].claim.verdict} in {many} of its claims{here}{why}."
    supported = len(of.pop(SUPPORTED, ()))
    others = "; ".join(f"{verdict}: {listed(titles)}" for verdict, titles in sorted(of.items()))
    return f" is supported in {supported} of its {len(stated)} claims{here}; {others}."


def effect(row: Row) -> str:
    """The effect of a claim and what it is held against, in words.

    An equivalent effect is smaller than the margin, never none: where its plain 95% interval
    excludes 0, that is said.
    """
    claim, told = row.claim, row.effect_text(places=2)
    if claim.identical:
        return told
    if claim.outcome != "equivalent":
        return f"{told}, margin {claim.margin:g}"
    if row.detectable:
        plain = f"plain 95% {plain_interval(claim)}"
        return f"the effect is smaller than {claim.margin:g}, yet not zero: {told}; {plain}"
    return f"the effect is smaller than {claim.margin:g}: {told}"


def _cause(detail: Mapping[str, Any]) -> str:
    """What each gene contributed to the difference between two strains, in one line."""
    whole, shares = detail["whole"], detail["shares"]
    between = f"from {detail['bad']} to {detail['good']}"
    if not decided(whole):
        plain = of_screen(detail)
        there = f" Its plain 95% interval {plain} does." if plain and plain.excludes_zero else ""
        told = f"the screen does not tell {_interval(whole)} from 0.{there}"
        return f"No cause named {between}: {told}"
    ranked = sorted(shares, key=lambda gene: -abs(shares[gene]["mean"]))
    sure = [gene for gene in ranked if decided(shares[gene])]
    along = [g for g in sure if shares[g]["mean"] * whole["mean"] > 0]
    against = [g for g in sure if g not in along]
    parts = [listed([f"{g} {_interval(shares[g])}" for g in of]) for of in (along, against) if of]
    if not along:
        parts.insert(0, "no single gene's share is told from 0")
    return f"Cause of {_interval(whole)} {between}: {'; against it '.join(parts)}."


def _interval(of: Mapping[str, float]) -> str:
    return f"{signed(of['mean'], 2)} [{signed(of['low'], 2)}, {signed(of['high'], 2)}]"
