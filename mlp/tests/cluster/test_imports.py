"""Dask is imported only where a cluster is opened."""

import subprocess
import sys

from mlp.tests.conftest import ROOT

PROGRAM = (
    "import sys, mlp.cluster, mlp.cluster.attempts, mlp.cluster.training; "
    "print({'dask', 'distributed', 'tensorflow'} & set(sys.modules))"
)


def test_the_room_imports_no_dask():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
