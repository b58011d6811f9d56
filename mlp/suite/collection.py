"""Which claims a session makes, of which species, and on which datasets."""

from __future__ import annotations

import pytest

from mlp.lab.claim import Refuted
from mlp.lab.datasets import check_dataset
from mlp.lab.question import LabError
from mlp.suite import marks
from mlp.suite.fixtures import takes_lab
from mlp.suite.options import CLAIMS
from mlp.suite.subject import (
    asked_datasets,
    check_protocol,
    dataset_of,
    datasets,
    protocol_name,
    species_of,
)

COLLECTED = pytest.StashKey[int]()
"""How many claims were collected."""


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make a test of ours of each dataset of its species, unless it names datasets itself."""
    given = [
        mark.args[0] if mark.args else mark.kwargs.get("argnames", "")
        for mark in metafunc.definition.iter_markers("parametrize")
    ]
    names = {
        name.strip()
        for some in given
        for name in (some.split(",") if isinstance(some, str) else some)
    }
    species = species_of(metafunc.definition)
    if "dataset" not in names and species is not None:
        metafunc.parametrize("dataset", datasets(metafunc.config, species))


def check(item: pytest.Item) -> None:
    """Refuse a test of ours whose markers cannot be read, or a dataset or protocol unknown to all.

    What a fixture of the test's own makes of an indirect parameter is not known yet.

    Raises:
        UserError: the rule, the value seen, the remedy.
    """
    check_protocol(item.config)
    marks.check(item)
    name, species = dataset_of(item), species_of(item)
    own = any(mark.kwargs.get("indirect") for mark in item.iter_markers("parametrize"))
    if isinstance(name, str) and species is not None and not own:
        check_dataset(species, name)


def arrange(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out other datasets; put claims that state a finding first; mark refuted ones."""
    ours = [item for item in items if takes_lab(item)]
    config.stash[COLLECTED] = len(ours)
    if not hasattr(config, "workerinput"):
        try:
            check_number(config)
        except LabError as error:
            raise pytest.UsageError(str(error)) from None
    if config.option.mlp_dataset:
        kept = (None, *asked_datasets(config))
        others = [item for item in ours if dataset_of(item) not in kept]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)
    items.sort(key=lambda item: not marks.states_finding(item))
    for item in items:
        if item in ours:
            reason = marks.recorded_refutation(item, protocol_name(config, item))
            if reason is not None:
                item.add_marker(pytest.mark.xfail(raises=Refuted, strict=True, reason=reason))


def claims_of(config: pytest.Config) -> int:
    """The number of claims among which the error is divided.

    Raises:
        LabError: the ini key is no number.
    """
    given = config.getini(CLAIMS)
    if not str(given).isdigit() or int(given) < 1:
        raise LabError(
            f"{CLAIMS} is the number of claims that a suite makes at most; got {given!r}: write "
            f"{CLAIMS} = 20"
        )
    return int(given)


def check_number(config: pytest.Config) -> None:
    """Refuse more claims than the error is divided among.

    Raises:
        LabError: there are more, or the ini key is no number.
    """
    most, collected = claims_of(config), config.stash.get(COLLECTED, 0)
    if collected > most:
        raise LabError(
            f"the error of this suite is divided among {most} claims; {collected} are collected: "
            f"write {CLAIMS} = {collected} or more into {config.inipath or 'pytest.ini'}, once and "
            "for all claims to come"
        )
