"""The feeder's order, its shapes and its types."""

import itertools
import sys
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import DataFeeder, StreamingDataFeeder
from mlp.estimator.data_feeder import setup_train_data_feeder
from mlp.tests.estimator.models import slices


def started(feeder):
    """(feed function by placeholder, x placeholder, y placeholder) in a graph of its own."""
    with tf.Graph().as_default() as graph:
        x, y = feeder.input_builder()
    feed = feeder.get_feed_dict_fn()
    return lambda: {graph.as_graph_element(key): fed for key, fed in feed().items()}, x, y


def drained(feeder):
    """All batches (x, y) of a feeder that ends."""
    feed, x, y = started(feeder)
    batches = []
    while True:
        try:
            fed = feed()
        except StopIteration:
            return batches
        batches.append((fed[x], None if y is None else fed[y]))


def test_slices_of_one_permutation_after_another():
    feed, x, y = started(DataFeeder(np.arange(10), np.arange(10) * 2, batch_size=4))
    for rows in slices(10, 4, 7):
        fed = feed()
        np.testing.assert_array_equal(fed[x][:, 0], rows)
        np.testing.assert_array_equal(fed[y], 2 * rows)


def test_the_last_slice_of_an_epoch_is_short_and_the_epoch_complete():
    feed, x, _ = started(DataFeeder(np.arange(10), None, batch_size=4))
    first, second = ([feed()[x][:, 0] for _ in range(3)] for _ in range(2))
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(10))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_a_batch_that_divides_the_rows_leaves_no_empty_slice():
    feed, x, _ = started(DataFeeder(np.arange(6), None, batch_size=3))
    assert [len(feed()[x]) for _ in range(5)] == [3] * 5


@pytest.mark.parametrize("batch_size", [None, 10, 25])
def test_whole_epochs(batch_size):
    feed, x, _ = started(DataFeeder(np.arange(10), None, batch_size=batch_size))
    for rows in slices(10, 10, 3):
        np.testing.assert_array_equal(feed()[x][:, 0], rows)


def test_the_generator_is_its_own():
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    feed, _, _ = started(DataFeeder(np.arange(5), None, batch_size=2))
    feed()
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_another_generator_can_be_given():
    feeder = DataFeeder(np.arange(8), None, random_state=np.random.RandomState(3))
    feed, x, _ = started(feeder)
    np.testing.assert_array_equal(feed()[x][:, 0], np.random.RandomState(3).permutation(8))


def test_in_order_and_once():
    batches = drained(DataFeeder(np.arange(5), np.arange(5), None, 2, False, epochs=1))
    assert [batch.ravel().tolist() for batch, _ in batches] == [[0, 1], [2, 3], [4]]
    assert [labels.tolist() for _, labels in batches] == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.int32, np.int64, np.uint8, np.bool_], ids=str
)
def test_placeholders_take_numpys_types(dtype):
    _, x, y = started(DataFeeder(np.ones((3, 2), dtype), np.ones(3, dtype)))
    assert x.dtype == y.dtype == tf.as_dtype(dtype)


def test_numpys_defaults_are_float64_and_int64():
    _, x, y = started(DataFeeder(np.array([[0.5], [1.5]]), [0, 1]))
    assert (x.dtype, y.dtype) == (tf.float64, tf.int64)


@pytest.mark.parametrize(
    ("shape", "features", "labels"),
    [
        ((6,), [None, 1], [None]),
        ((6, 1), [None, 1], [None]),
        ((6, 3), [None, 3], [None, 3]),
        ((6, 1, 3), [None, 1, 3], [None, 3]),
        ((6, 2, 3), [None, 2, 3], [None, 2, 3]),
    ],
)
def test_shapes(shape, features, labels):
    data = np.arange(np.prod(shape)).reshape(shape)
    feed, x, y = started(DataFeeder(data, data, None, 4, shuffle=False))
    assert (x.shape.as_list(), y.shape.as_list()) == (features, labels)
    fed = feed()
    np.testing.assert_array_equal(fed[x], data[:4].reshape(4, *features[1:]))
    np.testing.assert_array_equal(fed[y], data[:4].reshape(4, *labels[1:]))


def test_dicts_of_arrays():
    x = {"a": np.arange(4.0), "b": np.arange(8).reshape(4, 2)}
    feed, features, labels = started(DataFeeder(x, {"c": np.arange(4)}, None, 3, shuffle=False))
    assert features["a"].op.name == "input_a"
    assert labels["c"].op.name == "output_c"
    fed = feed()
    np.testing.assert_array_equal(fed[features["a"]], [[0], [1], [2]])
    np.testing.assert_array_equal(fed[features["b"]], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(fed[labels["c"]], [0, 1, 2])


def test_no_labels_no_placeholder():
    assert started(DataFeeder(np.arange(3), None))[2] is None


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_size_below_one(batch_size):
    with pytest.raises(ValueError, match=f"Invalid batch_size {batch_size}"):
        DataFeeder(np.arange(3), None, None, batch_size)
    with pytest.raises(ValueError, match=f"Invalid batch_size {batch_size}"):
        StreamingDataFeeder(iter([np.ones(2)]), None, None, batch_size)


@pytest.mark.parametrize("x", [[[1.0]], (1, 2), "text", {"a": [1, 2]}], ids=str)
@pytest.mark.parametrize("error", [TypeError, AttributeError])
def test_features_must_be_arrays(x, error):
    with pytest.raises(error, match=r"x must be an array.*wrap it in numpy.asarray"):
        DataFeeder(x, None)


@pytest.mark.parametrize("error", [TypeError, AttributeError])
def test_labels_must_be_an_array_or_a_list(error):
    with pytest.raises(error, match=r"y must be an array.*got tuple"):
        DataFeeder(np.arange(2), (1, 2))


def test_a_stream_in_batches_to_its_end():
    rows = [np.array([row, row + 0.5]) for row in range(5)]
    batches = drained(setup_train_data_feeder(iter(rows), iter(range(5)), None, 2))
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in batches]), rows)
    assert [labels.tolist() for _, labels in batches] == [[0, 1], [2, 3], [4]]


def test_a_stream_without_a_batch_size_goes_row_by_row():
    batches = drained(setup_train_data_feeder(iter([np.ones(2)] * 3), None))
    assert [batch.shape for batch, _ in batches] == [(1, 2)] * 3


def test_a_stream_that_batches_divide_ends_as_well():
    assert len(drained(setup_train_data_feeder(iter([np.ones(2)] * 4), None, None, 2))) == 2


def test_a_stream_of_dicts_and_of_listed_labels():
    x = ({"a": np.array([row, row])} for row in itertools.count())
    feed, features, labels = started(
        setup_train_data_feeder(x, ([row] for row in itertools.count()), None, 2)
    )
    fed = feed()
    np.testing.assert_array_equal(fed[features["a"]], [[0, 0], [1, 1]])
    np.testing.assert_array_equal(fed[labels], [0, 1])


def test_a_streamed_list_of_numbers_is_labelled_by_the_first():
    labels = iter([[np.int32(1), np.int32(5)], [np.int32(2), np.int32(6)]])
    (batch,) = drained(setup_train_data_feeder(iter([np.ones(1)] * 2), labels, None, 3))
    np.testing.assert_array_equal(batch[1], [1, 2])
    assert batch[1].dtype == np.int32


def test_a_stream_ends_where_its_labels_do():
    assert (
        len(drained(setup_train_data_feeder(iter([np.ones(1)] * 4), iter([1, 2, 3]), None, 2))) == 1
    )


def test_a_stream_needs_streamed_labels():
    with pytest.raises(ValueError, match="Both x and y should be iterators"):
        setup_train_data_feeder(iter([np.ones(1)]), np.ones(1))


class Labelled:
    """As much of a pandas Series as the feeder knows: rows by label, values by `to_numpy`."""

    dtype = np.dtype(np.int64)
    shape = (3,)

    def __init__(self, values):
        self.values = values

    def __getitem__(self, labels):
        raise KeyError(labels)

    def to_numpy(self):
        return np.array(self.values)


def test_series_in_dicts_are_fed_by_position(monkeypatch):
    pandas = types.SimpleNamespace(Series=Labelled, DataFrame=type("DataFrame", (), {}))
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    feeder = DataFeeder({"a": Labelled([7, 8, 9])}, {"b": Labelled([1, 2, 3])}, shuffle=False)
    feed, x, y = started(feeder)
    fed = feed()
    np.testing.assert_array_equal(fed[x["a"]], [[7], [8], [9]])
    np.testing.assert_array_equal(fed[y["b"]], [1, 2, 3])
    with pytest.raises(TypeError, match=r"x must be an array.*got DataFrame"):
        DataFeeder({"a": pandas.DataFrame()}, None)


def test_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [True, False]})
    feed, x, y = started(DataFeeder(frame, pandas.Series([3, 4]), shuffle=False))
    assert x.dtype == tf.float64
    fed = feed()
    np.testing.assert_array_equal(fed[x], [[1, 1], [2, 0]])
    np.testing.assert_array_equal(fed[y], [3, 4])
    with pytest.raises(ValueError, match="Data types for extracting pandas data"):
        DataFeeder(pandas.DataFrame({"a": ["text"]}), None)
    with pytest.raises(ValueError, match="Only one column for labels"):
        DataFeeder(frame, frame)
    shuffled = pandas.Series([3, 4, 5], index=[2, 0, 1])
    feed, x, y = started(DataFeeder({"a": shuffled}, {"b": shuffled}, shuffle=False))
    fed = feed()
    np.testing.assert_array_equal(fed[x["a"]], [[3], [4], [5]])
    np.testing.assert_array_equal(fed[y["b"]], [3, 4, 5])
    with pytest.raises(TypeError, match=r"x must be an array.*got DataFrame"):
        DataFeeder({"a": frame}, None)
    np.testing.assert_array_equal(learn.extract_pandas_matrix(frame[["a"]]), [[1], [2]])


def test_what_is_not_pandas_is_extracted_as_it_is():
    data = [1, 2]
    assert learn.extract_pandas_data(data) is data
    assert learn.extract_pandas_labels(data) is data
    assert learn.extract_pandas_matrix(data) is data
