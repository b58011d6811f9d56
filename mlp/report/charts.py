"""The charts on a page: those that a species offers, or else the curves of its strains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlp.genome import Genome, differing
from mlp.lab.claim import DOSE
from mlp.report.cohorts import Cohort, names_of, strains_of
from mlp.report.figures.curves import MOST_SEEDS, Curves, curve_figure
from mlp.report.figures.style import PALETTE, Picture
from mlp.report.study import Study
from mlp.run import Run

MOST_LINES = 6
"""Most cohorts in one picture: more would hide one another."""


@dataclass(frozen=True)
class Charts:
    """A section of the page: its heading, a paragraph, and groups of pictures with titles."""

    heading: str
    note: str
    groups: Sequence[tuple[str, Sequence[Picture]]]

    @property
    def pictures(self) -> list[Picture]:
        """All pictures."""
        return [picture for _, pictures in self.groups for picture in pictures]


def charts_of(study: Study) -> list[Charts]:
    """The charts of every species of the study that has any."""
    several = len(study.species) > 1
    found = []
    for place, species in enumerate(study.species):
        made = species.charts(study) or _curves(study, species, place if several else -1)
        found += [made] if made.pictures else []
    return found


def cohorts_to_draw(study: Study, species: type[Genome], dataset: str) -> Mapping[str, list[Run]]:
    """The runs of each strain, in seed order; without strains, of each genome compared or screened.

    Where several executors trained a strain, the real one's, if it trained at least as many seeds.
    """
    names = names_of(row for row in study.rows if row.claim.kind != DOSE)
    by: dict[tuple[str, str], list[Run]] = {}
    for run in study.runs:
        if type(run.genome) is species and run.dataset == dataset:
            for name in strains_of(run) if species.strains else names.get(Cohort.of(run), ()):
                by.setdefault((name, run.executor), []).append(run)
    trainers = species.trainers()
    engine = trainers.engine.name if trainers is not None and trainers.engine else ""
    found: dict[str, list[Run]] = {}
    for (name, _), runs in sorted(by.items(), key=lambda of: of[0][1] == engine):
        if len(runs) > len(found.get(name, ())):
            found[name] = sorted(runs, key=lambda run: run.seed)
    if species.strains:
        return {name: found[name] for name in species.strains if name in found}
    claimed = dict.fromkeys(name for named in names.values() for name in named)
    kept = [found[name] for name in claimed if name in found][:MOST_LINES]
    return {_alleles(runs[0].genome, [own[0].genome for own in kept]): runs for runs in kept}


def _alleles(genome: Genome, others: Sequence[Genome]) -> str:
    """The genome told by its alleles of the genes in which some of the `others` differ from it."""
    changed = {gene for other in others for gene in differing(genome, other)}
    told = [f"{gene}={getattr(genome, gene)}" for gene in genome.genes if gene in changed]
    return ", ".join(told) or str(genome)


def _curves(study: Study, species: type[Genome], place: int) -> Charts:
    """The recorded curves of a species, a group for each: one picture for each dataset."""
    groups: dict[str, list[Picture]] = {}
    own = (run.dataset for run in study.runs if type(run.genome) is species)
    for dataset in dict.fromkeys(own):
        cohorts = list(cohorts_to_draw(study, species, dataset).items())[:MOST_LINES]
        for curve in dict.fromkeys(name for _, runs in cohorts for name in runs[0].curves):
            drawn = [
                Curves.of(runs, curve, label, PALETTE[k % len(PALETTE)])
                for k, (label, runs) in enumerate(cohorts)
                if curve in runs[0].curves
            ]
            name = "-".join(filter(None, ("curves", curve, dataset, f"{place}"[: place + 1])))
            where = f" on {dataset}" if dataset else ""
            picture = curve_figure(name, f"{curve} against step{where}", dataset, drawn)
            groups.setdefault(curve, []).append(picture)
    of = f" of {species.__qualname__}" if place >= 0 else ""
    return Charts(
        f"Curves{of}",
        f"What the runs recorded, against step: a thin line for each of the first {MOST_SEEDS} "
        "seeds, a thick one for the mean of all.",
        list(groups.items()),
    )
