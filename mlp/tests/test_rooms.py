"""The rooms of the method: none knows a species or a framework, and imports go one way."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

import pytest

from mlp.species.post import Mlp
from mlp.tests.conftest import ROOT

MLP = ROOT / "mlp"

MAY_IMPORT: dict[str, set[str]] = {
    "genome": set(),
    "run": {"genome"},
    "store": set(),
    "stats": set(),
    "trace": set(),
    "lab": {"genome", "run", "store", "stats"},
    "cluster": {"genome", "run", "store", "lab"},
    "report": {"genome", "run", "store", "stats", "lab"},
    "suite": {"genome", "run", "store", "stats", "lab", "cluster", "report"},
}
"""The general rooms, and which other rooms each may import."""

ANYONE = {"choice", "command", "errors", "machine"}
"""Single modules at the top, which import no room: any room may import them."""

FRAMEWORKS = ("tensorflow", "tf_keras", "keras", "torch", "jax", "sklearn", "dask", "distributed")

LATE: dict[str, set[str]] = {
    "trace/torch_layout.py": {"torch"},
    "trace/torch_model.py": {"torch"},
    "trace/on_torch.py": {"torch"},
    "trace/keras_model.py": {"keras"},
    "trace/on_keras.py": {"keras", "tensorflow"},
    "trace/taps.py": {"tensorflow"},
    "trace/deliver.py": set(),
    "report/tensorboard.py": {"tensorboard"},
}
"""Modules that are imported only where their framework is: by `watch`, or to write a log."""

OF_PYTHON = {"dtype", "init", "order", "split"}
"""Genes of the study that are also attributes or keywords of strings, dataclasses and NumPy."""

TERMS = {
    "lab/checks.py": {"init", "order"},
    "trace/record.py": {"init", "order"},
    "trace/keras_model.py": {"dropout"},
    "trace/torch_model.py": {"dropout"},
    "trace/formulas.py": {"logits"},
    "trace/loss.py": {"logits"},
}
"""Genes of the study that are terms of their own here: of a record, a layer, a loss."""


def files(room: str) -> list[Path]:
    return sorted((MLP / room).rglob("*.py"))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def name(file: Path) -> str:
    return file.relative_to(MLP).as_posix()


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(file: Path) -> set[str]:
    """The names under `mlp` that a file imports, anywhere in it."""
    found = {one for node in ast.walk(tree(file)) for one in imported(node)}
    return {one.split(".")[1] for one in found if one.startswith("mlp.")}


def said(file: Path) -> set[str]:
    """The names in a file: its texts, and the attributes and keywords that are not Python's."""
    nodes = list(ast.walk(tree(file)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    names = {getattr(node, "attr", getattr(node, "arg", None)) for node in nodes} - OF_PYTHON
    return {one for one in texts | names if isinstance(one, str)}


def imports(file: Path, *, late: bool) -> set[str]:
    """What a file imports, for types alone left out; within functions too if `late`."""
    waiting: list[ast.AST] = [tree(file)]
    found = set()
    while waiting:
        node = waiting.pop()
        inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        types = isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        if (late or not inner) and not types:
            found |= set(imported(node))
            waiting += ast.iter_child_nodes(node)
    return found


def at_import(file: Path) -> set[str]:
    """The top names that a file imports when it is imported: not within a function."""
    return {one.split(".")[0] for one in imports(file, late=False)}


def module(file: Path) -> str:
    """The dotted name of a file of this package."""
    parts = ("mlp", *file.relative_to(MLP).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


@pytest.mark.parametrize("room", MAY_IMPORT)
class TestRooms:
    def test_it_imports_only_rooms_before_it(self, room):
        wrong = {name(f): rooms_of(f) - {room} - MAY_IMPORT[room] - ANYONE for f in files(room)}
        public = {"Genome", "Lab", "Result", "digest", "gene"}
        assert {f: found for f, found in wrong.items() if found - public} == {}

    def test_no_module_of_it_needs_a_framework_to_be_imported(self, room):
        wrong = {
            name(f): at_import(f) & set(FRAMEWORKS) - LATE.get(name(f), set()) for f in files(room)
        }
        assert {f: found for f, found in wrong.items() if found} == {}

    def test_no_module_of_it_names_a_gene_of_the_study(self, room):
        genes = set(Mlp.genes)
        assert len(genes) >= 18
        found = {name(f): genes & said(f) for f in files(room)}
        assert {f: n for f, n in found.items() if n != TERMS.get(f, set())} == {}

    def test_its_files_are_short(self, room):
        lines = {name(f): len(f.read_text("utf-8").splitlines()) for f in files(room)}
        assert {f: n for f, n in lines.items() if n > 300} == {}


def test_single_modules_import_no_room():
    for module in ANYONE:
        assert rooms_of(MLP / f"{module}.py") <= ANYONE, module


def test_rooms_are_those_that_are_checked():
    rooms = {p.parent.name for p in MLP.glob("*/__init__.py")}
    assert rooms - set(MAY_IMPORT) == {"estimator", "proof", "species", "tests"}


def test_imports_go_one_way():
    """No room is reached from a room that it reaches."""
    for room, others in MAY_IMPORT.items():
        reached, waiting = set(), set(others)
        while waiting:
            one = waiting.pop()
            reached.add(one)
            waiting |= MAY_IMPORT[one] - reached
        assert room not in reached


def test_modules_import_in_no_circle():
    """A module is imported by none that it imports, however deep and however late."""
    files = {module(f): f for f in MLP.rglob("*.py") if f.relative_to(MLP).parts[0] != "tests"}
    arrows = {m: {known(one, files) for one in imports(f, late=True)} for m, f in files.items()}
    assert sum(map(len, arrows.values())) > 500
    while ends := [m for m, others in arrows.items() if not others & arrows.keys()]:
        for one in ends:
            del arrows[one]
    assert {m: sorted(others & arrows.keys()) for m, others in arrows.items()} == {}


def known(name: str, modules: Container[str]) -> str:
    """The module that an import means: what it names, or the module that holds it; "" if none."""
    return next((n for n in (name, name.rpartition(".")[0]) if n in modules), "")


IMPORT_ALL = """
import importlib, sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden!r}:
            raise ModuleNotFoundError(f"{{name}} is not to be imported here", name=name)

sys.meta_path.insert(0, Forbidden())
for name in {modules!r}:
    importlib.import_module(name)
    wrong = [one for one in sys.modules if one.startswith("mlp.species")]
    assert not wrong, f"{{name}} imports {{wrong[0]}}"
"""


def test_every_module_is_imported_where_no_framework_is_installed():
    modules = [
        module(file)
        for room in MAY_IMPORT
        for file in files(room)
        if name(file) not in LATE and file.name != "__main__.py"
    ]
    assert len(modules) > 100
    code = IMPORT_ALL.format(modules=modules, forbidden=FRAMEWORKS)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": "", "SYSTEMROOT": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


LIGHT = """
import sys
import mlp
from mlp import Genome, Protocol, Result, differing, gene
heavy = {"scipy", "matplotlib", "pytest", "jinja2"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_pipeline_is_declared_without_what_only_a_lab_needs():
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_merge_was_left_half_done():
    marks = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)
    found = [name(file) for file in MLP.rglob("*.py") if marks.search(file.read_text("utf-8"))]
    assert found == []
