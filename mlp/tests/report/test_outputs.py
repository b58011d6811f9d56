"""Outputs: what is asked for is checked, written and said, each by its option."""

from argparse import Namespace

import pytest

from mlp.report import outputs
from mlp.report.study import ReportError
from mlp.store import Store
from mlp.tests.report.helpers import row, study


def options(**given):
    """The options of a session that asks for nothing, but for those `given`."""
    names = ("save", "summary", "report", "tensorboard", "against", "fail_on_change")
    values = {"protocol": "quick", "first_seed": 0, "seeds": 8, **dict.fromkeys(names), **given}
    return Namespace(**{f"mlp_{name}": value for name, value in values.items()})


@pytest.fixture
def written(tmp_path):
    """Calls the writers that a session's options ask for; what each said, by its option."""

    def write(made, **given):
        with Store(tmp_path / "runs.sqlite") as store:
            found = outputs.writers(made, None, options(**given), tmp_path, store)
            return {name: writer() for name, writer in found}

    return write


def test_nothing_is_asked_for_by_default(written, tmp_path):
    assert outputs.check(options(), tmp_path) is None
    assert written(study()) == {}


def test_each_output_says_where_it_is(written, tmp_path):
    said = written(
        study(rows=[row(detail={})], runs=[]),
        save=str(tmp_path / "kept.json"),
        summary=tmp_path / "new" / "sum.md",
        report=tmp_path / "out",
        tensorboard=tmp_path / "events",
    )

    assert said == {
        "--mlp-save": f"results saved: {tmp_path / 'kept.json'}",
        "--mlp-summary": f"summary: {tmp_path / 'new' / 'sum.md'}",
        "--mlp-report": f"report: {tmp_path / 'out' / 'index.html'}",
        "--mlp-tensorboard": f"curves of 0 runs: tensorboard --logdir {tmp_path / 'events'}",
    }
    kept = outputs.check(options(against=str(tmp_path / "kept.json")), tmp_path)
    assert [one.nodeid for one in kept.rows] == [row().nodeid]
    assert (tmp_path / "new" / "sum.md").is_file()


@pytest.mark.parametrize(
    ("made", "why"),
    [(study(partial="stopped"), "stopped"), (study(rows=[]), "it settled no claim")],
)
def test_a_part_is_not_saved(written, tmp_path, made, why):
    place = tmp_path / "kept.json"
    with pytest.raises(ReportError, match=f"ran whole and settled claims; {why}: .* not written"):
        written(made, save=str(place))
    assert not place.exists()
