"""Parameter groups of PyTorch: rates and constants are compared variable by variable."""

import pytest

from mlp.tests.trace.torch_programs import adam, model, torch, watched
from mlp.trace import first_divergence


def grouped(net, make, biases, weights):
    """An optimizer with a group for biases and one for weights, biases first."""
    parts = [
        {"params": [p for p in net.parameters() if (p.ndim < 2) == small], **options}
        for small, options in ((True, biases), (False, weights))
    ]
    return make(parts)


def trained(make, biases=None, weights=None, name="good"):
    net = model()
    return watched(net, grouped(net, make, biases or {}, weights or {}), name)


def adamw(parts):
    return torch.optim.AdamW(parts, 0.01, weight_decay=0.1)


def adamw_of_all(name="loop"):
    return watched(net := model(), adamw(net.parameters()), name)


def slow(parts):
    return torch.optim.SGD(parts, 0.1, momentum=0.9)


def hint(divergence):
    assert divergence.first is not None, str(divergence)
    return " ".join(divergence.first.hints)


def test_no_weight_decay_on_biases_is_found_and_named():
    found = first_divergence(trained(adamw, {"weight_decay": 0.0}), adamw_of_all())
    assert found.first.rung == "update"
    assert "0.bias moves by" in found.first.sentence
    assert "weight decay of 0.bias, 2.bias: good has none and loop takes it off" in hint(found)
    assert "good leaves biases and scales out of weight decay and loop does not" in hint(found)
    told = [f for f in found.findings if f.rung == "rate and updates"]
    assert [f.sentence.split(":")[0] for f in told] == ["weight decay of 0.bias, 2.bias"]


def test_groups_in_another_order_with_the_same_constants_are_equal():
    net = model()
    biases = [p for p in net.parameters() if p.ndim < 2]
    weights = [p for p in net.parameters() if p.ndim > 1]
    other = adamw([{"params": weights, "lr": 0.02}, {"params": biases, "weight_decay": 0.0}])
    first = trained(adamw, {"weight_decay": 0.0}, {"lr": 0.02})
    found = first_divergence(first, watched(net, other))
    assert found.first is None, str(found)
    assert {rung.state for rung in found.rungs} == {"passed"}


def test_a_group_with_a_rate_of_its_own_is_found_and_named():
    found = first_divergence(trained(slow), trained(slow, {"lr": 0.01}, name="loop"))
    assert found.first.rung == "update"
    assert "the learning rate of 0.bias is 0.1 against 0.01" in hint(found)
    told = next(f for f in found.findings if f.rung == "rate and updates")
    assert told.sentence == "update 0: learning rate of 0.bias, 2.bias 0.1 against 0.01"


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_group_with_a_momentum_of_its_own_is_found_and_named(momentum):
    found = first_divergence(trained(slow), trained(slow, {"momentum": momentum}, name="loop"))
    assert f"SGD has momentum 0.9 against {momentum:g} of 0.bias, 2.bias" in hint(found)
    assert found.first.at == 1


def test_gradient_ascent_is_named():
    found = first_divergence(
        watched(net := model(), adam(net), "good"),
        watched(net := model(), adam(net, maximize=True)),
    )
    assert "Adam has maximize 0 against 1" in hint(found)
