"""Markers as values: what is accepted, what is refused, and where a refutation holds."""

from __future__ import annotations

import pytest

from mlp.run import ProtocolError
from mlp.species.post.data import DataError
from mlp.suite.marks import MarkError, Refutation, read_finding, read_refuted


@pytest.mark.parametrize(
    ("args", "kwargs", "found"),
    [
        (("why",), {}, Refutation("why", None, None)),
        ((), {"reason": "why"}, Refutation("why", None, None)),
        (("why",), {"on": "iris"}, Refutation("why", ("iris",), None)),
        (("why", ["iris", "wine"]), {}, Refutation("why", ("iris", "wine"), None)),
        (("why",), {"protocol": "quick"}, Refutation("why", None, "quick")),
    ],
)
def test_a_refutation_is_read_from_a_markers_arguments(args, kwargs, found):
    assert read_refuted(args, kwargs) == found


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "told"),
    [
        ((), {}, MarkError, "missing 1 required positional argument: 'reason'"),
        (("why",), {"dataset": "iris"}, MarkError, "unexpected keyword argument 'dataset'"),
        (("why", None, None, 1), {}, MarkError, "takes from 1 to 3 positional arguments"),
        (("why",), {"on": 3}, MarkError, r"got refuted\('why', on=3\)"),
        (("",), {}, MarkError, r"the reason in a few words; got refuted\(''\)"),
        ((3,), {}, MarkError, "the reason in a few words"),
        (
            ("why", []),
            {},
            MarkError,
            r"at least one dataset; got refuted\('why', \[\]\): leave it out",
        ),
        (("why",), {"on": "irish"}, DataError, "did you mean 'iris'"),
        (("why",), {"on": ["iris", 3]}, DataError, "got 3"),
        (("why",), {"protocol": "fast"}, ProtocolError, "quick, published; got 'fast'"),
    ],
)
def test_a_refutation_that_cannot_be_read_is_refused(args, kwargs, error, told):
    with pytest.raises(error, match=told):
        read_refuted(args, kwargs)


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), (("1", "2"), {}), ((1,), {}), ((), {"name": "1"})]
)
def test_a_finding_is_one_name(args, kwargs):
    with pytest.raises(MarkError, match=r"finding\(name\).*try finding"):
        read_finding(args, kwargs)
    assert read_finding(("2",), {}) == "2"


def test_a_refutation_holds_where_it_says():
    everywhere = Refutation("why", None, None)
    there = Refutation("why", ("iris",), "quick")

    assert everywhere.covers("wine", "published")
    assert everywhere.covers(None, "quick")
    assert there.covers("iris", "quick")
    assert not there.covers("wine", "quick")
    assert not there.covers("iris", "published")
    assert not there.covers(None, "quick")
