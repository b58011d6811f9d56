"""Four whole pipelines to copy: each file holds a species and its tests."""
