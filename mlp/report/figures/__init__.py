"""The figures of a report: SVG in one style, colour-blind safe, for a page, a file and print."""
