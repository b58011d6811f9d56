"""Genes and alleles: the respects in which two training pipelines can differ.

What a gene means stands on the gene alone: its alleles, what it acts on, how a comparison sets it,
and when it cannot act.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin

from mlp.errors import UserError

Allele = str | int | float | bool | None

SCORE, CURVES, WEIGHTS = "score", "curves", "weights"
"""What a run ends with. A gene may act on these, or on an entry of what the run saw."""

EXECUTOR, REPORT = "executor", "report"
"""What else a gene may act on: who trains the run, or what is written down of it."""

ENDS = (WEIGHTS, CURVES, SCORE)


class GenomeError(ValueError, UserError):
    """A gene, allele or species that does not exist or is badly declared, or an idle change."""


@dataclass(frozen=True)
class Idle:
    """When a gene cannot act, and the allele that then stands for all."""

    when: Callable[[Any], bool]
    allele: Allele


@dataclass(frozen=True, kw_only=True)
class Gene:
    """One respect in which two pipelines can differ.

    `alleles` lists the named alleles. `number` is int or float if numbers are alleles too, within
    the bounds. `when_compared` is the allele that comparisons give to both arms. `idle` says when
    the gene cannot act. `goes_with` names a gene with which a screen varies this one, where both
    differ.

    `acts_on` names what the gene must change of a run's record: entries of what the run saw,
    "weights", "curves" or "score". Where it names several of the last three, one is enough.
    "executor" says that it decides who trains, "report" that it decides what is written down and
    nothing else. An empty `acts_on` says that nothing a run saw may change; None says nothing.
    """

    name: str
    meaning: str
    alleles: tuple[Allele, ...] = ()
    number: type | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    acts_on: tuple[str, ...] | None = None
    when_compared: Allele = None
    idle: tuple[Idle, ...] = ()
    goes_with: str = ""

    @property
    def saw(self) -> tuple[str, ...]:
        """The entries of what a run saw that this gene must change."""
        others = (*ENDS, EXECUTOR, REPORT)
        return tuple(name for name in self.acts_on or () if name not in others)

    @property
    def ends(self) -> tuple[str, ...]:
        """What of a run's end this gene must change: one of these."""
        return tuple(name for name in self.acts_on or () if name in ENDS)

    @property
    def silent(self) -> bool:
        """Whether nothing that a run saw or ended with need change with it."""
        return self.acts_on is not None and not self.saw and not self.ends

    @property
    def keeps_weights(self) -> bool:
        """Whether it must leave the final weights as they are."""
        return bool(self.acts_on) and set(self.acts_on or ()) <= {CURVES, SCORE, REPORT}

    @property
    def answers_alone(self) -> bool:
        """Whether it may change what a run answers with the same weights."""
        return bool({CURVES, SCORE} & set(self.acts_on or ()))

    def valid(self, allele: object) -> bool:
        """Whether this gene has the allele `allele`."""
        if any(type(a) is type(allele) and a == allele for a in self.alleles):
            return True
        if self.number is None or isinstance(allele, bool):
            return False
        kinds = (int,) if self.number is int else (int, float)
        return isinstance(allele, kinds) and self._within(allele)

    def _within(self, value: float) -> bool:
        return (
            _finite(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    def choices(self) -> str:
        """The valid alleles, in words: "'first_batch', 'all' or a number in (0, 1]"."""
        words = [repr(a) for a in self.alleles] + ([self._rule()] if self.number else [])
        return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))

    def _rule(self) -> str:
        noun = "a whole number" if self.number is int else "a number"
        low = self.at_least if self.above is None else self.above
        high = self.at_most if self.below is None else self.below
        if low is not None and high is not None:
            opening = "[" if self.above is None else "("
            closing = "]" if self.below is None else ")"
            return f"{noun} in {opening}{low:g}, {high:g}{closing}"
        if low is not None:
            return f"{noun} of at least {low:g}" if self.above is None else f"{noun} above {low:g}"
        if high is not None:
            return f"{noun} of at most {high:g}" if self.below is None else f"{noun} below {high:g}"
        return noun


def gene(
    meaning: str,
    *,
    default: Any = dataclasses.MISSING,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    acts_on: str | tuple[str, ...] | None = None,
    when_compared: Allele = None,
    idle: Any = (),
    goes_with: str = "",
) -> Any:
    """Declare a gene of a species; its annotation says the alleles.

    `Literal["never", "each_epoch"]` lists named alleles, `bool` has two, `int` and `float` take
    numbers within the bounds; they can be joined by `|`. `idle` is a pair, or several: a function
    that says of a genome whether the gene cannot act in it, and the allele that then stands for
    all. `Gene` says what the other arguments mean.
    """
    given = {
        "meaning": meaning,
        "at_least": at_least,
        "above": above,
        "at_most": at_most,
        "below": below,
        "acts_on": acts_on,
        "when_compared": when_compared,
        "idle": idle,
        "goes_with": goes_with,
    }
    return dataclasses.field(default=default, metadata={"gene": given})


def read_gene(species: str, name: str, annotation: Any, given: dict[str, Any]) -> Gene:
    """The gene that a species declares.

    Raises:
        GenomeError: no meaning, no alleles, an annotation of another kind, or bounds without a
            number.
    """
    where = f"gene {name!r} of {species}"
    if not isinstance(given["meaning"], str) or not given["meaning"].strip():
        raise GenomeError(
            f"a gene needs one line that says what it means; {where} has {given['meaning']!r}: "
            'write gene("when rows are shuffled")'
        )
    acts_on = given["acts_on"]
    if isinstance(acts_on, str):
        acts_on = (acts_on,) if acts_on else ()
    listed = acts_on if isinstance(acts_on, (tuple, list, set, frozenset)) else [acts_on]
    if acts_on is not None and not all(isinstance(name, str) and name for name in listed):
        raise GenomeError(
            f"a gene acts on names; {where} has acts_on={acts_on!r}: name entries of what a run "
            'saw, or "weights", "curves" or "score"'
        )
    given["acts_on"] = None if acts_on is None else tuple(acts_on)
    given["idle"] = tuple(_idles(given["idle"], where))
    alleles, number = _alleles(annotation, where)
    bounds = [given[bound] for bound in ("at_least", "above", "at_most", "below")]
    if number is None and any(bound is not None for bound in bounds):
        raise GenomeError(f"only a number has bounds; {where} takes none: annotate int or float")
    if odd := [b for b in bounds if not (b is None or isinstance(b, Real))]:
        raise GenomeError(f"a gene's bounds are numbers; {where} has {odd[0]!r}: try at_least=0")
    found = Gene(name=name, alleles=alleles, number=number, **given)
    told = [("when_compared", given["when_compared"])] if given["when_compared"] is not None else []
    for what, allele in [*told, *(("idle", idle.allele) for idle in found.idle)]:
        if not found.valid(allele):
            raise GenomeError(
                f"{what} must give one of the gene's alleles; {where} must be {found.choices()}; "
                f"got {allele!r}"
            )
    return found


def _idles(given: Any, where: str) -> list[Idle]:
    """What a declaration says of when a gene cannot act: one pair, or several."""
    one = isinstance(given, Idle) or (isinstance(given, (tuple, list)) and _is_pair(given))
    listed: list[Any] = (
        [given] if one else list(given) if isinstance(given, (tuple, list)) else [None]
    )
    if not all(isinstance(each, Idle) or _is_pair(each) for each in listed):
        raise GenomeError(
            f"idle is a pair of a function of the genome and an allele; {where} has {given!r:.60}: "
            "write idle=(lambda genome: genome.rate == 0, 0.0)"
        )
    return [each if isinstance(each, Idle) else Idle(each[0], each[1]) for each in listed]


def _is_pair(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and len(given) == 2 and callable(given[0])


def _alleles(annotation: Any, where: str) -> tuple[tuple[Allele, ...], type | None]:
    """The named alleles and the kind of number of an annotation."""
    named: list[Allele] = []
    number: type | None = None
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            named += get_args(part)
        elif part is bool:
            named += [False, True]
        elif part is None or part is type(None):
            named.append(None)
        elif part in (int, float):
            number = float if float in (part, number) else int
        else:
            raise GenomeError(
                "a gene's annotation must be Literal[...], bool, int or float, or several joined "
                f"by |; {where} has {getattr(part, '__name__', part)}: list its alleles in "
                'Literal["adam", "sgd"]'
            )
    odd = [a for a in named if not isinstance(a, (str, int, type(None)))]
    if odd:
        raise GenomeError(
            f"alleles in Literal are texts, whole numbers, True, False or None; {where} has {odd}: "
            "annotate float for any number, and write other things as texts"
        )
    if not named and number is None:
        raise GenomeError(f"a gene needs alleles; {where} has none: list them in Literal")
    twice = [a for i, a in enumerate(named) if a in named[:i]]
    twice += [a for a in named if isinstance(a, bool) and number is not None]
    if twice:
        raise GenomeError(
            f"a gene's alleles must all differ; {where} has {twice[0]!r} twice, and True is 1 to "
            "Python: list each allele once"
        )
    return tuple(named), number


def _finite(value: float) -> bool:
    """Whether it is finite, also as a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation itself."""
    union = get_origin(annotation)
    if getattr(union, "__name__", "") in ("Union", "UnionType") or str(union) == "typing.Union":
        return get_args(annotation)
    return (annotation,)


def plain(value: Any) -> Any:
    """`value` as int or float if it is a number of any kind (NumPy's too); otherwise `value`."""
    if isinstance(value, (bool, str)) or not isinstance(value, Real):
        return value
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except OverflowError:
        return value
