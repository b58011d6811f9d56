"""Python source as text that is equal for code that does the same."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1024)  # executors of one species share most of their files
def tree_without_docstrings(source: str | bytes, definition: str = "") -> str:
    """`source`'s syntax tree as text, without docstrings: equal for code that does the same.

    With `definition`, the tree of the function or class of that name alone. The text is the same
    under every Python version that gives the code the same meaning.
    """
    tree: ast.AST = ast.parse(source)
    if definition:
        tree = next(n for n in ast.walk(tree) if getattr(n, "name", None) == definition)
    return text_of(tree)


def text_of(node: object) -> str:
    """A node, list or value as text; absent and empty fields are left out, and so are docstrings.

    `ast.dump` would name fields that some Python versions have not got.
    """
    if isinstance(node, list):
        return f"[{','.join([text_of(n) for n in node if not _is_string(n)])}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value is not None and value != [] and name not in ("type_ignores", "kind"):
            parts.append(f"{name}={text_of(value)}")
    return f"{type(node).__name__}({','.join(parts)})"


def times_declared(file: Path, qualname: str) -> int:
    """How often a file declares a class of that qualified name; 0 where it cannot be read.

    Of an `if` or a `try`, the arm counts that declares it most often.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0
    return _declared(tree.body, qualname.replace(".<locals>", "").split("."))


def _declared(body: list[Any], names: list[str]) -> int:
    found = 0
    for one in body:
        if isinstance(one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if one.name == names[0] and len(names) > 1:
                found += _declared(one.body, names[1:])
            elif one.name == names[0]:
                found += isinstance(one, ast.ClassDef)
            continue
        arms = [getattr(one, name, []) for name in ("body", "orelse", "finalbody")]
        arms += [arm.body for name in ("handlers", "cases") for arm in getattr(one, name, [])]
        found += max((_declared(arm, names) for arm in arms if isinstance(arm, list)), default=0)
    return found


def _is_string(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
