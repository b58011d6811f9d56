"""Wrong uses, each answered in one sentence: the rule, the value seen, the remedy.

Every case runs pytest with the suite's own conftest.py, in this process where it can.
"""

# ruff: noqa: E501 (a table, a case a line)

from __future__ import annotations

import re
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlp.store import Store
from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PREAMBLE = """
import numpy as np
import pytest
from mlp.species.post import data
from mlp.species.post.genome import *
from mlp.species.post.recorded import compare_recorded
"""
COMPARE = "lab.compare(LAYERS, MATMUL, 'iris').assert_better()"


@dataclass(frozen=True)
class Case:
    """A wrong use, and what its one sentence must say: the rule, the value seen, the remedy.

    `options` are given to pytest; `body` is a user's test, `top` what stands above it.
    """

    name: str
    rule: str
    seen: str
    remedy: str
    options: tuple[str, ...] = ()
    top: str = ""
    body: str = COMPARE
    status: int = 1
    fixtures: str = "lab"
    told: tuple[str, ...] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "told", (self.rule, self.seen, self.remedy))


def option(name, rule, seen, remedy, *options):
    return Case(name, rule, seen, remedy, options, status=4)


def hypothesis(name, rule, seen, remedy, body, **more):
    return Case(name, rule, seen, remedy, body=body, **more)


def loader(name, rule, seen, remedy, code):
    body = f"data.register({name!r}, {code})\nlab.compare(LAYERS, MATMUL, {name!r}).assert_better()"
    return hypothesis(name, rule, seen, remedy, body, fixtures="lab, tmp_path")


def mark(name, rule, seen, remedy, code, fixtures="lab, dataset"):
    top = f"@pytest.mark.{code}"
    return Case(name, rule, seen, remedy, top=top, fixtures=fixtures, status=2)


OPTIONS = [
    option("dataset", "one of iris, wine, digits", "'irish'", "mean 'iris'?", "--mlp-dataset=irish"),
    option("datasets", "one of iris, wine, digits", "'x'", "iris, wine", "--mlp-dataset=iris,x"),
    option("no dataset", "names a dataset", "got ''", "try digits", "--mlp-dataset="),
    option("blank datasets", "names a dataset", "got ' ,'", "try digits", "--mlp-dataset= ,"),
    option("protocol", "one of quick, publ", "'quik'", "did you mean 'quick'?", "--mlp-protocol=quik"),
    option("one seed", "from 2 to 100000 seeds", "got 1", "try 128", "--mlp-seeds=1"),
    option("wordy seeds", "from 2 to 100000 seeds", "got 'ten'", "try 128", "--mlp-seeds=ten"),
    option("first seed below 0", "from 0 to 2**32 - 1", "-1", "try 0", "--mlp-first-seed=-1"),
    option("wordy first seed", "from 0 to 2**32 - 1", "'x'", "try 0", "--mlp-first-seed=x"),
    option("store is a folder", "must be a file", "folder", "give a file's path", "--mlp-store=folder"),
    option("store is a text", "this program made", "text.txt", "another path", "--mlp-store=text.txt"),
    option("newer store", "of version 1", "of version 9", "fresh store", "--mlp-store=newer.db"),
    option("damaged store", "must be intact", "torn.db", "fresh store", "--mlp-store=torn.db"),
    option("store in nowhere", "a folder to lie in", "/proc/no", "another path", "--mlp-store=/proc/no/x"),
    option("fresh text", "this program made", "text.txt", "move", "--mlp-store=text.txt", "--mlp-fresh"),
]  # fmt: skip

GENOMES = [
    hypothesis("gene", "a gene must be one of dense, init", "'coverge'", "did you mean 'coverage'?",
               "MATMUL.rescue('coverge', donor=LAYERS)"),
    hypothesis("allele", "'logits' must be 'softmax' or 'raw'", "'rawr'", "did you mean 'raw'?",
               "MATMUL.with_alleles(logits='rawr')"),
    hypothesis("listed allele", "'dtype' must be", "['float32']", "'float32' or 'float64'",
               "MATMUL.with_alleles(dtype=['float32'])"),
    hypothesis("strain", "a strain must be one of", "'layer'", "did you mean 'layers'?",
               "Mlp.strain('layer')"),
    hypothesis("same allele", "must change something", "dense='matmul'", "name one of trainer, coverage",
               "MATMUL.knockout('dense', donor=MATMUL_ESTIMATOR)"),
    hypothesis("donor", "a donor must be a genome of Mlp", "'layers'", "try matmul, layers",
               "MATMUL.rescue('dense', donor='layers')"),
    hypothesis("gene at import", "a gene must be one of", "'coverge'", "did you mean 'coverage'?",
               COMPARE, top="RESCUED = MATMUL.rescue('coverge', donor=LAYERS)\n", status=2),
]  # fmt: skip

MARKS = [
    mark("bare", "written refuted(reason", "got refuted()", "'reason'", "refuted"),
    mark("marked dataset", "one of iris, wine", "'irish'", "mean 'iris'?", "refuted('x', on='irish')"),
    mark("marked protocol", "one of quick", "'fast'", "published", "refuted('x', protocol='fast')"),
    mark("keyword", "on=None, protocol=None", "onn='iris'", "'onn'", "refuted('x', onn='iris')"),
    mark("on nothing", "needs a test that takes a dataset", "('iris',)", "leave `on` out",
         "refuted('x', on='iris')", fixtures="lab"),
    mark("finding", "written finding(name, states=False)", "got finding()", "missing 1 required", "finding()"),
]  # fmt: skip

HYPOTHESES = [
    hypothesis("itself", "train differently", "matmul and matmul do not", "change a gene",
               "lab.compare(MATMUL, MATMUL, 'iris').assert_better()"),
    hypothesis("string for a genome", "needs genomes", "'matmul'", "give Loop(...)",
               "lab.compare('matmul', LAYERS, 'iris').assert_better()"),
    hypothesis("compared dataset", "one of iris, wine, digits", "'irish'", "did you mean 'iris'?",
               "lab.compare(LAYERS, MATMUL, 'irish').assert_better()"),
    hypothesis("margin 0", "between 0 and 1", "got 0", "try 0.05",
               "lab.compare(LAYERS, MATMUL, 'iris', margin=0).assert_better()"),
    hypothesis("no pair", "an effect must be a pair of genomes", "got matmul", "try (FIT, LOOP)",
               "lab.compare_effects(MATMUL, (LAYERS, MATMUL), 'iris').assert_better()"),
    hypothesis("screen of one", "1 to 8 genes that act", "differ in none", "choose other genomes",
               "lab.screen(MATMUL, MATMUL, 'iris')"),
    hypothesis("falling doses", "smallest first", "[2, 1, 0]", "in rising order",
               "lab.dose_response([LAYERS, MATMUL, MATMUL_ESTIMATOR], [2, 1, 0], 'iris')"),
    hypothesis("second margin", "in a mapping", "got 0.1", "try Margin(0.2, {'wine': 0.1})",
               "from mlp.lab import Margin\nMargin(0.2, 0.1)"),
    hypothesis("empty cohort", "at least 1 seed", "got 0", "try 16",
               "lab.cohort(MATMUL, 'iris', seeds=0)"),
    hypothesis("unrecorded", "at the published protocol", "'iris' at 'quick'", "choose one of those",
               "compare_recorded(lab, 'matmul', 'iris', seeds=4, error=0.05)"),
    hypothesis("no claim", "makes one claim", "made none", "end it with one assert_better()", "pass"),
    hypothesis("two claims", "makes one claim", "made 2", "end it with one assert_better()",
               "from mlp.lab import settle, Claim\n"
               "for _ in range(2):\n"
               "    settle(Claim('s', 'iris', 'quick', 'better', 'better', 'supported', 0.1, 0.1,\n"
               "                 0.1, 0.05, 8, 0, 0, 'cohort engine'), lab.claims)"),
    hypothesis("dataset alone", "given to tests that take `lab` too", "got test_mine", "take both",
               "pass", fixtures="dataset"),
    hypothesis("taken name at import", "a dataset's name must be new", "'wine'", "choose another",
               COMPARE, top="data.register('wine', None)\n", status=2),
    loader("failing", "must return features and labels", "'failing' raised KeyError ('x') at ", "fix it",
           "lambda: {}['x']"),
    loader("few", "81 rows or more", "has 80 rows", "register it with opt_in=True",
           "lambda: (np.zeros((80, 2)), np.arange(80) % 2)"),
    loader("infinite", "finite in float32", "inf in row 0", "fix its loader",
           "lambda: (np.full((81, 2), np.inf), np.arange(81) % 2)"),
]  # fmt: skip

CASES = [*OPTIONS, *GENOMES, *MARKS, *HYPOTHESES]


@pytest.fixture
def places(suite):
    """What a store may be mistaken for."""
    (suite.path / "folder").mkdir()
    (suite.path / "text.txt").write_text("runs\n" * 100)
    other = sqlite3.connect(suite.path / "other.db")
    other.execute("CREATE TABLE runs (key TEXT)")
    other.close()
    for name in ("newer.db", "torn.db"):
        Store(suite.path / name).close()
    newer = sqlite3.connect(suite.path / "newer.db")
    newer.execute("PRAGMA user_version = 9")
    newer.close()
    whole = (suite.path / "torn.db").read_bytes()
    (suite.path / "torn.db").write_bytes(whole[: len(whole) // 2])
    return suite


def answers(output):
    """What the user is told: pytest's own error line, or the failures it lists; no rerun lines."""
    usage = re.findall(r"(?m)^(?:ERROR: |\S*error: )(?!usage)(.*)$", output)
    if usage:
        return usage
    parts = re.split(r"(?m)^=+ .* =+$", output)
    heads = re.findall(r"(?m)^=+ (.*) =+$", output)
    listed = [p for h, p in zip(heads, parts[1:], strict=True) if h in ("FAILURES", "ERRORS")]
    lines = [line for part in listed for line in part.splitlines() if line.strip()]
    return [ln for ln in lines if not re.match(r"_+ .* _+$|rerun: pytest ", ln)]


def check(output, told):
    """Exactly one sentence, without a traceback or a line of the suite's own source."""
    sentences = answers(output)
    assert len(sentences) == 1, output
    for words in told:
        assert words in sentences[0]
    assert "Traceback" not in output
    assert "INTERNALERROR" not in output
    assert not re.search(r"(?m)^(E  |>  |\S*mlp/\S+\.py:\d+)", output)


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_use_is_told_in_one_sentence(places, case):
    body = "\n    ".join(case.body.splitlines())
    source = f"{PREAMBLE}\n{case.top}\ndef test_mine({case.fixtures}):\n    {body}\n"
    places.makepyfile(test_user=source)
    before = sorted(p.name for p in places.path.iterdir())

    result = places.runpytest_inprocess(
        "test_user.py", "--mlp-store=runs.db", *case.options, "-p", "no:cacheprovider"
    )

    assert result.ret == case.status
    check(result.stdout.str() + result.stderr.str(), case.told)
    if case.status == 4:
        left = {p.name for p in places.path.iterdir()} - {"__pycache__"}
        assert left == set(before) - {"__pycache__"}, "nothing is made and nothing lost"


def test_what_is_mistaken_for_a_store_is_left_as_it_was(places):
    places.makepyfile(test_user="def test_plain(lab):\n    pass\n")
    for name in ("text.txt", "other.db", "newer.db", "torn.db"):
        before = (places.path / name).read_bytes()

        result = places.runpytest_inprocess("test_user.py", f"--mlp-store={name}")

        assert result.ret == 4
        assert (places.path / name).read_bytes() == before


def installation(folder, without):
    """A folder of links to the packages installed here, some left out."""
    folder.mkdir()
    site = Path(pytest.__file__).resolve().parents[1]
    for entry in site.iterdir():
        package = re.split(r"[-.]", entry.name)[0].lower()
        if package not in without:
            (folder / entry.name).symlink_to(entry)
    return folder


MISSING = ("which is not installed", 'pip install "mlp-genetics[study]"')


@pytest.mark.parametrize(
    ("without", "told"),
    [
        (("sklearn", "scikit_learn"), ("needs scikit-learn", *MISSING)),
        (("tensorflow", "tensorflow_cpu", "tf_nightly"), ("needs TensorFlow", *MISSING)),
        (("tf_keras",), ("needs tf-keras", *MISSING)),
    ],
    ids=["no scikit-learn", "no TensorFlow", "no tf-keras"],
)
def test_a_wrong_environment_is_told_in_one_sentence(suite, monkeypatch, without, told):
    """In a new interpreter that has every package of this one but those left out."""
    packages = installation(suite.path / "packages", without)
    monkeypatch.setenv("PYTHONPATH", f"{packages}:{ROOT}")
    suite.makepyfile(test_user=f"{PREAMBLE}\ndef test_mine(lab):\n    {COMPARE}\n")

    result = suite.run(
        sys.executable, "-S", "-m", "pytest", "test_user.py", "--mlp-store=runs.db", "-p", "no:hypothesispytest"
    )  # fmt: skip

    assert result.ret == 4
    check(result.stdout.str() + result.stderr.str(), told)
    assert not (suite.path / "runs.db").exists()


def test_a_wrong_marker_is_told_in_one_sentence_by_every_worker_alike(suite):
    source = "@pytest.mark.refuted()\ndef test_mine(lab, dataset):\n    pass\n"
    suite.makepyfile(test_user=f"{PREAMBLE}\n{source}")

    result = suite.runpytest_subprocess("-n2", "--mlp-store=runs.db", "test_user.py")

    assert result.ret != 0
    text = result.stdout.str() + result.stderr.str()
    assert "a marker is written refuted(reason" in text
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
