"""What the commands share: checks before work that takes minutes begins, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn


def end_with(main: Callable[[], int]) -> NoReturn:
    """Run a command's `main`, and end with its exit status.

    A reader of its output that ends before it does, as `head` may, is no error: the status is then
    141, as that of a program which the system ends for that.
    """
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # Python flushes once more as it ends
        status = 141
    sys.exit(status)


def new_file(text: str) -> Path:
    """The path of a file to be written at the end: an argparse type.

    Raises:
        ArgumentTypeError: the path is a folder, or its folder does not exist.
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"needs a file; {text} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"needs a folder that exists; {path.parent} does not: make it, or name another folder"
        )
    return path


def holds_other(path: Path, mark: str) -> bool:
    """Whether a file is there that holds something, and not `mark` in its first 4,096 bytes.

    Who asks is about to replace the file, and knows it as one of its own by the mark.
    """
    head = b""
    with suppress(OSError):  # where it cannot be read, the attempt to write it will say why
        if path.is_file():  # no terminal or pipe
            with path.open("rb") as file:
                head = file.read(4096)
    return bool(head) and mark.encode() not in head


def check_least(
    parser: argparse.ArgumentParser, given: Mapping[str, int], least: Mapping[str, int]
) -> None:
    """End the program, as argparse does, if an option of `given` is below its value in `least`."""
    for option, value in given.items():
        if value < least[option]:
            parser.error(f"{option} must be at least {least[option]}; got {value}: give more")
