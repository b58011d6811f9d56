"""Differences between PyTorch loops, each told apart from the others."""

import numpy as np
import pytest

from mlp.tests.trace import hint
from mlp.tests.trace.torch_programs import (
    X,
    Y,
    adam,
    functional,
    model,
    nn,
    sgd,
    torch,
    train,
    watched,
)
from mlp.trace import first_divergence, watch


def good(make=sgd, **net):
    made = model(**net)
    return watched(made, make(made), "good")


def test_equal_loops_are_equal():
    found = first_divergence(good(norm=True), watched(net := model(norm=True), sgd(net)))
    assert found.first is None
    assert {rung.state for rung in found.rungs} == {"passed"}


def test_zero_grad_is_missing():
    for told in (True, False):
        found = first_divergence(good(), watched(net := model(), sgd(net), zero=False, told=told))
        assert found.first.rung == "gradient"
        assert found.first.at == 1
        assert "zero_grad() is missing" in hint(found)
        assert "optimizer.step()" in found.first.where[1]


def test_softmax_before_cross_entropy():
    def nll(p, y):
        return functional.nll_loss(torch.log(p), y)

    net = model(softmax=True)
    right = watched(net, sgd(net), "good", loss=nll)
    found = first_divergence(right, watched(net := model(softmax=True), sgd(net)))
    assert "loop gives probabilities to a loss that takes logits" in hint(found)


def test_the_last_partial_batch_is_dropped():
    made = model()
    whole = watched(made, sgd(made), "good", rows=80)
    found = first_divergence(whole, watched(net := model(), sgd(net), rows=64))
    assert found.first.rung == "inputs"
    assert "loop drops the last partial batch" in hint(found)


def test_evaluation_in_training_mode():
    found = first_divergence(
        good(norm=True), watched(net := model(norm=True), sgd(net), evaluate="train")
    )
    assert found.rung("evaluation").state == "failed"
    told = [f for f in found.findings if f.rung == "evaluation"]
    assert "loop evaluates in training mode: call model.eval()" in told[0].hints[0]


def test_evaluation_mode_left_on():
    found = first_divergence(
        good(norm=True), watched(net := model(norm=True), sgd(net), back=False)
    )
    assert found.first.rung == "mode"
    assert found.first.at == 3
    assert "evaluation mode is left on in loop after an evaluation" in hint(found)


def test_coupled_against_decoupled_weight_decay():
    first, second = model(), model()
    coupled = watched(first, adam(first, weight_decay=0.1), "coupled")
    decoupled = torch.optim.AdamW(second.parameters(), 0.01, weight_decay=0.1)
    found = first_divergence(coupled, watched(second, decoupled, "decoupled"))
    assert found.first.rung == "update"
    assert found.rung("gradient").state == "passed"
    assert "coupled adds it to the gradient (coupled" in hint(found)
    assert "decoupled takes it off the weights (decoupled" in hint(found)


def test_a_schedule_stepped_per_batch():
    traces = []
    for per in ("epoch", "batch"):
        net = model()
        optimizer = sgd(net)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        traces.append(watched(net, optimizer, per, schedule=schedule, per=per))
    found = first_divergence(*traces)
    told = next(f for f in found.findings if f.rung == "rate and updates")
    assert "update 1: learning rate 0.1 against 0.05" in told.sentence
    assert "the schedule of batch is stepped per batch" in told.hints[0]
    assert "learning rate" in hint(found)


def test_layers_missing_from_the_optimizer():
    net = model()
    part = torch.optim.SGD(net[0].parameters(), 0.1)
    found = first_divergence(good(), watched(net, part))
    assert found.first.rung == "trainable variables"
    assert "the optimizer of loop is not given 2.weight" in found.first.sentence
    assert "layers missing from the optimizer" in hint(found)


def test_layers_in_a_plain_list():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.layers = [nn.Linear(8, 16)]
            self.last = nn.Linear(16, 3)

        def forward(self, x):
            return self.last(torch.relu(self.layers[0](x)))

    found = first_divergence(good(), watched(net := Hidden(), sgd(net)))
    assert found.first.rung == "trainable variables"
    assert "only good trains 0.weight (8, 16)" in found.first.sentence
    assert "plain list" in hint(found)


def test_the_mean_of_means_of_unequal_micro_batches():
    found = first_divergence(good(), watched(net := model(), sgd(net), micro=[24, 8], told=False))
    assert found.first.rung == "gradient"
    assert "mean of the means of micro-batches of 24 and 8 rows" in hint(found)


def test_micro_batches_that_are_not_divided():
    found = first_divergence(
        good(), watched(net := model(), sgd(net), micro=[16, 16], divide=False, told=False)
    )
    assert "adds up 2 micro-batches whose losses are not divided by 2" in hint(found)


def test_micro_batches_that_are_divided_are_equal():
    found = first_divergence(good(), watched(net := model(), sgd(net), micro=[16, 16]))
    assert found.first is None, str(found)


@pytest.mark.parametrize("told", [True, False])
def test_clipping_of_each_variable_against_that_of_all(told):
    def each(parameters):
        for parameter in parameters:
            nn.utils.clip_grad_norm_([parameter], 0.05)

    def whole(parameters):
        nn.utils.clip_grad_norm_(parameters, 0.05)

    first, second = model(), model()
    found = first_divergence(
        watched(first, sgd(first), "each", clip=each, told=told),
        watched(second, sgd(second), "all", clip=whole, told=told),
    )
    assert found.first.rung == "gradient"
    assert "each has each variable's norm clipped to 0.05" in hint(found)
    assert "all the norm of all together clipped to 0.05" in hint(found)


def scaled(unscale, clip, name, scale=1024.0):
    """Train with an AMP scaler, unscaling before clipping or not."""
    net = model()
    optimizer = sgd(net)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    with watch(net, optimizer, name=name) as trace:
        for start in [0, 32, 64] * 2:
            optimizer.zero_grad()
            value = functional.cross_entropy(net(X[start : start + 32]), Y[start : start + 32])
            trace.step(loss=value)
            scaler.scale(value).backward()
            if unscale:
                scaler.unscale_(optimizer)
            if clip:
                clip(net.parameters())
            scaler.step(optimizer)
            scaler.update()
    return trace


def whole(parameters):
    nn.utils.clip_grad_norm_(parameters, 0.05)


def elements(parameters):
    nn.utils.clip_grad_value_(parameters, 0.01)


@pytest.mark.parametrize("clip", [whole, elements])
def test_clipped_before_unscaled(clip):
    good = scaled(True, clip, "good")
    found = first_divergence(good, scaled(False, clip, "loop"))
    assert found.first.rung == "gradient"
    assert "loop clips gradients that AMP has scaled by 1024" in hint(found)
    assert "scaler.unscale_(optimizer) before clip_grad_norm_" in hint(found)
    assert first_divergence(good, scaled(True, clip, "good", scale=256.0)).first is None


def test_other_clipping_under_amp_is_not_clipping_before_unscaling():
    def other(parameters):
        nn.utils.clip_grad_norm_(parameters, 0.025)

    found = first_divergence(scaled(True, whole, "good"), scaled(True, other, "loop"))
    assert "good has the norm of all together clipped to 0.05" in hint(found)
    assert "loop the norm of all together clipped to 0.025" in hint(found)
    unclipped = first_divergence(scaled(True, whole, "good"), scaled(True, None, "loop"))
    assert "loop no clipping that was seen" in hint(unclipped)
    plain = first_divergence(good(), scaled(False, None, "loop"))
    assert plain.first is None, str(plain)


def test_an_optimizer_whose_state_is_cleared_between_epochs():
    net = model()
    optimizer = adam(net)
    with watch(net, optimizer, name="loop") as trace:
        for _ in range(2):
            optimizer.state.clear()
            train(net, optimizer, trace, epochs=1)
    found = first_divergence(good(adam), trace)
    assert found.first.rung == "update"
    assert found.first.at == 3
    assert "the optimizer of loop begins anew before it" in hint(found)


def test_nan_in_a_loss():
    def logs(p, y):
        return functional.nll_loss(torch.log(p), y)

    found = first_divergence(good(), watched(net := model(), sgd(net), loss=logs))
    assert "against nan" in found.first.sentence
    assert "log of 0" in hint(found)
    both = first_divergence(
        watched(net := model(), sgd(net), loss=logs), watched(net := model(), sgd(net), loss=logs)
    )
    assert "the losses of both are nan" in both.first.sentence


def test_dropout_that_draws_otherwise_is_not_comparable():
    first = good(dropout=0.5)
    net = model(dropout=0.5)
    torch.manual_seed(77)
    found = first_divergence(first, watched(net, sgd(net)))
    assert found.rung("loss").state == "not comparable"
    assert "dropout draws at random" in found.rung("loss").detail
    assert found.first is None


def test_a_measured_repeat_widens_what_rounding_explains():
    first, again = good(), good()
    assert first_divergence(first, good(), repeat=again).tolerance == pytest.approx(
        first_divergence(first, good()).tolerance
    )
    net = model()
    with torch.no_grad():
        net[0].bias.add_(1e-3)
    moved = watched(net, sgd(net), "good")
    wide = first_divergence(first, good(), repeat=moved).tolerance
    assert wide > 10 * first_divergence(first, good()).tolerance


def test_a_batch_norm_epsilon_is_named():
    net = model(norm=True)
    net[2].eps = 1e-1
    found = first_divergence(good(norm=True), watched(net, sgd(net)))
    assert found.first.rung == "loss"
    assert "batch norm has epsilon 1e-05 against 0.1" in hint(found)
    assert np.isfinite(found.a.updates[0].loss)
