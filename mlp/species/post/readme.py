"""Rewrites results in the study's page: `python -m mlp.species.post.readme`.

Results of the quick protocol are read from hypotheses/quick.json, or from the file given; those of
the published protocol from hypotheses/published.json.

The blocks between `<!-- results:NAME -->` and `<!-- results:end -->` of hypotheses/README.md are
replaced, and the answer in one picture is drawn anew. NAME is one of:

  summary      the claims that state findings: a word and a number for each dataset
  sample       a part of the table that the terminal shows
  verdicts     all claims, with effects, intervals, margins and seeds
  explanation  verdict and cause of each finding on each dataset, in lines
  genes        what single genes do alone
  strains      the alleles in which the strains differ

and, from results of the published protocol, published_verdicts, published_explanation,
published_genes, and published: which verdicts are other ones there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mlp.report.archive import COMMITTED, Saved, load
from mlp.report.changes import other_protocol
from mlp.report.figures.answer import answer_figure
from mlp.report.results import Row
from mlp.report.study import ReportError
from mlp.species.post.genome import Mlp
from mlp.species.post.protocol import protocol
from mlp.species.post.tables import (
    genes_table,
    lines,
    published_table,
    sample,
    strains_table,
    summary_table,
    verdict_table,
)

PAGES = (Path(COMMITTED) / "README.md",)
PICTURE = Path(COMMITTED) / "answer.svg"
QUICK = Path(COMMITTED) / "quick.json"
PUBLISHED = Path(COMMITTED) / "published.json"

_BLOCK = re.compile(r"(<!-- results:(\w+) -->\n)(.*?)(<!-- results:end -->)", re.DOTALL)
_MOST_NAMED = 3

_OF_ONE_STUDY: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "summary": summary_table,
    "sample": sample,
    "verdicts": verdict_table,
    "explanation": lines,
    "genes": genes_table,
}


def blocks(rows: Sequence[Row], published: Sequence[Row] = ()) -> dict[str, str]:
    """Every block by name; those of the published protocol only where there are results of it."""
    made = {name: make(rows) for name, make in _OF_ONE_STUDY.items()}
    made["strains"] = strains_table()
    if published:
        made |= {
            f"published_{name}": _OF_ONE_STUDY[name](published)
            for name in ("verdicts", "explanation", "genes")
        }
        made["published"] = published_table(rows, published)
    return made


def rewrite(text: str, rows: Sequence[Row], published: Sequence[Row] = ()) -> str:
    """`text` with its blocks made anew from `rows` and, if there are any, `published` results.

    Raises:
        ReportError: a block has a name that nothing is made for.
    """
    made = blocks(rows, published)

    def anew(block: re.Match[str]) -> str:
        if block[2].startswith("published") and not published:
            return block[0]
        if block[2] not in made:
            raise ReportError(
                f"A block of results has the name of one that is made. {block[2]!r} is none: "
                f"name one of {', '.join(made)}."
            )
        return block[1] + made[block[2]] + "\n" + block[4]

    return _BLOCK.sub(anew, text)


def found_blocks(text: str) -> dict[str, str]:
    """The blocks in `text`, by name."""
    return {block[2]: block[3] for block in _BLOCK.finditer(text)}


def told_claims(text: str) -> list[str]:
    """The claims in the verdict tables of `text`, each with its dataset and protocol's table."""
    found = []
    for name, block in found_blocks(text).items():
        if name.endswith("verdicts"):
            table = [line for line in block.splitlines() if line.startswith("|")]
            head, *others = map(_columns, table or [""])
            found += [
                f"{line[0]} on {dataset} ({name})"
                for line in others[1:]
                for dataset, cell in zip(head[1:], line[1:], strict=False)
                if cell
            ]
    return found


def _columns(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def check(old: str, new: str) -> None:
    """Refuse a `new` text of which `old` tells more claims.

    Raises:
        ReportError: claims of the verdict tables are missing from the results.
    """
    made = set(told_claims(new))
    missing = [claim for claim in told_claims(old) if claim not in made]
    if missing:
        named = "; ".join(claim.rpartition("<br>")[2] for claim in missing[:_MOST_NAMED])
        more = f"; and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise ReportError(
            f"A page is rewritten from all claims that it tells of. Not in the results: {named}"
            f"{more}. Run the whole suite, or take out of the page what is no claim any more."
        )


def _load(path: Path, name: str) -> Saved:
    """The results in `path`, all at the protocol of that name, of a session that ran whole.

    Of the published protocol, results of several selections make a whole together.
    """
    found = load(path)
    selection = found.provenance.get("selection") if name == "quick" else ()
    why = found.partial or (f"selected with {' '.join(map(str, selection))}" if selection else "")
    if why:
        raise ReportError(
            f"The pages are rewritten from a whole study. {path} holds a part ({why}). "
            "Save one with pytest hypotheses --mlp-save."
        )
    if other := other_protocol(found, {"name": name, **protocol(name).values}):
        raise ReportError(
            f"These are to be results of the {name} protocol as it is now. {path} is of another "
            f"({other}). Save them anew with --mlp-protocol={name} --mlp-save."
        )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite the pages. Exit status 2 for results that cannot be read, or are only a part."""
    parser = argparse.ArgumentParser(
        prog="python -m mlp.species.post.readme",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "results",
        type=Path,
        nargs="?",
        default=QUICK,
        help=f"Results of the whole suite, quick protocol, from --mlp-save. Default: {QUICK}",
    )
    parser.add_argument(
        "--published",
        type=Path,
        nargs="*",
        default=[PUBLISHED] if PUBLISHED.is_file() else [],
        metavar="RESULTS",
        help="Results of the published protocol. Without any, what pages say of it stays. "
        f"Default: {PUBLISHED}",
    )
    parser.add_argument(
        "--pages", type=Path, nargs="+", default=list(PAGES), help="The pages to rewrite."
    )
    parser.add_argument("--picture", type=Path, default=PICTURE, help="Where the answer is drawn.")
    options = parser.parse_args(argv)
    try:
        rows = _load(options.results, "quick").rows
        published = [row for path in options.published for row in _load(path, "published").rows]
        pages = {path: path.read_text("utf-8") for path in options.pages}
        anew = {path: rewrite(text, rows, published) for path, text in pages.items()}
        for path, text in pages.items():
            check(text, anew[path])
    except (ReportError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in anew.items():
        path.write_text(text, "utf-8")
    answer = answer_figure(rows, Mlp.score_name)
    if answer:
        options.picture.write_bytes(answer.file.svg)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
