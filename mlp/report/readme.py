"""Rewrites the README's results from saved results: `python -m mlp.report.readme RESULTS.json`.

The blocks between `<!-- results:NAME -->` and `<!-- results:end -->` are replaced: `strains` by the
alleles in which the strains differ, `verdicts` by the table of the post's own claims, `explanation`
by the sentences made from the results, `beyond` by the table of claims that belong to no finding,
`sample` by a part of the terminal's table, `calibration` by the measured error rates that are
committed; and, if results of the published protocol are given, `published` by what comes out
otherwise there and `published_explanation` by the sentences made from them. The answer in one
picture, which the README shows, is drawn anew beside it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from mlp.genes import GENES
from mlp.genome import STRAINS
from mlp.lab import UNDECIDED
from mlp.report import calibrated
from mlp.report.explain import effect, explain
from mlp.report.figures import answer_figure
from mlp.report.results import Row, ordered
from mlp.report.saved import Saved, load
from mlp.report.study import ReportError
from mlp.report.terminal import table

_BLOCK = re.compile(r"(<!-- results:(\w+) -->\n)(.*?)(<!-- results:end -->)", re.DOTALL)
_MOST_NAMED = 3


def verdict_table(rows: Sequence[Row]) -> str:
    """Markdown: claims, a row each with what selects it, a column a dataset.

    One that compares its effect on two datasets stands in the first one's column.
    """
    found: dict[str, dict[str, Row]] = {}
    for row in ordered(rows):
        dataset, *others = row.datasets
        variant = ", ".join(filter(None, (row.parameters, *(f"than on {o}" for o in others))))
        label = row.sentence + (f" ({variant})" if variant else "")
        select = f"<br>`-k {row.test.removeprefix('test_')}`"
        found.setdefault(label + select, {})[dataset] = row
    datasets = sorted({dataset for cells in found.values() for dataset in cells})
    lines = [
        "| claim | " + " | ".join(datasets) + " |",
        "|---" * (len(datasets) + 1) + "|",
    ]
    for label, cells in found.items():
        told = (_cell(cells[d]) if d in cells else "" for d in datasets)
        lines.append(f"| {label} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def _cell(row: Row) -> str:
    return f"**{row.claim.verdict}** {effect(row)}, n={row.claim.seeds}"


def calibration_table(measured: Sequence[calibrated.Measured]) -> str:
    """Markdown: for each kind of differences, the worst measured rates of false verdicts."""
    lines = [
        "| differences | false better or worse | false equivalent | simulated |",
        "|---" * 4 + "|",
    ]
    for m in measured:
        rates = [_rate(m.false_difference), _rate(m.false_equivalent)]
        simulated = f"{m.simulated:,}" if m.simulated else "worked out"
        lines.append(f"| {m.scenario} | {' | '.join(rates)} | {simulated} |")
    return "\n".join(lines)


def _rate(rate: float | None) -> str:
    return "" if rate is None else "0" if rate < 1e-10 else f"{rate:.1g}"


def sentences(rows: Sequence[Row]) -> str:
    """Markdown: the explanation, a sentence for each finding and dataset."""
    return "\n".join(f"- {sentence}" for sentence in explain(rows))


def strains_table() -> str:
    """Markdown: the genes in which the strains differ, and each strain's allele."""
    alleles = {name: genome.alleles() for name, genome in STRAINS.items()}
    lines = [
        "| gene | what it is | " + " | ".join(f"`{name.upper()}`" for name in alleles) + " |",
        "|---" * (len(alleles) + 2) + "|",
    ]
    for gene in GENES.values():
        row = [own[gene.name] for own in alleles.values()]
        if len(set(row)) > 1:
            lines.append(f"| {gene.name} | {gene.meaning} | {' | '.join(map(str, row))} |")
    return "\n".join(lines)


def published_table(rows: Sequence[Row], published: Sequence[Row]) -> str:
    """Markdown: how many claims have the verdict of `rows` in `published` too, and the others.

    A claim that several published results hold counts once; claims of one study alone do not.
    Undecided is no other verdict, but none: more seeds would be needed.
    """
    here = {row.nodeid: row for row in rows}
    there = {row.nodeid: row for row in published}
    both = [(here[row.nodeid], row) for row in ordered(there.values()) if row.nodeid in here]
    other = [(a, b) for a, b in both if a.claim.verdict != b.claim.verdict]
    places = ", ".join(sorted({name for _, b in both for name in b.datasets}))
    undecided = sum(b.claim.verdict == UNDECIDED for _, b in other)
    counts = [
        f"{len(both) - len(other)} of {len(both)} claims ({places}) have the same verdict at the "
        "published protocol",
        *([f"{undecided} are undecided there"] if undecided else []),
        f"{len(other) - undecided or 'none'} have another",
    ]
    lines = ["; ".join(counts) + (":" if other else ".")]
    if other:
        lines += ["", "| finding | claim | dataset | quick | published |", "|---|---|---|---|---|"]
    lines += [
        f"| {b.finding or 'beyond'} | {b.title} | {b.claim.dataset} | {_cell(a)} | {_cell(b)} |"
        for a, b in other
    ]
    return "\n".join(lines)


def rewrite(text: str, rows: Sequence[Row], published: Sequence[Row] = ()) -> str:
    """`text` with its blocks made anew from `rows`, and that of `published` results if any."""
    sample = [row for row in rows if row.finding == "3" and row.claim.dataset == "digits"]
    blocks = {
        "strains": strains_table(),
        "sample": "\n".join(["```text", *(line for line, _ in table(sample)), "```"]),
        "verdicts": verdict_table([row for row in rows if row.states_finding]),
        "beyond": verdict_table([row for row in rows if not row.finding]),
        "explanation": sentences(rows),
        "calibration": calibration_table(calibrated.measured()),
    }
    if published:
        blocks["published"] = published_table(rows, published)
        blocks["published_explanation"] = sentences(published)

    def anew(block: re.Match[str]) -> str:
        kept = block[2].startswith("published") and not published
        return block[0] if kept else block[1] + blocks.get(block[2], "") + "\n" + block[4]

    return _BLOCK.sub(anew, text)


def told_claims(text: str) -> list[str]:
    """The claims in the verdict tables of `text`, each with its dataset."""
    found = []
    for block in _BLOCK.finditer(text):
        if block[2] in ("verdicts", "beyond"):
            head, *lines = map(_columns, block[3].splitlines() or [""])
            found += [
                f"{line[0]} on {dataset}"
                for line in lines[1:]
                for dataset, cell in zip(head[1:], line[1:], strict=False)
                if cell
            ]
    return found


def _columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def check(old: str, new: str) -> None:
    """Refuse a `new` text of which `old` tells more claims.

    Raises:
        ReportError: claims of the verdict tables, or some of those at the published protocol, are
            missing from the results.
    """
    made = set(told_claims(new))
    missing = [claim for claim in told_claims(old) if claim not in made]
    if missing:
        named = "; ".join(claim.rpartition("<br>")[2] for claim in missing[:_MOST_NAMED])
        more = f"; and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise ReportError(
            f"the README is rewritten from all claims that it tells of; not in the results: {named}"
            f"{more}: run the whole suite, or take out of the README what is no claim any more"
        )
    before, now = (
        int(found[1]) if (found := re.search(r"\d+ of (\d+) claims \(", text)) else 0
        for text in (old, new)
    )
    if now < before:
        raise ReportError(
            f"what the README says of the published protocol is of {before} claims; the results "
            f"hold {now} of both protocols: give results of the whole suite"
        )


def _load(path: Path, protocol: str) -> Saved:
    """The results in `path`, all at `protocol`, of a session that ran whole.

    Of the published protocol, results of several selections make a whole together.
    """
    found = load(path)
    selection = found.provenance.get("selection") if protocol == "quick" else ()
    why = found.partial or (f"selected with {' '.join(map(str, selection))}" if selection else "")
    if why:
        raise ReportError(
            f"the README is rewritten from a whole study; {path} holds a part ({why}): "
            "save one with pytest hypotheses --mlp-save"
        )
    others = sorted({row.claim.protocol for row in found.rows} - {protocol})
    if others:
        option = "--published takes" if protocol == "published" else "the README's tables take"
        raise ReportError(
            f"{option} results of the {protocol} protocol; {path} holds {others[0]!r}: save them "
            f"with --mlp-protocol={protocol}"
        )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite the README. Exit status 2 for results that cannot be read, or are only a part."""
    parser = argparse.ArgumentParser(prog="python -m mlp.report.readme", description=__doc__)
    parser.add_argument(
        "results", type=Path, help="results of the whole suite, quick protocol, saved by --mlp-save"
    )
    parser.add_argument(
        "--published",
        type=Path,
        nargs="+",
        default=[],
        metavar="RESULTS",
        help="results saved at the published protocol; without, what the README says of it stays",
    )
    parser.add_argument("--readme", type=Path, default=Path("README.md"))
    parser.add_argument(
        "--picture", type=Path, default=Path("hypotheses") / "answer.svg", help="of the screens"
    )
    options = parser.parse_args(argv)
    try:
        saved = _load(options.results, "quick")
        published = [row for path in options.published for row in _load(path, "published").rows]
        text = options.readme.read_text("utf-8")
        new = rewrite(text, saved.rows, published)
        check(text, new)
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    options.readme.write_text(new, "utf-8")
    picture = answer_figure(saved.rows)
    if picture:
        options.picture.write_bytes(picture.svg)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
