"""What a session is asked to write at the end: the options, their checks, and the writers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from mlp.report import archive, changes, page, summary, tensorboard
from mlp.report.archive import Saved
from mlp.report.changes import Changes
from mlp.report.cohorts import stored_runs
from mlp.report.study import ReportError, Study, writing
from mlp.run import Protocol
from mlp.store import Store


def check(option: argparse.Namespace, root: Path, protocol: Protocol | None = None) -> Saved | None:
    """Refuse options that cannot be honoured; the results to compare with, if any are asked for.

    Args:
        option: the session's options.
        root: the suite's root folder, where saved results are looked for.
        protocol: the session's, if it is known yet; else call `check_protocol` once it is.

    Raises:
        ReportError: the rule, the value seen, the remedy.
    """
    if option.mlp_fail_on_change and option.mlp_against is None:
        raise ReportError(
            "--mlp-fail-on-change needs results to compare with; got no --mlp-against: "
            "name them with it"
        )
    if option.mlp_save is not None:
        _check_file(archive.place_to_save(option.mlp_save, root), "--mlp-save")
    if option.mlp_summary is not None:
        _check_summary(option.mlp_summary, "--mlp-summary")
    _check_folder(option.mlp_report, "--mlp-report")
    _check_folder(option.mlp_tensorboard, "--mlp-tensorboard")
    if option.mlp_against is None:
        return None
    kept = archive.load(archive.place_to_load(option.mlp_against, root))
    values = {"name": protocol.name, **protocol.values} if protocol else {}
    check_protocol(kept, values, fail=option.mlp_fail_on_change)
    return kept


def check_protocol(kept: Saved, protocol: Mapping[str, Any], *, fail: bool) -> None:
    """Refuse results of another protocol of the same name, or of another name if changes `fail`.

    `protocol` holds its name and values; nothing if it is not known.

    Raises:
        ReportError: they are of another.
    """
    other = changes.other_protocol(kept, protocol)
    if other and changes.protocol_names(kept) == {protocol["name"]}:
        raise ReportError(
            f"Results are compared at one protocol. Those in {kept.place} were made at "
            f"{other}. Save them again with --mlp-save."
        )
    if other and fail:
        raise ReportError(
            "--mlp-fail-on-change needs results of the same protocol. Those in "
            f"{kept.place} are of another ({other}). Choose it with --mlp-protocol, or name "
            "other results."
        )


def _check_file(place: Path | str, option: str) -> None:
    if isinstance(place, str):
        raise ReportError(f"{option} needs a file; got '': name one")
    if os.path.isdir(place):
        raise ReportError(f"{option} needs a file; {place} is a folder: name a file in it")
    _check_folder(place.parent, option)


def _check_summary(place: Path | str, option: str) -> None:
    """Refuse what is no file, or cannot be written; of one that is there the folder need not be."""
    if not place or not os.path.exists(place) or os.path.isdir(place):
        _check_file(place, option)
    elif not os.access(place, os.W_OK):
        raise ReportError(
            f"{option} needs a file that can be written to; {place} cannot be: name another"
        )


def _check_folder(folder: Path | str | None, option: str) -> None:
    """Refuse a folder that is none, or that could not be made or written to."""
    if folder is None:
        return
    if isinstance(folder, str):
        raise ReportError(f"{option} needs a folder; got '': name one")
    nearest = next((p for p in (folder, *folder.parents) if os.path.exists(p)), folder)
    if not os.path.isdir(nearest):
        raise ReportError(f"{option} needs a folder; {nearest} is a file: name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ReportError(
            f"{option} needs a folder that can be written to; {nearest} cannot be: name another"
        )


def writers(
    study: Study,
    against: Changes | None,
    option: argparse.Namespace,
    root: Path,
    store: Store,
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each output that the options ask for: its option, and what writes it and says where it is."""

    @cache
    def whole() -> Study:
        return replace(study, runs=stored_runs(study.rows, store))

    save = None if option.mlp_save is None else archive.place_to_save(option.mlp_save, root)
    ways: list[tuple[str, Path | None, Callable[[Path], str]]] = [
        ("--mlp-save", save, lambda place: _save(study, place)),
        ("--mlp-summary", option.mlp_summary, lambda place: _summarise(study, against, place)),
        (
            "--mlp-report",
            option.mlp_report,
            lambda place: f"report: {page.write_report(whole(), place, against)}",
        ),
        (
            "--mlp-tensorboard",
            option.mlp_tensorboard,
            lambda place: (
                f"curves of {tensorboard.write(whole(), place)} runs: tensorboard --logdir {place}"
            ),
        ),
    ]
    for name, place, write in ways:
        if place is not None:
            yield name, partial(_written, study, place, write)


def _written(study: Study, place: Path, write: Callable[[Path], str]) -> str:
    """What `write` says it wrote to `place`; nothing is put in the place of earlier results.

    Raises:
        ReportError: no claim was made, or what `write` raises.
    """
    if not study.rows:
        raise ReportError(f"results are written of claims; no claim was made: {_left(place)}")
    return write(place)


def _left(place: Path) -> str:
    return f"{place} {'is left as it was' if place.exists() else 'is not written'}"


def _save(study: Study, place: Path) -> str:
    """Save the results for `--mlp-against`.

    Raises:
        ReportError: the session broke off, or `place` holds claims that were not made now.
    """
    if study.partial:
        raise ReportError(
            f"saved results need a session that ran whole; {study.partial}: {_left(place)}"
        )
    if lost := changes.not_in(study, place):
        raise ReportError(
            "saved results are replaced only by results of all their claims; "
            f"{lost} of those in {place} were not made now: save under another name, or "
            "delete it first"
        )
    archive.save(study, place)
    return f"results saved: {place}"


def _summarise(study: Study, against: Changes | None, place: Path) -> str:
    """Write the Markdown summary.

    Raises:
        ReportError: the file cannot be written.
    """
    with writing("a summary must go to a file that can be written", place):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(summary.markdown(study, against), encoding="utf-8")
    return f"summary: {place}"
