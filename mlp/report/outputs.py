"""What a session is asked to write at the end: the options, their checks, and the writers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path

import pytest

from mlp.report import arms, compared, page, saved, summary, tensorboard
from mlp.report.compared import Changes
from mlp.report.saved import Saved
from mlp.report.study import ReportError, Study, current_runs
from mlp.run import Protocol
from mlp.store import Store


def check(option: argparse.Namespace, root: Path, here: Protocol | None) -> Saved | None:
    """Refuse options that cannot be honoured; the results to compare with, if any are asked for.

    Args:
        option: the session's options.
        root: the suite's root folder, where saved results are looked for.
        here: the protocol that claims are made under; None where that is not known yet.

    Raises:
        ReportError: the rule, the value seen, the remedy.
    """
    if option.mlp_fail_on_change and option.mlp_against is None:
        raise ReportError(
            "--mlp-fail-on-change needs results to compare with; got no --mlp-against: "
            "name them with it"
        )
    if option.mlp_save is not None:
        _check_file(saved.place_to_save(option.mlp_save, root), "--mlp-save")
    if option.mlp_summary is not None:
        _check_summary(option.mlp_summary, "--mlp-summary")
    _check_folder(option.mlp_report, "--mlp-report")
    _check_folder(option.mlp_tensorboard, "--mlp-tensorboard")
    if option.mlp_against is None:
        return None
    kept = saved.load(saved.place_to_load(option.mlp_against, root))
    if here is not None:
        _check_protocol(kept, here, option)
    return kept


def _check_protocol(kept: Saved, here: Protocol, option: argparse.Namespace) -> None:
    """Refuse results of another protocol of the same name, or of another name if changes fail."""
    other = compared.other_protocol(kept, {"name": here.name, **here.values})
    if other and compared.protocol_names(kept) == {here.name}:
        raise ReportError(
            f"Results are compared at one protocol. Those in {kept.place} were made at "
            f"{other}. Save them again with --mlp-save."
        )
    if other and option.mlp_fail_on_change:
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
    changes: Changes | None,
    option: argparse.Namespace,
    root: Path,
    store: Store,
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each output that the options ask for: its option, and what writes it and says where it is."""

    @cache
    def whole() -> Study:
        return _with_runs(study, store)

    save = None if option.mlp_save is None else saved.place_to_save(option.mlp_save, root)
    ways: list[tuple[str, Path | None, Callable[[Path], str]]] = [
        ("--mlp-save", save, lambda place: _save(study, place)),
        ("--mlp-summary", option.mlp_summary, lambda place: _summarise(study, changes, place)),
        ("--mlp-report", option.mlp_report, lambda place: _report(whole(), changes, place)),
        ("--mlp-tensorboard", option.mlp_tensorboard, lambda place: _events(whole(), place)),
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


def _with_runs(study: Study, store: Store) -> Study:
    """The study with the stored runs of the cohorts that its claims rest on."""
    return replace(study, runs=current_runs(store.items(), arms.asked(study.rows)))


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
    if lost := compared.not_in(study, place):
        raise ReportError(
            "saved results are replaced only by results of all their claims; "
            f"{lost} of those in {place} were not made now: save under another name, or "
            "delete it first"
        )
    saved.save(study, place)
    return f"results saved: {place}"


def _summarise(study: Study, changes: Changes | None, place: Path) -> str:
    """Write the Markdown summary.

    Raises:
        ReportError: the file cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(summary.markdown(study, changes), encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"a summary must go to a file that can be written; {place} cannot be "
            f"({error.strerror or error}): name another"
        ) from None
    return f"summary: {place}"


def _report(study: Study, changes: Changes | None, folder: Path) -> str:
    """Write the page, its figures and its tables.

    Raises:
        ReportError: the folder cannot be written to.
    """
    return f"report: {page.write_report(study, folder, changes)}"


def _events(study: Study, folder: Path) -> str:
    """Write each run's curves for TensorBoard."""
    count = tensorboard.write(study, folder)
    return f"curves of {count} runs: tensorboard --logdir {folder}"
