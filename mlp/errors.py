"""What all errors have in common that a user is told in one sentence."""

from __future__ import annotations


class UserError(Exception):
    """A user's mistake, or a state that the user can change: the rule, the value, the remedy.

    pytest shows it as one sentence without a traceback.
    """
