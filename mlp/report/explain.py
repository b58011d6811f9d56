"""The explanation, in words made from the results: for each finding and dataset, one sentence.

Nothing here is typed in: the verdicts come from the post's own claims (tests whose sentence begins
with the finding's name), the genes and their shares from the screens of the same finding or between
the very genomes it compares, which genes are sufficient or necessary alone from the claims that ask
it, and the trainer's part from claims of identity.
"""

from __future__ import annotations

import re
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
            screens = [row for row in rows if _screened(row, dataset, here)]
            sentence = _sentence(finding, dataset, here, screens)
            if sentence:
                sentences.append(sentence)
    return sentences


def _screened(row: Row, dataset: str, finding: Sequence[Row]) -> bool:
    """Whether `row` holds a screen that explains the `finding` on `dataset`."""
    detail = row.claim.detail
    if "shares" not in detail or row.claim.dataset != dataset:
        return False
    pair = {detail["good"], detail["bad"]}
    return row in finding or any(
        pair == {arm["genome"] for arm in other.claim.detail.get("arms", ())} for other in finding
    )


def _sentence(finding: str, dataset: str, rows: Sequence[Row], screens: Sequence[Row]) -> str:
    post = [row for row in rows if row.sentence.startswith(("Finding", "Conclusion"))]
    if not post:
        return ""
    title = _TITLES.get(finding, _CONCLUSION)
    clauses = [f"{title} on {dataset} {_verdicts(post)}."]
    clauses += [_shares(row) for row in screens]
    clauses += _alone(rows)
    if finding == "C" and all(row.claim.identical for row in post):
        clauses.append("Estimator.fit itself changes nothing; what it is fed does.")
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
        return f"is supported in {'both' if len(post) == 2 else 'all'} its {len(post)} claims"
    stand = f"{len(supported)}" if supported else "none"
    return f"is supported in {stand} of its {len(post)} claims; {'; '.join(others)}"


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
            f"{between} the screen shows no difference to explain "
            f"({whole['mean']:+.2f} [{whole['low']:+.2f}, {whole['high']:+.2f}])."
        )
    ranked = sorted(shares.items(), key=lambda kv: -abs(kv[1]["mean"]))
    named = [(g, s) for g, s in ranked if not s["low"] <= 0 <= s["high"]]
    if not named:
        return f"{between} no single gene's share stands out of {whole['mean']:+.2f}."
    parts = [(g, share["mean"] / whole["mean"]) for g, share in named]
    for_it = [f"{gene} {part:.0%}" for gene, part in parts if part > 0]
    against = [f"{gene} {part:.0%}" for gene, part in parts if part < 0]
    others = [gene for gene, _ in ranked if gene not in dict(named)]
    told = [f"the gene{'s' * (len(for_it) > 1)} responsible: {', '.join(for_it)}"] if for_it else []
    told += [f"against it: {', '.join(against)}"] if against else []
    told += [f"no share shown of {', '.join(others)}"] if others else []
    return f"{between} ({whole['mean']:+.2f}) {'; '.join(told)}."


def _alone(rows: Sequence[Row]) -> list[str]:
    """Which genes alone rescue, and which alone, knocked out, degrade: a clause for each pair.

    Claims that ask it say so first: "Is the gene sufficient?", or "necessary"; where a finding
    compares several pairs, also of which: "Is the gene sufficient under Estimator.fit?".
    """
    pairs: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        asked = re.match(r"Is the gene (sufficient|necessary)( [^?]*)?\?", row.sentence)
        if asked:
            kind, pair = asked[1], asked[2] or ""
            genes = pairs.setdefault(pair, {}).setdefault(kind, [])
            if row.claim.verdict == SUPPORTED:
                genes.append(row.parameters)
    return [
        f"Beyond the margin, alone{pair} "
        + "; ".join(
            f"{kind}: {', '.join(sorted(of[kind])) or 'none shown'}"
            for kind in ("sufficient", "necessary")
            if kind in of
        )
        + "."
        for pair, of in pairs.items()
    ]
