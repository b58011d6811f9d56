"""The README's two programs run as they stand, and print what the README shows."""

from __future__ import annotations

import re

import pytest

from mlp.stats import run_screen
from mlp.tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
NUMBER = r"[-+]\d\.\d{3}"


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


@pytest.mark.usefixtures("torch")
def test_the_loop_trains_and_each_part_of_it_acts():
    pytest.importorskip("sklearn")
    *definitions, screen, _ = code("own").split("\n")
    assert screen == 'print(run_screen(accuracy, ["rows", "logits"], margin=0.05))'
    program = {}
    exec("\n".join(definitions), program)

    found = run_screen(program["accuracy"], ["rows", "logits"], margin=0.05, cap=3)

    means = {on: sum(scores) / len(scores) for on, scores in found.scores.items()}
    mine, better = frozenset(), frozenset(["rows", "logits"])
    assert found.idle == ()
    assert means[mine] + 0.1 < means[better]
    assert all(means[mine] < means[frozenset([part])] for part in better)
    names = [line.split("  ")[0] for line in str(found).splitlines()[:3]]
    assert names == [line.split("  ")[0] for line in shown("own")[:3]]


def test_the_screen_shown_is_one_that_run_screen_prints():
    """Each outcome shown follows from its interval and the margin, and the shares add up."""
    *effects, last = shown("own")
    read = [
        re.fullmatch(rf"(.+?) +({NUMBER}) \[({NUMBER}), .* n=(\d+)  better", e) for e in effects
    ]

    assert [found[1] for found in read] == ["all parts", "rows", "logits"]
    assert all(float(found[3]) > 0.05 for found in read)
    whole, *shares = (float(found[2]) for found in read)
    assert whole == pytest.approx(sum(shares), abs=0.0015)
    runs = 4 * int(read[0][4])
    assert last == (
        f"Margin 0.05, {runs} runs. "
        "False outcomes, of no effect or of twice the margin: at most 0.05."
    )


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
