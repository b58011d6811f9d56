"""Stores that the attempts of a test session ask."""

import queue
import threading

from mlp.cluster import ClusterStore
from mlp.store import Store


class ThreadStore(Store):
    """A store whose missing runs a thread trains, job by job, while the claims go on."""

    def __init__(self, path):
        super().__init__(path)
        self.lack = None
        self._jobs, self._came = queue.SimpleQueue(), queue.SimpleQueue()
        self._asked = set()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while True:
            job, train = self._jobs.get()
            self.put(train(job))
            self._came.put(job.keys)

    def obtain(self, jobs, train):
        keys = [key for job in jobs for key in job.keys]
        while len(found := self.get(keys)) < len(keys):
            for job in jobs:
                if not self._asked.issuperset(job.keys):
                    self._asked.update(job.keys)
                    self._jobs.put((job, train))
            missing = [key for key in keys if key not in found]
            if self.lack is not None:
                self.lack(missing)
            threading.Event().wait(0.01)
        return found

    def ended(self, timeout):
        try:
            return list(self._came.get(timeout=max(timeout, 1e-3)))
        except queue.Empty:
            return []


def local_cluster(path):
    """A store with two Dask workers of this machine."""
    return ClusterStore(path, cluster="local:2", patience=60)
