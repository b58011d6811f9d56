"""What a cluster has trained: brought here, and then forgotten there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Sequence
from typing import Any

from mlp.cluster.address import Link

FORGET_S = 1.0
"""How long the scheduler may take to forget what it need not hold any more."""


def gather(link: Link, futures: Sequence[Any]) -> dict[Any, Any]:
    """What finished futures hold; without those that were lost meanwhile.

    The scheduler is asked itself. A client's `gather` waits until what was lost is trained again,
    for ever if the last worker has gone.
    """
    by_key = {future.key: future for future in futures}
    while by_key:
        try:
            answer = link.sync(link.scheduler.gather, keys=list(by_key))
        except Exception:
            return {}
        if answer["status"] == "OK":
            return {by_key[key]: value for key, value in answer["data"].items()}
        for lost in answer["keys"]:
            del by_key[lost]
    return {}


def release(link: Link, futures: Collection[Any]) -> None:
    """Return when the scheduler has forgotten what was gathered, so that it may be kept.

    While a session wants a result, Dask trains it again if the worker dies that holds it. Where
    another session wants it, or the scheduler does not answer, this takes `FORGET_S`.
    """
    keys = [future.key for future in futures]
    for future in futures:
        future.release()
    ask, until = link.scheduler.get_task_status, time.monotonic() + FORGET_S
    with contextlib.suppress(Exception):
        while any(link.sync(ask, keys=keys, callback_timeout=FORGET_S).values()):
            if time.monotonic() > until:
                return
            time.sleep(0.01)
