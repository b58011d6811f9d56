"""Declaring a species: what makes a gene, and what a bad declaration is told."""

from __future__ import annotations

import dataclasses
import math
import sys
import types
from typing import Any, ClassVar, Literal, Optional, Union

import numpy as np
import pytest

from mlp.genome import Gene, Genome, GenomeError, find_species, gene, species_name
from mlp.genome.species import check_registered


class Loop(Genome):
    """Every kind of gene there is."""

    shuffle: Literal["never", "each_epoch"] = gene("when rows are shuffled", acts_on="order")
    bias: bool = gene("whether layers have a bias")
    batch_size: int = gene("rows per step", at_least=1, default=64)
    rate: float = gene("learning rate", above=0, at_most=1, default=0.1)
    clip: float | None = gene("where gradients are clipped", at_least=0, default=None)
    warmup: Literal["none", "full"] | int = gene("steps of warm-up", at_least=1, default="none")

    at_once: ClassVar[int] = 1
    NOT_A_GENE: ClassVar[str] = "a constant of the class"


BASE = Loop(shuffle="never", bias=True)


def test_a_species_has_the_genes_it_declares_in_order():
    assert list(Loop.genes) == ["shuffle", "bias", "batch_size", "rate", "clip", "warmup"]
    assert all(isinstance(one, Gene) and one.name == name for name, one in Loop.genes.items())
    assert Loop.genes["shuffle"].meaning == "when rows are shuffled"
    assert Loop.genes["shuffle"].acts_on == ("order",)
    assert Loop.genes["bias"].acts_on is None


@pytest.mark.parametrize(
    ("name", "alleles", "number", "choices"),
    [
        ("shuffle", ("never", "each_epoch"), None, "'never' or 'each_epoch'"),
        ("bias", (False, True), None, "False or True"),
        ("batch_size", (), int, "a whole number of at least 1"),
        ("rate", (), float, "a number in (0, 1]"),
        ("clip", (None,), float, "None or a number of at least 0"),
        ("warmup", ("none", "full"), int, "'none', 'full' or a whole number of at least 1"),
    ],
)
def test_the_annotation_says_the_alleles(name, alleles, number, choices):
    one = Loop.gene(name)

    assert (one.alleles, one.number) == (alleles, number)
    assert one.choices() == choices


def test_defaults_are_taken_and_others_must_be_given():
    assert (BASE.batch_size, BASE.rate, BASE.clip, BASE.warmup) == (64, 0.1, None, "none")
    with pytest.raises(TypeError, match="bias"):
        Loop(shuffle="never")
    with pytest.raises(TypeError, match="positional"):
        Loop("never", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bias": 1},
        {"bias": "True"},
        {"batch_size": 0},
        {"batch_size": True},
        {"batch_size": 1.0},
        {"rate": 0.0},
        {"rate": 1.1},
        {"rate": None},
        {"rate": False},
        {"clip": -1},
        {"clip": "none"},
        {"clip": float("nan")},
        {"warmup": 0},
        {"warmup": "half"},
        {"warmup": 2.5},
        {"shuffle": "Never"},
    ],
    ids=str,
)
def test_a_wrong_allele_is_told_those_there_are(wrong):
    ((name, allele),) = wrong.items()
    with pytest.raises(GenomeError) as refused:
        BASE.with_alleles(**wrong)
    for words in (f"gene {name!r} must be {Loop.gene(name).choices()}", f"got {allele!r}"):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({"batch_size": np.int32(8)}, 8),
        ({"rate": 1}, 1.0),
        ({"rate": np.float32(0.5)}, 0.5),
        ({"clip": 2}, 2.0),
        ({"clip": None}, None),
        ({"warmup": np.int64(3)}, 3),
        ({"warmup": "full"}, "full"),
        ({"bias": False}, False),
    ],
    ids=str,
)
def test_alleles_are_plain_values(given, plain):
    ((name, _),) = given.items()
    allele = getattr(BASE.with_alleles(**given), name)

    assert (allele, type(allele)) == (plain, type(plain))


def test_genomes_are_values():
    assert Loop(shuffle="never", bias=True) == BASE
    assert hash(Loop(shuffle="never", bias=True)) == hash(BASE)
    assert len({BASE, BASE.with_alleles(rate=0.2), BASE.with_alleles(rate=0.2)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        BASE.rate = 0.2
    assert repr(BASE) == (
        "Loop(shuffle='never', bias=True, batch_size=64, rate=0.1, clip=None, warmup='none')"
    )


def test_a_genome_is_told_by_what_differs_from_the_defaults():
    assert str(BASE) == "Loop[shuffle=never, bias=True]"
    assert str(BASE.with_alleles(rate=0.2)) == "Loop[shuffle=never, bias=True, rate=0.2]"


def test_a_species_is_found_by_its_qualified_name():
    assert species_name(Loop) == f"{__name__}:Loop"
    assert find_species(f"{__name__}:Loop") is Loop
    assert find_species("nowhere:Loop") is None


def test_genome_itself_is_no_species():
    with pytest.raises(GenomeError, match="a genome belongs to a species; got Genome itself"):
        Genome()
    with pytest.raises(GenomeError, match="a genome belongs to a species"):
        Genome(shuffle="never")


class TestWays:
    """However a species is written down, it is the same."""

    def test_in_a_function_with_names_of_its_own(self):
        Mode = Literal["a", "b"]

        class Local(Genome):
            mode: Mode = gene("a mode")

        assert Local.genes["mode"].alleles == ("a", "b")
        assert Local(mode="a").with_alleles(mode="b").mode == "b"

    def test_by_a_call_of_type(self):
        made = type(
            "Made",
            (Genome,),
            {"__annotations__": {"rate": float}, "rate": gene("learning rate", default=0.5)},
        )

        assert made().rate == 0.5
        assert find_species(species_name(made)) is made

    def test_with_annotations_that_are_texts_and_such_that_are_not(self):
        space = {"__name__": "elsewhere", "Genome": Genome, "gene": gene, "Literal": Literal}
        body = "class Late(Genome):\n    mode: {} = gene('a mode', default='a')\n"
        for annotation in ("Literal['a', 'b']", '\'Literal["a", "b"]\''):
            exec(body.format(annotation), space)
            assert space["Late"].genes["mode"].alleles == ("a", "b")

    @pytest.mark.parametrize(
        "annotation",
        [
            Optional[Literal["a", "b"]],  # noqa: UP045
            Union[Literal["a", "b"], None],  # noqa: UP007
            Literal["a", "b", None],
            Literal["a"] | Literal["b"] | None,
        ],
        ids=str,
    )
    def test_with_unions_of_either_kind(self, annotation):
        made = type(
            "United", (Genome,), {"__annotations__": {"mode": annotation}, "mode": gene("a mode")}
        )

        assert made.genes["mode"].alleles == ("a", "b", None)
        assert made(mode=None).mode is None

    def test_in_a_module_of_its_own(self):
        module = types.ModuleType("own_species")
        sys.modules["own_species"] = module
        try:
            code = (
                "from __future__ import annotations\n"
                "from typing import Literal\n"
                "from mlp.genome import Genome, gene\n"
                "class Own(Genome):\n"
                "    mode: Literal['a', 'b'] = gene('a mode')\n"
            )
            exec(compile(code, "own_species.py", "exec"), module.__dict__)
            assert species_name(module.Own) == "own_species:Own"
            assert module.Own.genes["mode"].alleles == ("a", "b")
        finally:
            del sys.modules["own_species"]

    def test_by_another_species_whose_genes_it_takes(self):
        class Wider(Loop):
            layers: int = gene("hidden layers", at_least=1, default=2)
            rate: float = gene("learning rate", above=0, default=0.5)

        assert list(Wider.genes) == [*Loop.genes, "layers"]
        assert Wider(shuffle="never", bias=True).rate == 0.5
        assert BASE.rate == 0.1
        assert "layers" not in Loop.genes
        assert Wider.strains == {}

    def test_a_species_may_have_methods_constants_and_properties(self):
        class Rich(Genome):
            rate: float = gene("learning rate", default=0.5)
            layers = 3
            code: ClassVar[tuple[str, ...]] = ()

            def train(self, seed: int) -> float:
                return self.rate

            @property
            def twice(self) -> float:
                return 2 * self.rate

        assert list(Rich.genes) == ["rate"]
        assert (Rich().twice, Rich.layers) == (1.0, 3)


def test_two_species_of_one_name_are_refused_where_the_older_is_used():
    def make():
        class Twin(Genome):
            rate: float = gene("learning rate", default=0.5)

        return Twin

    older, newer = make(), make()

    check_registered(newer)
    with pytest.raises(GenomeError, match=r"must have different names; two are called .*Twin"):
        check_registered(older)


def test_a_type_checker_knows_the_genes(tmp_path):
    api = pytest.importorskip("mypy.api")
    file = tmp_path / "pipeline.py"
    file.write_text(
        "from typing import Literal\n"
        "from mlp.genome import Genome, gene\n"
        "class Loop(Genome):\n"
        "    mode: Literal['a', 'b'] = gene('a mode')\n"
        "    rate: float = gene('learning rate', default=0.1)\n"
        "good = Loop(mode='a')\n"
        "rate: float = good.knockout('mode', donor=Loop(mode='b')).rate\n"
        "Loop(mode='c')\n"
        "Loop(moed='a')\n"
        "Loop()\n"
        "good.rat\n"
        "good.rate = 0.2\n",
        "utf-8",
    )

    out, _, _ = api.run(["--no-incremental", "--cache-dir", str(tmp_path), str(file)])

    lines = {int(line.split(":")[1]) for line in out.splitlines() if "pipeline.py:" in line}
    assert lines == {8, 9, 10, 11, 12}, out


def test_what_else_may_stand_in_a_class_is_left_alone():
    kept: Any = {"a": 1}

    class Plain(Genome):
        rate: float = gene("learning rate", default=0.5)
        table: ClassVar[dict[str, int]] = kept
        other = [1, 2]  # noqa: RUF012

    assert Plain.table is kept
    assert Plain.other == [1, 2]


def test_executors_may_stand_in_another_module():
    class Named(Genome):
        rate: float = gene("learning rate", default=0.5)
        trained_by = "math:pi"

    class Given(Genome):
        rate: float = gene("learning rate", default=0.5)
        trained_by = (1, 2)

    assert Named.trainers() == math.pi
    assert Given.trainers() == (1, 2)
    assert Named.charts(None) is None


@pytest.mark.parametrize("place", ["math", "math:no_such", "no_such_module:pi", ":pi"])
def test_a_place_where_nothing_stands_is_told_in_a_sentence(place):
    class Lost(Genome):
        rate: float = gene("learning rate", default=0.5)
        trained_by = place

    with pytest.raises(GenomeError, match=r"as package\.module:NAME; got .*correct the name"):
        Lost.trainers()
