"""The explanation, in words made from the results: for each finding and dataset, one sentence.

Nothing here is typed in: the verdicts come from the post's own claims (tests whose sentence begins
with the finding's name), the genes and their shares from the screens of the same finding, and the
trainer's part from claims of identity.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlp.lab import SUPPORTED
from mlp.report.results import Row

_TITLES = {"1": "Finding 1", "2": "Finding 2", "3": "Finding 3", "4": "Finding 4"}
_CONCLUSION = "The conclusion"


def explain(rows: Sequence[Row]) -> list[str]:
    """Sentences for every finding and dataset that `rows` hold claims of, in that order."""
    sentences = []
    for finding in ("1", "2", "3", "4", "C"):
        mine = [row for row in rows if row.finding == finding]
        for dataset in sorted({row.claim.dataset for row in mine if "-" not in row.claim.dataset}):
            here = [row for row in mine if row.claim.dataset == dataset]
            sentence = _sentence(finding, dataset, here)
            if sentence:
                sentences.append(sentence)
    return sentences


def _sentence(finding: str, dataset: str, rows: Sequence[Row]) -> str:
    post = [row for row in rows if row.sentence.startswith(("Finding", "Conclusion"))]
    if not post:
        return ""
    title = _TITLES.get(finding, _CONCLUSION)
    clauses = [f"{title} on {dataset} {_verdicts(post)}."]
    clauses += [_shares(row) for row in rows if "shares" in row.claim.detail]
    clauses += _sufficient(rows)
    if finding == "C" and any(row.claim.identical for row in post):
        clauses.append("Estimator.fit itself changes nothing: the plan does.")
    return " ".join(dict.fromkeys(clauses))


def _verdicts(post: Sequence[Row]) -> str:
    """The verdict of one claim; of several, how many are supported and which are not."""
    if len(post) == 1:
        return f"is {post[0].claim.verdict}: {_effect(post[0])}"
    supported = [row for row in post if row.claim.verdict == SUPPORTED]
    others = [
        f"“{row.title}” is {row.claim.verdict} ({_effect(row)})"
        for row in sorted(post, key=lambda r: r.nodeid)
        if row.claim.verdict != SUPPORTED
    ]
    if not others:
        return f"is supported in all its {len(post)} claims"
    return f"is supported in {len(supported)} of its {len(post)} claims; {'; '.join(others)}"


def _effect(row: Row) -> str:
    claim = row.claim
    if claim.identical:
        return "identical weights"
    return f"{claim.effect:+.2f} [{claim.low:+.2f}, {claim.high:+.2f}]"


def _shares(row: Row) -> str:
    detail = row.claim.detail
    whole, shares = detail["whole"], detail["shares"]
    between = f"Between {detail['bad']} and {detail['good']}"
    if whole["low"] <= 0 <= whole["high"]:
        return (
            f"{between} the screen finds no difference to explain "
            f"({whole['mean']:+.2f} [{whole['low']:+.2f}, {whole['high']:+.2f}])."
        )
    ranked = sorted(shares.items(), key=lambda kv: -abs(kv[1]["mean"]))
    named = [(g, s) for g, s in ranked if not s["low"] <= 0 <= s["high"]]
    if not named:
        return f"{between} no single gene's share stands out of {whole['mean']:+.2f}."
    parts = [f"{gene} {share['mean'] / whole['mean']:.0%}" for gene, share in named]
    others = [gene for gene, _ in ranked if gene not in dict(named)]
    rest = f"; {', '.join(others)} nothing that shows" if others else ""
    return f"{between} ({whole['mean']:+.2f}) the gene responsible: {', '.join(parts)}{rest}."


def _sufficient(rows: Sequence[Row]) -> list[str]:
    """Which genes alone rescue, and which alone, knocked out, degrade."""
    found: dict[str, list[str]] = {"sufficient": [], "necessary": []}
    asked = False
    for row in rows:
        for kind in found:
            if row.sentence.startswith(f"Is the gene {kind}?"):
                asked = True
                if row.claim.verdict == "supported":
                    found[kind].append(row.parameters)
    if not asked:
        return []
    words = [f"{kind}: {', '.join(sorted(genes)) or 'no gene'}" for kind, genes in found.items()]
    return [f"Alone {'; alone '.join(words)}."]
