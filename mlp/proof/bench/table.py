"""What is made of the measurements: rates, ratios, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from scipy.stats import binom

WIDE = 0.1
"""Share of a ratio that its rounds may leave unknown, either way, for it to say anything."""

UNCLEAR = (
    f"?: the rounds leave more than {WIDE:.0%} of this ratio unknown, too much to conclude from: "
    "give more --rounds, or a quieter machine"
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """A contender's costs on a dataset: `seconds` [rounds] of an update of one run, of `flop`."""

    dataset: str
    contender: str
    cohort: int
    seconds: tuple[float, ...]
    flop: float

    @property
    def median(self) -> float:
        """The median of the rounds' seconds."""
        return median(self.seconds)

    @property
    def gflops(self) -> float:
        """Billions of floating-point operations a second, counted as 6 per weight and row."""
        return self.flop / self.median / 1e9

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able form, with the rate."""
        return asdict(self) | {"median": self.median, "gflops": self.gflops}


@dataclass(frozen=True)
class Ratio:
    """A median over rounds and the interval it lies in with 95% confidence.

    The interval is that of the sign test, from the n-th smallest to the n-th largest round; of less
    than six rounds, from the smallest to the largest, which holds the median less surely.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ratios: Sequence[float]) -> Ratio:
        """The median of rounds' ratios."""
        ordered, n = sorted(ratios), len(ratios)
        outside = max(1, int(binom.ppf(0.025, n, 0.5)))
        return cls(median(ordered), ordered[outside - 1], ordered[n - outside])

    @property
    def unclear(self) -> bool:
        """Whether the rounds differ too much to conclude anything."""
        return self.reach > WIDE * self.median

    @property
    def reach(self) -> float:
        """How far the interval's farther end lies from the median."""
        return max(self.high - self.median, self.median - self.low)

    def __str__(self) -> str:
        return f"{self.median:.2f}±{self.reach:.2f}" + (" ?" if self.unclear else "")


TITLES = {
    "sgemm": "BLAS sgemm, the products alone",
    "matmul": "stacked tf.matmul, the products alone",
    "direct": "direct loop (train_op.run)",
    "estimator": "Estimator.fit",
    "mlpclassifier": "scikit-learn MLPClassifier",
    "jax": "JAX jit(vmap(scan))",
    "engine": "cohort engine",
}
REFERENCES = ("sgemm", "matmul", "jax", "direct", "estimator", "mlpclassifier")
FIXED = ("dataset", "way", "runs", "us/step/run", "GFLOP/s")
NOTHING = "nothing was measured"


def header(results: Sequence[Result]) -> list[str]:
    """The columns: five, and a ratio to each reference that was measured."""
    ways = {r.contender for r in results}
    return [*FIXED, *(f"/ {r}" for r in REFERENCES if r in ways)]


def rows(results: Sequence[Result]) -> list[list[str]]:
    """A row of text for each result, with its speed relative to each reference's fastest."""
    references = [column.removeprefix("/ ") for column in header(results)[len(FIXED) :]]
    return [
        [
            r.dataset,
            TITLES[r.contender],
            str(r.cohort),
            f"{r.median * 1e6:.1f}",
            f"{r.gflops:.1f}",
            *(_ratio(r, results, reference) for reference in references),
        ]
        for r in results
    ]


def _ratio(result: Result, results: Sequence[Result], reference: str) -> str:
    """By how much the result is faster than the reference's fastest, from round to round."""
    same = [r for r in results if (r.dataset, r.contender) == (result.dataset, reference)]
    if not same:
        return "-"
    fastest = min(same, key=lambda r: r.median)
    pairs = zip(fastest.seconds, result.seconds, strict=True)
    return str(Ratio.of([theirs / ours for theirs, ours in pairs]))


def text(results: Sequence[Result]) -> str:
    """The table for a terminal."""
    if not results:
        return NOTHING
    lines = [header(results), *rows(results)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    aligned = (
        [
            c.ljust(w) if i < 2 else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    )
    return "\n".join("  ".join(line).rstrip() for line in aligned) + _unclear(lines)


def _unclear(lines: Sequence[Sequence[str]]) -> str:
    """What a mark of too wide a spread means, where one is shown."""
    return f"\n{UNCLEAR}" if any(cell.endswith("?") for line in lines for cell in line) else ""


def markdown(results: Sequence[Result]) -> str:
    """The table for a README."""
    if not results:
        return NOTHING
    columns = header(results)
    rule = ["---"] * 2 + ["---:"] * (len(columns) - 2)
    lines = [columns, rule, *rows(results)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + _unclear(lines)
