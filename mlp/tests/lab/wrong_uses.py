"""What goes wrong at a user's hands, and the sentence that is said of it.

Declarations are in `mlp/tests/genome/test_declarations.py`, what `train` returns in
`mlp/tests/run/test_result.py`. Here is what is told by the lab.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp.genome import Genome, gene
from mlp.lab import Lab, Margin
from mlp.lab.method import SETTINGS
from mlp.run import Loss, Protocol
from mlp.tests.lab.loops import FIT, MINE, Budget, Loop, Lossy, Named, Stacked, Timed


@dataclass(frozen=True)
class Other(Protocol):
    """A protocol of another species."""

    steps: int = 3


@dataclass(frozen=True)
class Wide(Protocol):
    """A protocol that holds what no key can hold."""

    layers: Any = (64, 64)


def species(**members: Any) -> type[Genome]:
    """A species with one gene and those members."""
    if not {"train", "train_cohort"} & members.keys():
        members["train"] = lambda self, seed, **given: 0.5
    named = {"__annotations__": {"mode": bool}, "mode": gene("a mode"), **members}
    return type("Mine", (Genome,), named)


def changing(self, _seed):
    """A `train` that changes its genome."""
    object.__setattr__(self, "mode", False)
    return 0.5


def ask(lab: Lab, **members: Any) -> None:
    """Train one run of such a species."""
    if members.get("train", 0) is None:
        made = type("Mine", (Genome,), {"__annotations__": {"mode": bool}, "mode": gene("a mode")})
    else:
        made = species(**members)
    lab.cohort(made(mode=True), seeds=1)


def returning(value: Any) -> Any:
    return lambda self, seed: value


def twins(lab: Lab) -> None:
    older = species()
    species()
    lab.cohort(older(mode=True), seeds=1)


def unrepeated(lab: Lab) -> None:
    draws = iter(np.linspace(0.1, 0.9, 100))
    SETTINGS.check_repeat = True
    try:
        ask(lab, train=lambda self, seed: float(next(draws)))
    finally:
        SETTINGS.check_repeat = False


def failing_loader() -> None:
    raise OSError("no such file: digits.npz")


def lab_of(lab: Lab, **given: Any) -> Lab:
    return Lab(lab.store, **{"seeds": 16, **given})


WRONG = {
    "two species of one name": (twins, "species must have different names; two are called .*Mine"),
    "no train": (
        lambda lab: ask(lab, train=None),
        r"must say how it is trained; Mine does not: give it a method train\(self, seed\)",
    ),
    "train is no method": (
        lambda lab: ask(lab, train=0.9),
        "must say how it is trained; Mine does not",
    ),
    "train takes no seed": (
        lambda lab: ask(lab, train=lambda self: 0.5),
        r"Mine.train must take seed; it takes \(\): write def train\(self, seed\)",
    ),
    "train takes no dataset": (
        lambda lab: ask(lab, train=lambda self, seed: 0.5, datasets=("digits",)),
        r"must take seed, dataset; it takes \(seed\): write def train\(self, seed, dataset\)",
    ),
    "train takes no protocol": (
        lambda lab: ask(
            lab, train=lambda self, seed: 0.5, protocols=(Budget(name="short", epochs=1),)
        ),
        r"must take seed, protocol; it takes \(seed\)",
    ),
    "train needs more": (
        lambda lab: ask(lab, train=lambda self, seed, rate: 0.5),
        r"must take seed; it takes \(seed, rate\)",
    ),
    "train returns None": (
        lambda lab: ask(lab, train=returning(None)),
        "Mine.train must return a score or a Result; it returned None: return a float",
    ),
    "train returns a text": (
        lambda lab: ask(lab, train=returning("0.93")),
        "it returned '0.93': return a float in",
    ),
    "train returns a percentage": (
        lambda lab: ask(lab, train=returning(97.0)),
        "it returned 97.0: divide a percentage by 100; for a loss, declare measure",
    ),
    "train returns a loss": (
        lambda lab: ask(lab, train=returning(213.0)),
        "it returned 213.0: higher is better; for a loss, declare measure = Loss",
    ),
    "train returns less than the best loss": (
        lambda lab: ask(lab, train=returning(-0.5), measure=Loss(best=0.0, worst=2.0)),
        r"a loss of at least 0, as declared; it returned -0.5: declare measure = Loss\(best=-0.5",
    ),
    "train returns an array": (
        lambda lab: ask(lab, train=returning(np.array([0.5, 0.6]))),
        r"it returned array\(\[0.5, 0.6\]\): return float\(...\) of it",
    ),
    "train returns two values": (
        lambda lab: ask(lab, train=returning((0.5, 0.9))),
        r"it returned \(0.5, 0.9\): return a float in",
    ),
    "train does not repeat": (
        unrepeated,
        r"must return the same for the same seed; seed 100000 of Mine\[mode=True\] gave 0.1 and "
        "then 0.1.*: seed all that it draws from",
    ),
    "train changes its genome": (
        lambda lab: ask(lab, train=changing),
        "must not change its genome; it changed 'mode': copy it first",
    ),
    "a cohort of another length": (
        lambda lab: ask(lab, train_cohort=lambda self, seeds: [], at_once=8),
        "one score or Result for each of its 1 seeds; it returned list: return a list",
    ),
    "a cohort without its size": (
        lambda lab: ask(lab, train_cohort=lambda self, seeds: [0.5] * len(seeds)),
        "says how many runs it trains at once; Mine has at_once = 1: write at_once = 256",
    ),
    "a cohort of no runs": (
        lambda lab: ask(lab, train_cohort=lambda self, seeds: [0.5] * len(seeds), at_once=0),
        "trains at least 1 run at once; Mine has at_once = 0",
    ),
    "a dataset's name for a list of them": (
        lambda lab: ask(lab, datasets="digits"),
        r"the datasets of a species are listed; Mine has 'digits': write datasets = \('digits',\)",
    ),
    "a file's name for a list of them": (
        lambda lab: ask(lab, code="helpers.py"),
        r"the code of a species are listed; Mine has 'helpers.py'",
    ),
    "datasets that are no names": (
        lambda lab: ask(lab, datasets=(np.arange(3),)),
        "the datasets of a species are listed",
    ),
    "a loader that fails": (
        lambda lab: ask(lab, datasets={"digits": failing_loader}),
        r"loader must return arrays; that of 'digits' raised OSError \(no such file: digits.npz\)",
    ),
    "a loader that returns nothing": (
        lambda lab: ask(lab, datasets={"digits": lambda: None}),
        "a dataset's loader must return arrays; that of 'digits' raised TypeError",
    ),
    "an unknown dataset": (
        lambda lab: lab.compare(Named(logits="raw"), Named(logits="softmax"), "smal"),
        "a dataset must be one of small, large; got 'smal'; did you mean 'small'",
    ),
    "no dataset where there are two": (
        lambda lab: lab.compare(Named(logits="raw"), Named(logits="softmax")),
        "knows small, large, and none is named",
    ),
    "a dataset where there are none": (
        lambda lab: lab.compare(FIT, MINE, "digits"),
        r"Loop knows none, got 'digits': leave it out, or declare datasets = \('digits',\)",
    ),
    "protocols that are names": (
        lambda lab: ask(lab, protocols=("short",)),
        "must be protocols of one class, each of another name; Mine has 'short'",
    ),
    "two protocols of one name": (
        lambda lab: ask(
            lab, protocols=(Budget(name="short", epochs=1), Budget(name="short", epochs=2))
        ),
        "must be protocols of one class, each of another name; Mine has Budget",
    ),
    "protocols of two classes": (
        lambda lab: ask(lab, protocols=(Budget(name="short", epochs=1), Other(name="other"))),
        "must be protocols of one class, each of another name; Mine has Other",
    ),
    "a protocol that no key can hold": (
        lambda lab: ask(lab, protocols=(Wide(name="wide"),)),
        r"holds equal must be texts, finite numbers.*'layers' is \(64, 64\): give it as a text",
    ),
    "an unknown protocol": (
        lambda lab: lab_of(lab, protocol="shrot").cohort(Timed(logits="raw"), seeds=1),
        "a protocol must be one of short, long; got 'shrot'; did you mean 'short'",
    ),
    "a protocol of another species": (
        lambda lab: lab_of(lab, protocol=Other(name="other")).cohort(Timed(logits="raw"), seeds=1),
        "a protocol of Timed must be a Budget; got Other.*: try one of short, long",
    ),
    "a measure that is no loss": (
        lambda lab: ask(lab, measure="loss"),
        "the measure of a species must be a Loss; Mine has 'loss': write measure = Loss",
    ),
    "genomes of two species": (
        lambda lab: lab.compare(FIT, Lossy(logits="raw")),
        "needs genomes of one species; got Loop and Lossy: make both of one species",
    ),
    "no genome": (
        lambda lab: lab.compare("FIT", MINE),
        r"needs genomes; got 'FIT': declare class Loop\(Genome\), and give Loop\(...\)",
    ),
    "a species for a genome": (
        lambda lab: lab.compare(Loop, MINE),
        "needs genomes; got <class '.*Loop'>: declare class",
    ),
    "no genomes at all": (lambda lab: lab.cohorts([], seeds=2), "needs genomes; got none"),
    "a genome and itself": (
        lambda lab: lab.compare(FIT, FIT),
        "needs genomes that train differently; .* do not: change a gene that acts",
    ),
    "an effect that is no pair": (
        lambda lab: lab.compare_effects(FIT, (FIT, MINE)),
        r"an effect must be a pair of genomes; got .*: try \(FIT, LOOP\)",
    ),
    "two effects that are one": (
        lambda lab: lab.compare_effects((FIT, MINE), (FIT, MINE)),
        "two effects must differ to be compared",
    ),
    "a margin beyond all scores": (
        lambda lab: lab.compare(FIT, MINE, margin=5),
        "a margin must lie between 0 and 1; got 5: try 0.05",
    ),
    "a margin beyond all losses": (
        lambda lab: lab.compare(Lossy(logits="raw"), Lossy(logits="softmax"), margin=5),
        "a margin must lie between 0 and 4; got 5: try 0.2",
    ),
    "a margin on an unknown dataset": (
        lambda lab: lab.compare(FIT, MINE, margin=Margin(0.1, {"digits": 0.2})),
        "a dataset must be one that the species knows; Loop knows none, got 'digits'",
    ),
    "a margin under an unknown protocol": (
        lambda lab: lab.compare(
            Timed(logits="raw"), Timed(logits="softmax"), margin=Margin(0.1, under={"quick": {}})
        ),
        "a protocol must be one of short, long; got 'quick'",
    ),
    "doses that fall": (
        lambda lab: lab.dose_response([FIT, MINE, FIT], [3, 2, 1]),
        "at least 3 doses, smallest first, and a genome for each",
    ),
    "a dose without end": (
        lambda lab: lab.dose_response([FIT, MINE, FIT], [1, 2, float("inf")]),
        "at doses .*inf.*: give finite numbers in rising order",
    ),
    "doses of two genes": (
        lambda lab: lab.dose_response([FIT, MINE, MINE.with_alleles(width=2)], [1, 2, 3]),
        "must vary one gene; .* differ in logits, shuffle, width: vary one gene only",
    ),
    "a screen of nothing": (
        lambda lab: lab.screen(FIT, FIT),
        "a screen varies 1 to 8 genes that act; .* differ in none",
    ),
    "a share of a gene that was not varied": (
        lambda lab: lab.screen(FIT, MINE, seeds=16).assert_responsible("width"),
        r"shares of the genes it varies \(shuffle, logits\) only; got 'width': name one of them",
    ),
    "no engine": (
        lambda lab: lab.compare_executors(Stacked(logits="raw")),
        "a species that has an engine; Stacked has none: compare two genomes",
    ),
    "no seeds": (lambda lab: lab.cohort(FIT, seeds=0), "a cohort needs at least 1 seed; got 0"),
    "one seed": (lambda lab: lab_of(lab, seeds=1), "needs from 2 to 100000 seeds; got 1: try 128"),
    "a negative first seed": (
        lambda lab: lab_of(lab, first_seed=-1),
        r"seeds must lie from 0 to 2\*\*32 - 1; got a first seed of -1",
    ),
    "no claims": (
        lambda lab: lab_of(lab, claims=0),
        "the error is divided among at least 1 claim; got 0: give the number of claims",
    ),
    "a folder for a store": (
        lambda lab: Lab(lab.store.path.rpartition("/")[0]),
        "is a folder: give a file's path",
    ),
}
