"""Genes and genomes: the respects in which two pipelines of one species can differ."""

from mlp.genome.gene import Allele, Gene, GenomeError, gene
from mlp.genome.genome import Genome, differing
from mlp.genome.species import find_species, species_name

__all__ = [
    "Allele",
    "Gene",
    "Genome",
    "GenomeError",
    "differing",
    "find_species",
    "gene",
    "species_name",
]
