"""What a controller imports to write a report: the species that its workers made claims of."""

import sys
from dataclasses import replace

import pytest

from mlp.genome import find_species
from mlp.suite.imports import import_species
from mlp.tests.report.helpers import row

SPECIES = """
from mlp import Genome, gene
class Far(Genome):
    rate: float = gene("a rate")
    def train(self, seed):
        return 0.5
"""


@pytest.fixture
def claimed(tmp_path):
    """A row of a test in a package below the root, whose species lies beside the package."""
    (tmp_path / "code" / "tests").mkdir(parents=True)
    (tmp_path / "code" / "tests" / "__init__.py").write_text("")
    (tmp_path / "code" / "far_pipeline.py").write_text(SPECIES)
    (tmp_path / "code" / "far_broken.py").write_text("1 / 0")
    (tmp_path / "code" / "far_ended.py").write_text("raise SystemExit(2)")
    (tmp_path / "code" / "far_skipped.py").write_text("import pytest\npytest.importorskip('nix')")
    made = row(species="far_pipeline:Far")
    yield replace(made, nodeid="code/tests/test_far.py::test_it")
    sys.modules.pop("far_pipeline", None)


def test_the_species_of_a_claim_is_known_afterwards(claimed, tmp_path):
    before = list(sys.path)
    assert find_species("far_pipeline:Far") is None
    import_species([claimed], tmp_path)
    assert find_species("far_pipeline:Far") is not None
    assert sys.path == before


@pytest.mark.parametrize(
    "name",
    [*(f"far_{how}:Far" for how in ("broken", "ended", "skipped", "nowhere")), "", "no name"],
)
def test_what_cannot_be_imported_is_left_out(claimed, tmp_path, name):
    before = list(sys.path)
    import_species([replace(claimed, claim=replace(claimed.claim, species=name))], tmp_path)
    assert find_species(name) is None
    assert sys.path == before
