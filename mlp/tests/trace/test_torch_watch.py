"""Watching PyTorch: what is recorded, and that the training is left as it was."""

import numpy as np
import pytest

from mlp.tests.trace.torch_programs import X, Y, adam, functional, model, sgd, torch, train, watched
from mlp.trace import TraceError, first_divergence, load, watch


def clip(parameters):
    torch.nn.utils.clip_grad_norm_(parameters, 0.1)


def by_scaler(net, optimizer, _trace=None):
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for start in [0, 32, 64] * 2:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = functional.cross_entropy(net(X[start : start + 32]), Y[start : start + 32])
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()


def scheduled(net, optimizer, trace=None):
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    train(net, optimizer, trace, schedule=schedule, per="batch")


WAYS = {
    "plain": train,
    "accumulated": lambda *a: train(*a, micro=[16, 16]),
    "clipped": lambda *a: train(*a, clip=clip),
    "scheduled": scheduled,
    "scaled": by_scaler,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [sgd, adam])
def test_watched_and_unwatched_training_end_with_the_same_weights(way, make):
    ends = []
    for seen in (False, True):
        net = model(norm=True, dropout=0.3)
        optimizer = make(net)
        if seen:
            with watch(net, optimizer) as trace:
                WAYS[way](net, optimizer, trace)
        else:
            WAYS[way](net, optimizer)
        ends.append(net.state_dict())
    for name, plain in ends[0].items():
        assert torch.equal(plain, ends[1][name]), name


def test_a_loop_is_seen_whole():
    net = model(norm=True)
    trace = watched(net, sgd(net, momentum=0.9)).trace()
    assert [(u.epoch, u.index) for u in trace.updates] == [(e, i) for e in (0, 1) for i in range(3)]
    first = trace.updates[0]
    np.testing.assert_array_equal(first.batches[0].x.data, X[:32].numpy())
    np.testing.assert_array_equal(first.batches[0].y.data, Y[:32].numpy())
    assert first.batches[0].modes == {"2": True}
    assert first.rate == 0.1
    assert trace.constants["momentum"] == 0.9
    assert trace.variables[0].shape == (8, 16)
    kernel = first.gradient["0.weight"]
    moved = first.after["0.weight"].data - first.before["0.weight"].data
    np.testing.assert_allclose(moved, -0.1 * kernel.data, atol=1e-7)
    assert next((e.after, len(e.rows), e.modes) for e in trace.evaluations) == (3, 40, {"2": False})
    assert "optimizer.step()" in first.where
    assert "net(xb)" in first.batches[0].where


def test_accumulation_and_clipping_are_seen():
    net = model()
    update = watched(net, sgd(net), micro=[16, 16], clip=clip).trace().updates[0]
    assert [len(batch.x_rows) for batch in update.batches] == [16, 16]
    assert len(update.micro) == 1
    whole = np.sqrt(sum(v.norm**2 for v in update.gradient.values()))
    assert whole == pytest.approx(0.1, rel=1e-4)
    assert np.sqrt(sum(norm**2 for norm in update.raw.values())) > 0.2


def test_a_scaler_is_seen_after_unscaling():
    net = model()
    with watch(net, optimizer := sgd(net)) as trace:
        by_scaler(net, optimizer)
    update = trace.trace().updates[0]
    assert trace.precision == "bfloat16"
    name = "0.weight"
    assert update.raw[name] == pytest.approx(1024 * update.gradient[name].norm, rel=1e-3)


@pytest.mark.parametrize("first", [True, False], ids=["zeroed at once", "zeroed later"])
def test_a_step_that_the_scaler_skips_is_no_part_of_the_next_update(first):
    net = model()
    optimizer = sgd(net)
    scaler = torch.amp.GradScaler("cpu", init_scale=3e38, backoff_factor=1e-30)
    with watch(net, optimizer) as trace:
        for start in (0, 32, 64):
            value = functional.cross_entropy(net(X[start : start + 32]), Y[start : start + 32])
            optimizer.zero_grad()
            scaler.scale(1e3 * value).backward()
            scaler.step(optimizer)
            scaler.update()
            if first:
                optimizer.zero_grad()
    seen = trace.trace()
    assert [len(update.rows) for update in seen.updates] == [32, 32]
    np.testing.assert_array_equal(seen.updates[0].batches[0].x.data, X[32:64].numpy())
    assert any("the AMP scaler skipped the step" in note for note in seen.notes)


def test_an_optimizer_made_anew_in_each_epoch_is_said():
    net = model()
    optimizer = adam(net)
    with watch(net, optimizer) as trace:
        train(net, optimizer, trace, epochs=1)
        train(net, adam(net), trace, epochs=1)
    assert trace.trace().updates_made == 3
    assert any("one made anew in each epoch is not seen" in note for note in trace.notes)
    found = first_divergence(watched(net := model(), adam(net)), trace)
    assert found.first is None
    assert "note: pytorch: of 3 forward passes a gradient was taken" in str(found)


def test_weights_that_move_in_memory_are_read_where_they_are():
    net = model()
    optimizer = sgd(net)

    def step(start):
        optimizer.zero_grad()
        functional.cross_entropy(net(X[start : start + 32]), Y[start : start + 32]).backward()
        optimizer.step()

    with watch(net, optimizer) as trace:
        step(0)
        for parameter in net.parameters():
            parameter.data = parameter.data.clone() * 2
        step(32)
    first, second = trace.trace().updates
    for name, parameter in net.named_parameters():
        held = second.after[name].data
        np.testing.assert_array_equal(held.T if held.ndim > 1 else held, parameter.detach().numpy())
        np.testing.assert_array_equal(second.before[name].data, 2 * first.after[name].data)


def test_the_cost_of_watching_is_measured():
    from mlp.trace import cost

    measured = cost.ratios(cost._torch(), repeats=1)
    assert list(measured) == list(cost.PHASES)
    assert all(len(found) == 1 and found[0] > 0 for found in measured.values())


def test_forward_passes_that_gradients_were_not_taken_of_are_evaluation():
    net = model()
    optimizer = sgd(net)
    with watch(net, optimizer) as trace:
        for start in (0, 32):
            functional.cross_entropy(net(X[start : start + 32]), Y[start : start + 32]).backward()
            optimizer.step()
            optimizer.zero_grad()
            net(X[:40])  # in training mode, and nobody says no_grad
    seen = trace.trace()
    assert [len(update.rows) for update in seen.updates] == [32, 32]
    assert [(e.after, len(e.rows)) for e in seen.evaluations] == [(1, 40), (2, 40)]


def test_no_hook_is_left():
    net = model()
    optimizer = sgd(net)
    watched(net, optimizer)
    assert not net._forward_hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert all(not p._post_accumulate_grad_hooks for p in net.parameters())


def test_start_copies_the_first_weights_into_pytorchs_layout():
    first = watched(net := model(norm=True), sgd(net))
    torch.manual_seed(9)
    other = model(norm=True)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    with watch(other, optimizer := sgd(other), start=first) as trace:
        train(other, optimizer, trace)
    assert first_divergence(first, trace).first is None


def test_bad_input_is_one_sentence_each():
    net, other = model(), model()
    refused = {
        "the model has none": lambda: watch(net, sgd(other)),
        "needs the torch.optim.Optimizer": lambda: watch(net),
        "never called": lambda: watch(net, sgd(net)),
        "without a compiled": lambda: watch(torch.compile(net, backend="eager"), sgd(net)),
        "one process": lambda: watch(torch.nn.DataParallel(net), sgd(net)),
        "at least 1": lambda: watch(net, sgd(net), updates=0),
        "a folder that exists": lambda: watch(net, sgd(net), to="nowhere/at/all.trace"),
    }
    refused["cannot see into a compiled model"] = refused.pop("without a compiled")
    for sentence, enter in refused.items():
        with pytest.raises(TraceError, match=sentence), enter():
            pass


def test_a_step_compiled_by_torch_compile_is_one_sentence():
    net = model()
    optimizer = sgd(net)

    @torch.compile(backend="eager")
    def step(x, y):
        functional.cross_entropy(net(x), y).backward()

    def run():
        with watch(net, optimizer):
            step(X[:32], Y[:32])
            optimizer.step()

    with pytest.raises(TraceError, match=r"leave torch\.compile out"):
        run()


def test_a_model_whose_forward_is_called_by_hand_is_said():
    net = model()
    optimizer = sgd(net)
    with watch(net, optimizer) as trace:
        functional.cross_entropy(net.forward(X[:32]), Y[:32]).backward()
        optimizer.step()
    assert "call model(x) itself" in trace.notes[0]
    found = first_divergence(trace, watched(net := model(), sgd(net)))
    assert found.rung("inputs").state == "not seen"


def test_a_trace_cut_off_by_ctrl_c_is_kept_and_compared(tmp_path):
    net = model()

    def run():
        with watch(net, optimizer := sgd(net), name="cut", to=tmp_path / "cut.trace") as trace:
            train(net, optimizer, trace, epochs=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    kept = load(tmp_path / "cut.trace")
    assert kept.cut_off == "KeyboardInterrupt"
    found = first_divergence(kept, watched(net := model(), sgd(net)))
    assert found.first is None
    assert "cut was cut off by KeyboardInterrupt after 3 updates" in str(found)


def test_importing_the_room_imports_no_framework():
    import subprocess
    import sys

    code = (
        "import sys, mlp.trace; "
        "print({'torch', 'keras', 'tensorflow', 'matplotlib', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
