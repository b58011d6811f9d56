"""Bad files, bad disks, bad luck: one sentence each, never a wrong value."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mlp.proof import corruption, faults, stress
from mlp.store import Store, StoreError, UnreadableStoreError, database
from mlp.store.records import checksum
from mlp.tests.store.helpers import job_of, train


def refusal(path, **options):
    """The sentence with which the store at `path` is refused, on opening or on reading."""
    with pytest.raises(StoreError) as caught, Store(path, **options) as store:
        store.get(["ab"])
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def change(path, script):
    other = sqlite3.connect(path)
    other.executescript(script)
    other.close()


@pytest.fixture
def filled(path):
    """The path of a store with one run, at rest."""
    with Store(path) as store:
        store.put({"ab": {"x": 1}})
    return path


def test_a_folder_is_refused(tmp_path):
    assert "is a folder: give a file's path" in refusal(tmp_path)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "cannot be made" in refusal(tmp_path / "file" / "runs.db")


@pytest.mark.parametrize("path", ["a\0b", "x" * 300])
def test_an_impossible_path_is_refused(tmp_path, path):
    with pytest.raises(StoreError, match=r"give another path\.$"):
        Store(f"{tmp_path}/{path}")


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("content", [b"x", b"my thesis " * 100, b"SQLite format 3\0"])
def test_another_file_is_refused_and_left_alone(tmp_path, content, fresh):
    path = tmp_path / "thesis.txt"
    path.write_bytes(content)
    assert "something else" in refusal(path, fresh=fresh)
    assert path.read_bytes() == content


@pytest.mark.parametrize("fresh", [False, True])
def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path, fresh):
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE runs (key)")
    before = path.read_bytes()
    assert "something else" in refusal(path, fresh=fresh)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    with Store(path) as store:
        store.put({"ab": {}})
        assert store.get(["ab"]) == {"ab": {}}


@pytest.mark.parametrize("version", [0, 2, 2**31 - 1])
def test_another_version_is_refused_and_a_fresh_store_takes_its_place(filled, version):
    change(filled, f"PRAGMA user_version={version}")
    assert f"is of version {version}" in refusal(filled)
    with Store(filled, fresh=True) as store:
        assert store.get(["ab"]) == {}


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
        "CREATE VIEW v AS SELECT * FROM runs",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON runs (digest)",
        "DROP TABLE open",
        "ALTER TABLE jobs DROP COLUMN deaths",
        "ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS SELECT key, digest, payload FROM r",
    ],
)
def test_a_strange_schema_is_refused_and_a_fresh_store_takes_its_place(filled, script):
    change(filled, script)
    assert "its own tables" in refusal(filled)
    with Store(filled, fresh=True) as store:
        store.put({"ab": {"x": 2}})


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        b"[1]",
        b"",
        b"\xff\xfe",
        b'{"x":' + b"9" * 10_000 + b"}",
        b'{"x":1}{"y":2}',
    ],
)
def test_a_stranger_s_record_that_is_no_record_is_absent(filled, payload):
    other = sqlite3.connect(filled)
    with other:
        row = (checksum(b"cd", payload), payload)
        other.execute("INSERT INTO runs VALUES (x'6364', ?, ?)", row)
    other.close()
    with Store(filled) as store:
        assert dict(store.items()) == {"ab": {"x": 1}}
        assert store.damaged == 1


def test_strange_rows_in_every_table_do_no_harm(filled):
    other = sqlite3.connect(filled)
    with other:
        for name in database.TABLES:
            columns = other.execute(f"SELECT count(*) FROM pragma_table_info('{name}')").fetchone()[
                0
            ]
            first = ["NULL"] if name == "jobs" else []
            for value in ("NULL", "-1", "'x'", "x'ff'", "1e999", "zeroblob(5000)"):
                row = ", ".join(first + [value] * (columns - len(first)))
                other.execute(f"INSERT OR IGNORE INTO {name} VALUES ({row})")
    other.close()
    with Store(filled) as store:
        store.progress()
        assert store.obtain([job_of(1, 2)], train) == train(job_of(1, 2))
        assert dict(store.items()) == {"ab": {"x": 1}} | train(job_of(1, 2))


def test_a_damaged_key_costs_its_own_run_only(path):
    runs = {digit * 64: {"n": int(digit)} for digit in "123"}
    with Store(path) as store:
        store.put(runs)
    path.write_bytes(path.read_bytes().replace(b"2" * 64, b"9" * 64))
    del runs["2" * 64]
    with Store(path) as store:
        assert dict(store.items()) == runs
        assert store.damaged == 1
        store.put({"2" * 64: {"n": 2}})
        assert len(dict(store.items())) == 3


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_deletion_while_in_use_is_noticed_on_reading_and_on_writing(path, suffix):
    with Store(path) as store, Store(path) as second:
        store.put({"ab": {"x": 1}})
        os.unlink(f"{path}{suffix}")
        with pytest.raises(StoreError, match="deleted or replaced"):
            store.get(["ab"])
        with pytest.raises(StoreError, match="deleted or replaced"):
            second.put({"cd": {}})


def test_replacement_while_in_use_is_noticed(path):
    with Store(path) as store:
        store.put({"ab": {"x": 1}})
        shutil.copy(path, f"{path}.copy")
        os.replace(f"{path}.copy", path)
        with pytest.raises(StoreError, match="deleted or replaced"):
            store.put({"cd": {}})


def test_a_store_that_stays_locked_is_reported(filled, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_S", 0.2)
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Store(filled) as store:
        assert store.get(["ab"]) == {"ab": {"x": 1}}
        with pytest.raises(StoreError, match=r"keeps .* locked"):
            store.put({"cd": {}})
        other.close()
        store.put({"cd": {}})


PRELUDE = """
import os
from mlp.store import Store, StoreError
from mlp.tests.store.helpers import job_of, train
"""


def _in_child(code, *prefix):
    """What a new process prints that runs the code, in a folder anybody may enter."""
    command = [*prefix, sys.executable, "-c", PRELUDE + code]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)
    assert done.returncode == 0, done.stderr
    return done.stdout


READ_THEN_WRITE = """
if {drop} and os.getuid() == 0:
    os.setuid(65534)
with Store({path!r}) as store:
    print(store.obtain([job_of(1)], None) == train(job_of(1)))
    for action in (lambda: store.put({{"cd": {{}}}}), lambda: store.request([job_of(2)])):
        try:
            action()
        except StoreError as error:
            print(error)
"""


@pytest.fixture
def open_folder():
    """A folder that any user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o555), (0o444, 0o777)])
def test_a_read_only_store_serves_its_runs_and_refuses_new_ones(
    open_folder, file_mode, folder_mode
):
    path = open_folder / "place" / "runs.db"
    with Store(path) as store:
        store.put(train(job_of(1)))
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    lines = _in_child(READ_THEN_WRITE.format(drop=True, path=str(path))).splitlines()
    assert lines[0] == "True"
    assert len(lines) == 3
    assert all("is read-only" in line for line in lines[1:])


def test_a_store_cannot_be_made_in_a_read_only_folder(open_folder):
    code = f"""
if os.getuid() == 0:
    os.setuid(65534)
os.chmod({str(open_folder)!r}, 0o555) if os.access({str(open_folder)!r}, os.W_OK) else None
for name in ("runs.db", "more/runs.db"):
    try:
        Store({str(open_folder)!r} + "/" + name)
    except StoreError as error:
        print(error)
"""
    lines = _in_child(code).splitlines()
    assert "needs a folder that can be written" in lines[0]
    assert "cannot be made (Permission denied)" in lines[1]


def _mounted(options, then=""):
    """The command prefix for a process with a small file system of its own at /mnt, or skip."""
    script = f'mount -t tmpfs -o {options} tmpfs /mnt && {then or "true"} && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
    probe = ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("mounting a file system needs Linux and root")
    return prefix


def test_a_store_on_a_read_only_file_system_serves_its_runs(filled):
    with Store(filled) as store:
        store.put(train(job_of(1)))
    prefix = _mounted("size=4m", f"cp {filled} /mnt/runs.db && mount -o remount,ro /mnt")
    code = READ_THEN_WRITE.format(drop=False, path="/mnt/runs.db")
    lines = _in_child(code, *prefix).splitlines()
    assert lines[0] == "True"
    assert len(lines) == 3
    assert all("is read-only" in line for line in lines[1:])


FILL = """
{prepare}
kept = []
with Store({path!r}) as store:
    try:
        for n in range(1000):
            store.put({{f"{{n:04x}}": {{"n": n, "curve": [n / 7] * 2000}}}})
            kept.append(f"{{n:04x}}")
    except StoreError as error:
        print(error)
    print(list(store.get(kept)) == kept, len(kept) > 5)
{restore}
with Store({path!r}) as store:
    print(list(store.get(kept)) == kept)
"""


def test_a_full_disk_is_reported_and_what_was_kept_stays():
    code = FILL.format(path="/mnt/runs.db", prepare="", restore="")
    lines = _in_child(code, *_mounted("size=1m")).splitlines()
    assert "the disk of /mnt/runs.db is full: free some space" in lines[0]
    assert lines[1:] == ["True True", "True"]


def test_a_limit_on_file_size_is_reported_and_what_was_kept_stays(path):
    prepare = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (600_000, -1))"
    restore = "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))"
    lines = _in_child(FILL.format(path=str(path), prepare=prepare, restore=restore)).splitlines()
    assert "disk I/O error" in lines[0]
    assert lines[1:] == ["True True", "True"]


def test_corruptions_end_in_right_data_absence_or_a_sentence():
    trials = corruption.run(2 * len(corruption.DAMAGES), first=1000)
    assert [trial for trial in trials if trial.outcome == "violation"] == []
    assert {trial.outcome for trial in trials} == {"right", "absent", "refused"}


def test_corruption_is_tried_where_there_is_no_alarm(monkeypatch):
    for name in ("SIGALRM", "alarm"):
        monkeypatch.delattr(f"signal.{name}", raising=False)
    assert corruption.run(1)[0].outcome != "violation"


def test_the_corruption_trials_would_notice_a_wrong_value(monkeypatch, capsys):
    monkeypatch.setattr("mlp.store.runs.verify", lambda *_: True)
    monkeypatch.setattr(corruption, "DAMAGES", {"flip bytes": corruption.DAMAGES["flip bytes"]})
    assert faults.main(["corrupt", "--trials", "20"]) == 1
    assert "violation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["corrupt", "--trials=0"], "--trials must be at least 1; got 0: give more"),
        (["stress", "--workers=0"], "--workers must be at least 1; got 0: give more"),
        (["stress", "--runs=0"], "--runs must be at least 1; got 0: give more"),
        (["stress", "--kills=-1"], "--kills must be at least 0; got -1: give more"),
    ],
)
def test_trials_of_nothing_are_refused(argv, told, monkeypatch, capsys):
    for module in (corruption, stress):
        monkeypatch.setattr(module, "run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(SystemExit) as stop:
        faults.main(argv)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


def test_workers_killed_at_random_lose_nothing_and_repeat_nothing():
    result = stress.run(workers=3, runs=60, kills=2, seed=1, job_s=0.01)
    assert result.is_good, str(result)
    assert result.kills == 2


def test_an_unreadable_store_is_told_apart(filled):
    with filled.open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(UnreadableStoreError, match="start a fresh store, or move the file away"):
        Store(filled)
