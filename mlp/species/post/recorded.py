"""Agreement with the original programs: our runs of a strain against the recorded runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import comb

from mlp.lab import Lab, LabError
from mlp.lab.claim import RECORDED, REFUTED, SUPPORTED
from mlp.lab.evidence import Evidence
from mlp.lab.known import trainers_of
from mlp.lab.question import check_count, check_error
from mlp.run import Run
from mlp.species.post.genome import Mlp
from mlp.species.post.protocol import PROTOCOLS
from mlp.species.post.reference import curves, final_accuracies
from mlp.stats import Agreement, Interval, agreement
from mlp.stats.permutation import MAX_RELABELLINGS


@dataclass(frozen=True, eq=False)
class RecordedComparison(Evidence):
    """Final validation accuracies of `runs` and of recorded runs of the same strain."""

    strain: str
    runs: tuple[Run, ...]
    recorded: tuple[float, ...]
    agreement: Agreement

    @property
    def cohorts(self) -> tuple[tuple[Run, ...], ...]:
        """Our runs."""
        return (self.runs,)

    def assert_agrees(self) -> None:
        """Claim: the recorded accuracies and ours come from one distribution.

        The claim's interval is the difference in mean, plus and minus the smallest shift that the
        test could have detected. Three recorded seeds can only fail to reject the claim.

        Raises:
            Refuted: the exact permutation test rejects the claim.
        """
        found = self.agreement
        reach, difference = float(min(found.detectable, 1.0)), float(found.difference)
        low, high = max(difference - reach, -1.0), min(difference + reach, 1.0)
        self._settle(
            self._claim(
                f"{self.strain} against the {found.recorded} recorded runs",
                kind=RECORDED,
                expected="agrees",
                outcome="agrees" if found.agrees else "differs",
                verdict=SUPPORTED if found.agrees else REFUTED,
                interval=Interval(difference, low, high, found.ours, 0.95),
                margin=reach,
                detail={
                    "p_value": float(found.p_value),
                    "detectable": reach,
                    "recorded": list(self.recorded),
                    "alleles": self.runs[0].genome.alleles(),
                    "executors": list(dict.fromkeys(run.executor for run in self.runs)),
                    "ours": [run.score for run in self.runs],
                },
            )
        )


def compare_recorded(
    lab: Lab, strain: str, dataset: str, *, seeds: int, error: float
) -> RecordedComparison:
    """Compare `seeds` runs of a strain, exactly as published, with the recorded ones.

    `error` is the probability of a false alarm of the exact permutation test.

    Raises:
        GenomeError, DataError: an unknown strain or dataset.
        LabError: nothing was recorded of that dataset or at this lab's protocol; no seeds, or more
            than an exact test takes; an `error` outside (0, 1).
    """
    genome = Mlp.strain(strain)
    setting = lab.setting([genome], dataset)
    check_error(error)
    if setting.protocol != PROTOCOLS["published"] or dataset not in curves():
        raise LabError(
            f"runs were recorded of {', '.join(curves())} at the published protocol; got "
            f"{dataset!r} at {setting.protocol.name!r}: choose one of those"
        )
    finals = final_accuracies(strain, dataset)
    _check_relabellings(len(finals), seeds)
    runs = lab.cohort(genome, dataset, seeds=seeds)
    held_out = Mlp.datasets.held_out(dataset)
    recorded = (finals * held_out).round() / held_out
    engine = trainers_of(Mlp).engine
    assert engine is not None
    return RecordedComparison(
        setting=setting,
        executor=(trainers_of(Mlp).real(genome) if lab.real else engine).title,
        strain=strain,
        runs=tuple(runs),
        recorded=tuple(recorded.tolist()),
        agreement=agreement(recorded, [r.score for r in runs], alpha=error),
    )


def _check_relabellings(recorded: int, seeds: int) -> None:
    """Refuse no runs, and more runs than an exact test against `recorded` runs can take."""
    check_count(seeds)
    most = next(n for n in count(1) if comb(recorded + n + 1, recorded) > MAX_RELABELLINGS)
    if seeds > most:
        raise LabError(
            f"an exact test against {recorded} recorded runs takes at most {most} seeds; got "
            f"{seeds}: ask for fewer"
        )
