"""A run's key: a digest of everything that could change its result, and nothing that could not.

That is: the species, the genome as it is expressed, the dataset, the values of the protocol, the
seed, who trains it, and what the executor names besides: code, data, versions, processor, threads.
A protocol's name is no part of it, and neither are options or the other claims.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from functools import cache
from typing import Any

from mlp.genome import Genome, species_name
from mlp.run import Executor, Protocol


@cache
def expressed(genome: Genome, executor: Executor) -> Any:
    """`genome` with the genes that cannot act under `executor` set to one allele."""
    return executor.expressed(genome)


@cache
def identity(genome: Genome, dataset: str, executor: Executor) -> str:
    """All else that could change a run of `genome`, expressed, as canonical JSON."""
    return json.dumps(executor.identity(genome, dataset), sort_keys=True)


def forget() -> None:
    """Have all keys made anew: what they are made of has changed."""
    identity.cache_clear()
    _cohort.cache_clear()


def run_keys(
    genome: Genome, dataset: str, protocol: Protocol, seeds: Collection[int], executor: Executor
) -> list[str]:
    """SHA-256 hex digests that name the runs of these seeds.

    Raises: what the executor's `identity` raises.
    """
    state, known = _cohort(genome, dataset, protocol, executor)
    for seed in seeds:
        if seed not in known:
            one = state.copy()
            one.update(str(seed).encode())
            known[seed] = one.hexdigest()
    return [known[seed] for seed in seeds]


@cache
def _cohort(
    genome: Genome, dataset: str, protocol: Protocol, executor: Executor
) -> tuple[Any, dict[int, str]]:
    """The digest of all that the runs of a cohort have in common, and the keys made so far."""
    acting = expressed(genome, executor)
    what = {
        "species": species_name(type(genome)),
        "genome": acting.alleles(),
        "dataset": dataset,
        "protocol": protocol.values,
        "executor": executor.name,
        **json.loads(identity(acting, dataset, executor)),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()), {}
