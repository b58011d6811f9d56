"""Sessions whose tests do not take our lab: with the plugin they are as without it."""

from __future__ import annotations

import os
import re

import pytest

from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PLUGIN, NO_PLUGIN = ("-p", "mlp.suite.plugin"), ("-p", "no:mlp.suite.plugin")
SPY = """
import json, os, sys
from pathlib import Path
import pytest

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    config = session.config
    heavy = {"scipy", "matplotlib", "numpy", "jinja2", "sqlite3", "tensorflow", "torch", "jax"}
    seen = {
        "environment": {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COLUMNS", "LINES"))
        },
        "excepthook": sys.excepthook is sys.__excepthook__,
        "heavy": sorted(heavy & set(sys.modules)),
        "chunk": getattr(config.option, "maxschedchunk", "none"),
        "workers": config.hook.pytest_xdist_auto_num_workers(config=config)
        if config.pluginmanager.has_plugin("xdist")
        else "none",
        "tests": [item.nodeid for item in session.items] if hasattr(session, "items") else [],
        "plugins": sorted(
            str(name) for name, _ in config.pluginmanager.list_name_plugin()
            if str(name).startswith("mlp-")
        ),
    }
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    Path(f"seen-{worker}.json").write_text(json.dumps(seen))
"""
THEIRS = """
import pytest

@pytest.fixture
def lab():
    return "theirs"

@pytest.fixture(params=["a", "b"])
def dataset(request):
    return request.param
"""
TAKES = """
def test_it(lab, dataset):
    assert lab == "theirs" and dataset in ("a", "b")
"""
PLACES = {
    "nothing of the name": {"test_a": "def test_it():\n    pass\n"},
    "conftest": {"conftest": THEIRS, "test_a": TAKES},
    "module": {"test_a": THEIRS + TAKES},
    "class": {
        "test_a": """
import pytest

class TestIt:
    @pytest.fixture
    def lab(self):
        return "theirs"

    @pytest.mark.parametrize("dataset", [1, 2])
    def test_it(self, lab, dataset):
        assert lab == "theirs" and dataset in (1, 2)
"""
    },
    "one that takes theirs": {
        "conftest": THEIRS,
        "test_a": """
import pytest

@pytest.fixture
def lab(lab):
    return lab + " again"

def test_it(lab):
    assert lab == "theirs again"
""",
    },
    "a parameter": {
        "test_a": """
import pytest

@pytest.mark.parametrize("lab", [1, 2])
def test_it(lab):
    assert lab in (1, 2)

@pytest.mark.parametrize(("lab", "dataset"), [(1, 2)])
def test_both(lab, dataset):
    assert (lab, dataset) == (1, 2)
"""
    },
    "an unused one": {"conftest": THEIRS, "test_a": "def test_it():\n    pass\n"},
    "a plain unittest": {
        "test_a": """
import unittest

class TestIt(unittest.TestCase):
    def test_it(self):
        pass
"""
    },
    "one of their marks": {
        "pytest": "[pytest]\nmarkers =\n    slow: slow ones\n",
        "test_a": "import pytest\n\n@pytest.mark.slow\ndef test_it():\n    assert True\n",
    },
    "a failure": {"test_a": "def test_it():\n    assert 1 == 2\n"},
    "a file that cannot be read": {"test_a": "import nothing_of_the_name\n"},
}


@pytest.fixture
def folder(pytester, monkeypatch):
    """A folder of another's, and a spy that writes down what a session was like there."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(pytester.path)]))
    for name in ("OMP_NUM_THREADS", "XLA_FLAGS"):  # this suite sets some
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(spy=SPY)

    def session(*words):
        """Its exit status, what it printed, and what the spy saw in each process."""
        for old in pytester.path.glob("seen-*.json"):
            old.unlink()
        said = pytester.runpytest_subprocess(
            "-p", "spy", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-rA", *words
        )
        seen = {f.name: f.read_text() for f in sorted(pytester.path.glob("seen-*.json"))}
        text = re.sub(r"in \d+\.\d+s|=+|gw[01]", "=", said.stdout.str())
        lines = [line for line in text.splitlines() if not line.startswith("plugins: ")]
        if "-n2" in words:  # workers end their tests in any order
            lines.sort()
        return said.ret, lines, said.stderr.str(), seen

    pytester.session = session
    return pytester


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", [(), ("-n2",)], ids=["", "n2"])
def test_the_plugin_changes_nothing(folder, place, words):
    for name, text in PLACES[place].items():
        suffix = ".ini" if name == "pytest" else ".py"
        (folder.path / f"{name}{suffix}").write_text(text)
    plain = folder.session(*NO_PLUGIN, *words)
    ours = folder.session(*PLUGIN, *words)

    assert plain[3]
    assert _without_watching(ours) == plain
    assert not (folder.path / ".mlp").exists()


def _without_watching(session):
    """The controller of workers alone looks whether they take the lab."""
    ret, out, err, seen = session
    return ret, out, err, {n: s.replace('["mlp-watching"]', "[]") for n, s in seen.items()}


def test_what_the_spy_sees_is_otherwise_in_a_session_of_ours(folder):
    folder.makeini("[pytest]\nmlp_suite = true\n")
    folder.makepyfile(test_a="def test_it(lab):\n    pass\n")
    folder.makeconftest("")

    seen = folder.session(*PLUGIN)[3]["seen-main.json"]

    assert "OMP_NUM_THREADS" in seen
    assert '"excepthook": false' in seen
    assert '"numpy"' in seen
    assert '"chunk": 4' in seen
    assert '"workers": null' not in seen
    assert "mlp-claims" in seen


def test_a_fixture_that_takes_ours_is_ours(folder):
    folder.makeconftest("import pytest\n\n@pytest.fixture\ndef lab(lab):\n    yield lab\n")
    folder.makepyfile(test_a="def test_it(lab):\n    pass\n")

    ret, out, _, seen = folder.session(*PLUGIN)

    assert ret == 1
    assert "a hypothesis makes one claim; this test made none" in "\n".join(out)
    assert "mlp-claims" in seen["seen-main.json"]
