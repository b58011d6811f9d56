"""Runs kept on disk, safe among processes, and the queue by which each is trained once."""

from mlp.store.errors import RunFailedError, StoreError, UnreadableStoreError
from mlp.store.queue import Progress
from mlp.store.records import Job
from mlp.store.store import Store

__all__ = ["Job", "Progress", "RunFailedError", "Store", "StoreError", "UnreadableStoreError"]
