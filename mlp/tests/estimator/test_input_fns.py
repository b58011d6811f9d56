"""Input functions: which rows come, in which batches, how often, and what is refused."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator.data_feeder import setup_train_data_feeder
from mlp.tests.estimator.models import TEN, build, checkpoint_steps, mean_model

X = {"b": np.arange(5) * 2, "a": np.arange(10.0).reshape(5, 2)}
Y = np.arange(5)


def batches(input_fn, most=None):
    """What `input_fn` gives to its end, or `most` batches of it."""
    found = []
    with tf.Graph().as_default():
        tensors = input_fn()
        with tf.train.MonitoredSession() as session:
            while not session.should_stop() and (most is None or len(found) < most):
                found.append(session.run(tensors))
    return found


def labels_of(input_fn, most=None):
    return [labels.tolist() for _, labels in batches(input_fn, most)]


def test_rows_in_order_with_a_short_last_batch():
    (first, one), (second, two), (third, three) = batches(
        learn.io.numpy_input_fn(X, Y, batch_size=2, shuffle=False)
    )
    assert [one.tolist(), two.tolist(), three.tolist()] == [[0, 1], [2, 3], [4]]
    assert sorted(first) == ["a", "b"]
    np.testing.assert_array_equal(second["a"], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(third["b"], [8])
    assert first["a"].dtype == np.float64


@pytest.mark.parametrize(
    ("size", "epochs", "expected"),
    [
        (2, 2, [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]),
        (7, 2, [[0, 1, 2, 3, 4, 0, 1], [2, 3, 4]]),
        (100, 3, [[0, 1, 2, 3, 4] * 3]),
        (3, 0, []),
    ],
)
def test_epochs(size, epochs, expected):
    assert labels_of(learn.io.numpy_input_fn(X, Y, size, epochs, shuffle=False)) == expected


def test_without_epochs_there_is_no_end():
    endless = learn.io.numpy_input_fn(X, Y, 4, num_epochs=None, shuffle=False)
    assert labels_of(endless, 3) == [[0, 1, 2, 3], [4, 0, 1, 2], [3, 4, 0, 1]]


def test_shuffled_rows_are_each_epochs_rows():
    (batch,) = labels_of(learn.io.numpy_input_fn(X, Y, 100, num_epochs=2))
    assert sorted(batch) == sorted([0, 1, 2, 3, 4] * 2)
    rows = np.arange(100)
    (batch,) = labels_of(learn.io.numpy_input_fn({"x": rows}, rows, 100))
    assert sorted(batch) == rows.tolist()
    assert batch != rows.tolist()


def test_several_threads_read_an_epoch_each(caplog):
    with caplog.at_level("WARNING", logger="tensorflow"):
        found = labels_of(learn.io.numpy_input_fn(X, Y, 100, shuffle=False, num_threads=3))
    assert sorted(np.concatenate(found)) == sorted([0, 1, 2, 3, 4] * 3)
    assert [message.split(":")[0] for message in caplog.messages] == [
        "num_epochs counts for each of 3 threads",
        "3 threads read the rows at once",
    ]


def test_features_alone():
    ((first, second),) = [batches(learn.io.numpy_input_fn(X, batch_size=3, shuffle=False))]
    np.testing.assert_array_equal(second["b"], [6, 8])
    assert sorted(first) == ["a", "b"]


def test_the_program_everybody_copied_trains_evaluates_and_predicts(tmp_path):
    def model_fn(features, labels, mode):
        return mean_model(features["x"][:, tf.newaxis], labels, mode)

    estimator = build(model_fn, tmp_path)
    once = learn.io.numpy_input_fn({"x": TEN}, TEN, 4, shuffle=False)
    estimator.fit(input_fn=learn.io.numpy_input_fn({"x": TEN}, TEN, 4, num_epochs=None), steps=3)
    estimator.fit(input_fn=once)
    assert checkpoint_steps(tmp_path)[-1] == 6
    assert len(list(estimator.predict(input_fn=once))) == 10
    w = estimator.get_variable_value("w")
    losses = [w * TEN[at : at + 4].mean() for at in (0, 4, 8)]
    assert estimator.evaluate(input_fn=once)["loss"] == pytest.approx(np.mean(losses))


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (np.arange(3), None, TypeError, "x must be dict; got ndarray"),
        ({"a": np.arange(3)}, np.arange(4), ValueError, "must have the same length"),
        ({"a": np.arange(3), "b": np.arange(4)}, None, ValueError, "must have the same length"),
    ],
)
def test_arrays_that_do_not_fit(x, y, error, message):
    input_fn = learn.io.numpy_input_fn(x, y)
    with tf.Graph().as_default(), pytest.raises(error, match=message):
        input_fn()


@pytest.mark.parametrize("make", [learn.io.numpy_input_fn, learn.io.pandas_input_fn])
def test_shuffle_is_a_bool(make):
    with pytest.raises(TypeError, match="shuffle must be explicitly set as boolean; got None"):
        make(X, Y, shuffle=None)


def test_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}, index=[7, 8, 9])
    target = pandas.Series([0.5, 1.5, 2.5], index=[7, 8, 9])
    (first, one), (second, two) = batches(
        learn.io.pandas_input_fn(frame, target, batch_size=2, shuffle=False)
    )
    assert (first["a"].tolist(), first["b"].tolist()) == ([1, 2], [b"x", b"y"])
    assert (second["a"].tolist(), one.tolist(), two.tolist()) == ([3], [0.5, 1.5], [2.5])
    only = batches(learn.io.pandas_input_fn(frame, batch_size=9, queue_capacity=None))
    assert sorted(only[0]["a"]) == [1, 2, 3]


def test_frames_that_do_not_fit():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"target": [1, 2]})
    with pytest.raises(ValueError, match="Cannot use name target for target column"):
        learn.io.pandas_input_fn(frame, frame["target"])
    moved = pandas.Series([1, 2], index=[1, 2])
    with pytest.raises(ValueError, match="Index for x and y are mismatched"):
        learn.io.pandas_input_fn(frame, moved, target_column="y")
    with pytest.raises(TypeError, match="must be a pandas DataFrame; got dict"):
        learn.io.pandas_input_fn(X)


def rows():
    for row in range(4):
        yield {"x": np.array([row, row + 0.5]), "y": np.array(row * 10), "z": np.array([row])}


def test_a_generator():
    (batch,) = batches(learn.io.generator_input_fn(rows, "y", batch_size=4, shuffle=False), 1)
    features, labels = batch
    assert sorted(features) == ["x", "z"]
    np.testing.assert_array_equal(features["x"][1], [1, 1.5])
    assert labels.tolist() == [0, 10, 20, 30]


def test_a_generators_last_portion_is_filled_from_the_next_pass():
    found = labels_of(learn.io.generator_input_fn(rows, "y", batch_size=9, shuffle=False))
    assert found == [[0, 10, 20, 30, 0, 10]]


def test_several_targets_and_none():
    ((features, labels),) = batches(
        learn.io.generator_input_fn(rows, ["y", "z"], batch_size=4, shuffle=False), 1
    )
    assert (list(features), sorted(labels)) == (["x"], ["y", "z"])
    (features,) = batches(learn.io.generator_input_fn(rows, batch_size=4, shuffle=False), 1)
    assert sorted(features) == ["x", "y", "z"]


def test_padding():
    def ragged():
        for length in (1, 3, 2):
            yield {"x": np.full(length, length)}

    ((first),) = batches(
        learn.io.generator_input_fn(ragged, batch_size=3, shuffle=False, pad_value=-1), 1
    )
    assert first["x"].tolist() == [[1, -1, -1], [3, 3, 3], [2, 2, -1]]
    with pytest.raises(NotImplementedError, match="padding and shuffling"):
        learn.io.generator_input_fn(ragged, pad_value=0)()


def test_what_a_generator_raises_is_raised_where_the_session_runs():
    def other_keys():
        yield {"x": np.zeros(1)}
        yield {"y": np.zeros(1)}

    with pytest.raises(KeyError, match="key mismatch between dicts"):
        batches(learn.io.generator_input_fn(other_keys, batch_size=1, shuffle=False), 3)


@pytest.mark.parametrize(
    ("x", "target", "error", "message"),
    [
        (X, None, TypeError, "x must be generator function; got dict"),
        (lambda: [1], None, TypeError, r"x\(\) must be generator; got list"),
        (lambda: (row for row in [1]), None, TypeError, r"x\(\) must yield dict; got int"),
        (rows, 1, TypeError, "target_key must be str or Container of str; got int"),
        (rows, [1], TypeError, "target_key must be str or Container of str; got int"),
        (rows, ["absent"], KeyError, "target_key not in yielded dict"),
    ],
)
def test_generators_that_are_none(x, target, error, message):
    with pytest.raises(error, match=message):
        learn.io.generator_input_fn(x, target)


def test_a_queue_that_python_fills_stops_with_its_session():
    endless = learn.io.numpy_input_fn(X, Y, 2, num_epochs=None)
    with tf.Graph().as_default():
        endless()
        (runner,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
        coord = tf.train.Coordinator()
        with tf.Session() as session:
            threads = runner.create_threads(session, coord, daemon=True, start=True)
            assert runner.create_threads(session, coord, start=True) == []
            coord.request_stop()
            coord.join(threads, stop_grace_period_secs=20)
        assert not any(thread.is_alive() for thread in threads)
        with pytest.raises(NotImplementedError, match="cannot be exported"):
            runner.to_proto()


def test_dask():
    pandas = pytest.importorskip("pandas")
    dask = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(pandas.DataFrame({"a": range(6), "b": range(6)}), npartitions=3)
    data = learn.io.extract_dask_data(frame)
    assert data.divisions == (0, 2, 4, 6)
    assert data.compute().index.tolist() == list(range(6))
    assert learn.io.extract_dask_labels(frame["a"]).compute().tolist() == list(range(6))
    with pytest.raises(ValueError, match="Only one column for labels is allowed"):
        learn.io.extract_dask_labels(frame)
    feeder = setup_train_data_feeder(frame, frame["a"], shuffle=False)
    assert (feeder.x[:, 0].tolist(), feeder.y.tolist()) == ([*range(6)], [*range(6)])


def test_what_is_not_dasks_is_left_alone():
    assert learn.io.extract_dask_data(X) is X
    assert learn.io.extract_dask_labels(Y) is Y
