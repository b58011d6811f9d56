"""Commands: they refuse what they cannot do before they begin, and end quietly."""

import os
import subprocess
import sys

import pytest

from mlp.command import new_file
from mlp.proof.calibration.__main__ import main
from mlp.tests.conftest import ROOT


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


def end(program, **streams):
    code = f"from mlp.command import end_with\ndef main():\n    {program}\nend_with(main)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True, **streams
    )


@pytest.mark.parametrize("status", [0, 3])
def test_a_command_ends_with_its_status(status):
    assert end(f"return {status}").returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells a broken pipe otherwise")
@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_command_whose_reader_has_gone_prints_no_traceback(lines):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = end(f"[print('a line') for _ in range({lines})]; return 0", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")
