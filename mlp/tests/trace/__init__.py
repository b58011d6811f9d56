def hint(divergence):
    """The likely mistakes behind the first difference."""
    assert divergence.first is not None, str(divergence)
    return " ".join(divergence.first.hints)
