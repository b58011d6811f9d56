"""Bad declarations of a species: each is told in a sentence."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

import pytest

from mlp.genome import Genome, GenomeError, find_species, gene
from mlp.tests.genome.test_species import Loop


def told(declare, **names):
    """The sentence with which a declaration, as text, is refused."""
    space = {"Genome": Genome, "gene": gene, "Literal": Literal, "ClassVar": ClassVar, **names}
    with pytest.raises(GenomeError) as refused:
        exec(declare, {"__name__": __name__, **space})
    assert "\n" not in str(refused.value)
    return str(refused.value)


class TestBadDeclarations:
    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("mode: str = gene('m')", "must be Literal.*'mode' of Bad has str: list its alleles"),
            ("mode: list[int] = gene('m')", "must be Literal"),
            ("mode: Literal['a'] | str = gene('m')", "must be Literal.* has str"),
            ("mode: object = gene('m')", "must be Literal.* has object"),
            (
                "mode: Literal[b'a'] = gene('m')",
                r"alleles in Literal are .* has \[b'a'\]: annotate float",
            ),
            ("mode: Literal['a', 'a', 'b'] | None | None = gene('')", "one line that says what"),
            ("mode: Literal['a'] = gene('  ')", "needs one line that says what it means"),
            ("mode: Literal['a'] = gene(3)", "needs one line that says what it means; .* has 3"),
            ("mode: Literal['a', 'b'] = gene('m', at_least=1)", "only a number has bounds"),
            ("mode: bool = gene('m', below=1)", "only a number has bounds"),
            ("mode: int = gene('m', at_least='x')", "bounds are numbers; .* has 'x': try"),
            ("mode: bool = gene('m', acts_on=3)", "acts on names; .* has acts_on=3"),
            ("mode: Literal['a', 'b'] = gene('m', default='c')", "default must be one of.*'c'"),
            (
                "mode: int = gene('m', at_least=1, default=0)",
                "default must be .* at least 1.*got 0",
            ),
            ("mode: int = gene('m', default=0.5)", "default must be one of"),
            (
                "mode: Literal['a', 'b'] = gene('m', when_compared='c')",
                "when_compared must give.*'c'",
            ),
            ("mode: float = gene('m', idle=(lambda g: True, 'x'))", "idle must give.*got 'x'"),
            ("mode: float = gene('m', idle=lambda g: True)", "idle is a pair of a function"),
            ("mode: float = gene('m', idle=('x', 0.0))", "idle is a pair of a function"),
            ("mode: float = gene('m', acts_on=('',))", "a gene acts on names"),
            ("mode: float = gene('m', acts_on=(3,))", "a gene acts on names; .*acts_on=.3,"),
            ("mode: float = gene('m', goes_with='mood')", "must be one of mode; got 'mood'"),
            ("mode: Literal[1, True] = gene('m')", "must all differ"),
            ("mode: Literal[1, 0] | bool = gene('m')", "must all differ"),
            ("mode: int | bool = gene('m')", "must all differ.*True is 1"),
            ("mode: int = 3", "declared with gene.*'mode' of Bad is not"),
            ("mode: int", "declared with gene"),
            ("mode = gene('m')", "needs an annotation that lists its alleles; 'mode' of Bad"),
            ("strain: int = gene('m')", "must not be one that every genome has.*'strain'"),
            ("genes: int = gene('m')", "must not be one that every genome has.*'genes'"),
            ("datasets: int = gene('m')", "must not be one that every genome has"),
            ("knockout: bool = gene('m')", "must not be one that every genome has"),
            ("alleles: bool = gene('m')", "must not be one that every genome has"),
            ("at_once: int = 256", "must not be one that every genome has.*annotate it ClassVar"),
            ("_mode: bool = gene('m')", "or begin with _"),
            ("mode: 'Undefined' = gene('m')", "must be readable where.*'mode' of Bad"),
            ("mode: 'Literal[' = gene('m')", "must be readable where"),
            ("pass", "a species needs at least one gene; Bad has none"),
            ("rate = 0.1", "a species needs at least one gene"),
        ],
    )
    def test_each_is_told_in_a_sentence(self, line, sentence):
        said = told(f"class Bad(Genome):\n    {line}\n")

        assert re.search(sentence, said), said

    def test_a_default_of_an_inherited_gene_is_declared_as_a_gene_again(self):
        said = told("class Bad(Loop):\n    rate = 0.5\n", Loop=Loop)

        assert "needs an annotation that lists its alleles; 'rate' of Bad has none" in said

    def test_a_species_refused_is_not_known(self):
        told("class Lost(Genome):\n    mode: str = gene('m')\n")

        assert find_species(f"{__name__}:Lost") is None
