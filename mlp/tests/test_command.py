"""Command lines that refuse what they cannot do before they begin."""

import pytest

from mlp.command import new_file
from mlp.proof.calibration.__main__ import main


def test_a_file_may_be_new_or_old_in_a_folder_that_exists(tmp_path):
    place = tmp_path / "x.json"
    assert new_file(str(place)) == place
    place.touch()
    assert new_file(str(place)) == place


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--sims=0"], "--sims must be at least 1; got 0"),
        (["--seed=-1"], "--seed must be at least 0; got -1"),
        (["--json=/nowhere/x.json"], "needs a folder that exists; /nowhere does not"),
        (["--json=/"], "needs a file; / is a folder"),
    ],
)
def test_calibration_refuses_wrong_options_before_it_begins(argv, told, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["measure", "--quick", "--sims=10", *argv])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
