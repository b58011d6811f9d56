"""Species that workers made claims of, imported in the process that writes their report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from _pytest.outcomes import Skipped

from mlp.genome import find_species
from mlp.report.results import Row


def import_species(rows: Sequence[Row], root: Path) -> None:
    """Import the species of the claims `rows`, of tests in `root`, that are not known here.

    The controller of a session with workers collects no tests, and so imports no species. The names
    come from this session's own workers, never from a file. A module that cannot be imported here
    is left out, and the report then has no runs of its species.
    """
    files = {row.claim.species: root / row.nodeid.split("::")[0] for row in rows}
    for name, file in files.items():
        module, _, species = name.partition(":")
        if species and find_species(name) is None:
            with _importable_from(file.parent), suppress(Exception, Skipped, SystemExit):
                import_module(module)


@contextmanager
def _importable_from(folder: Path) -> Iterator[None]:
    """Have modules found where pytest finds those of tests in `folder`: beside its top package."""
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))
