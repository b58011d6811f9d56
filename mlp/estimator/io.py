"""Input functions and what turns frames into arrays, as ``learn.io`` had them.

``learn.io``'s readers of batches of examples are not here.
"""

import importlib.util

from mlp.estimator.dask_io import HAS_DASK, extract_dask_data, extract_dask_labels
from mlp.estimator.generator_io import generator_input_fn
from mlp.estimator.input_fns import numpy_input_fn, pandas_input_fn
from mlp.estimator.pandas_io import (
    extract_pandas_data,
    extract_pandas_labels,
    extract_pandas_matrix,
)

HAS_PANDAS = importlib.util.find_spec("pandas") is not None

__all__ = [
    "HAS_DASK",
    "HAS_PANDAS",
    "extract_dask_data",
    "extract_dask_labels",
    "extract_pandas_data",
    "extract_pandas_labels",
    "extract_pandas_matrix",
    "generator_input_fn",
    "numpy_input_fn",
    "pandas_input_fn",
]
