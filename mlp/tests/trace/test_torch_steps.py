"""Steps of PyTorch optimizers that take a closure, and gradients that are zeroed or clipped."""

import pytest

from mlp.tests.trace import hint
from mlp.tests.trace.torch_programs import X, Y, adam, functional, model, nn, sgd, torch, watched
from mlp.trace import first_divergence, watch


def by_closure(make, name="closure"):
    """Train by `optimizer.step(closure)`."""
    net = model()
    optimizer = make(net)
    with watch(net, optimizer, name=name) as trace:
        for begin in (0, 32, 64) * 2:
            x, y = X[begin : begin + 32], Y[begin : begin + 32]

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = functional.cross_entropy(net(x), y)
                trace.step(x, y, loss)
                loss.backward()
                return loss

            optimizer.step(closure)
    return trace


@pytest.mark.parametrize("make", [sgd, adam])
def test_a_step_by_a_closure_is_seen_as_any_other(make):
    found = first_divergence(watched(net := model(), make(net), "good"), by_closure(make))
    assert found.first is None, str(found)
    assert {r.name for r in found.rungs if r.state != "passed"} == {"evaluation"}


def test_an_optimizer_that_calls_its_closure_often_makes_one_update_a_step():
    def lbfgs(rate):
        return lambda net: torch.optim.LBFGS(net.parameters(), rate, max_iter=4)

    good, again = by_closure(lbfgs(0.1), "good"), by_closure(lbfgs(0.1), "again")
    assert good.updates_made == 6
    assert good.notes == []
    assert first_divergence(good, again).first is None
    found = first_divergence(good, by_closure(lbfgs(0.2)))
    assert (found.first.rung, found.first.at) == ("update", 0)
    assert "the learning rate is 0.1 against 0.2" in hint(found)


def accumulated(name, zero_each):
    """Train on two micro-batches an update."""
    net = model()
    optimizer = adam(net)
    with watch(net, optimizer, name=name) as trace:
        for begin in range(0, 96, 16):
            first = begin % 32 == 0
            if first or zero_each:
                optimizer.zero_grad()
            x, y = X[begin : begin + 16], Y[begin : begin + 16]
            loss = functional.cross_entropy(net(x), y)
            trace.step(x, y, loss)
            (loss / 2).backward()
            if not first:
                optimizer.step()
    return trace


def test_gradients_zeroed_between_micro_batches_are_named():
    bad = accumulated("loop", zero_each=True)
    for good in (accumulated("good", zero_each=False), watched(net := model(), adam(net), "good")):
        found = first_divergence(good, bad)
        assert found.first.rung == "inputs"
        assert "loop uses the last 16 of 32 rows: zero_grad() is called between" in hint(found)


@pytest.mark.parametrize("other", [None, lambda p: nn.utils.clip_grad_norm_(p, 0.1)])
def test_clipping_of_each_element_is_named(other):
    def values(parameters):
        nn.utils.clip_grad_value_(parameters, 0.02)

    good = watched(net := model(), sgd(net), "good", clip=other)
    found = first_divergence(good, watched(net := model(), sgd(net), clip=values))
    assert found.first.rung == "gradient"
    assert "loop each element clipped to 0.02" in hint(found)


def test_clipping_alike_in_both_explains_nothing():
    def values(parameters):
        nn.utils.clip_grad_value_(parameters, 0.02)

    def detached(prediction, y):
        part = torch.cat([prediction[:, :1].detach(), prediction[:, 1:]], 1)
        return functional.cross_entropy(part, y)

    good = watched(net := model(), sgd(net), "good", clip=values)
    found = first_divergence(good, watched(net := model(), sgd(net), clip=values, loss=detached))
    assert found.first.rung == "gradient"
    assert "a part is detached" in hint(found)
