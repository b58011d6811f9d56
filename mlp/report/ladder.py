"""A page of one diagnosis, for the command `python -m mlp.diagnose --html`."""

from __future__ import annotations

import html

from mlp.lab.diagnosis import GenomeDiagnosis
from mlp.report.figures.ladder import ladder_figure

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}}
pre{{white-space:pre-wrap;font-size:14px}}svg{{max-width:100%;height:auto}}</style>
<h1>{title}</h1>
{picture}
<pre>{text}</pre>
</html>
"""


def diagnosis_page(found: GenomeDiagnosis) -> str:
    """The ladder and the text of a diagnosis as one self-contained page."""
    drawn = ladder_figure(found.detail(), "ladder", found.setting.unit or "score")
    picture = ""
    if drawn is not None:
        svg = drawn.svg.decode("utf-8")
        picture = f"<figure>{svg}<figcaption>{html.escape(drawn.see)}</figcaption></figure>"
    title = html.escape(f"Diagnosis: {found.outcome}")
    return _PAGE.format(title=title, picture=picture, text=html.escape(str(found)))
