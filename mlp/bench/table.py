"""What is made of the measurements: rates, ratios, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """A contender's cost on a dataset: `seconds` of an update of one run, of `flop` operations."""

    dataset: str
    contender: str
    cohort: int
    seconds: float
    flop: float

    @property
    def gflops(self) -> float:
        """Billions of floating-point operations a second, counted as 6 per weight and row."""
        return self.flop / self.seconds / 1e9

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able form, with the rate."""
        return asdict(self) | {"gflops": self.gflops}


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
            f"{r.seconds * 1e6:.1f}",
            f"{r.gflops:.1f}",
            *(_ratio(r, results, reference) for reference in references),
        ]
        for r in results
    ]


def _ratio(result: Result, results: Sequence[Result], reference: str) -> str:
    same = [r.seconds for r in results if (r.dataset, r.contender) == (result.dataset, reference)]
    return f"{min(same) / result.seconds:.2f}" if same else "-"


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
    return "\n".join("  ".join(line).rstrip() for line in aligned)


def markdown(results: Sequence[Result]) -> str:
    """The table for a README."""
    if not results:
        return NOTHING
    columns = header(results)
    rule = ["---"] * 2 + ["---:"] * (len(columns) - 2)
    return "\n".join("| " + " | ".join(line) + " |" for line in [columns, rule, *rows(results)])
