"""Claims that wait for none of their runs: each is attempted until its runs are there.

A test that asks for runs the store has not got is put back, and attempted again when they have
come. Once it lacks nothing, pytest's own protocol runs it, once and in order. So the runs of all
claims are on their way at once, although one process makes all claims.

What a test does before it asks is repeated with each attempt, and so are its fixtures of function
scope; what attempts print and record is discarded. Fixtures of a session are set up once; those
of a module, class or package once for each series of attempts in it. A fixture wider than a
function waits for the runs it asks for. `@pytest.mark.mlp_waits` makes a test wait too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any, Protocol

import pytest

from mlp.store import StoreError

WAITS = "mlp_waits"
MARK = (
    f"{WAITS}: on a cluster, run this test once and let it wait for its runs; others are attempted "
    "until their runs have come"
)
PAUSE_S = 0.5


class Lacking(pytest.skip.Exception):  # type: ignore[name-defined]
    """Ends an attempt that lacks runs. Not an Exception: what a test catches does not stop it."""


class Door(Protocol):
    """What is asked of a store whose runs are trained elsewhere."""

    lack: Callable[[Collection[str]], None] | None

    def ended(self, timeout: float) -> Collection[str]:
        """The runs that have come since this was last asked."""
        ...


class Attempts:
    """A plugin of pytest that has tests attempted, as this module says.

    Args:
        door: the session's store, or a function that gives it when tests begin.
        asks: whether a test asks the store; others are run once, in their turn.
    """

    def __init__(
        self, door: Door | Callable[[], Door], asks: Callable[[pytest.Item], bool]
    ) -> None:
        self._given, self._asks = door, asks
        self._waiting: dict[pytest.Item, set[str]] = {}
        self._due: dict[pytest.Item, None] = {}
        self._wanted_by: dict[str, list[pytest.Item]] = {}
        self._lacked: set[str] = set()
        self._ready: set[pytest.Item] = set()
        self._attempting = False
        self.attempted = 0

    @property
    def ready(self) -> int:
        """How many tests lack no runs any more, or have been run."""
        return len(self._ready)

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", MARK)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run all tests; None where pytest's own loop does as well."""
        option = session.config.option
        failed = session.testsfailed and not option.continue_on_collection_errors
        if failed or option.collectonly or not _may_repeat(option):
            return None
        given: Any = self._given
        self._door: Door = given() if callable(given) else given
        self._due = dict.fromkeys(item for item in session.items if self._may_attempt(item))
        self._run(session)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Iterator[None]:
        """Let a fixture wider than a test wait: it is set up once, and is not attempted."""
        if not self._attempting or request.scope == "function":
            return (yield)
        with self._waits():
            return (yield)

    def _may_attempt(self, item: pytest.Item) -> bool:
        return (
            isinstance(item, pytest.Function)
            and self._asks(item)
            and item.get_closest_marker(WAITS) is None
        )

    def _run(self, session: pytest.Session) -> None:
        """Attempt what is due, and run each stretch of tests once none of them lacks anything."""
        self._place = {item: place for place, item in enumerate(session.items)}
        following = dict(pairwise([*session.items, None]))
        for stretch in _stretches(session.items):
            while True:
                self._attempt_all(stretch[0])
                if not any(item in self._waiting for item in stretch):
                    break
                self._wait(PAUSE_S)
            for item in stretch:
                self._run_once(session, item, following[item])
            self._wait(0.0)

    def _wait(self, timeout: float) -> None:
        """Make due those tests whose runs have come. End the session if no more will come."""
        if not self._waiting:
            return
        try:
            ended = self._door.ended(timeout)
        except StoreError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.TESTS_FAILED)
        for key in ended:
            for item in self._wanted_by.pop(key, ()):
                self._waiting[item].discard(key)
                if not self._waiting[item]:
                    del self._waiting[item]
                    self._due[item] = None

    def _attempt_all(self, following: pytest.Item) -> None:
        """Attempt all tests that are due; after them comes `following`."""
        while self._due:
            batch = sorted(self._due, key=self._place.__getitem__)
            self._due.clear()
            for item, after in zip(batch, [*batch[1:], following], strict=True):
                lacking = self._attempt(item, after)
                if lacking:
                    self._waiting[item] = lacking
                    for key in lacking:
                        self._wanted_by.setdefault(key, []).append(item)
                else:
                    self._ready.add(item)
            self._wait(0.0)

    def _attempt(self, item: pytest.Item, after: pytest.Item) -> set[str]:
        """Run a test, leave no trace of it, and tell the runs that it lacks."""
        self.attempted += 1
        self._lacked = set()
        with _untraced(item), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _leave_others(item)
            if not item._request:  # type: ignore[attr-defined]
                item._initrequest()  # type: ignore[attr-defined]
            if self._phase(item, "setup"):
                self._phase(item, "call")
            self._phase(item, "teardown", nextitem=after if after is not item else item.parent)
        return self._lacked

    def _phase(self, item: pytest.Item, when: Any, **given: Any) -> bool:
        """One phase of an attempt. What hooks make of it is discarded."""
        hook = getattr(item.ihook, f"pytest_runtest_{when}")
        reraise = (pytest.exit.Exception, KeyboardInterrupt)
        self._attempting, self._door.lack = True, self._lack
        try:
            call = pytest.CallInfo.from_call(
                lambda: hook(item=item, **given), when=when, reraise=reraise
            )
        finally:
            self._attempting, self._door.lack = False, None
        failed = call.excinfo is not None
        call.excinfo = None  # to describe what it raised would take long, for nobody
        item.ihook.pytest_runtest_makereport(item=item, call=call)
        return not failed

    def _lack(self, keys: Collection[str]) -> None:
        self._lacked |= set(keys)
        raise Lacking("the runs of this test are on their way")

    @contextmanager
    def _waits(self) -> Iterator[None]:
        before, self._door.lack = self._door.lack, None
        try:
            yield
        finally:
            self._door.lack = before

    def _run_once(
        self, session: pytest.Session, item: pytest.Item, after: pytest.Item | None
    ) -> None:
        """Run a test as pytest does. If it lacks runs nevertheless, it waits."""
        _leave_others(item)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        self._ready.add(item)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)


def _may_repeat(option: Any) -> bool:
    """Whether tests may be run more often than they are shown; not under a debugger."""
    names = ("setuponly", "setupplan", "setupshow", "usepdb", "trace")
    return not any(getattr(option, name, False) for name in names)


def _leave_others(item: pytest.Item) -> None:
    """Tear down what an attempt of another test has left that `item` does not share.

    What fails then fails again, and is told, when the test itself is run.
    """
    with suppress(Exception, pytest.fail.Exception, pytest.skip.Exception):
        item.session._setupstate.teardown_exact(item)


@contextmanager
def _untraced(item: pytest.Item) -> Iterator[None]:
    """Leave the item as it was, whatever is recorded on it within."""
    lists: list[list[Any]] = [item.user_properties, item._report_sections, item.own_markers]
    before = [list(one) for one in lists]
    try:
        yield
    finally:
        for one, was in zip(lists, before, strict=True):
            one[:] = was
        item._request = False  # type: ignore[attr-defined]
        item.funcargs = None  # type: ignore[attr-defined]
        if getattr(item, "_instance", None) is not None:  # the next one is made of its class
            vars(item).pop("_instance")
            vars(item).pop("_obj", None)


def _stretches(items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    """The tests in order, kept together where they share a fixture that an attempt would tear down.

    That is one of a module, class or package, and one of a session with parameters.
    """
    stretch: list[pytest.Item] = []
    held: set[int] = set()
    for item in items:
        shared = _shared(item)
        if stretch and not (held & shared):
            yield stretch
            stretch, held = [], set()
        stretch.append(item)
        held = shared
    if stretch:
        yield stretch


def _shared(item: pytest.Item) -> set[int]:
    """The fixtures of an item, by identity, that an attempt of another test may tear down."""
    info = getattr(item, "_fixtureinfo", None)
    found = set()
    for definitions in info.name2fixturedefs.values() if info else ():
        for one in definitions:
            if one.scope in ("class", "module", "package") or (
                one.scope == "session" and one.params is not None
            ):
                found.add(id(one))
    return found
