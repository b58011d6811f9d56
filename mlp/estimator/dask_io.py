"""From Dask to what can be fed. Dask is not imported: who passes a frame has imported it."""

import importlib.util
import sys
from itertools import accumulate
from typing import Any

HAS_DASK = importlib.util.find_spec("dask") is not None


def extract_dask_data(data: Any) -> Any:
    """A Dask frame or series with its rows numbered from 0, so that its divisions are known.

    contrib.learn 1.4 added each part's start to the index that the part had. Here the old index is
    dropped. What is not Dask's is returned as it is.
    """
    return _numbered(data) if is_dask(data) else data


def extract_dask_labels(labels: Any) -> Any:
    """As `extract_dask_data`, of one column.

    Raises:
        ValueError: a frame of several columns.
    """
    if is_dask(labels) and labels.ndim > 1 and len(labels.columns) > 1:
        raise ValueError("Only one column for labels is allowed.")
    return extract_dask_data(labels)


def computed(data: Any) -> Any:
    """The pandas frame or series that a Dask one comes to; anything else untouched."""
    return data.compute() if is_dask(data) else data


def is_dask(data: Any) -> bool:
    """Whether `data` is a Dask frame or series."""
    frames = sys.modules.get("dask.dataframe")
    return frames is not None and isinstance(data, (frames.DataFrame, frames.Series))


def _numbered(data: Any) -> Any:
    import dask
    import dask.dataframe

    starts = list(accumulate(data.map_partitions(len).compute(), initial=0))
    number = dask.delayed(_number)
    parts = [
        number(part, start) for part, start in zip(data.to_delayed(), starts[:-1], strict=True)
    ]
    return dask.dataframe.from_delayed(
        parts, meta=_number(data._meta, 0), divisions=tuple(starts), verify_meta=False
    )


def _number(part: Any, start: int) -> Any:
    part = part.reset_index(drop=True)
    part.index += start
    return part
