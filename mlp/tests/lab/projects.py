"""A project as a user has it: a pipeline, and helpers that it imports."""

FILES = {
    "pipeline.py": '"""Mine."""\nimport numpy\nfrom helpers import first\n\nRATE = 1\n',
    "helpers/__init__.py": "",
    "helpers/first.py": "from .second import STEPS  # why\n",
    "helpers/second.py": 'def steps():\n    """Of a run."""\n    return 10\n\n\nSTEPS = steps()\n',
    "helpers/unused.py": "OTHER = 1\n",
    "other.py": "OTHER = 1\n",
}
