"""A PyTorch program that the tests watch, with the mistakes people report as its options."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
nn, functional = torch.nn, torch.nn.functional

from mlp.trace import watch  # noqa: E402

ROWS, BATCH = 96, 32
rng = np.random.default_rng(0)
X = torch.from_numpy(rng.normal(size=(ROWS, 8)).astype(np.float32))
Y = torch.from_numpy(rng.integers(0, 3, ROWS))


def model(*, norm=False, dropout=0.0, softmax=False, momentum=0.1, outputs=3):
    torch.manual_seed(1)
    layers = [nn.Linear(8, 16), nn.ReLU()]
    layers += [nn.BatchNorm1d(16, momentum=momentum)] if norm else []
    layers += [nn.Dropout(dropout)] if dropout else []
    layers += [nn.Linear(16, outputs)] + ([nn.Softmax(-1)] if softmax else [])
    return nn.Sequential(*layers)


def sgd(net, **constants):
    return torch.optim.SGD(net.parameters(), 0.1, **constants)


def adam(net, **constants):
    return torch.optim.Adam(net.parameters(), 0.01, **constants)


def train(net, optimizer, trace=None, *, loss=functional.cross_entropy, zero=True, micro=None,
          clip=None, schedule=None, per="epoch", evaluate="eval", back=True, rows=ROWS,
          divide=True, epochs=2, y=Y):  # fmt: skip
    """Train; `micro` are the sizes of the micro-batches of each update."""
    for _ in range(epochs):
        if back:
            net.train()
        for start in range(0, rows, BATCH):
            sizes = micro or [min(BATCH, rows - start)]
            begin = start
            for size in sizes:
                xb, yb = X[begin : begin + size], y[begin : begin + size]
                begin += size
                value = loss(net(xb), yb)
                if trace is not None:
                    trace.step(xb, yb, value)
                (value / len(sizes) if divide else value).backward()
            if clip:
                clip(net.parameters())
            optimizer.step()
            if zero:
                optimizer.zero_grad()
            if schedule and per == "batch":
                schedule.step()
        if schedule and per == "epoch":
            schedule.step()
        if evaluate == "eval":
            net.eval()
        with torch.no_grad():
            net(X[:40])


def watched(net, optimizer, name="loop", *, told=True, **options):
    """Train, watched."""
    with watch(net, optimizer, name=name) as trace:
        train(net, optimizer, trace if told else None, **options)
    return trace
