"""What an Estimator remembers of its inputs: dtype and shape, never values."""

import collections
from typing import Any

import tensorflow.compat.v1 as tf

_Fields = collections.namedtuple("_Fields", ["dtype", "shape", "is_sparse"])


class TensorSignature(_Fields):
    """Dtype and shape of one tensor, of which the first dimension is the batch.

    `shape` is None for a sparse tensor.
    """

    __slots__ = ()

    def __new__(cls, tensor: Any) -> "TensorSignature":
        """The signature of `tensor`."""
        if isinstance(tensor, tf.SparseTensor):
            return super().__new__(cls, tensor.values.dtype, None, True)
        return super().__new__(cls, tensor.dtype, tensor.shape, False)

    def is_compatible_with(self, other: "TensorSignature") -> bool:
        """Whether both have one dtype and, the batch dimension apart, one shape."""
        if not self.dtype.is_compatible_with(other.dtype):
            return False
        if self.is_sparse or other.is_sparse:
            return self.is_sparse and other.is_sparse
        if self.shape.rank is None or other.shape.rank is None:
            return True
        if self.shape.rank != other.shape.rank:
            return False
        return bool(self.shape[1:].is_compatible_with(other.shape[1:]))

    def get_placeholder(self) -> Any:
        """A placeholder of this signature for any number of rows."""
        if self.is_sparse:
            return tf.sparse_placeholder(self.dtype)
        if not self.shape.rank:
            return tf.placeholder(self.dtype, self.shape)
        return tf.placeholder(self.dtype, [None, *self.shape[1:].as_list()])

    def get_feature_spec(self) -> Any:
        """What parses it from a ``tf.Example``, which has 64-bit integers and 32-bit floats."""
        dtype = {tf.int32: tf.int64, tf.float64: tf.float32}.get(self.dtype, self.dtype)
        if self.is_sparse:
            return tf.VarLenFeature(dtype)
        return tf.FixedLenFeature(self.shape[1:].as_list(), dtype)


def create_signatures(tensors: Any) -> Any:
    """The `TensorSignature` of a tensor, or a dict of them for a dict; None for None."""
    if tensors is None:
        return None
    if isinstance(tensors, dict):
        return {key: TensorSignature(tensor) for key, tensor in tensors.items()}
    return TensorSignature(tensors)


def tensors_compatible(tensors: Any, signatures: Any) -> bool:
    """Whether `tensors` match `signatures`; a dict may hold more than is asked for."""
    if tensors is None or signatures is None:
        return tensors is None and signatures is None
    if isinstance(tensors, dict) != isinstance(signatures, dict):
        return False
    if isinstance(signatures, dict):
        return all(
            key in tensors and TensorSignature(tensors[key]).is_compatible_with(signature)
            for key, signature in signatures.items()
        )
    return TensorSignature(tensors).is_compatible_with(signatures)


def create_placeholders_from_signatures(signatures: Any) -> Any:
    """Placeholders, one or a dict of them, for `signatures`; None for None."""
    if isinstance(signatures, dict):
        return {key: signature.get_placeholder() for key, signature in signatures.items()}
    return None if signatures is None else signatures.get_placeholder()


def create_example_parser_from_signatures(
    signatures: Any, examples_batch: Any, single_feature_name: str = "feature"
) -> Any:
    """The tensors of these signatures, parsed from serialized ``tf.Example``s.

    Args:
        signatures: one signature, or a dict of them by feature.
        examples_batch: string tensor [rows].
        single_feature_name: the feature's name where there is one signature.
    """
    single = not isinstance(signatures, dict)
    by_name = {single_feature_name: signatures} if single else signatures
    spec = {name: signature.get_feature_spec() for name, signature in by_name.items()}
    features = {
        name: feature if by_name[name].is_sparse else tf.cast(feature, by_name[name].dtype)
        for name, feature in tf.parse_example(examples_batch, spec).items()
    }
    return features[single_feature_name] if single else features
