"""The ladder, all differences and the curves as one HTML page that needs no other file."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mlp.trace.file import check
from mlp.trace.ladder import Divergence
from mlp.trace.picture import svg
from mlp.trace.record import Trace
from mlp.trace.rung import Finding

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 62rem;
       margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .25rem .9rem .25rem 0;
       border-bottom: 1px solid #ddd; vertical-align: top; }
.failed { color: #b34700; font-weight: 600; } .passed { color: #00588a; }
.other { color: #666; } .first { font-size: 1.15rem; }
code { background: #f3f3f3; padding: .1rem .3rem; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; }
"""
_GENERATOR = '<meta name="generator" content="mlp.trace">'


def write_page(divergence: Divergence, path: str | Path) -> Path:
    """Write the page."""
    path = check(path, _GENERATOR)
    path.write_text(page(divergence), encoding="utf-8")
    return path


def page(divergence: Divergence) -> str:
    """The page's text."""
    names = " and ".join(escape(name) for name in divergence.names)
    first, *others = divergence.findings or (None,)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        _GENERATOR,
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>First divergence of {names}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>First divergence of {names}</h1>",
        f'<p class="first">{escape(divergence.verdict)}</p>',
        _finding(first) if first else "",
        "<h2>Rung by rung</h2>",
        _table(divergence),
    ]
    if others:
        parts += ["<h2>Further differences</h2>"]
        parts += [f"<p>{escape(f.sentence)}</p>{_finding(f)}" for f in others]
    parts += ["<h2>Loss and gradient</h2>", svg(divergence), "<h2>What was compared</h2>"]
    parts += [_trace(trace) for trace in (divergence.a, divergence.b)]
    told = f"Rounding explains a relative difference of {divergence.tolerance:.2g} here."
    return "\n".join([*parts, f"<p>{told}</p>", "</main></body></html>", ""])


def _finding(finding: Finding) -> str:
    told = [] if finding.explains else ["cannot explain a gap alone"]
    items = [f"<li>{escape(hint)}</li>" for hint in (*finding.hints, *told)]
    items += [f"<li><code>{escape(line)}</code></li>" for line in finding.where if line]
    return f"<ul>{''.join(items)}</ul>"


def _table(divergence: Divergence) -> str:
    rows = []
    for rung in divergence.rungs:
        kind = rung.state if rung.state in ("failed", "passed") else "other"
        detail = rung.detail or "; ".join(f.sentence for f in rung.findings)
        rows.append(
            f'<tr><th scope="row">{rung.name}</th><td class="{kind}">{rung.state}</td>'
            f"<td>{escape(detail)}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def _trace(trace: Trace) -> str:
    told = [
        f"{trace.name}: {trace.framework}, {trace.optimizer or 'optimizer not seen'}, "
        f"{trace.updates_made} updates made, {len(trace.updates)} recorded in full",
        *trace.notes,
    ]
    if trace.cut_off:
        told.append(f"cut off by {trace.cut_off}")
    return f"<p>{'<br>'.join(escape(line) for line in told)}</p>"
