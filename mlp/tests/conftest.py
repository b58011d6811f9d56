"""What the unit tests share."""

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import settings

import mlp.suite.session  # noqa: F401 (an inner session must not be the first to import NumPy)

ROOT = Path(__file__).resolve().parents[2]

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell has what it runs in the background ignore Ctrl-C; studies under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


OUTSIDE = (
    *("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTHONWARNINGS", "TF_CONFIG"),
    *("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TERM"),
)
"""What a CI system, a terminal or a user sets, and a session under test would print or do by."""


@pytest.fixture(scope="session", autouse=True)
def plain_environment():
    """Tests say the same wherever they run."""
    with pytest.MonkeyPatch.context() as environment:
        for name in OUTSIDE:
            environment.delenv(name, raising=False)
        yield


@pytest.fixture
def own_registry(monkeypatch):
    """Datasets registered in a test are forgotten after it."""
    from mlp.species.post import data

    monkeypatch.setattr(data, "_LOADERS", dict(data._LOADERS))
    monkeypatch.setattr(data, "_SPECIAL", set(data._SPECIAL))
    yield
    data._load.cache_clear()


@pytest.fixture
def suite(pytester, monkeypatch):
    """A folder with the suite's own conftest.py and settings, and a protocol of twenty steps."""
    from mlp.species.post.protocol import PROTOCOLS, Protocol

    tiny = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
    monkeypatch.setitem(PROTOCOLS, "tiny", tiny)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    register = "\nfrom mlp.species.post.protocol import PROTOCOLS, Protocol\n"
    register += f"PROTOCOLS['tiny'] = {tiny!r}\n"
    pytester.makeconftest((ROOT / "conftest.py").read_text("utf-8") + register)
    pytester.makeini((ROOT / "pytest.ini").read_text("utf-8"))
    return pytester


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A store that holds every run the claims of `small_suite` ask for on iris."""
    from mlp.lab import Lab
    from mlp.store import Store
    from mlp.tests.small_suite import BASE, TINY

    path = tmp_path_factory.mktemp("trained") / "runs.db"
    with Store(path) as store:
        lab = Lab(store, protocol=TINY, seeds=8, claims=300)
        for genome in (BASE.with_alleles(reporting="ends"), BASE.with_alleles(rate_scale=9.0)):
            lab.compare(genome, BASE, "iris")
    return path


@pytest.fixture
def warm(suite, trained):
    """The suite with that store, and a function that writes its tests."""
    from mlp.tests.small_suite import PREAMBLE

    shutil.copy(trained, suite.path / "runs.db")
    suite.write = lambda *claims: suite.makepyfile(test_user="\n".join([PREAMBLE, *claims]))
    return suite
