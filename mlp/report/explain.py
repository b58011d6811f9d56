"""The explanation, in words made from the results: for each finding and dataset, one sentence.

Nothing here is typed in: the verdicts come from the post's own claims (tests whose sentence begins
with the finding's name), the genes and their shares from the screens of the same finding or between
the very genomes it compares, each gene's role from the claims that ask whether it alone is
sufficient or necessary, and the trainer's part from claims of identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlp.lab import REFUTED, SUPPORTED
from mlp.report.results import Row, decided, ordered, screens, signed

_TITLES = {"1": "Finding 1", "2": "Finding 2", "3": "Finding 3", "4": "Finding 4"}
_CONCLUSION = "The conclusion"


def explain(rows: Sequence[Row]) -> list[str]:
    """Sentences for every finding and dataset that `rows` hold claims of, in that order.

    Datasets of which the same is to be said share a sentence. A claim that holds an effect against
    that on another dataset belongs to the first.
    """
    sentences = []
    rows = ordered(rows)
    screened = screens(rows)
    for finding in ("1", "2", "3", "4", "C"):
        mine = [row for row in rows if row.finding == finding]
        said: dict[str, list[str]] = {}
        for dataset in sorted({row.datasets[0] for row in mine}):
            here = [row for row in mine if row.datasets[0] == dataset]
            explaining = [row for row in screened if _explains(row, dataset, here)]
            sentence = _sentence(finding, here, explaining)
            if sentence:
                said.setdefault(sentence, []).append(dataset)
        for sentence, datasets in said.items():
            only = f" and {datasets[0]}" if len(datasets) == 1 else ""
            name = "conclusion" if finding == "C" else f"finding_{finding}"
            sentences.append(
                f"{_TITLES.get(finding, _CONCLUSION)} on {_listed(datasets)} {sentence} "
                f'(-k "{name}{only}")'
            )
    return sentences


def effect(row: Row) -> str:
    """Effect and interval of a claim, and the margin they are held against."""
    told = row.effect_text(places=2)
    return told if row.claim.identical else f"{told} against {row.claim.margin:g}"


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


def _sentence(finding: str, rows: Sequence[Row], explaining: Sequence[Row]) -> str:
    post = [row for row in rows if row.sentence.startswith(("Finding", "Conclusion"))]
    if not post:
        return ""
    clauses = [f"is {_verdicts(post)}."]
    clauses += [_shares(row.claim.detail) for row in explaining]
    clauses += _roles(rows)
    if finding == "C" and all(row.claim.identical for row in post):
        clauses.append("Estimator.fit itself changes nothing; what it is fed does.")
    return " ".join(dict.fromkeys(clauses))


def _verdicts(post: Sequence[Row]) -> str:
    """The verdict of one claim; of several, how many are supported and which are not."""
    verdicts = {row.claim.verdict for row in post}
    effects = list(dict.fromkeys(effect(row) for row in post))
    if len(verdicts) == len(effects) == 1:
        of = f" in {_all(post)} its claims" if len(post) > 1 else ""
        return f"{post[0].claim.verdict}{of}: {effects[0]}"
    if verdicts == {SUPPORTED}:
        return f"supported in {_all(post)} its claims"
    supported = sum(row.claim.verdict == SUPPORTED for row in post)
    others = [
        f"“{_title(row)}” is {row.claim.verdict} ({effect(row)})"
        for row in sorted(post, key=lambda r: r.nodeid)
        if row.claim.verdict != SUPPORTED
    ]
    return f"supported in {supported or 'none'} of its {len(post)} claims; {'; '.join(others)}"


def _all(post: Sequence[Row]) -> str:
    return "both" if len(post) == 2 else f"all {len(post)} of"


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


def _roles(rows: Sequence[Row]) -> list[str]:
    """Each gene's role alone, beyond the margin: a clause for each pair of strains.

    Claims that ask it say so first: "Is the gene sufficient?", or "necessary"; where a finding
    compares several pairs, also of which: "Is the gene sufficient under Estimator.fit?".
    """
    asked: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        found = re.match(r"Is the gene (sufficient|necessary)( [^?]*)?\?", row.sentence)
        if found:
            genes = asked.setdefault(found[2] or "", {})
            genes.setdefault(row.parameters, {})[found[1]] = row.claim.verdict
    return [f"Alone{pair}, {_told(genes)}." for pair, genes in asked.items()]


def _told(genes: Mapping[str, Mapping[str, str]]) -> str:
    by_role: dict[str, list[str]] = {}
    for gene, of in sorted(genes.items()):
        role = _ROLES.get((of.get("sufficient"), of.get("necessary")), "undecided")
        by_role.setdefault(role, []).append(gene)
    ranked: Iterable[str] = [*dict.fromkeys(_ROLES.values()), "undecided"]
    return "; ".join(
        f"{_listed(by_role[role])} {'is' if len(by_role[role]) == 1 else 'are'} {role}"
        for role in ranked
        if role in by_role
    )
