"""Finished runs: what is kept, what comes back."""

import hashlib
import math
import os
import sqlite3
import subprocess
import sys

import pytest

from mlp.store import Store, StoreError
from mlp.store.records import encode

RUN = {"curve": [0.1, 1 / 3, 5e-324, -0.0], "outcome": "diverged", "loss": None, "n": 2**60}

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")


def test_the_file_takes_little_more_than_what_it_keeps(open_store, path):
    """A run of two kilobytes, as most are, has no page of its own."""
    runs = [{"curve": [n / 3] * 100} for n in range(800)]
    kept = sum(len(encode(run)) for run in runs)
    with open_store() as store:
        for n, run in enumerate(runs):
            store.put({hashlib.sha256(b"%d" % n).hexdigest(): run})
    assert path.stat().st_size < 1.7 * kept


def test_a_run_comes_back_to_the_last_bit(open_store):
    open_store().put({"ab": RUN})
    assert open_store().get(["ab"]) == {"ab": RUN}
    assert math.copysign(1, open_store().get(["ab"])["ab"]["curve"][3]) == -1


def test_only_what_is_there_comes_back_in_the_order_asked(open_store):
    store = open_store()
    store.put({"01": {"x": 1}, "02": {"x": 2}})
    assert list(store.get(["02", "ff", "01", "02"])) == ["02", "01"]
    assert store.get([]) == {}


def test_many_more_keys_than_one_statement_holds(open_store):
    store = open_store()
    runs = {f"{n:x}": {"n": n} for n in range(1500)}
    store.put(runs)
    assert store.get(list(runs)) == runs
    assert list(store.items()) == sorted(runs.items())


def test_the_same_run_twice_is_fine(open_store):
    for _ in range(2):
        open_store().put({"ab": RUN})
    assert dict(open_store().items()) == {"ab": RUN}


def test_another_record_for_a_key_is_refused_and_the_first_stays(open_store):
    store = open_store()
    store.put({"ab": {"x": 1}})
    with pytest.raises(StoreError, match="determined by its key"):
        store.put({"ab": {"x": 2}, "cd": {"x": 3}})
    assert store.get(["ab", "cd"]) == {"ab": {"x": 1}, "cd": {"x": 3}}


@pytest.mark.parametrize("key", ["", "AB", "xyz", "a b", "0" * 129, 5, "ab\n"])
def test_a_key_must_be_hexadecimal(open_store, key):
    with pytest.raises(ValueError, match="hexadecimal"):
        open_store().put({key: {}})


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), b"x", {1, 2}])
def test_a_record_must_be_json(open_store, value):
    store = open_store()
    with pytest.raises(ValueError, match="plain JSON"):
        store.put({"01": {"x": 1}, "ab": {"x": value}})
    assert dict(store.items()) == {}


def test_fresh_discards_what_was_there(open_store):
    open_store().put({"ab": RUN})
    assert open_store(fresh=True).get(["ab"]) == {}
    open_store().put({"ab": {"other": 1}})


def test_fresh_lets_others_go_on(open_store):
    first = open_store()
    first.put({"ab": RUN})
    open_store(fresh=True)
    first.put({"cd": RUN})
    assert dict(open_store().items()) == {"cd": RUN}


def test_stores_on_one_file_in_a_process_outlive_another_process(open_store, path):
    first, second = open_store(), open_store()
    code = f"from mlp.store import Store; Store({str(path)!r}).put({{'bb': {{}}}})"
    for key in ("aa", "cc"):
        subprocess.run([sys.executable, "-c", code], check=True)
        first.put({key: {}})
    second.close()
    assert list(first.get(["aa", "bb", "cc"])) == ["aa", "bb", "cc"]


def test_a_file_that_is_no_store_is_not_replaced_while_it_is_open(open_store, path):
    open_store().put({"aa": {}})
    for beside in path.parent.glob("*-*"):
        beside.unlink()
    path.write_text("mine " * 100)
    with pytest.raises(StoreError, match="open in this process"):
        open_store(fresh=True)
    assert path.read_text().startswith("mine")


@forks
def test_a_child_that_was_forked_looks_at_files_for_itself(open_store, path):
    open_store().put({"aa": {}})
    child = os.fork()
    if not child:
        for beside in path.parent.glob("*-*"):
            beside.unlink()
        path.write_text("mine " * 100)
        try:
            Store(path)
        except StoreError as error:
            os._exit(0 if "is something else" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_closed_store_says_so(open_store):
    store = open_store()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.get(["ab"])


def test_the_path_may_hold_any_characters_and_links(tmp_path):
    path = tmp_path / "a ?#%20 ü" / "runs?mode=memory"
    with Store(path) as store:
        store.put({"ab": RUN})
    (tmp_path / "link").symlink_to(path)
    with Store(tmp_path / "link") as store:
        assert store.get(["ab"]) == {"ab": RUN}


def test_a_file_at_rest_is_one_file(path):
    with Store(path) as store:
        store.put({"ab": RUN})
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("column", ["payload", "digest", "key"])
def test_a_damaged_record_is_absent_counted_once_and_can_be_had_again(open_store, path, column):
    open_store().put({"ab": RUN, "cd": RUN})
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE runs SET {column}=x'61ff62' WHERE key=x'6162'")
    other.close()
    store = open_store()
    assert dict(store.items()) == {"cd": RUN}
    assert store.get(["ab", "cd"]) == {"cd": RUN}
    assert store.damaged == 1
    assert open_store().damaged == 0
    store.put({"ab": RUN})
    assert dict(open_store().items()) == {"ab": RUN, "cd": RUN}


def test_putting_over_a_damaged_record_mends_it(open_store, path):
    open_store().put({"ab": RUN})
    with sqlite3.connect(path) as other:
        other.execute("UPDATE runs SET payload='text'")
    other.close()
    store = open_store()
    store.put({"ab": RUN})
    assert store.damaged == 1
    assert store.get(["ab"]) == {"ab": RUN}


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_that_forks_keeps_both_ends_working(open_store):
    store = open_store()
    store.put({"01": RUN})
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.put({"02": RUN})
            store.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    store.put({"03": RUN})
    assert list(open_store().get(["01", "02", "03"])) == ["01", "02", "03"]


def test_importing_the_store_imports_no_trainer():
    code = "import sys, mlp.store; print({'tensorflow', 'sklearn', 'pytest'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
