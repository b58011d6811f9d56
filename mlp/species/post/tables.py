"""The blocks that pages hold, as Markdown made from results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mlp.lab import UNDECIDED
from mlp.report import terminal
from mlp.report.error_rates import level
from mlp.report.explanation import answers, datasets_of, explain
from mlp.report.plain import plain_interval
from mlp.report.results import Row, command, ordered, refuted_as_recorded
from mlp.report.roles import roles
from mlp.species.post.genome import STRAINS, Mlp

BEYOND = "Beyond the post"
"""What claims of no finding stand under."""

WHY_REFUTED = (
    "the suite states what the post claims, and asks of each gene alone whether it is the cause"
)

SAMPLE = ("test_estimator_rescues_matmul", "digits")
"""The claim of the README's first command, and its dataset."""


def summary_table(rows: Sequence[Row]) -> str:
    """The claims that state findings, a column a dataset: a word and a number."""
    found = answers(rows)
    names = datasets_of(found)
    body = [
        [f"**{one.heading}** {one.claim}", *(_summed(one.cells.get(n)) for n in names)]
        for one in found
    ]
    told = refuted_as_recorded(rows)
    why = f"{told}: {WHY_REFUTED}. " if told else ""
    same = "Identical: the same final weights, bit for bit."
    return f"{_table(['claim', *names], body)}\n\n{why}{same}"


def _summed(cell: tuple[str, str] | None) -> str:
    return cell[1] if cell else ""


def sample(rows: Sequence[Row]) -> str:
    """A part of the terminal's table: the one claim that the README's first command tests."""
    some = [row for row in rows if (row.test, row.claim.dataset) == SAMPLE]
    return "\n".join(["```text", *(line for line, _ in terminal.table(some)), "```"])


def verdict_table(rows: Sequence[Row]) -> str:
    """All claims by finding: a row each with the command that makes it, a column a dataset.

    One that compares its effect on two datasets stands in the first one's column.
    """
    rows = ordered(rows)
    told = ["The second interval is the plain 95% one: the claim's own, adjusted for nothing."]
    if recorded := refuted_as_recorded(rows):
        told.append(f"{recorded}.")
    parts = [" ".join(told)]
    for heading, of_finding in groupby(rows, key=lambda r: r.heading if r.finding else BEYOND):
        parts += [f"**{heading}**", _verdicts(list(of_finding))]
    return "\n\n".join(parts)


def _verdicts(rows: Sequence[Row]) -> str:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        dataset, *others = row.datasets
        variant = ", ".join(filter(None, (row.parameters, *(f"than on {o}" for o in others))))
        label = " ".join(row.sentence.split()) + (f" ({variant})" if variant else "")
        select = command([row], row.test.removeprefix("test_"))
        found.setdefault(f"{label}<br>`{select}`", {})[dataset] = row
    names = sorted({dataset for cells in found.values() for dataset in cells})
    body = [[label, *(_cell(cells.get(n)) for n in names)] for label, cells in found.items()]
    return _table(["claim", *names], body)


def _cell(row: Row | None) -> str:
    """Verdict, effect, interval, margin and seeds; of an equivalent effect, if it is not zero."""
    if row is None:
        return ""
    claim, plain = row.claim, plain_interval(row.claim)
    told = [f"**{claim.verdict}** {row.effect_text(places=2)}"]
    if row.detectable:
        told.append("equivalent, not zero")
    if plain is not None:
        told.append(f"95% {plain}")
    seeds = f"n={claim.seeds}" + (f" ({row.vouched})" if row.vouched else "")
    return "; ".join([*told, seeds if claim.identical else f"margin {claim.margin:g}, {seeds}"])


def lines(rows: Sequence[Row]) -> str:
    """The explanation: an item for each finding and dataset, its command as code.

    It stands before the tables, and so says at which level their intervals hold.
    """
    items = "\n".join(
        "- "
        + "<br>\n  ".join(
            f"`{line}`" if line.startswith("pytest ") else line for line in told.split("\n")
        )
        for told in explain(rows)
    )
    return "\n\n".join(filter(None, (level(rows), items)))


def genes_table(rows: Sequence[Row]) -> str:
    """What single genes do alone, a column a dataset."""
    found = roles(rows)
    names = datasets_of(found)
    body = [
        [
            ", ".join(filter(None, (one.finding, one.pair))),
            one.gene,
            *(one.cells.get(n, "") for n in names),
        ]
        for one in found
    ]
    return _table(["finding", "gene", *names], body)


def strains_table() -> str:
    """The genes in which the strains differ, and each strain's allele."""
    alleles = {name: genome.alleles() for name, genome in STRAINS.items()}
    body = [
        [gene.name, gene.meaning, *(str(own[gene.name]) for own in alleles.values())]
        for gene in Mlp.genes.values()
        if len({own[gene.name] for own in alleles.values()}) > 1
    ]
    return _table(["gene", "what it is", *(f"`{name.upper()}`" for name in alleles)], body)


def published_table(rows: Sequence[Row], published: Sequence[Row]) -> str:
    """How many claims have the verdict of `rows` in `published` too, and the others.

    A claim that several published results hold counts once; claims of one study alone do not.
    Undecided is no other verdict, but none: more seeds would be needed.
    """
    here = {row.nodeid: row for row in rows}
    there = {row.nodeid: row for row in published}
    both = [(here[row.nodeid], row) for row in ordered(there.values()) if row.nodeid in here]
    other = [(a, b) for a, b in both if a.claim.verdict != b.claim.verdict]
    undecided = sum(UNDECIDED in (a.claim.verdict, b.claim.verdict) for a, b in other)
    counts = [
        f"{len(both) - len(other)} of {len(both)} claims have the same verdict at both protocols",
        *([f"undecided at one of them: {undecided}"] if undecided else []),
        f"another verdict: {len(other) - undecided or 'none'}",
    ]
    told = (
        "; ".join(counts) + ". Each study may err with probability 5%, so both together with 10%."
    )
    if not other:
        return told
    body = [[b.finding or "beyond", b.title, b.claim.dataset, _cell(a), _cell(b)] for a, b in other]
    return f"{told}\n\n{_table(['finding', 'claim', 'dataset', 'quick', 'published'], body)}"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
