"""What an Estimator remembers of its inputs: dtype and shape, never values."""

import dataclasses
from typing import Any

import tensorflow.compat.v1 as tf


@dataclasses.dataclass(frozen=True)
class TensorSignature:
    """Dtype and shape of one input, of which the first dimension is the batch.

    `shape` is None for a sparse tensor.
    """

    dtype: Any
    shape: Any

    def admits(self, tensor: Any) -> bool:
        """Whether `tensor` has this dtype and, its batch dimension apart, this shape."""
        other = _of_one(tensor)
        if not other.dtype.is_compatible_with(self.dtype):
            return False
        if self.shape is None or other.shape is None:
            return self.shape is None and other.shape is None
        if self.shape.rank is None or other.shape.rank is None:
            return True
        if self.shape.rank != other.shape.rank:
            return False
        return other.shape[1:].is_compatible_with(self.shape[1:])

    def placeholder(self) -> Any:
        """A placeholder of this signature for any number of rows."""
        if self.shape is None:
            return tf.sparse_placeholder(self.dtype)
        if not self.shape.rank:
            return tf.placeholder(self.dtype, self.shape)
        return tf.placeholder(self.dtype, [None, *self.shape[1:].as_list()])


def _of_one(tensor: Any) -> TensorSignature:
    if isinstance(tensor, tf.SparseTensor):
        return TensorSignature(tensor.values.dtype, None)
    return TensorSignature(tensor.dtype, tensor.shape)


def signatures_of(tensors: Any) -> Any:
    """The `TensorSignature` of a tensor, or a dict of them for a dict; None for None."""
    if tensors is None:
        return None
    if isinstance(tensors, dict):
        return {key: _of_one(tensor) for key, tensor in tensors.items()}
    return _of_one(tensors)


def compatible(tensors: Any, signatures: Any) -> bool:
    """Whether `tensors` match `signatures`; a dict may hold more than is asked for."""
    if tensors is None or signatures is None:
        return tensors is None and signatures is None
    if isinstance(tensors, dict) != isinstance(signatures, dict):
        return False
    if isinstance(signatures, dict):
        return all(
            key in tensors and signature.admits(tensors[key])
            for key, signature in signatures.items()
        )
    return bool(signatures.admits(tensors))


def placeholders_for(signatures: Any) -> Any:
    """Placeholders, one or a dict of them, for `signatures`; None for None."""
    if isinstance(signatures, dict):
        return {key: signature.placeholder() for key, signature in signatures.items()}
    return None if signatures is None else signatures.placeholder()
