"""What a diagnosis names wrongly, misses and costs, in worlds whose truth is planted.

    python -m mlp.proof.diagnosis simulate --only "one | spread 0.15 | 16" --diagnoses 200
    python -m mlp.proof.diagnosis simulate --json mlp/proof/diagnosis/simulation.json
    python -m mlp.proof.diagnosis tables

`simulate` prints the tables. With --json it keeps them after each scenario, and a scenario that the
file has is simulated again only if its first diagnoses now come out differently: a run that was
stopped goes on. `tables` puts the tables of the committed file into mlp/stats/diagnosis/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlp.command import check_least, new_file
from mlp.proof.diagnosis.simulate import DIAGNOSES, Tallies, run, scenarios
from mlp.proof.diagnosis.tables import COMMITTED, README, tables, with_tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mlp.proof.diagnosis",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("simulate", help="simulate diagnoses and print the tables")
    add = command.add_argument
    add("--diagnoses", type=int, default=DIAGNOSES, help="a scenario (default %(default)s)")
    add("--only", default="", help="only scenarios whose name has this in it")
    add("--json", type=new_file, metavar="FILE", help="read and keep the results here")
    commands.add_parser("tables", help="put the committed tables into the page")
    given = parser.parse_args(arguments)
    if given.command == "tables":
        page = with_tables(README.read_text(encoding="utf-8"), _read(COMMITTED))
        README.write_text(page, encoding="utf-8")
        return 0
    check_least(command, {"--diagnoses": given.diagnoses}, {"--diagnoses": 1})
    chosen = [s for s in scenarios() if given.only in str(s)]
    if not chosen:
        command.error(f"no scenario has {given.only!r} in its name: try 'one | spread 0.15 | 16'")
    known = _read(given.json) if given.json and given.json.exists() else {}

    def keep(results: Mapping[str, object]) -> None:
        if given.json:
            given.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    run(chosen, given.diagnoses, known, keep)
    print(tables({str(s): known[str(s)] for s in chosen}))
    return 0


def _read(file: Path) -> Tallies:
    found: Tallies = json.loads(file.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main())
