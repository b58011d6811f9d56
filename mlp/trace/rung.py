"""A rung of the ladder: one thing in which two programs can differ, and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

PASSED, FAILED = "passed", "failed"
NOT_SEEN, NOT_COMPARABLE = "not seen", "not comparable"


@dataclass(frozen=True)
class Finding:
    """A difference in one sentence, with the mistakes that are likely to be behind it.

    `explains` says whether it can explain a gap alone; `at` is the update, None for the whole run.
    """

    rung: str
    sentence: str
    hints: tuple[str, ...] = ()
    explains: bool = True
    at: int | None = None
    where: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Rung:
    """What was found of one thing: `detail` in a few words, findings where it failed.

    `compared` is how many updates were found equal, where it is compared update by update.
    """

    name: str
    state: str
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    compared: int = 0

    def minor(self, why: str) -> Rung:
        """The same, its findings unable to explain a gap, for a reason."""
        told = tuple(replace(f, explains=False, hints=(*f.hints, why)) for f in self.findings)
        return replace(self, findings=told)


def passed(name: str, detail: str = "") -> Rung:
    """A rung of which all that was compared is equal."""
    return Rung(name, PASSED, detail)


def not_seen(name: str, detail: str = "") -> Rung:
    """A rung that at least one trace does not show."""
    return Rung(name, NOT_SEEN, detail)


def not_comparable(name: str, detail: str) -> Rung:
    """A rung that an earlier difference bars."""
    return Rung(name, NOT_COMPARABLE, detail)


def counted(name: str, compared: int, barred: str, unseen: str = "") -> Rung:
    """A rung of which so many updates are equal, and what bars the next or why none was seen."""
    if compared:
        then = f"; then {barred}" if barred else ""
        told = f"equal in {compared} update{'s' * (compared > 1)}{then}"
        return Rung(name, PASSED, told, compared=compared)
    return not_comparable(name, barred) if barred else not_seen(name, unseen)


def failed(*findings: Finding, detail: str = "") -> Rung:
    """A rung on which the traces differ."""
    return Rung(findings[0].rung, FAILED, detail, findings)


def number(value: float) -> str:
    """A number as it is told."""
    return f"{value:.4g}"
