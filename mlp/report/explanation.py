"""The results in words: a short answer for each finding, and its verdict and cause by dataset.

Nothing here is typed in: the verdicts come from the claims that state a finding, the genes and
their shares from the screens of the same finding or between the very genomes it compares, and what
is no cause from claims of identity. What single genes do alone is `mlp.report.roles`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mlp.lab import SUPPORTED, Claim
from mlp.report.plain import of_screen
from mlp.report.results import (
    Row,
    by_size,
    command,
    decided,
    digits,
    heading,
    interval_text,
    keyword,
    listed,
    ordered,
    screen_rows,
    signed,
)
from mlp.report.roles import Role, alone


class Cell(NamedTuple):
    """A verdict, "" where several claims differ, and what is told: a word and a number."""

    verdict: str
    text: str


class Answer(NamedTuple):
    """One claim of a finding, over its datasets; claims of one sentence count together."""

    heading: str
    claim: str
    cells: Mapping[str, Cell]


def answers(rows: Iterable[Row], *, whole: bool = False) -> list[Answer]:
    """The claims that state findings, in order; all of a `whole` finding together.

    A cell says "supported, +0.48", or of several claims "2 of 3 supported".
    A claim that compares its effect on two datasets stands in the first one's cell.
    """
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in ordered(row for row in rows if row.states):
        said = " ".join(row.sentence.removeprefix(f"{row.heading}:").split())
        own = found.setdefault((row.heading, "" if whole else said), {})
        own.setdefault(row.datasets[0], []).append(row)
    return [
        Answer(*key, {on: _cell(mine) for on, mine in sorted(own.items())})
        for key, own in found.items()
    ]


def datasets_of(found: Iterable[Answer] | Iterable[Role]) -> list[str]:
    """The datasets that answers or roles have cells of."""
    return sorted({dataset for one in found for dataset in one.cells})


def _cell(rows: Sequence[Row]) -> Cell:
    told = [
        (c.verdict, "identical" if c.identical else signed(c.effect, digits(2, c.scale)))
        for c in (row.claim for row in rows)
    ]
    if len(set(told)) > 1:
        supported = sum(verdict == SUPPORTED for verdict, _ in told)
        return Cell("", f"{supported} of {len(rows)} supported")
    return Cell(told[0][0], ", ".join(told[0]))


def explain(rows: Sequence[Row], *, selected: bool = False) -> list[str]:
    """A paragraph for every finding and dataset that `rows` hold claims of, in that order.

    Its lines say one thing each: the verdict, the cause for each pair of strains screened, and the
    command that makes the claims again. Datasets of which the same is to be said share a
    paragraph. If no claim states a finding but a screen exists, the paragraph names the cause
    alone. A claim that holds an effect against that on another dataset belongs to the first. Where
    `rows` are only a selection of the claims, `selected`, a verdict is told as that of the claims
    made here.
    """
    rows = ordered(rows)
    told: list[str] = []
    for finding in dict.fromkeys(row.finding for row in rows if row.finding):
        said: dict[tuple[str, ...], dict[str, set[str]]] = {}
        everywhere = sorted({row.datasets[0] for row in rows if row.finding == finding})
        for dataset in everywhere:
            here = [row for row in rows if row.datasets[0] == dataset]
            lines, drawn_on = _said(finding, here, selected)
            if lines:
                said.setdefault(lines, {})[dataset] = {row.finding for row in drawn_on}
        for lines, findings in said.items():
            named = f"The {finding[:1].lower()}{finding[1:]}"
            title = heading(finding) if finding.isdigit() else named
            on = f" on {listed(list(findings))}" if any(findings) else ""
            selected_by = _expression(findings, everywhere)
            told.append("\n".join([title + on + lines[0], *lines[1:], command(rows, selected_by)]))
    if any("\nCause of" in paragraph for paragraph in told):
        told.append(simultaneous(len(screen_rows(rows))))
    return told


def _said(
    finding: str, here: Sequence[Row], selected: bool
) -> tuple[tuple[str, ...], Sequence[Row]]:
    """What is to be said of a finding, after its name, of the claims on one dataset.

    And the claims that show it. Nothing, if no claim states the finding, and no cause is known.
    """
    mine = [row for row in here if row.finding == finding]
    stated = [row for row in mine if row.states]
    compared = [row.strains for row in mine]
    screens = [row for row in screen_rows(here) if row.strains in compared]
    lines, shown_by = [_cause(row.claim) for row in screens] or alone(mine), [*mine, *screens]
    if not stated:
        return ((": no claim made here states it.", *lines) if lines else ()), shown_by
    if all(row.claim.identical for row in stated):
        innocent, acting = _innocent(stated, here)
        lines, shown_by = [innocent], [*shown_by, *acting]
    return (_verdict(stated, selected), *lines), shown_by


def simultaneous(screens: int) -> str:
    """At which level the intervals of shares hold."""
    if screens == 1:
        return "Shares: the intervals of the screen hold together at 95%."
    return (
        "Shares: the intervals of one screen hold together at 95%. "
        f"There are {screens} screens, each with 5% of its own."
    )


def _expression(findings: Mapping[str, set[str]], everywhere: Sequence[str]) -> str:
    """What selects the claims that a paragraph is drawn from."""
    names = sorted(set().union(*findings.values()) - {""})
    words = _any_of([keyword(name) for name in names])
    if any(findings) and (len(findings) == 1 or list(findings) != everywhere):
        words += f" and {_any_of(list(findings))}"
    return words


def _any_of(words: Sequence[str]) -> str:
    return f"({' or '.join(words)})" if len(words) > 1 else words[0]


def _innocent(stated: Sequence[Row], here: Sequence[Row]) -> tuple[str, list[Row]]:
    """What is no cause where the claims that state a finding are identical; who shows what is.

    The gene named is the one in which the identical arms differ. Other genes are those that claims
    on the same dataset show to act; where claims ask the role of this very gene, only those of
    their findings.
    """
    found = set().union(*(_changed(row) for row in stated))
    found = found or {row.parameters for row in here if row.role and row.claim.identical}
    gene = found.pop() if len(found) == 1 else ""
    asked = {row.finding for row in here if row.role and row.parameters == gene}
    near = [row for row in here if row.finding in asked and row.role] if asked else here
    acting: dict[str, Row] = {}
    for row in near:
        for name in _causes(row) - {gene}:
            acting.setdefault(name, row)
    does = f"; {listed(sorted(acting))} {'do' if len(acting) > 1 else 'does'}" if acting else ""
    return f"Cause: {gene or 'the gene'} itself changes nothing{does}.", list(acting.values())


def _changed(row: Row) -> set[str]:
    """The gene in which the two arms of a claim differ; none where they differ in several."""
    arms = row.claim.detail.get("arms", ())
    if len(arms) != 2:
        return set()
    a, b = (arm.get("alleles", {}) for arm in arms)
    names = {gene for gene in a if a[gene] != b.get(gene)}
    return names if len(names) == 1 else set()


def _causes(row: Row) -> set[str]:
    """The gene that a supported claim shows to make a difference, if it is about one alone."""
    if row.claim.verdict != SUPPORTED:
        return set()
    if row.role:
        return {row.parameters}
    return _changed(row) if row.claim.outcome in ("better", "worse") else set()


def _verdict(stated: Sequence[Row], selected: bool) -> str:
    """The verdict of one claim; of several, how many are supported and which are not."""
    here = " made here" if selected else ""
    if len(stated) == 1:
        only = f" in the one claim{here} that states it" if selected else ""
        return f" is {stated[0].claim.verdict}{only}: {effect(stated[0])}."
    of: dict[str, list[str]] = {}
    for row in sorted(stated, key=lambda r: r.nodeid):
        title = " than on ".join((row.title, *row.datasets[1:]))
        of.setdefault(row.claim.verdict, []).append(f"“{title}”")
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
    margin = f"{claim.margin:g}{f' in {claim.unit}' if claim.unit else ''}"
    if claim.outcome != "equivalent":
        return f"{told}, margin {margin}"
    if row.detectable:
        return f"the effect is smaller than {margin}, yet not zero: {told}; plain 95% {row.plain}"
    return f"the effect is smaller than {margin}: {told}"


def _cause(claim: Claim) -> str:
    """What each gene contributed to the difference between two strains, in one line."""
    detail, places = claim.detail, digits(2, claim.scale)
    shares, whole = detail["shares"], interval_text(detail["whole"], places)
    between = f"from {detail['bad']} to {detail['good']}"
    if not decided(detail["whole"]):
        plain = of_screen(detail)
        there = f" Its plain 95% interval {plain} does." if plain and plain.excludes_zero else ""
        said = f"the screen does not show that {whole} differs from 0.{there}"
        return f"No cause named {between}: {said}"
    told: dict[bool, list[str]] = {True: [], False: []}
    for gene in by_size(shares):
        if decided(shares[gene]):
            along = shares[gene]["mean"] * detail["whole"]["mean"] > 0
            told[along].append(f"{gene} {interval_text(shares[gene], places)}")
    parts = [
        listed(told[True]) or "no single gene's share is shown to differ from 0",
        listed(told[False]),
    ]
    return f"Cause of {whole} {between}: {'; against it '.join(filter(None, parts))}."
