"""The datasets, and how a seed splits each of them.

Features are raw and unscaled, float64 `[rows, features]`. Labels are int64 `[rows]`. The split is
that of the study: NumPy's legacy `RandomState(seed)` shuffles the rows. The first
`k = int(0.1 * rows)` rows are for validation, the next `k` for test, the others for training.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.choice import one_of
from mlp.lab.datasets import DatasetError
from mlp.species.post.installation import missing

Loader = Callable[[], tuple[NDArray[np.float64], NDArray[np.int64]]]


class DataError(DatasetError):
    """A dataset that does not exist, or that cannot be used."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """`x` float64 [rows, features], `y` int64 [rows] with classes 0..classes-1.

    `digest` is a SHA-256 of both. It stands for the data in the key of a run.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]
    digest: str

    @property
    def features(self) -> int:
        """Number of columns of `x`."""
        return int(self.x.shape[1])

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1

    @property
    def held_out(self) -> int:
        """Number of validation rows, and of test rows: `int(0.1 * rows)` each."""
        return int(0.1 * len(self.y))

    @property
    def training_rows(self) -> int:
        """Number of training rows."""
        return len(self.y) - 2 * self.held_out


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers in the dataset's own order, int64: `validation` [k], `test` [k], `training`."""

    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    training: NDArray[np.int64]


MIN_ROWS = 81
"""Fewest rows of a dataset that all claims use: more than one batch of 64 is left for training."""

MIN_ROWS_SPECIAL = 30
"""Fewest rows of an opt-in dataset: three for validation, and three for test."""

_LOADERS: dict[str, Loader] = {}
_SPECIAL: set[str] = set()


def register(name: str, loader: Loader, *, opt_in: bool = False) -> None:
    """Add a dataset: `loader()` returns features [rows, features] and labels [rows] 0..classes-1.

    The loader runs when the dataset is first used. A claim that names no dataset is asked on every
    dataset. A dataset registered with `opt_in` is used only by claims that name it.

    A dataset needs 81 rows, so that more than one batch of 64 is left for training. An opt-in
    dataset needs 30 rows. With fewer than 81 rows, claims about genes that act on the rows may be
    refused.

    Raises:
        DataError: the name is taken, or holds other characters than letters, digits, "_-.".
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise DataError(
            "a dataset's name must consist of letters, digits, '_', '-' and '.'; "
            f"got {name!r}: choose another name"
        )
    if name in _LOADERS:
        raise DataError(
            f"a dataset's name must be new; {name!r} exists already: choose another name"
        )
    _LOADERS[name] = loader
    if opt_in:
        _SPECIAL.add(name)


def names() -> tuple[str, ...]:
    """Names of the registered datasets that are not opt-in, in order of registration."""
    return tuple(name for name in _LOADERS if name not in _SPECIAL)


def check_name(name: str) -> None:
    """Refuse the name of a dataset that does not exist. Nothing is loaded.

    Raises:
        DataError: no dataset has this name. The message lists the datasets.
    """
    one_of("dataset", name, _LOADERS, DataError)


def load(name: str) -> Dataset:
    """The dataset called `name`.

    Raises:
        DataError: no dataset has this name (the message lists the datasets), its loader fails, its
            arrays have the wrong shape or values, or scikit-learn is missing.
    """
    check_name(name)
    return _load(name)


class Registry(Mapping[str, Loader]):
    """The registered datasets, as the species knows them: those that are opt-in are not listed."""

    def __getitem__(self, name: str) -> Loader:
        check_name(name)
        return _LOADERS[name]

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())

    @property
    def known(self) -> tuple[str, ...]:
        """All of them, those that are opt-in too."""
        return tuple(_LOADERS)

    def held_out(self, name: str) -> int:
        """The number of validation rows of a dataset."""
        return load(name).held_out


DATASETS = Registry()


def _place(error: BaseException) -> str:
    """The file and line of a loader's own code where an error arose; "" if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename != __file__ and "site-packages" not in f.filename]
    return f" at {own[-1].filename}:{own[-1].lineno}" if own else ""


@cache
def _load(name: str) -> Dataset:
    try:
        features, labels = (np.asarray(given) for given in _LOADERS[name]())
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"a dataset's loader must return features and labels; the loader of {name!r} raised "
            f"{type(error).__name__} ({error}){_place(error)}: fix it"
        ) from error
    x, counted = _numbers(name, "features", features), _numbers(name, "labels", labels)
    _check_shapes(name, x, counted)
    _check_features(name, x)
    _check_labels(name, counted)
    y = counted.astype(np.int64)
    x.setflags(write=False)
    y.setflags(write=False)
    digest = hashlib.sha256(repr((x.shape, y.shape)).encode() + x.tobytes() + y.tobytes())
    return Dataset(name, x, y, digest.hexdigest())


def _refused(name: str, rule: str, seen: object) -> DataError:
    return DataError(f"a dataset's {rule}; {name!r} has {seen}: fix its loader")


def _numbers(name: str, what: str, given: NDArray[Any]) -> NDArray[np.float64]:
    """`given` as a new float64 array."""
    values = given.ravel().tolist() if given.dtype.kind not in "biuf" else []
    odd = [value for value in values if not isinstance(value, Real)]
    try:
        if not odd:
            return np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError):
        odd = values or ["none"]
    raise _refused(name, f"{what} must be real numbers", f"{odd[0]!r:.60} ({given.dtype})")


def _check_shapes(name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    if x.ndim != 2 or x.shape[1] < 1 or y.shape != (len(x),):
        raise _refused(
            name,
            "arrays must be x [rows, features] and y [rows], with at least one feature",
            f"x {x.shape}, y {y.shape}",
        )
    if len(x) < MIN_ROWS_SPECIAL:
        raise _refused(name, f"rows must be {MIN_ROWS_SPECIAL} or more", f"{len(x)} rows")
    if len(x) < MIN_ROWS and name not in _SPECIAL:
        raise DataError(
            f"a dataset that all claims use must have {MIN_ROWS} rows or more, so that one batch "
            f"of 64 does not hold all training rows; {name!r} has {len(x)} rows: register it with "
            "opt_in=True, or give more rows"
        )


def _check_features(name: str, x: NDArray[np.float64]) -> None:
    with np.errstate(over="ignore"):
        broken = np.argwhere(~np.isfinite(x.astype(np.float32)))
    if len(broken):
        row, column = broken[0]
        seen = f"{x[row, column]} in row {row}, column {column}"
        raise _refused(name, "features must be finite in float32", seen)


def _check_labels(name: str, y: NDArray[np.float64]) -> None:
    broken = np.flatnonzero(~np.isfinite(y) | (y != np.floor(y)))
    if len(broken):
        seen = f"{y[broken[0]]} in row {broken[0]}"
        raise _refused(name, "labels must be whole numbers", seen)
    classes = np.unique(y)
    if len(classes) < 2:
        raise _refused(name, "labels must name at least 2 classes", f"{classes[0]:g} in every row")
    if classes[0] != 0:
        raise _refused(name, "labels must count from 0", f"{classes[0]:g} as its lowest label")
    if classes[-1] != len(classes) - 1:
        gap = np.flatnonzero(classes != np.arange(len(classes)))[0]
        rule = "labels must be 0, 1, 2, ... without a gap"
        raise _refused(name, rule, f"no label {gap}, but a label {classes[gap]:g}")


@lru_cache(maxsize=256)
def split(dataset: Dataset, seed: int) -> Split:
    """The split of `dataset` that `seed` (0 to 2**32 - 1) makes."""
    rows = np.arange(len(dataset.y))
    np.random.RandomState(seed).shuffle(rows)
    k = dataset.held_out
    rows.setflags(write=False)
    return Split(rows[:k], rows[k : 2 * k], rows[2 * k :])


def _scikit_learn(name: str, file: str) -> Loader:
    """What `sklearn.datasets.load_<name>` returns, read from its file where that is in place.

    To import `sklearn.datasets` takes half a second and 45 MB, in every process.
    """

    def loader() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        found = find_spec("sklearn")
        if found is None or not found.submodule_search_locations:
            raise DataError(str(missing(f"dataset {name!r}", "scikit-learn")))
        path = Path(found.submodule_search_locations[0], "datasets", "data", file)
        if path.is_file():
            rows = np.loadtxt(path, delimiter=",", skiprows=0 if name == "digits" else 1)
            return rows[:, :-1], rows[:, -1].astype(np.int64)
        from sklearn import datasets

        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return x, y

    return loader


def _wine_scaled() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Wine, each feature brought to mean 0 and standard deviation 1 over all rows."""
    wine = load("wine")
    return (wine.x - wine.x.mean(axis=0)) / wine.x.std(axis=0), wine.y


for _name, _file in {
    "iris": "iris.csv",
    "wine": "wine_data.csv",
    "digits": "digits.csv.gz",
}.items():
    register(_name, _scikit_learn(_name, _file))
register("wine_scaled", _wine_scaled, opt_in=True)
