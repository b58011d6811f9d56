"""A cluster by its address: one that runs already, or workers of this machine."""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass
from typing import Any

from mlp.cluster.errors import ClusterError

_LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
_REMOTE = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+:\d+")
_SHAPES = "give tcp://HOST:PORT, tls://HOST:PORT, or local:N for N workers of this machine"

DEATHS = 3
"""How often a run may end its worker, where the scheduler is ours."""

SPEED = {
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
"""Dask's settings that slow training down, put right where the workers are ours.

Its profiler looks at a worker's stack every 10 ms and keeps what it saw, 80 MB after 16 cohorts. By
the threshold the allocator gives memory back at nearly every release, and has to ask for it again.
"""

Link = Any
"""A `distributed.Client`; Dask is imported only where a cluster is opened."""


@dataclass(frozen=True)
class Address:
    """Where a cluster is: `workers` of this machine, or a scheduler at `text`."""

    text: str
    workers: int = 0

    @classmethod
    def read(cls, text: str) -> Address:
        """The address in a user's words.

        Raises:
            ClusterError: it is none.
        """
        local = _LOCAL.fullmatch(text)
        if local:
            return cls(text, int(local[1]))
        if not _REMOTE.fullmatch(text):
            raise ClusterError(f"An address of a cluster is expected, but got {text!r}: {_SHAPES}.")
        return cls(text)

    def open(self, timeout: float, security: object = None) -> Link:
        """A client of the cluster. Whoever closes it closes workers of this machine too.

        Raises:
            ClusterError: Dask is not installed, nothing answers, or another version of it does.
        """
        try:
            import dask
            import distributed
        except ImportError:
            raise ClusterError(
                "A cluster needs Dask, which is not installed: "
                "run pip install 'mlp-genetics[cluster]'."
            ) from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        logging.getLogger("tornado").setLevel(logging.CRITICAL)
        if not self.workers:
            return self._connect(distributed, timeout, security)
        settings = {
            "distributed.scheduler.allowed-failures": DEATHS - 1,
            "distributed.scheduler.worker-saturation": 1.0,
            **SPEED,
        }
        with dask.config.set(settings), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a port that is taken, and the like
            cluster = distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                memory_limit=0,  # a machine's own users share it; its system says when it is full
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            return distributed.Client(cluster, timeout=timeout)

    def _connect(self, distributed: Any, timeout: float, security: object) -> Link:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions are compared below
                link = distributed.Client(self.text, timeout=timeout, security=security)
        except Exception as error:
            seen = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClusterError(
                f"A Dask scheduler must answer at {self.text}, but none did within {timeout:g} s "
                f"({seen}): start one there with dask scheduler, or correct the address."
            ) from None
        there = link.get_versions()["scheduler"]["packages"].get("distributed")
        if there != distributed.__version__:
            link.close()
            raise ClusterError(
                f"Scheduler and session must have one version of Dask, but {self.text} has "
                f"{there} and this session {distributed.__version__}: install one of them in both."
            )
        return link


def close(link: Link) -> None:
    """Close a client, and the workers of this machine if they are its own."""
    cluster = link.cluster
    link.close(timeout=2)
    if cluster is not None:
        cluster.close(timeout=5)


def dashboard(link: Link) -> str:
    """The address of Dask's own page about the cluster."""
    return str(link.dashboard_link)
