"""The store of a session whose runs are trained by a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from mlp.cluster import training
from mlp.cluster.passport import Standard, keyed
from mlp.cluster.transport import Train, Transport
from mlp.lab.hardware import trained_elsewhere
from mlp.lab.times import Spent
from mlp.store import Job, Progress, RunFailedError, Store

Lack = Callable[[Collection[str]], None]
Modules = Callable[[Job], Iterable[str]]


class ClusterStore(Store):
    """A `Store` that has what is missing trained by a Dask cluster.

    It trains nothing in this process and leaves the store's own queue alone.

    Args:
        path, study, fresh: as `Store` takes them.
        cluster: the address: tcp://HOST:PORT, or local:N for N workers of this machine.
        modules: the modules that a worker must import to train a job; that of `train` is one.
        train: the function of a module that trains a job; None: the one given to `obtain`.
        processor: "session": workers must have the processor of this process. "workers": they have
            theirs, and this process keys runs as that one's while the store is open.
        settings: as `Transport` takes them: standard, patience, say, resources, security.

    Raises:
        ClusterError: there is no such cluster.
        StoreError: as `Store`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        cluster: str,
        study: str | None = None,
        fresh: bool = False,
        modules: Modules = lambda _: (),
        train: Train | None = None,
        processor: str = "session",
        **settings: Any,
    ) -> None:
        super().__init__(path, study=study, fresh=fresh)
        self._modules, self._train_by = modules, train
        self._elsewhere = False
        self.lack: Lack | None = None
        """Told the runs that `obtain` lacks, once they are on their way. It may raise, and so end
        what asked; if it returns, `obtain` waits."""
        try:
            self.transport = Transport(cluster, self.put, processor=processor, **settings)
            if processor == "workers":
                trained_elsewhere(**keyed(self.transport.hardware()))
                self._elsewhere = True
        except BaseException:
            self.close()
            raise

    @classmethod
    def for_lab(cls, path: str | os.PathLike[str], **settings: Any) -> ClusterStore:
        """One for a `Lab`, whose workers train what its species say. Settings as of the class."""
        standard = Standard(packages=("numpy", "scipy"), digest=training.DIGEST)
        how: dict[str, Any] = {"modules": training.modules_of, "train": training.train}
        return cls(path, standard=standard, **how, **settings)

    def obtain(
        self, jobs: Sequence[Job], train: Train, _can: object = None
    ) -> dict[str, dict[str, Any]]:
        """The runs of the jobs, by key: from the file, or trained by the cluster.

        Workers train by the `train` that the store was made with, if there is one.

        Raises:
            RunFailedError: a run could not be trained.
            ClusterError, StoreError: the cluster has gone, or the file cannot be used.
        """
        order = tuple(dict.fromkeys(key for job in jobs for key in job.keys))
        again = False
        while True:
            found = self.get(order)
            missing = [key for key in order if key not in found]
            if not missing:
                return found
            lacking = self.lacking(missing)
            if not lacking and not again:  # they have just come
                again = True
                continue
            for message in self.transport.runs.failures(missing).values():
                raise RunFailedError(f"A run has failed in this study: {message}")
            self.transport.runs.check()
            self._send(jobs, lacking or set(missing), self._train_by or train)
            if self.lack is not None:
                self.lack(missing)
            self.transport.runs.wait(missing)

    def request(self, jobs: Iterable[Job]) -> None:
        """Send the cluster those runs that the file has not got, if it is known how to train them.

        Raises:
            ClusterError, StoreError: as `obtain`.
        """
        wanted = list(jobs)
        if self._train_by is not None:
            lacking = self.lacking(key for job in wanted for key in job.keys)
            self._send(wanted, lacking, self._train_by)

    def _send(self, jobs: Sequence[Job], lacking: Collection[str], train: Train) -> None:
        parts = [job.part(lacking) for job in jobs]
        wanted = [job for job in parts if job is not None]
        modules = {name for job in wanted for name in self._modules(job)}
        self.transport.submit(wanted, train, modules)

    def ended(self, timeout: float) -> list[str]:
        """The runs that have been kept, or have failed, since this was last asked."""
        return self.transport.runs.ended(timeout)

    def progress(self) -> Progress:
        """Where the session stands: runs that wait, that are in training, and that are kept."""
        return self.transport.runs.progress()

    def spare(self) -> int:
        """How many workers have nothing to do."""
        return self.transport.spare()

    @property
    def workers(self) -> int:
        """How many workers may have work."""
        return self.transport.crew.size

    @property
    def connected(self) -> int:
        """How many workers the cluster has, those included that are still examined."""
        return self.transport.crew.connected

    @property
    def spent(self) -> list[Spent]:
        """What each worker of the cluster spent on this session's runs."""
        return list(self.transport.spent.values())

    def announce(self) -> str:
        """What a session says once: where the cluster is, and Dask's own page about it."""
        return f"cluster {self.transport.address}, dashboard {self.transport.dashboard}"

    def told(self) -> str:
        """What a line of progress says of the cluster."""
        running, workers = self.progress().running, self.workers
        plural = "" if workers == 1 else "s"
        return f"{running:,} in training on {workers:,} worker{plural}"

    def close(self) -> None:
        """Leave the cluster and close the file. May be called twice."""
        if hasattr(self, "transport"):
            self.transport.close()
        if self._elsewhere:
            trained_elsewhere()
        super().close()
