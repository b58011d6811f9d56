"""Agreement with the original programs: our runs of a strain against the recorded runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlp.lab.claim import REFUTED, SUPPORTED, Claim, settle
from mlp.run import Run
from mlp.stats import Agreement


@dataclass(frozen=True, eq=False)
class RecordedComparison:
    """Final validation accuracies of `runs` and of recorded runs of the same strain."""

    strain: str
    runs: tuple[Run, ...]
    recorded: tuple[float, ...]
    agreement: Agreement
    executor: str
    claims: list[Claim] | None = field(default=None, repr=False)

    def assert_agrees(self) -> None:
        """Claim: the recorded accuracies and ours come from one distribution.

        The claim's interval is the difference in mean, plus and minus the smallest shift that the
        test could have detected. Three recorded seeds can only fail to reject the claim.

        Raises:
            Refuted: the exact permutation test rejects the claim.
        """
        found, first = self.agreement, self.runs[0]
        reach = float(min(found.detectable, 1.0))
        difference = float(found.difference)
        settle(
            Claim(
                statement=f"{self.strain} against the {found.recorded} recorded runs",
                dataset=first.dataset,
                protocol=first.protocol.name,
                expected="agrees",
                outcome="agrees" if found.agrees else "differs",
                verdict=SUPPORTED if found.agrees else REFUTED,
                effect=difference,
                low=max(difference - reach, -1.0),
                high=min(difference + reach, 1.0),
                margin=reach,
                seeds=found.ours,
                first_seed=first.seed,
                diverged=sum(run.diverged for run in self.runs),
                executor=self.executor,
                detail={
                    "p_value": float(found.p_value),
                    "detectable": reach,
                    "recorded": list(self.recorded),
                    "alleles": first.genome.alleles(),
                    "ours": [run.final_accuracy for run in self.runs],
                },
            ),
            self.claims,
        )
