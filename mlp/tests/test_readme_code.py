"""The README's programs run as they stand, and print what the README shows."""

from __future__ import annotations

import re
import sys

import pytest

from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

README = (ROOT / "README.md").read_text("utf-8")


def code(name):
    """The Python block below the marker of this name."""
    found = re.search(rf"<!-- code: {name} -->\n```python\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def shown(name):
    """The first text block that follows that code: what the README says that it prints."""
    found = re.search(
        r"```text\n(.*?)```", README.partition(f"<!-- code: {name} -->")[2], re.DOTALL
    )
    assert found
    return found[1].splitlines()


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def folder(pytester, monkeypatch):
    """An empty folder with the README's two files in it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(pipeline=code("pipeline"), test_mine=code("test"))
    return pytester


def table(text):
    """The lines of claims in a verdict table."""
    return [line for line in text.splitlines() if re.search(r"\[.*\] +0\.05 ", line)]


def test_the_pipeline_gets_the_verdicts_and_the_diagnosis_shown(folder):
    """The numbers too: what they rest on is drawn by NumPy's generators, whose streams stay."""
    result = folder.runpytest_subprocess("-p", "mlp.suite.plugin")

    result.assert_outcomes(passed=2)
    assert table(result.stdout.str()) == table("\n".join(shown("test")))

    command = re.search(r"`python (-m mlp\.diagnose [^`]*)`", README)
    result = folder.run(sys.executable, *command[1].split())

    assert result.ret == 0
    after = README.partition(command[0])[2]
    for line in re.search(r"```text\n(.*?)```", after, re.DOTALL)[1].splitlines():
        assert line in result.stdout.lines


@pytest.fixture
def programs(torch):
    """What the README's lines on traces take for granted: two models, optimizers and loops."""

    def program(softmax):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)]
        net = torch.nn.Sequential(*layers, *[torch.nn.Softmax(1)] * softmax)
        adam = torch.optim.Adam(net.parameters(), lr=0.01)
        x, y = torch.randn(64, 8), torch.arange(64) % 3

        def train(trace):
            for rows in torch.arange(64).split(16):
                loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
                adam.zero_grad()
                loss.backward()
                trace.step(x[rows], y[rows], loss)
                adam.step()

        return net, adam, train

    names = ("net", "adam", "train")
    fit, mine = program(softmax=False), program(softmax=True)
    return dict(zip(names, fit, strict=True)) | dict(
        zip([f"my_{name}" for name in names], mine, strict=True)
    )


def test_the_first_divergence_is_told_as_shown(programs, capsys):
    exec(code("trace"), programs)

    printed = capsys.readouterr().out
    words = " ".join(printed.split())
    for line in shown("trace"):
        if not re.search(r"\.\.\.$|update 0: loss|^ +at ", line):
            assert line in printed or " ".join(line.split()) in words, line
    assert re.search(
        r"update 0: loss \d\.\d+ against \d\.\d+ on the same rows and weights", printed
    )
