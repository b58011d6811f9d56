"""From pandas to NumPy. pandas is not imported: who passes a frame has imported it."""

import sys
from typing import Any

import numpy as np


def extract_pandas_data(data: Any) -> Any:
    """A frame's values [rows, columns] as float64; anything else untouched.

    Raises:
        ValueError: a column that is neither of integers, floats nor booleans.
    """
    if not is_frame(data):
        return data
    _assert_numeric(data, "Data types for extracting pandas data must be int, float, or bool.")
    return data.to_numpy().astype(np.float64)


def extract_pandas_matrix(data: Any) -> Any:
    """A frame's values [rows, columns] as they are; anything else untouched."""
    return data.to_numpy() if is_frame(data) else data


def extract_pandas_labels(labels: Any) -> Any:
    """The values [rows, 1] of a frame of one column; anything else untouched.

    Raises:
        ValueError: several columns, or one that is neither of integers, floats nor booleans.
    """
    if not is_frame(labels):
        return labels
    if len(labels.columns) > 1:
        raise ValueError("Only one column for labels is allowed.")
    _assert_numeric(labels, "Data types for extracting labels must be int, float, or bool.")
    return labels.to_numpy()


def is_frame(data: Any) -> bool:
    """Whether `data` is a pandas DataFrame."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def is_series(data: Any) -> bool:
    """Whether `data` is a pandas Series."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.Series)


def _assert_numeric(frame: Any, rule: str) -> None:
    bad = [
        f"'{column}' type='{dtype.name}'"
        for column, dtype in frame.dtypes.items()
        if dtype.kind not in "iufb"
    ]
    if bad:
        raise ValueError(f"{rule} Found: {', '.join(bad)}")
