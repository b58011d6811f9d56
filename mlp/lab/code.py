import ast


def tree_without_docstrings(source, definition=""):
    tree = ast.parse(source)
    if definition:
        tree = next(n for n in ast.walk(tree) if getattr(n, "name", None) == definition)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                n
                for n in body
                if not (
                    isinstance(n, ast.Expr)
                    and isinstance(n.value, ast.Constant)
                    and isinstance(n.value.value, str)
                )
            ]
    return ast.dump(tree)


class Closure:
    digest = "x"
    distributions = {}

    def check(self):
        pass


def closure(file, root=None, extra=()):
    return Closure()


def outside(c):
    return []
