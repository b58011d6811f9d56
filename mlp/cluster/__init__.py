"""Runs trained by a Dask cluster, and claims that wait for none of them.

Only this room imports Dask (the extra `cluster`), and only when a cluster is opened.
"""

from mlp.cluster.errors import ClusterError
from mlp.cluster.passport import Standard
from mlp.cluster.store import ClusterStore

__all__ = ["ClusterError", "ClusterStore", "Standard"]
