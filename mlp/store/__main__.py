"""What a store holds: `python -m mlp.store FILE` counts its runs; `--prune` deletes older ones.

A run of an older format names no species, and nothing asks for it any more. Runs whose code, data
or packages have changed since are kept and counted: they are used again if the change is undone.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mlp.command import end_with
from mlp.store.errors import StoreError
from mlp.store.store import Store

OLDER = "of an older format"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mlp.store",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the store, usually .mlp/runs.sqlite")
    parser.add_argument("--prune", action="store_true", help="delete the runs of an older format")
    given = parser.parse_args(arguments)
    if not given.file.is_file():
        print(f"a store must be a file; {given.file} is none: give its path", file=sys.stderr)
        return 2
    try:
        with Store(given.file) as store:
            return _tell(store, prune=given.prune)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 2


def _tell(store: Store, *, prune: bool) -> int:
    counts: Counter[str] = Counter()
    older = []
    for key, record in store.items():
        species = record.get("species")
        if species is None:
            older.append(key)
        counts[f"{species} by {record.get('executor')}" if species else OLDER] += 1
    for name, count in sorted(counts.items()):
        print(f"{count:8,}  {name}")
    print(f"{sum(counts.values()):8,}  runs")
    if prune:
        store.delete(older)
        print(f"deleted: {len(older):,}")
    return 0


if __name__ == "__main__":
    end_with(main)
