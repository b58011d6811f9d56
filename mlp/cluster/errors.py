"""What a cluster says when it cannot do its work."""

from mlp.store import StoreError


class ClusterError(StoreError):
    """The cluster cannot train what was asked: the rule, the value seen, the remedy."""
