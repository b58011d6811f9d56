"""Markers as values: what is accepted, what is refused, and where a refutation holds."""

from __future__ import annotations

import pytest

from mlp.suite.marks import MarkError, Refutation, finding_of, keywords, read_refuted, role_of


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
    ],
)
def test_a_refutation_that_cannot_be_read_is_refused(args, kwargs, error, told):
    with pytest.raises(error, match=told):
        read_refuted(args, kwargs)


class Item:
    """A test with one marker."""

    name = "test_x"

    def __init__(self, mark):
        self.mark = mark.mark

    def get_closest_marker(self, name):
        return self.mark if self.mark.name == name else None


finding, role = pytest.mark.finding, pytest.mark.role


@pytest.mark.parametrize(
    "mark", [finding(), finding("1", "2"), finding(1), finding(title="1"), finding("1", states=1)]
)
def test_a_finding_is_one_name(mark):
    with pytest.raises(MarkError, match=r"finding\(name, states=False\)"):
        finding_of(Item(mark))


def test_a_finding_says_whether_the_claim_states_it():
    assert not finding_of(Item(finding("2"))).states
    assert finding_of(Item(finding("2", states=True))).states


@pytest.mark.parametrize(
    "mark",
    [role("needed"), role("necessary", 3), role(), role("a", "b", "c"), role("necessary")],
)
def test_a_role_is_one_of_two_and_that_of_a_parameter(mark):
    with pytest.raises(MarkError, match="role"):
        role_of(Item(mark))


def test_findings_are_selected_by_number_or_name():
    assert keywords("2") == {"finding_2"}
    assert "conclusion" in keywords("Conclusion")


def test_a_refutation_holds_where_it_says():
    everywhere = Refutation("why", None, None)
    there = Refutation("why", ("iris",), "quick")

    assert everywhere.covers("wine", "published")
    assert everywhere.covers(None, "quick")
    assert there.covers("iris", "quick")
    assert not there.covers("wine", "quick")
    assert not there.covers("iris", "published")
    assert not there.covers(None, "quick")
