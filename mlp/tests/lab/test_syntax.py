"""The text of a syntax tree: equal for code that does the same."""

from __future__ import annotations

import pytest

from mlp.lab.syntax import tree_without_docstrings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1  # why"),
        ("def f():\n    '''Doc.'''\n    return 1", "def f():\n    return 1"),
        ("class A:\n    '''Doc.'''\n    x = 1\n    '''Of x.'''", "class A:\n    x = 1"),
        ("'''Module.'''\nx = (1,\n     2)", "x = (1, 2)"),
    ],
)
def test_what_does_the_same_has_one_tree(one, other):
    assert tree_without_docstrings(one) == tree_without_docstrings(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 0", "x = None"),
        ("x = 0", "x = False"),
        ("f('a')", "f('b')"),
        ("f(*a)", "f(**a)"),
        ("def f():\n    return 'a'", "def f():\n    return 'b'"),
        ("if x:\n    y()", "if not x:\n    y()"),
    ],
)
def test_what_does_another_thing_has_another_tree(one, other):
    assert tree_without_docstrings(one) != tree_without_docstrings(other)


def test_the_tree_has_one_text_under_every_python():
    """As written down under 3.11; `ast.dump` differs between versions."""
    text = "def f(a, *, b=None) -> int:\n    return [a, None, -1.5]\n\n\nclass A[T]: ..."
    text = text.rpartition("\n\n\n")[0]

    assert tree_without_docstrings(text) == (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='a')],"
        "kwonlyargs=[arg(arg='b')],kw_defaults=[Constant()]),body=[Return(value=List(elts=["
        "Name(id='a',ctx=Load()),Constant(),UnaryOp(op=USub(),operand=Constant(value=1.5))],"
        "ctx=Load()))],returns=Name(id='int',ctx=Load()))])"
    )
