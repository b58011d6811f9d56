"""The command that measures what the plugin costs where it is not used."""

from __future__ import annotations

import re

import pytest

from mlp.proof.plugin import main


def test_it_prints_the_cost_of_a_session_and_of_the_import(capsys):
    main(["--rounds", "1"])

    said = capsys.readouterr().out
    assert re.search(r"-?\d+ ms that the plugin adds to a session .*, of \d+ ms", said)
    took = re.search(r"(\d+\.\d) ms that its import takes, median of 1", said)
    assert 0 < float(took[1]) < 50


def test_it_needs_a_round(capsys):
    with pytest.raises(SystemExit):
        main(["--rounds", "0"])
    assert "--rounds must be at least 1; got 0: give more" in capsys.readouterr().err
