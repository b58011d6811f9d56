"""The memory that a process has for itself, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

ROLLUP = Path("/proc/self/smaps_rollup")


def anonymous() -> int | None:
    """Bytes of this process that no file backs, its share of what it shares; None if unknown.

    What it shares with other workers, of TensorFlow's 450 MB of code for one, is not in it.
    """
    try:
        lines = ROLLUP.read_text("utf-8").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")]
    return 1024 * found[0] if found else None


def told() -> str:
    """The same in words."""
    found = anonymous()
    return "unknown on this system" if found is None else f"{found / 1e6:.0f} MB anonymous memory"
