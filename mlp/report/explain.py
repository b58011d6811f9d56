"""The explanation, in words made from the results: for each finding and dataset, one sentence.

Nothing here is typed in: the verdicts come from the claims that state the finding, the genes and
their shares from the screens of the same finding or between the very genomes it compares, each
gene's role from the claims that ask whether it alone is sufficient or necessary, and the trainer's
part from claims of identity and, on the same dataset, from claims that what a trainer is fed makes
a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlp.lab import REFUTED, SUPPORTED
from mlp.report.results import Row, decided, ordered, screen_rows, signed

_FEEDING = {"coverage", "order", "batch_size"}
"""Genes that say which rows a trainer is fed, and how."""


def explain(rows: Sequence[Row], *, selected: bool = False) -> list[str]:
    """Sentences for every finding and dataset that `rows` hold claims of, in that order.

    A finding that no claim of `rows` states has one where they hold a screen, of the genes alone.
    Datasets of which the same is to be said share a sentence; it ends with the `-k` that selects
    the claims it is drawn from. A claim that holds an effect against that on another dataset
    belongs to the first. Where `rows` are only a selection of the claims, `selected`, a verdict is
    told as that of the claims made here that state the finding.
    """
    sentences = []
    rows = ordered(rows)
    screened = screen_rows(rows)
    for finding in dict.fromkeys(row.finding for row in rows if row.finding):
        mine = [row for row in rows if row.finding == finding]
        said: dict[str, dict[str, set[str]]] = {}
        everywhere = sorted({row.datasets[0] for row in mine})
        for dataset in everywhere:
            here = [row for row in mine if row.datasets[0] == dataset]
            explaining = [row for row in screened if _explains(row, dataset, here)]
            fed = [r for r in rows if r.datasets[0] == dataset and _FEEDING & _causes(r)]
            sentence = _sentence(finding, here, explaining, bool(fed), selected)
            if sentence:
                drawn_on = [*here, *explaining, *(fed[:1] if finding == "C" else [])]
                said.setdefault(sentence, {})[dataset] = {row.finding for row in drawn_on}
        for sentence, findings in said.items():
            datasets = list(findings)
            names = sorted(set().union(*findings.values()) - {""})
            selection = _any_of(["conclusion" if n == "C" else f"finding_{n}" for n in names])
            if len(datasets) == 1 or datasets != everywhere:
                selection += f" and {_any_of(datasets)}"
            title = "The conclusion" if finding == "C" else mine[0].heading
            sentences.append(f'{title} on {_listed(datasets)}{sentence} (-k "{selection}")')
    return sentences


def effect(row: Row) -> str:
    """Effect and interval of a claim, and the margin they are held against."""
    told = row.effect_text(places=2)
    return told if row.claim.identical else f"{told} against {row.claim.margin:g}"


def _any_of(words: Sequence[str]) -> str:
    return f"({' or '.join(words)})" if len(words) > 1 else words[0]


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _explains(screen: Row, dataset: str, finding: Sequence[Row]) -> bool:
    """Whether a screen is between strains that the `finding` screens or compares on `dataset`."""
    pair = _strains(screen)
    return screen.claim.dataset == dataset and any(_strains(row) == pair for row in finding)


def _strains(row: Row) -> set[str]:
    """The two strains between which a claim screens, or the genomes it compares."""
    detail = row.claim.detail
    if row.screen:
        return {detail["good"], detail["bad"]}
    return {arm["genome"] for arm in detail.get("arms", ())}


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


def _sentence(
    finding: str, rows: Sequence[Row], explaining: Sequence[Row], fed: bool, selected: bool
) -> str:
    """What is to be said of a finding on one dataset, after its name; "" if nothing is.

    Its verdict, or without a claim that states it, what the screens alone say. `fed`: what a
    trainer is fed matters there.
    """
    stated = [row for row in rows if row.states_finding]
    shares = [_shares(row.claim.detail) for row in explaining]
    if not stated:
        return " ".join([":", *shares, *_roles(rows, _screened(explaining))]) if shares else ""
    clauses = [f" is {_verdicts(stated, selected)}.", *shares]
    clauses += _roles(rows, _compared(stated))
    if finding == "C" and all(row.claim.identical for row in stated):
        does = "; what it is fed does" if fed else ""
        clauses.append(f"Estimator.fit itself changes nothing{does}.")
    return " ".join(dict.fromkeys(clauses))


def _verdicts(stated: Sequence[Row], selected: bool) -> str:
    """The verdict of one claim; of several, how many are supported and which are not."""
    verdicts = {row.claim.verdict for row in stated}
    effects = list(dict.fromkeys(effect(row) for row in stated))
    if len(verdicts) == len(effects) == 1:
        of = f" in {_all(stated, selected)}" if len(stated) > 1 or selected else ""
        return f"{stated[0].claim.verdict}{of}: {effects[0]}"
    if verdicts == {SUPPORTED}:
        return f"supported in {_all(stated, selected)}"
    supported = sum(row.claim.verdict == SUPPORTED for row in stated)
    others = [
        f"“{_title(row)}” is {row.claim.verdict} ({effect(row)})"
        for row in sorted(stated, key=lambda r: r.nodeid)
        if row.claim.verdict != SUPPORTED
    ]
    many = len(stated)
    of = f"the {many} claims made here that state it" if selected else f"its {many} claims"
    return f"supported in {supported or 'none'} of {of}; {'; '.join(others)}"


def _all(stated: Sequence[Row], selected: bool) -> str:
    if selected:
        if len(stated) == 1:
            return "the one claim made here that states it"
        many = "both" if len(stated) == 2 else f"all {len(stated)}"
        return f"{many} claims made here that state it"
    return "both its claims" if len(stated) == 2 else f"all {len(stated)} of its claims"


def _title(row: Row) -> str:
    return " than on ".join((row.title, *row.datasets[1:]))


def _shares(detail: Mapping[str, Any]) -> str:
    """What each gene contributed to the difference between two strains."""
    whole, shares = detail["whole"], detail["shares"]
    between = f"between {detail['bad']} and {detail['good']}"
    mean, low, high = (signed(whole[bound], 2) for bound in ("mean", "low", "high"))
    size = f"{mean} [{low}, {high}]"
    if not decided(whole):
        return f"No difference is detected {between} ({size})."
    ranked = sorted(shares, key=lambda gene: -abs(shares[gene]["mean"]))
    named = {g: shares[g]["mean"] / whole["mean"] for g in ranked if decided(shares[g])}
    others = [gene for gene in ranked if gene not in named]
    makes = [f"{gene} {part:.0%}" for gene, part in named.items() if part > 0]
    takes = [f"{gene} {-part:.0%}" for gene, part in named.items() if part < 0]
    told = [f"{_listed(makes)}"] if makes else ["no single gene's share stands out"]
    told += [f"{_listed(takes)} against it"] if takes else []
    told += [f"no share detected of {_listed(others)}"] if others and makes else []
    return f"Shares of the difference {between} ({size}): {'; '.join(told)}."


_ROLES = {
    (SUPPORTED, SUPPORTED): "necessary and sufficient",
    (SUPPORTED, REFUTED): "sufficient, not necessary",
    (REFUTED, SUPPORTED): "necessary, not sufficient",
    (REFUTED, REFUTED): "neither necessary nor sufficient",
    (SUPPORTED, None): "sufficient",
    (REFUTED, None): "not sufficient",
    (None, SUPPORTED): "necessary",
    (None, REFUTED): "not necessary",
}
"""A gene's role by the verdicts on whether it is sufficient, and necessary; None: not asked."""

_OPEN = "open"
"""Of a refuted role whose interval reaches all of the difference that the gene might answer for."""

Verdicts = Mapping[str, set[str]]
"""Of one gene, the verdicts on whether it is "sufficient", and "necessary"."""

Leads = Sequence[tuple[set[str], Mapping[str, float]]]
"""Differences found: between which genomes, and how large, as {mean, low, high}."""


def _compared(rows: Sequence[Row]) -> Leads:
    """The differences that claims found between two arms."""
    return [
        (_strains(row), {"mean": row.claim.effect, "low": row.claim.low, "high": row.claim.high})
        for row in rows
        if len(row.claim.detail.get("arms", ())) == 2
    ]


def _screened(rows: Sequence[Row]) -> Leads:
    """The whole differences that screens found."""
    return [(_strains(row), row.claim.detail["whole"]) for row in rows]


def _roles(rows: Sequence[Row], leads: Leads) -> list[str]:
    """Each gene's role alone, beyond the margin: a clause for each pair of strains."""
    asked: dict[str, dict[str, dict[str, set[str]]]] = {}
    for row in rows:
        if row.asks:
            role, pair = row.asks
            gene = asked.setdefault(pair, {}).setdefault(row.parameters, {})
            gene.setdefault(role, set()).add(_OPEN if _is_open(row, leads) else row.claim.verdict)
    return [f"Alone{pair}, {_told(genes)}." for pair, genes in asked.items()]


def _is_open(row: Row, leads: Leads) -> bool:
    """Whether the gene of a refuted role may yet answer for all of its strains' difference.

    That difference is the one of `leads` on the strain that the gene was knocked out of, or put
    into.
    """
    claim, arms = row.claim, row.claim.detail.get("arms", ())
    if claim.verdict != REFUTED or claim.outcome != "equivalent" or claim.identical or not arms:
        return False
    reach = claim.high if row.asks and row.asks[0] == "sufficient" else -claim.low
    return any(
        arms[-1]["genome"] in strains and decided(whole) and reach >= abs(whole["mean"])
        for strains, whole in leads
    )


def _told(genes: Mapping[str, Verdicts]) -> str:
    by_role: dict[str, list[str]] = {}
    left_open: dict[str, list[str]] = {}
    for gene, of in sorted(genes.items()):
        answered = {asked: verdicts for asked, verdicts in of.items() if _OPEN not in verdicts}
        if answered:
            by_role.setdefault(_role(answered), []).append(gene)
        for asked in of.keys() - answered.keys():
            left_open.setdefault(asked, []).append(gene)
    ranked: Iterable[str] = dict.fromkeys([*_ROLES.values(), *sorted(by_role)])
    told = [f"{_are(by_role[role])} {role}" for role in ranked if role in by_role]
    unanswered = [f"whether {_are(left_open[asked])} {asked}" for asked in sorted(left_open)]
    if unanswered:
        told.append(f"{_listed(unanswered)} is open: the whole difference is not ruled out")
    return "; ".join(told)


def _are(genes: Sequence[str]) -> str:
    return f"{_listed(genes)} {'is' if len(genes) == 1 else 'are'}"


def _role(of: Verdicts) -> str:
    """A gene's role in words; where claims of one question disagree, what they say of it."""
    agreed = {asked: next(iter(verdicts)) for asked, verdicts in of.items() if len(verdicts) == 1}
    role = _ROLES.get((agreed.get("sufficient"), agreed.get("necessary")), "undecided")
    split = [
        f"{_listed(sorted(verdicts, reverse=True))} as {asked}, by different claims"
        for asked, verdicts in of.items()
        if len(verdicts) > 1
    ]
    return ", ".join([*([role] if agreed else []), *split])
