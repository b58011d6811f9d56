"""What watching and comparing refuse, each in a sentence or three."""

from __future__ import annotations


class TraceError(ValueError):
    """A program cannot be watched, a file not be read, or two traces not be compared."""
