"""Where the time of a session went: by who trained, by claim, and what was not training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlp.lab.times import Spent, Times

_SLOWEST = 10
_WORDS = {
    "start-up": "start-up (imports)",
    "claims": "claims (reading runs, statistics)",
    "waiting": "waiting for runs that others train",
    "idle": "idle until the last test ended",
}
"""What is not training; a kind of training is told by its own name."""


def describe(workers: Sequence[Spent], claims: Mapping[str, float], wall: float) -> list[str]:
    """Lines on the time of all `workers` together; `claims`: seconds by test; `wall`: of all."""
    total = Times()
    for worker in workers:
        total.add(worker.times)
    lines = [f"{'seconds':>10} {'runs':>6}  of all workers together"]
    training = sorted(kind for kind in total.seconds if kind not in _WORDS)
    for kind in (*training, *_WORDS):
        if kind in total.seconds:
            name = _WORDS.get(kind, kind)
            lines.append(f"{total.seconds[kind]:10.1f} {int(total.runs[kind]) or '':>6}  {name}")
    lines.append(f"{'seconds':>10} {'':>6}  slowest tests, with what they trained for others")
    slowest = sorted(claims.items(), key=lambda claim: -claim[1])[:_SLOWEST]
    lines += [f"{seconds:10.1f} {'':>6}  {test}" for test, seconds in slowest]
    used = sum(worker.processor for worker in workers)
    lines.append(
        f"processor time over wall time: {used:.1f} s / {wall:.1f} s = {used / wall:.2f}, "
        f"of {len(workers)} process{'es' if len(workers) > 1 else ''}"
    )
    memory = max(worker.memory for worker in workers)
    if memory:
        lines.append(f"most anonymous memory of a process: {memory / 1e6:,.0f} MB")
    return lines
