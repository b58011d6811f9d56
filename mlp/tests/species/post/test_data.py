"""Datasets: the study's split recomputed by shuffling the arrays themselves, and bad loaders."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from mlp.species.post import data
from mlp.species.post.data import DataError

SIZES = {"iris": (15, 15, 120), "wine": (17, 17, 144), "digits": (179, 179, 1439)}
SHAPES = {"iris": (150, 4, 3), "wine": (178, 13, 3), "digits": (1797, 64, 10)}


def raw(name):
    return getattr(datasets, f"load_{name}")(return_X_y=True)


def good(rows=81):
    return np.arange(3.0 * rows).reshape(rows, 3), np.arange(rows) % 3


X, Y = good(30)


@pytest.mark.parametrize("name", SIZES)
def test_the_splits_have_the_published_sizes(name):
    split = data.split(data.load(name), 42)

    assert tuple(map(len, (split.validation, split.test, split.training))) == SIZES[name]
    dataset = data.load(name)
    assert (dataset.held_out, dataset.training_rows) == SIZES[name][1:]
    assert (*dataset.x.shape, dataset.classes) == SHAPES[name]
    assert dataset.features == SHAPES[name][1]


@pytest.mark.parametrize("file", [None, "moved.csv"])
@pytest.mark.parametrize("name", SIZES)
def test_the_arrays_are_those_of_scikit_learn_wherever_it_keeps_them(name, file):
    x, y = data.load(name).x, data.load(name).y
    if file is not None:
        x, y = data._scikit_learn(name, file)()
    for mine, theirs in zip((x, y), raw(name), strict=True):
        assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())


@pytest.mark.parametrize("seed", [0, 42, 1337, 2**32 - 1])
@pytest.mark.parametrize("name", SIZES)
def test_the_split_is_that_of_shuffling_the_arrays_themselves(name, seed):
    x, y = raw(name)
    np.random.RandomState(seed).shuffle(x)
    np.random.RandomState(seed).shuffle(y)
    k = int(0.1 * len(x))

    dataset = data.load(name)
    split = data.split(dataset, seed)

    for rows, part in (
        (split.validation, slice(0, k)),
        (split.test, slice(k, 2 * k)),
        (split.training, slice(2 * k, None)),
    ):
        assert dataset.x[rows].tobytes() == x[part].tobytes()
        np.testing.assert_array_equal(dataset.y[rows], y[part])


@pytest.mark.parametrize("name", SIZES)
def test_the_values_are_scikit_learns_own_unscaled_and_in_its_order(name):
    x, y = raw(name)

    dataset = data.load(name)

    assert dataset.x.dtype == np.float64
    assert dataset.y.dtype == np.int64
    assert dataset.x.tobytes() == np.asarray(x, np.float64).tobytes()
    np.testing.assert_array_equal(dataset.y, y)


@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_in_exactly_one_part(seed):
    split = data.split(data.load("wine"), seed)

    rows = np.concatenate([split.validation, split.test, split.training])
    assert sorted(rows) == list(range(178))


def test_the_same_seed_repeats_and_another_differs():
    iris = data.load("iris")

    assert list(data.split(iris, 3).training) == list(data.split(iris, 3).training)
    assert list(data.split(iris, 3).training) != list(data.split(iris, 4).training)


def test_neither_data_nor_split_can_be_written_to():
    iris = data.load("iris")
    for array in (iris.x, iris.y, data.split(iris, 0).training):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.usefixtures("own_registry")
class TestRegistration:
    def test_a_dataset_is_one_registration(self):
        data.register("own", good)

        assert data.names()[-1] == "own"
        own = data.load("own")
        assert (own.features, own.classes, own.held_out, own.training_rows) == (3, 3, 8, 65)

    def test_a_special_dataset_is_there_for_those_who_name_it(self):
        data.register("own", good, opt_in=True)

        assert "own" not in data.names()
        data.check_name("own")
        assert data.load("own").name == "own"

    def test_the_loader_runs_when_first_used_and_once(self):
        calls = []
        data.register("own", lambda: calls.append(1) or good())
        assert not calls

        assert data.load("own") is data.load("own")
        assert calls == [1]

    def test_the_digest_follows_the_values(self):
        x, y = good()
        changed = x.copy()
        changed[3, 1] += 1e-9
        for name, loader in {
            "one": lambda: (x, y),
            "same": lambda: (x.tolist(), y.tolist()),
            "moved": lambda: (changed, y),
            "relabelled": lambda: (x, y[::-1].copy()),
        }.items():
            data.register(name, loader)

        digests = [data.load(n).digest for n in ("one", "same", "moved", "relabelled")]
        assert digests[0] == digests[1]
        assert len(set(digests)) == 3

    @pytest.mark.parametrize("name", ["iris", "own"])
    def test_a_name_that_is_taken_is_refused(self, name):
        data.register("own", good)
        with pytest.raises(DataError, match=rf"must be new; '{name}' exists already: choose"):
            data.register(name, good)

    @pytest.mark.parametrize(
        "name", ["", "a,b", "it's", 'a"b', "a/b", "a b", "a\n", "é", 5, None, b"own", ["own"]]
    )
    def test_a_name_is_plain(self, name):
        with pytest.raises(DataError, match=r"must consist of letters, .*: choose") as refused:
            data.register(name, good)
        assert f"got {name!r}" in str(refused.value)
        data.register("Own_2.b-c", good)

    @pytest.mark.parametrize("rows", [30, 80])
    def test_a_dataset_for_every_claim_has_more_rows_than_a_batch(self, rows):
        data.register("own", lambda: good(rows))
        with pytest.raises(DataError, match=rf"81 rows or more.* has {rows} rows: .*opt_in=True"):
            data.load("own")

        data.register("few", lambda: good(rows), opt_in=True)
        assert len(data.load("few").y) == rows

    @pytest.mark.parametrize(
        ("x", "y", "told"),
        [
            (np.zeros(30), Y, r"has x \(30,\), y \(30,\)"),
            (X, np.zeros((30, 1)), r"y \(30, 1\)"),
            (X, Y[:29], r"y \(29,\)"),
            (np.zeros((30, 0)), Y, r"at least one feature; .* x \(30, 0\)"),
            (X[:29], Y[:29], "30 or more; 'own' has 29 rows"),
            (X[:0], Y[:0], "has 0 rows"),
            (np.where(X == 4, np.nan, X), Y, "float32; 'own' has nan in row 1, column 1"),
            (np.where(X == 4, -np.inf, X), Y, "has -inf in row 1, column 1"),
            (X * 1e300, Y, r"float32; 'own' has 1e\+300 in row 0, column 1"),
            (X, np.where(Y == 2, np.nan, Y), "whole numbers; 'own' has nan in row 2"),
            (X, np.where(Y == 2, np.inf, Y), "whole numbers; 'own' has inf in row 2"),
            (X, Y + 0.5, "whole numbers; 'own' has 0.5 in row 0"),
            (X, Y + 1, "count from 0; 'own' has 1 as its lowest label"),
            (X, Y - 1, "count from 0; 'own' has -1 as its lowest label"),
            (X, Y % 2 * 2, "without a gap; 'own' has no label 1, but a label 2"),
            (X, Y % 2 * 1e300, r"has no label 1, but a label 1e\+300"),
            (X, np.zeros(30), "at least 2 classes; 'own' has 0 in every row"),
            ([["a"] * 2] * 30, Y, r"features must be real numbers; 'own' has .*'a'.* \(<U1\)"),
            (X * 1j, Y, r"features must be real numbers; 'own' has .*0j.* \(complex128\)"),
            (X, ["setosa"] * 30, "labels must be real numbers; 'own' has .*'setosa'"),
            (X, np.array(["setosa"] * 30, object), r"labels .* has 'setosa' \(object\)"),
            (X, np.array([10**400] * 30, object), "labels must be real numbers; 'own' has 10"),
            (X, np.array(["0", "1"] * 15, object), r"real numbers; 'own' has '0' \(object\)"),
            (np.array([[1.0, "x"]] * 30, object), Y, r"has 'x' \(object\)"),
            (X, np.zeros(30, "M8[s]"), "labels must be real numbers"),
            (None, None, r"features must be real numbers; 'own' has None"),
            ([[1.0], [1.0, 2.0]] * 15, Y, "'own' raised ValueError"),
        ],
    )
    def test_arrays_that_cannot_be_used_are_told_the_rule_and_the_value(self, x, y, told):
        data.register("own", lambda: (x, y), opt_in=True)
        with pytest.raises(DataError, match=told) as refused:
            data.load("own")
        assert "'own'" in str(refused.value)
        assert "fix" in str(refused.value)

    @pytest.mark.parametrize("kind", [bool, np.uint8, np.float32, object])
    def test_numbers_of_any_kind_are_taken(self, kind):
        data.register("own", lambda: (X.astype(kind), (Y % 2).astype(kind)), opt_in=True)

        own = data.load("own")

        assert (own.x.dtype, own.y.dtype) == (np.float64, np.int64)
        assert own.y.tolist() == (Y % 2).tolist()

    def test_a_loader_s_own_arrays_stay_its_own(self):
        x, y = good()
        data.register("own", lambda: (x, y))
        data.load("own")

        x[0], y[0] = 7, 1

        assert (x[0] == 7).all()
        assert data.load("own").x[0].tolist() != x[0].tolist()

    @pytest.mark.parametrize("loader", [lambda: 3, lambda: good()[0], lambda: 1 / 0, None, "iris"])
    def test_a_loader_that_fails_is_refused_by_name(self, loader):
        data.register("own", loader)
        with pytest.raises(DataError, match="'own'") as refused:
            data.load("own")
        assert "fix" in str(refused.value)

    def test_a_loader_s_error_is_told_with_its_place(self):
        def loader():
            return np.load("nowhere.npy")  # raises within NumPy

        data.register("own", loader)
        line = loader.__code__.co_firstlineno + 1
        with pytest.raises(DataError, match=rf"No such file.*\) at {__file__}:{line}: fix it"):
            data.load("own")


@pytest.mark.parametrize("use", [data.check_name, data.load])
@pytest.mark.parametrize("name", ["irish", "", "Iris", None, 3, ["iris"]])
def test_an_unknown_dataset_is_told_those_there_are(use, name):
    with pytest.raises(DataError) as told:
        use(name)
    assert "iris, wine, digits" in str(told.value)
    assert f"got {name!r}" in str(told.value)


def test_a_misspelt_dataset_is_told_the_nearest():
    with pytest.raises(DataError, match="did you mean 'digits'"):
        data.load("digit")
