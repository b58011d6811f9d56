"""What the command lines of the packages check before they begin work that takes minutes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path


def new_file(text: str) -> Path:
    """The path of a file to write at the end, as a type for argparse.

    Raises:
        ArgumentTypeError: its folder does not exist, or it is a folder itself.
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"needs a file; {text} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"needs a folder that exists; {path.parent} does not: make it, or name another"
        )
    return path


def check_least(
    parser: argparse.ArgumentParser, given: Mapping[str, int], least: Mapping[str, int]
) -> None:
    """End, as argparse does, at an option that is given less than its least; by their names."""
    for option, value in given.items():
        if value < least[option]:
            parser.error(f"{option} must be at least {least[option]}; got {value}: give more")
